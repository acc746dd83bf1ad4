"""Files as older versions of spexviz left them: runs with ids of their settings, ablations beside them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np

from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import store as states
from spexviz.masks import Masks, Values, keys
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear

RUNS = """CREATE TABLE runs (
            id TEXT PRIMARY KEY, spec TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '',
            title TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
            rate REAL NOT NULL DEFAULT 0, phase TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '', result TEXT, version INTEGER NOT NULL DEFAULT 0,
            created REAL NOT NULL, started REAL, finished REAL, deleted REAL);
        CREATE INDEX runs_by_time ON runs (created DESC);"""
ABLATIONS = """CREATE TABLE games (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE,
    used REAL NOT NULL);
CREATE TABLE ablations (game INTEGER NOT NULL, mask BLOB NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (game, mask)) WITHOUT ROWID;"""
_MIGRATIONS = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY);"
_INSERT = (
    "INSERT INTO runs (id, spec, state, owner, title, done, total, rate, phase, message, result, "
    "version, created, started, finished, deleted) "
    "VALUES (?, ?, ?, ?, ?, 8, 8, 2.5, 'a phase', 'a message', ?, 3, ?, ?, ?, ?)"
)
ENDED = (states.DONE, states.FAILED, states.CANCELLED, states.INTERRUPTED)


def results(more: int = 0, players: int = 0, budget: int = 8) -> dict[str, Explanation]:
    """A result for each row, by its name: of every state, from a file, deleted, and `more` that are done."""
    names = (*ENDED, *states.ACTIVE, "file", "deleted", *(f"more {number}" for number in range(more)))
    game = SyntheticGame("x0*x1 + x2", n=players)
    return {name: pipeline.explain(game, Linear(), budget, seed) for seed, name in enumerate(names)}


def write_runs(path: Path, found: Mapping[str, Explanation]) -> None:
    """The runs, in a file of the schema before runs had ids of their own."""
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.executescript(f"{_MIGRATIONS} INSERT INTO migrations VALUES ('0002 runs'); {RUNS}")
        for number, (name, result) in enumerate(found.items()):
            state = name if name in (*ENDED, *states.ACTIVE) else states.DONE
            spec = result.spec
            owner, started = ("", None) if name == "file" else ("a process that is gone", 1.5)
            deleted = time.time() if name == "deleted" else None
            asked = (spec.id, spec.to_json(), state, owner, name)
            plain.execute(_INSERT, (*asked, result.to_json(), float(number), started, 2.5, deleted))


def write_ablations(path: Path, masks: Masks, values: Mapping[str, Values]) -> None:
    """The values of games, beside the runs in the same file."""
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.executescript(f"{_MIGRATIONS} INSERT INTO migrations VALUES ('0001 ablations'); {ABLATIONS}")
        for game, (name, of_game) in enumerate(values.items(), 1):
            plain.execute("INSERT INTO games VALUES (?, ?, ?)", (game, name, time.time()))
            rows = [
                (game, key, value)
                for key, value in zip(keys(masks), np.asarray(of_game).tolist(), strict=True)
            ]
            plain.executemany("INSERT INTO ablations VALUES (?, ?, ?)", rows)
