"""What children and those who look after them share: a run, values that are known, deeds on runs."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np

from spexviz.ablate.cache import SqliteCache
from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs.store import RunStore
from spexviz.masks import Values, uniform_masks
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear

FUNCTION = "2*x0*x1 - 3*x2*x3*x4 + 0.5*x5"
PLAYERS = 40
MASKS = uniform_masks(PLAYERS, 1500, 0)
CAP = 250_000  # bytes of a cache: some five games of 1,500 values
LISTED, DELETED, GONE = "listed", "deleted", "gone"


def request(budget: int = 1024, seed: int = 0) -> Request:
    """A run of a known function with noise, which is a fixed function of the mask."""
    return Request(SyntheticGame(FUNCTION, 0.3, 1, PLAYERS), Linear(), budget, seed)


def explanations(count: int, budget: int = 256) -> list[Explanation]:
    """Results of different settings."""
    return [pipeline.run(request(budget, seed)) for seed in range(count)]


def measured(result: Explanation) -> tuple:
    """What a run found, without what it took."""
    samples = [result.sample, result.held_out]
    if result.measured is not None:
        samples.append(result.measured.sample)
    values = [*result.ends, *np.concatenate([sample.values for sample in samples]).tolist()]
    return values, result.spectrum.coefficients, result.complete


def game(number: int) -> str:
    """The fingerprint of a game in the cache."""
    return f"game {number}"


def values(number: int) -> Values:
    """What the masks of a game are worth."""
    return np.random.default_rng(number).standard_normal(len(MASKS))


def found(cache: SqliteCache, number: int) -> tuple[int, int]:
    """How many values of a game the cache knows, and how many of these are wrong."""
    known = cache.get(game(number), MASKS)
    there = ~np.isnan(known)
    wrong = known[there] != values(number)[there]
    return int(there.sum()), int(wrong.sum())


def age(cache: SqliteCache, seconds: float = 3600.0) -> None:
    """As if nobody had used a game for an hour, as the file and this cache know it."""
    with closing(sqlite3.connect(cache.path, timeout=10)) as plain, plain:
        plain.execute("UPDATE games SET used = used - ?", (seconds,))
    cache._noted = {name: at - seconds for name, at in cache._noted.items()}


def whole(path: Path) -> str:
    """What SQLite's own check says of a file; "ok" where it is whole."""
    with closing(sqlite3.connect(path, timeout=10)) as plain:
        return str(plain.execute("PRAGMA integrity_check").fetchone()[0])


REMOVALS: dict[str, Callable[[RunStore, str], None]] = {
    "delete": RunStore.delete,
    "restore": RunStore.restore,
    "purge": lambda store, _: store.purge(-1.0),
}


def removal(rng: random.Random, where: Mapping[str, str]) -> tuple[str, str]:
    """What to do next, and to which run: one that is still there."""
    there = [run_id for run_id, place in where.items() if place != GONE]
    run_id = rng.choice(there)
    what = "delete" if where[run_id] == LISTED else "restore"
    if rng.random() < 0.02:
        what = "purge"
    return what, run_id


def after(where: Mapping[str, str], what: str, run_id: str) -> dict[str, str]:
    """Where each run is once that is done."""
    if what == "purge":
        return {one: GONE if place == DELETED else place for one, place in where.items()}
    return {**where, run_id: {"delete": DELETED, "restore": LISTED}[what]}
