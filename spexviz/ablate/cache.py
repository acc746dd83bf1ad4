"""The ablation cache: every value ever measured, so that none is paid for twice.

A value is found by (game fingerprint, mask). The SQLite file is apart from that of the runs: it may be thrown
away, it has a size cap, and where it is damaged it is set aside.
"""

from __future__ import annotations

import logging
import math
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from spexviz.ablate import eviction, moving
from spexviz.errors import StoreDamaged, StoreError
from spexviz.kit.database import PERSIST, Database
from spexviz.kit.paths import home
from spexviz.masks import Masks, Values, keys

FILE = "ablations.sqlite3"
MIGRATIONS = (
    (
        "0001 ablations",
        """CREATE TABLE games (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, used REAL NOT NULL);
        CREATE TABLE ablations (game INTEGER NOT NULL, mask BLOB NOT NULL, value REAL NOT NULL, """
        """PRIMARY KEY (game, mask)) WITHOUT ROWID;""",
    ),
    # of a value with its mask and its game: SQLite does not notice a byte that has changed in them
    ("0002 values have a checksum", "ALTER TABLE ablations ADD COLUMN checksum INTEGER;"),
)
CAP_MB = 2048  # some fifty million values of a prompt of 60 words
NOTE_EVERY = 60.0  # seconds: reading a game is noted as use at most that often
_AT_ONCE = 500  # masks in one query: SQLite allows 999 variables on old builds
_OF_GAME = "FROM ablations WHERE game = (SELECT id FROM games WHERE fingerprint = ?)"
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Cache(Protocol):
    """Where measured values are kept."""

    def get(self, fingerprint: str, masks: Masks) -> Values:
        """Values (b,) of the masks, NaN where none is known."""
        ...

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        """Keep the values of a chunk: all of them or none."""


class MemoryCache:
    """A cache for one process, for notebooks and tests."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], float] = {}

    def get(self, fingerprint: str, masks: Masks) -> Values:
        found = [self._known.get((fingerprint, key), np.nan) for key in keys(masks)]
        return np.array(found, dtype=np.float64)

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        pairs = zip(keys(masks), values, strict=True)
        self._known.update({(fingerprint, key): float(value) for key, value in pairs})


class SqliteCache:
    """The cache in a SQLite file of its own: shared by runs, threads and processes.

    A kill leaves it standing. Beyond `cap` bytes (SPEXVIZ_CACHE_MB, in megabytes) whole games are evicted,
    least used first; reading counts as use, and a game used in the last minutes stays. A damaged file is
    renamed, and an empty one begun; `notice` then says so.
    Raises StoreError where the file cannot be used otherwise.
    """

    def __init__(self, path: Path | str | None = None, cap: int | None = None):
        if path is None:
            path = home() / FILE
        if cap is None:
            cap = cap_bytes()
        self.path = Path(path)
        self.cap = cap
        self.notice = ""
        self._noted: dict[str, float] = {}  # when use of a game was last noted, by a clock that cannot jump
        self._database = Database(self.path, MIGRATIONS, lazy=True)
        self._safely(self._database.connection)
        moving.take_over(self._database)

    def get(self, fingerprint: str, masks: Masks) -> Values:
        return self._safely(lambda: self._get(fingerprint, masks))

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        self._safely(lambda: self._put(fingerprint, masks, values))

    def count(self, fingerprint: str) -> int:
        """How many masks of the game are known."""
        query = f"SELECT COUNT(*) {_OF_GAME}"
        ((count,),) = self._safely(lambda: self._database.read(query, (fingerprint,)))
        return int(count)

    def _get(self, fingerprint: str, masks: Masks) -> Values:
        known: dict[bytes, float] = {}
        wanted = keys(masks)
        for start in range(0, len(wanted), _AT_ONCE):
            # one query finds game and masks: an eviction in between cannot give its id to another
            part = wanted[start : start + _AT_ONCE]
            places = ",".join("?" * len(part))
            query = f"SELECT mask, value, checksum {_OF_GAME} AND mask IN ({places})"
            rows = self._database.read(query, (fingerprint, *part))
            known.update(_sound(fingerprint, rows))
        if known and not self._is_noted(fingerprint, NOTE_EVERY):
            self._note_use(fingerprint)
        return np.array([known.get(key, np.nan) for key in wanted], dtype=np.float64)

    def _put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        with self._database.write(PERSIST) as connection:  # it was paid for
            connection.execute(
                "INSERT INTO games (fingerprint, used) VALUES (?, ?) "
                "ON CONFLICT (fingerprint) DO UPDATE SET used = excluded.used",
                (fingerprint, time.time()),
            )
            query = "SELECT id FROM games WHERE fingerprint = ?"
            (game,) = connection.execute(query, (fingerprint,)).fetchone()
            given = zip(keys(masks), map(float, values), strict=True)
            rows = [(game, key, value, _checksum(fingerprint, key, value)) for key, value in given]
            rows.sort()  # neighbours share a page
            connection.executemany("INSERT OR REPLACE INTO ablations VALUES (?, ?, ?, ?)", rows)
        self._noted[fingerprint] = time.monotonic()
        if eviction.size(self._database) > self.cap:
            with suppress(StoreError):  # a busy file: the next chunk tries again, and what was put is there
                eviction.make_room(self._database, self.cap, self._in_use())

    def _in_use(self) -> set[str]:
        """The games that this process has used in the last minutes."""
        return {name for name in dict(self._noted) if self._is_noted(name, eviction.IN_USE)}

    def _is_noted(self, fingerprint: str, within: float) -> bool:
        """Whether use of a game was noted in the last seconds."""
        return time.monotonic() - self._noted.get(fingerprint, -math.inf) < within

    def _note_use(self, fingerprint: str) -> None:
        # a busy file: a later reading notes it
        with suppress(StoreError), self._database.write() as connection:
            connection.execute("UPDATE games SET used = ? WHERE fingerprint = ?", (time.time(), fingerprint))
            self._noted[fingerprint] = time.monotonic()

    def _safely(self, work: Callable[[], T]) -> T:
        """Do it; where the file proves damaged, set it aside and do it again on a new one."""
        try:
            return work()
        except StoreDamaged as error:
            moved = self._database.set_aside()
            if moved:
                self.notice = (
                    f"The cache of ablations was damaged and was set aside as {moved.name}; "
                    "a new, empty one is in use. "
                    "Runs are not affected, but ablations cost time again. Delete the old file when you like."
                )
                _log.warning("%s (%s; it lies in %s)", self.notice, error.__cause__, moved.parent)
            return work()


def _sound(fingerprint: str, rows: Iterable[tuple[bytes, object, int | None]]) -> dict[bytes, float]:
    """{mask: value} of the rows that are as they were written; the others are measured again."""
    known: dict[bytes, float] = {}
    damaged = 0
    for key, value, checksum in rows:
        # a row of an older version has none
        if isinstance(value, float) and checksum in (None, _checksum(fingerprint, key, value)):
            known[key] = value
        else:
            damaged += 1
    if damaged:
        _log.warning("%d values in the cache of ablations were damaged: they are measured again", damaged)
    return known


def _checksum(fingerprint: str, key: bytes, value: float) -> int:
    """24 bits of a value with its mask and its game, as a number of three bytes."""
    number = struct.pack("<d", value + 0.0)  # SQLite keeps −0 as 0
    return (zlib.crc32(b"%b%b%b" % (fingerprint.encode(), key, number)) & 0xFFFFFF) - 0x800000


def cap_bytes() -> int:
    """The size cap in bytes: `SPEXVIZ_CACHE_MB` megabytes, by default 2,048.

    Raises StoreError for anything but a whole number.
    """
    given = os.environ.get("SPEXVIZ_CACHE_MB") or str(CAP_MB)
    if not given.isascii() or not given.isdecimal() or int(given) < 1:
        raise StoreError(
            f"SPEXVIZ_CACHE_MB must be a whole number of megabytes of at least 1, not {given!r:.40}."
        )
    return int(given) << 20
