"""How long a question of a page waits while a run of the same model is going.

    python -m benchmarks.questions [--questions 40] [--model bundled]

A run of a review of 51 words begins again and again: ablations, fits, the comparison with fp32, checks.
Meanwhile single masks of another prompt are asked at random moments, as the page does. `wait`: seconds until
a question has the model for itself; `answer`: until its value is there; `alone`: the same with nobody else.
Exit status 1 where the 95th percentile of the waits is above LONGEST. Seconds are of the wall: run it on a
quiet machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from benchmarks.games import GAMES, REVIEW
from spexviz import PromptGame, models
from spexviz.ablate.runner import Runner
from spexviz.errors import Cancelled
from spexviz.kit.handover import Handover
from spexviz.masks import Masks, Values, uniform_masks
from spexviz.models.base import opened
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.auto import Auto
from spexviz.spec import Options

LONGEST = 0.5  # seconds
WORDS = 51
BUDGET = 128


class Question(PromptGame):
    """A game that knows the threads in which it is evaluated."""

    threads: ClassVar[set[int]] = set()

    def __call__(self, masks: Masks) -> Values:
        self.threads.add(threading.get_ident())
        return super().__call__(masks)


class Noted(Handover):
    """A lock that keeps the moments at which questions get the model."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[float] = []

    def __enter__(self) -> None:
        super().__enter__()
        if threading.get_ident() in Question.threads:
            self.begun.append(time.perf_counter())


def game(kind: type[PromptGame], model: str, start: int) -> PromptGame:
    """A part of a long review."""
    template, target, contrast = REVIEW
    words = GAMES["review_n130"].text.split()[start : start + WORDS]
    return kind(model, " ".join(words), template, target, contrast)


def runs(model: str, done: threading.Event, ended: list[int]) -> None:
    """One run after the other, each with its own masks, until it is enough."""
    for seed in range(10_000):
        request = Request(game(PromptGame, model, 0), Auto(), BUDGET, seed, Options(validate=True))
        try:
            pipeline.run(request, pipeline.Hooks(cancel=done))
        except Cancelled:
            return
        ended.append(seed)


def ask(model: str, mask: Masks, lock: Noted) -> tuple[float, float]:
    """Seconds that a question waits, and until its answer is there."""
    before = len(lock.begun)
    start = time.perf_counter()
    Runner(game(Question, model, 60), total=1, urgent=True)(mask)
    return lock.begun[before] - start, time.perf_counter() - start


def told(name: str, seconds: Sequence[float]) -> str:
    middle, high = np.quantile(seconds, [0.5, 0.95])
    return f"{name}: median {middle:.2f} s, 95 % below {high:.2f} s, at most {max(seconds):.2f} s"


def measure(model: str, questions: int) -> tuple[list[float], list[float], list[float], int]:
    """Waits and answers beside runs, answers alone, and how many runs have ended meanwhile."""
    lock = Noted()
    opened(models.load(model)).lock = lock
    rng = np.random.default_rng(0)
    masks = uniform_masks(WORDS, 2 * questions, 99)
    ask(model, masks[-1:], lock)
    alone = [ask(model, masks[k : k + 1], lock)[1] for k in range(10)]
    done, ended = threading.Event(), list[int]()
    going = threading.Thread(target=runs, args=(model, done, ended))
    going.start()
    waits, answers = [], []
    for k in range(questions):
        time.sleep(rng.uniform(0.2, 2.0))
        waited, answered = ask(model, masks[questions + k - 2 : questions + k - 1], lock)
        waits.append(waited)
        answers.append(answered)
    done.set()
    going.join()
    return waits, answers, alone, len(ended)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args(arguments)
    waits, answers, alone, ended = measure(options.model, options.questions)
    print(
        f"{options.questions} questions beside runs of {options.model} ({ended} ended), load average "
        f"{os.getloadavg()[0]:.1f}"
    )
    for name, seconds in (("wait", waits), ("answer", answers), ("alone", alone)):
        print(told(name, seconds))
    return int(np.quantile(waits, 0.95) > LONGEST)


if __name__ == "__main__":
    sys.exit(main())
