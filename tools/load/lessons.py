"""`python -m tools.load.lessons [--sessions 30] [--pages 2] [--lesson 1]`: a class walks a lesson at once.

All sessions but the pages speak Streamlit's protocol over its WebSocket, the pages are a real Chromium's;
each does what every step asks for, answers the questions, and goes on, with moments of thought between.
Printed: how long each step took, and what the server held. A part of `make campaign`; exit status 1 for any
error, for a median step of two seconds or more, and where a page or a session did not come to the end.
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
from typing import Any

import numpy as np

from spexviz.ui.learn import book, stage
from spexviz.views.lesson import Lesson, Step
from tests.browser import harness
from tools.load.__main__ import sample, told
from tools.load.gauge import Held
from tools.load.visitor import Visitor

SLOWEST = 2.0  # seconds: the median of a step
THOUGHT = (1.0, 4.0)  # seconds before an action: a class that reads takes longer


async def walk(visitor: Visitor, lesson: Lesson, seed: int) -> list[float]:
    """From the first step to the end; the seconds of each step, from the action to the next panel."""
    rng = random.Random(seed)
    times: list[float] = []
    await visitor.open("learn", f"lesson={lesson.number}")
    for k, step in enumerate(lesson.steps, 1):
        await asyncio.sleep(rng.uniform(*THOUGHT))
        times += await _do(visitor, lesson.run_of(step), step)
        _expect(visitor, k + 1)
    for k, question in enumerate(lesson.questions):
        await asyncio.sleep(rng.uniform(*THOUGHT))
        right = [choice.right for choice in question.choices].index(True)
        start = time.monotonic()
        await visitor.trigger("learn", "answer", question=k, choice=right)
        await visitor.trigger("learn", "go", at=len(lesson.steps) + k + 2)
        times.append(time.monotonic() - start)
        _expect(visitor, len(lesson.steps) + k + 2)
    said = " ".join(_panel(visitor).get("paragraphs", []))
    if f"all {len(lesson.questions)} questions right" not in said:
        visitor.errors.append(f"the end says {said!r}")
    return times


async def _do(visitor: Visitor, run: str, step: Step) -> list[float]:
    """What a step asks for, as the views report it: the seconds of each action."""
    key, goal = stage.key_of(run), step.until
    switched = [*goal.tried] + ([goal.off] if goal.off is not None else [])
    actions: list[tuple[str, str, Any]] = [(f"{key}-tried", "off", list(one)) for one in switched]
    if goal.selected is not None:
        actions.append((f"{key}-what-acts-together-component", "select", list(goal.selected)))
    times = []
    for component, event, members in actions:
        start = time.monotonic()
        await visitor.trigger(component, event, members=members)
        times.append(time.monotonic() - start)
    return times


def _panel(visitor: Visitor) -> dict[str, Any]:
    shown = visitor.components.get("learn")
    return shown.data if shown else {}


def _expect(visitor: Visitor, at: int) -> None:
    """The panel is at this place."""
    if (found := _panel(visitor).get("at")) != at:
        visitor.errors.append(f"the panel is at {found}, not at {at}")


def browse(url: str, number: int) -> list[float]:
    """The same in a page of a real Chromium, by keyboard."""
    from tests.browser.walking import walked

    lesson = book.lesson_of(number)
    assert lesson is not None
    with harness.chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{url}/learn?lesson={number}")
        times = walked(page, lesson)
        assert not wrong, wrong
    return times


async def crowd(url: str, sessions: int, lesson: Lesson) -> tuple[list[Visitor], list[float]]:
    """All sessions side by side: each of them afterwards, and the seconds of all steps."""
    visitors = [await Visitor.arrive(url, "learn") for _ in range(sessions)]
    walks = [walk(visitor, lesson, seed) for seed, visitor in enumerate(visitors)]
    times: list[float] = []
    for visitor, ended in zip(visitors, await asyncio.gather(*walks, return_exceptions=True), strict=True):
        if isinstance(ended, BaseException):
            visitor.errors.append(f"the session broke: {ended!r:.200}")
        else:
            times += ended
    for visitor in visitors:
        await visitor.leave()
    return visitors, times


def walked_at_once(server: harness.Server, sessions: int, pages: int, lesson: Lesson) -> list[str]:
    """The whole class; what was not as it must be."""
    curve: list[Held] = []
    wrong: list[str] = []
    stop = threading.Event()
    sampling = threading.Thread(target=sample, args=(server, curve, stop))
    sampling.start()
    with ProcessPoolExecutor(max(1, pages), multiprocessing.get_context("spawn")) as apart:
        seen = [apart.submit(browse, server.url, lesson.number) for _ in range(pages)]
        visitors, times = asyncio.run(crowd(server.url, sessions - pages, lesson))
        in_pages: list[float] = []
        for page in seen:
            try:
                in_pages += page.result()
            except Exception as error:
                wrong.append(f"a page in Chromium broke: {error!r:.600}")
    stop.set()
    sampling.join()
    wrong += sorted({error for visitor in visitors for error in visitor.errors})
    print(f"lesson {lesson.number}: {len(times)} steps of {len(visitors)} sessions: {told(times)}")
    print(f"{len(in_pages)} steps in {pages} Chromium pages: {told(in_pages)}")
    memory = [held.memory for held in curve]
    print(f"memory of the server: {memory[0]:.0f} MB before, at most {max(memory):.0f} MB")
    for name, found in (("sessions", times), ("pages", in_pages)):
        if found and np.median(found) >= SLOWEST:
            wrong.append(f"a step in {name} takes {told(found)}")
    if server.complaints():
        wrong.append(f"the server's log holds a traceback: {server.complaints()[-1500:]}")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=30, help="all of them, the pages among them")
    parser.add_argument("--pages", type=int, default=2)
    parser.add_argument("--lesson", type=int, default=1)
    options = parser.parse_args(arguments)
    lesson = book.lesson_of(options.lesson)
    if lesson is None:
        parser.error(f"there is no lesson {options.lesson}")
    with tempfile.TemporaryDirectory() as folder:
        server = harness.Server(harness.new_home(Path(folder) / "home"), SPEXVIZ_MODELS="toy").start()
        try:
            wrong = walked_at_once(server, options.sessions, options.pages, lesson)
        finally:
            server.stop()
    for line in wrong:
        print(f"WRONG: {line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
