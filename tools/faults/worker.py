"""A worker of a Ray cluster is killed in the middle of a run: SIGKILL for its process."""

from __future__ import annotations

import importlib.util
import random
import time
from pathlib import Path

import psutil

from spexviz.spec import RunSpec
from tools.faults.managed import PATIENCE, Managed
from tools.faults.over import kept_after, undisturbed_there
from tools.faults.trial import Outcome

MOST = 3  # tries
REPLICA = "ray::Replica"  # how Ray names the process of one
SPEC = RunSpec(
    {"name": "synthetic", "source": "2*x0*x1 - 3*x2*x3*x4 + 0.5*x5", "n": 20, "noise": 0.1, "seed": 3},
    {"name": "linear"},
    8192,
)
ENVIRONMENT = {"SPEXVIZ_EXECUTOR": "ray", "SPEXVIZ_WORKERS": "2"}


def killed(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: one of two, or both at once."""
    if importlib.util.find_spec("ray") is None:
        return Outcome("Ray worker", 0, "", skipped="the extra spexviz[ray] is not installed")
    tries = min(tries, MOST)
    whole = undisturbed_there(folder / "whole" / "home", SPEC)
    lost: list[str] = []
    for number in range(tries):
        home = folder / str(number) / "home"
        found = _trial(home, randomness.randrange(100, 6000), 1 + number % 2, whole)
        lost += [f"try {number}: {words}" for words in found]
    survived = "another took its place, the run went on by itself, and has the values of an undisturbed one"
    return Outcome("Ray worker", tries, survived, tuple(lost))


def _trial(home: Path, at: int, victims: int, whole: list[float]) -> list[str]:
    with Managed(home, **ENVIRONMENT) as process:
        run_id = process.ask("submit", SPEC.to_json())
        end = time.monotonic() + PATIENCE
        while not (replicas := _replicas(process)) and time.monotonic() < end:
            time.sleep(0.1)
        run = process.until(lambda run: run["done"] >= at or not run["active"], "run", run_id)
        for replica in replicas[:victims]:
            replica.kill()
        lost = [] if run["active"] and replicas else ["nothing could be killed: the run was over before"]
        return lost + kept_after(process, run_id, whole, "", must_end=False)


def _replicas(process: Managed) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if child.name().startswith(REPLICA[:15])]
