"""Two servers on one home: real ones, `spexviz serve`, with visitors over Streamlit's own protocol.

Each lists the runs of both, cancels those of the other, and finds the run that the other one does; a third
that starts leaves live runs alone; the runs of one that is killed go on at the other, with the same values.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from spexviz.jobs import store as states
from spexviz.jobs.schema import FILE
from spexviz.jobs.store import Run, RunStore
from spexviz.run import pipeline
from spexviz.run.plan import Request
from tests.browser.harness import Server, wait_until
from tools.faults import things
from tools.faults.trial import Outcome
from tools.load.visitor import Visitor

SERVE = ("-m", "spexviz.cli", "serve", "--model", "toy", "--port")
LONG, SHORT = 120, 12  # words: a run of a second, and of a moment
SEVERAL = 5  # runs of one server, so that some are at work and some wait
MOST = 8  # tries: one takes a quarter of a minute
PATIENCE = 40.0  # seconds for what takes a few
HAD = "runs that the killed server had in hand"


class Reader(Visitor):
    """A visitor who remembers what was sent since the last rerun."""

    seen = b""

    async def rerun(self, name: str = "", pressed: str = "", fragment: str = "") -> None:
        self.seen = b""
        await super().rerun(name, pressed, fragment)

    def _take(self, raw: bytes | str) -> bool:
        assert isinstance(raw, bytes)
        self.seen += raw
        return super()._take(raw)

    async def look_at(self, run_id: str) -> None:
        """Open a run by its address."""
        self.page, self.query = "", f"run={run_id}"
        self.states.clear()
        await self.rerun(name="explore")

    async def explain(self, text: str) -> str:
        """Start a run of a prompt; its id."""
        await self.open("explore")
        if "Prompt" not in self.widgets:  # a session comes back to its last run
            await self.press("New run")
        await self.fill("Prompt", string_value=text)
        await self.press("Explain")
        assert self.run is not None, f"no run was started: {self.errors}"
        return self.run


def words(rng: random.Random, count: int) -> str:
    """A prompt of a run of its own."""
    return " ".join(f"w{rng.randrange(10**9)}" for _ in range(count))


def servers(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """All of it, again and again; the server that is killed is started again each time."""
    home = folder / "home"
    home.mkdir()
    lost: list[str] = []
    orphans = 0
    tries = min(tries, MOST)
    with _serving(home) as second:
        for number in range(tries):
            with _serving(home) as first:
                found = _told(lambda: asyncio.run(_trial(first, second, rng)))
                orphans += found.pop(HAD, 0)
            lost += [f"try {number}: {words}" for words in found]
        lost += _told(lambda: _third(home, second, rng))
        lost += [f"a server complains: {told[-500:]}" for told in [second.complaints()] if told]
    return Outcome(
        "two-servers", tries, f"every run; {orphans} went on after a kill of their server", tuple(lost)
    )


def _told(work: Callable[[], dict[str, int]]) -> dict[str, int]:
    """What was lost; a wait that was in vain is a loss, too."""
    try:
        return work()
    except AssertionError as error:
        return {str(error): 1}


@contextmanager
def _serving(home: Path) -> Iterator[Server]:
    server = Server(home, launch=SERVE)
    try:
        yield server.start()
    finally:
        server.kill()


@asynccontextmanager
async def _visiting(*servers: Server) -> AsyncIterator[list[Reader]]:
    visitors = [await Reader.arrive(server.url) for server in servers]
    try:
        yield visitors
    finally:
        for visitor in visitors:
            await visitor.leave()


async def _trial(first: Server, second: Server, rng: random.Random) -> dict[str, int]:
    """One go; what was lost, in words, and how many runs the killed server had in hand."""
    store = RunStore(first.home / FILE)
    found: dict[str, int] = {}
    async with _visiting(first, second) as (here, there):
        ours = [await here.explain(words(rng, LONG)) for _ in range(SEVERAL)]
        theirs = await there.explain(words(rng, SHORT))
        for visitor, where in ((here, "first"), (there, "second")):
            await visitor.open("runs")
            missing = [run for run in store.list(SEVERAL + 1) if run.title.encode() not in visitor.seen]
            found.update({f"the {where} server does not list {run.id}": 1 for run in missing})
        found.update(await _cancelled(store, there, ours.pop()))
        found.update(await _asked_twice(store, here, there, words(rng, SHORT)))
        ours += [await here.explain(words(rng, LONG)) for _ in range(2)]
        first.kill()
        found.update(await _gone_on(store, there, [*ours, theirs]))
        found.update({f"a visitor met: {error}": 1 for visitor in (here, there) for error in visitor.errors})
    return found


async def _cancelled(store: RunStore, there: Reader, run_id: str) -> dict[str, int]:
    """Cancel at one server what the other one does."""
    await there.look_at(run_id)
    await there.press("Cancel")
    ended = await _ended(store, [run_id])
    state = ended[0].state
    return {} if state in (states.CANCELLED, states.DONE) else {f"a run that was cancelled is {state}": 1}


async def _asked_twice(store: RunStore, here: Reader, there: Reader, prompt: str) -> dict[str, int]:
    """The same settings at both at once: one run."""
    ids = await asyncio.gather(here.explain(prompt), there.explain(prompt))
    made = [run for run in store.list() if run.spec.game.get("prompt") == prompt]
    if len(set(ids)) != 1 or len(made) != 1:
        return {f"the same settings, asked at both, gave {len(made)} runs": 1}
    return {}


async def _gone_on(store: RunStore, there: Reader, ids: list[str]) -> dict[str, int]:
    """What a killed server had in hand is found, and resumed at the other, with the values of a whole run."""
    found: dict[str, int] = {}
    ended = await _ended(store, ids)
    stopped = [run for run in ended if run.state == states.INTERRUPTED]
    found.update(
        {f"a run ended as {run.state}": 1 for run in ended if run not in stopped and run.state != states.DONE}
    )
    for run in stopped:
        await there.look_at(run.id)
        await there.press("Resume")
    for run in await _ended(store, [run.id for run in stopped]):
        result = store.result(run.id)
        if run.state != states.DONE or result is None:
            found[f"a resumed run ended as {run.state}: {run.message}"] = 1
        elif things.measured(result) != things.measured(pipeline.run(Request.of(run.spec))):
            found[f"the resumed run {run.id} has other values"] = 1
    return found | {HAD: len(stopped)}


async def _ended(store: RunStore, ids: Iterable[str]) -> list[Run]:
    def ended() -> list[Run]:
        runs = [run for run_id in ids if (run := store.get(run_id))]
        return [] if any(run.active for run in runs) else [*runs]

    if not ids:
        return []
    return await asyncio.to_thread(wait_until, ended, PATIENCE, "the end of runs")


def _third(home: Path, second: Server, rng: random.Random) -> dict[str, int]:
    """One more server starts while another has live runs: none of them is marked as interrupted."""
    store = RunStore(home / FILE)

    async def start_runs() -> list[str]:
        async with _visiting(second) as (visitor,):
            return [await visitor.explain(words(rng, LONG)) for _ in range(SEVERAL)]

    ids = asyncio.run(start_runs())
    with _serving(home):
        ended = asyncio.run(_ended(store, ids))
    wrong = [run.state for run in ended if run.state != states.DONE]
    return {f"beside a third server a run ended as {state}": 1 for state in wrong}
