"""A short load: six sessions for some seconds; the whole one is `python -m tools.load`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.browser import harness
from tools.load.__main__ import explain, main
from tools.load.visitor import Visitor


def test_nothing_goes_wrong_under_a_short_load() -> None:
    """No error, a full queue is seen and said, a second visitor waits for no more than a chunk and a fit."""
    arguments = ["--sessions", "6", "--pages", "0", "--seconds", "6", "--no-bundled", "--no-drain"]
    assert harness.in_a_thread(lambda: main(arguments)) == 0


def test_a_look_at_a_run_sends_its_bar_and_no_picture(new_server: Callable[..., harness.Server]) -> None:
    """Each look drew all pictures again: a seventh of a second of a processor, for each visitor."""
    server = new_server(SPEXVIZ_MODELS="toy")

    async def visit() -> tuple[int, int]:
        visitor = await Visitor.arrive(server.url)
        run = await explain(visitor, "one two three four five six seven eight nine ten eleven not good")
        assert run is not None
        await asyncio.to_thread(finished, server, run)
        # as of another server that lives: it stays active
        server.change("UPDATE runs SET state = 'running' WHERE id = ?", run)
        await visitor.open("explore", f"run={run}")
        whole, visitor.received = visitor.received, 0
        for fragment in list(visitor.polls):
            await visitor.rerun(fragment=fragment)
        look = visitor.received
        await visitor.leave()
        return whole, look

    whole, look = harness.in_a_thread(lambda: asyncio.run(visit()))
    assert 0 < look < whole / 5


def finished(server: harness.Server, run: str) -> None:
    harness.wait_until(lambda: server.run(run)["state"] == "done", 90, "the run to end")
