"""The ablation cache: every value ever measured, keyed by (game fingerprint, mask), so that none is paid for twice."""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np

from spexviz.database import Database
from spexviz.masks import Masks, Values, keys

_AT_ONCE = 500  # masks in one query: SQLite allows 999 variables on old builds


class Cache(Protocol):
    """Where measured values are kept."""

    def get(self, fingerprint: str, masks: Masks) -> Values:
        """Values (b,) of the masks, NaN where none is known."""

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        """Keep the values of a chunk: all of them or none."""


class MemoryCache:
    """A cache for one process, for notebooks and tests."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], float] = {}

    def get(self, fingerprint: str, masks: Masks) -> Values:
        return np.array([self._known.get((fingerprint, key), np.nan) for key in keys(masks)], dtype=np.float64)

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        self._known.update({(fingerprint, key): float(value) for key, value in zip(keys(masks), values, strict=True)})


class SqliteCache:
    """The cache in the project's SQLite file: shared by runs, threads and processes, and left standing by a kill."""

    def __init__(self, database: Database | None = None):
        self._database = database or Database()

    def get(self, fingerprint: str, masks: Masks) -> Values:
        game = self._database.read("SELECT id FROM games WHERE fingerprint = ?", (fingerprint,))
        known: dict[bytes, float] = {}
        wanted = keys(masks)
        for start in range(0, len(wanted) if game else 0, _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            known.update(self._database.read(f"SELECT mask, value FROM ablations WHERE game = ? AND mask IN ({marks})", (*game[0], *part)))
        return np.array([known.get(key, np.nan) for key in wanted], dtype=np.float64)

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO games (fingerprint, used) VALUES (?, ?) ON CONFLICT (fingerprint) DO UPDATE SET used = excluded.used",
                (fingerprint, time.time()),
            )
            (game,) = connection.execute("SELECT id FROM games WHERE fingerprint = ?", (fingerprint,)).fetchone()
            rows = [(game, key, float(value)) for key, value in zip(keys(masks), values, strict=True)]
            connection.executemany("INSERT OR REPLACE INTO ablations VALUES (?, ?, ?)", rows)

    def count(self, fingerprint: str) -> int:
        """How many masks of the game are known."""
        query = "SELECT COUNT(*) FROM ablations WHERE game = (SELECT id FROM games WHERE fingerprint = ?)"
        return int(self._database.read(query, (fingerprint,))[0][0])
