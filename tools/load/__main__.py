"""`python -m tools.load [--sessions 30] [--pages 2] [--seconds 300] [--no-bundled] [--no-drain]`.

Many visitors at once: sessions over Streamlit's WebSocket, and pages of a real Chromium, in which the times
are taken. They type, run, cancel and open runs; one uses the bundled model, and one asks for more runs than
may wait. Before that a second visitor's first picture is measured alone and behind ten runs of another. A
part of `make campaign`; exit status 1 where anything was not as it must be.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from spexviz.results import Explanation
from tests.browser import harness
from tools.load.gauge import Held, grown
from tools.load.pages import browse, prompt
from tools.load.visitor import Visitor

EVERY = 10.0  # seconds between two points of the curve
SLOWEST = 1.0  # seconds: the 95th percentile of a rerun
KEPT = 125.0  # seconds for which Streamlit keeps the session of a visitor who has left, and a moment
DRAIN = 320.0  # seconds in which what visitors held is let go of
LEFT = 120  # handles that may stay: SQLite keeps those of closed connections for the next ones
SPARE = 1.0  # seconds of a busy machine, beside one chunk and one fit


async def explain(visitor: Visitor, text: str, model: str = "toy") -> str | None:
    """Type a prompt and start a run; its id."""
    await visitor.open("explore")
    if model != "toy":
        await visitor.fill("Model", string_value=model)
    await visitor.fill("Prompt", string_value=text)
    await visitor.press("Explain")
    return visitor.run


async def live(visitor: Visitor, seed: int, end: float, model: str) -> None:
    """What a visitor does until the end."""
    rng = random.Random(seed)
    while time.monotonic() < end:
        await explain(visitor, prompt(rng, rng.randint(12, 20)), model)
        await visitor.watch(rng.uniform(1, 6))
        if rng.random() < 0.25:
            await visitor.press("Cancel")
        await asyncio.sleep(rng.uniform(1, 4))
        await visitor.open("runs")
        await asyncio.sleep(rng.uniform(1, 4))


async def greedy(visitor: Visitor, seed: int, end: float) -> None:
    """One who starts runs as fast as the form can, until the queue is full, and again."""
    rng = random.Random(seed)
    while time.monotonic() < end:
        for _ in range(14):
            await explain(visitor, prompt(rng, 20))
        await visitor.watch(5)


async def crowd(url: str, sessions: int, seconds: float, bundled: bool) -> list[Visitor]:
    """All sessions side by side; each of them afterwards."""
    end = time.monotonic() + seconds
    visitors = [await Visitor.arrive(url) for _ in range(sessions)]
    lives = [greedy(visitors[0], 0, end)]
    for k, visitor in enumerate(visitors[1:], 1):
        lives.append(live(visitor, k, end, "bundled" if bundled and k == 1 else "toy"))
    for visitor, ended in zip(visitors, await asyncio.gather(*lives, return_exceptions=True), strict=True):
        if ended is not None:
            visitor.errors.append(f"the session broke: {ended!r:.200}")
    for visitor in visitors:
        await visitor.leave()
    return visitors


def first_picture(server: harness.Server, run: str) -> None:
    """Wait until a run has something to show."""

    def shown() -> bool:
        return server.rows("SELECT result IS NOT NULL FROM runs WHERE id = ?", run)[0][0]

    harness.wait_until(shown, 120, "a first picture")


async def second_visitor(server: harness.Server, patient: bool) -> list[str]:
    """How long a visitor's first picture takes behind ten runs of another, beside alone.

    `patient`: the other's runs are awaited, so that their dearest fit is known; else they are cancelled, and
    one as long as all that a visitor waits for alone is allowed.
    """
    rng = random.Random(5)
    waits = []
    other = await Visitor.arrive(server.url)
    theirs: list[str] = []
    for crowded in (False, True):
        if crowded:
            theirs = [run for _ in range(10) if (run := await explain(other, prompt(rng, 20)))]
        visitor = await Visitor.arrive(server.url)
        start = time.monotonic()
        run = await explain(visitor, prompt(rng, 20))
        assert run is not None
        await asyncio.to_thread(first_picture, server, run)
        waits.append(time.monotonic() - start)
        await visitor.leave()
    left = server.rows("SELECT COUNT(*) FROM runs WHERE state IN ('queued', 'running')")[0][0]
    if not patient:
        cancel_all(server)
    await asyncio.to_thread(quiet, server)
    chunk, fit = dearest(server, theirs)
    if not patient:
        fit = max(fit, waits[0])
    print(
        f"second visitor: first picture after {waits[0]:.2f} s alone, {waits[1]:.2f} s behind {len(theirs)} "
        f"runs of another ({left} still to go); one chunk {chunk:.2f} s, one fit {fit:.2f} s"
    )
    await other.leave()
    if waits[1] - waits[0] > chunk + fit + SPARE:
        return [f"a second visitor's first picture came {waits[1] - waits[0]:.1f} s later than alone"]
    return []


def cancel_all(server: harness.Server) -> None:
    """Let no run go on."""
    server.change("UPDATE runs SET state = 'cancelling' WHERE state = 'running'")
    server.change("UPDATE runs SET state = 'cancelled' WHERE state = 'queued'")


def quiet(server: harness.Server) -> None:
    """Wait until no run is active."""
    query = "SELECT COUNT(*) FROM runs WHERE state IN ('queued', 'running', 'cancelling')"
    harness.wait_until(lambda: server.rows(query)[0][0] == 0, 600, "the runs to end")


def dearest(server: harness.Server, runs: Sequence[str]) -> tuple[float, float]:
    """Seconds of a chunk and of the longest fit of some runs."""
    chunk = fit = 0.0
    for run in runs:
        ((text,),) = server.rows("SELECT result FROM runs WHERE id = ?", run)
        if text is None:  # cancelled before
            continue
        found = Explanation.from_json(text)
        asked = max(1, found.spent.asked)
        chunk = max(chunk, 32 * found.spent.seconds["ablations"] / asked)
        fit = max(fit, *(point.seconds for point in found.proof.curve))
    return chunk, fit


def sample(server: harness.Server, curve: list[Held], stop: threading.Event) -> None:
    """Points of the curve until the end."""
    start = time.monotonic()
    assert server.process is not None
    while True:
        curve.append(Held.by(server.process.pid, start))
        print(f"  {curve[-1]}", flush=True)
        if stop.wait(EVERY):
            return


def drained(server: harness.Server, before: Held) -> list[str]:
    """Cancel what is left, and wait until the server holds about what it held before the load."""
    assert server.process is not None
    cancel_all(server)
    start = time.monotonic()
    while True:
        held = Held.by(server.process.pid, start)
        print(f"  after the load: {held}", flush=True)
        more = held.handles - before.handles
        if more <= LEFT:
            return []
        if time.monotonic() - start > DRAIN:
            return [f"{more} handles more than before are open {DRAIN:.0f} s after everybody left: {held}"]
        time.sleep(EVERY)
        if (time.monotonic() - start) % KEPT < EVERY:
            asyncio.run(passing(server.url))


async def passing(url: str) -> None:
    """Come and go: Streamlit lets go of old sessions when another ends."""
    visitor = await Visitor.arrive(url)
    await visitor.leave()


def loaded(server: harness.Server, options: argparse.Namespace) -> list[str]:
    """The whole load; what was not as it must be."""
    wrong = asyncio.run(second_visitor(server, options.drain))
    curve: list[Held] = []
    times: list[float] = []
    stop = threading.Event()
    sampling = threading.Thread(target=sample, args=(server, curve, stop))
    sampling.start()
    # in processes of their own: the sessions here would lengthen their times
    with ProcessPoolExecutor(max(1, options.pages), multiprocessing.get_context("spawn")) as apart:
        seen = [apart.submit(browse, server.url, options.seconds) for _ in range(options.pages)]
        visitors = asyncio.run(crowd(server.url, options.sessions, options.seconds, options.bundled))
        for page in seen:
            try:
                times += page.result()
            except Exception as error:
                wrong.append(f"a page in Chromium broke: {error!r:.300}")
    stop.set()
    sampling.join()
    wrong += sorted({error for visitor in visitors for error in visitor.errors})
    wrong += grown(curve)
    if options.drain:
        wrong += drained(server, curve[0])
    reruns = [seconds for visitor in visitors for seconds in visitor.times]
    full = sum(visitor.full for visitor in visitors)
    states = server.rows("SELECT state, COUNT(*) FROM runs GROUP BY state")
    print(f"{len(reruns):,} reruns of {len(visitors)} sessions: {told(reruns)}")
    print(f"{len(times)} changes in {options.pages} Chromium pages: {told(times)}")
    print(f"runs: {dict(states)}; a full queue was seen {full} times")
    if options.pages and (not times or np.quantile(times, 0.95) >= SLOWEST):
        wrong.append(f"in Chromium a rerun takes {told(times)}")
    if not full:
        wrong.append("nobody saw a full queue")
    failed = server.rows("SELECT title, message FROM runs WHERE state = 'failed'")
    wrong += [f"the run {title!r} failed: {message}" for title, message in failed]
    if server.complaints():
        wrong.append(f"the server's log holds a traceback: {server.complaints()[-1500:]}")
    return wrong


def told(times: Sequence[float]) -> str:
    """Median, 95th percentile and longest."""
    if not times:
        return "none"
    middle, high = np.quantile(times, [0.5, 0.95])
    return f"median {middle:.2f} s, 95 % below {high:.2f} s, at most {max(times):.2f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--pages", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--bundled", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--drain", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = harness.new_home(Path(folder) / "home")
        server = harness.Server(home, SPEXVIZ_MODELS="toy,bundled").start()
        try:
            wrong = loaded(server, options)
        finally:
            server.stop()
    for line in wrong:
        print(f"WRONG: {line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
