"""Room in the cache: whole games go, least used first, in slices, so that nobody waits long to write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Container

from spexviz.kit.database import Database

IN_USE = 600.0  # seconds after which a game that nobody has read or written counts as out of use
TARGET = 0.9  # of the cap, after an eviction: the room that the next ablations fill before another one
SLICE = 50_000  # rows deleted in one transaction, about half a second
PAGES = 5_000  # given back to the disk in one transaction
PAUSE = 0.15  # seconds between two: a waiting writer looks every tenth of a second


def size(database: Database) -> int:
    """Bytes of the file, apart from its log; what is free inside it, and will be used first, included."""
    return _pragma(database, "page_count") * _pragma(database, "page_size")


def make_room(database: Database, cap: int, keep: Container[str]) -> None:
    """Evict games until the file holds at most TARGET of `cap`, then make it no larger than `cap`.

    Neither a game of the fingerprints `keep` nor one in use is evicted. Where all that is left is in use, the
    file stays above the cap until it is not. Where the clock jumps, what this process uses is kept by its
    name, and a use that lies in the future counts as the oldest.
    """
    has_more: bool | None = False  # a game that is begun goes whole
    while has_more or _held(database) > TARGET * cap:
        has_more = _evict_slice(database, keep)
        if has_more is None:
            break
        time.sleep(PAUSE)
    _give_back(database, cap)


def _held(database: Database) -> int:
    """Bytes of the pages that are in use."""
    pages = _pragma(database, "page_count") - _pragma(database, "freelist_count")
    return pages * _pragma(database, "page_size")


def _give_back(database: Database, cap: int) -> None:
    """Give free pages back to the disk, in slices, until the file is no larger than `cap`."""
    most = cap // _pragma(database, "page_size")
    while True:
        excess = _pragma(database, "page_count") - most
        free = _pragma(database, "freelist_count")
        if excess <= 0 or not free:
            break
        database.script(f"PRAGMA incremental_vacuum({min(excess, PAGES)})")
        if _pragma(database, "freelist_count") == free:
            break  # a file of an old build, which gives nothing back
        time.sleep(PAUSE)


def _evict_slice(database: Database, keep: Container[str]) -> bool | None:
    """Delete some rows of the least used game; whether it has more. None where every game is in use."""
    with database.write() as connection:
        game = _least_used(connection, keep)
        if game is None:
            return None
        rows = "SELECT mask FROM ablations WHERE game = ? LIMIT ?"
        delete = f"DELETE FROM ablations WHERE game = ? AND mask IN ({rows})"
        deleted = connection.execute(delete, (game, game, SLICE)).rowcount
        if deleted < SLICE:
            connection.execute("DELETE FROM games WHERE id = ?", (game,))
        else:
            # begun: first in line, so that it goes whole
            connection.execute("UPDATE games SET used = 0 WHERE id = ?", (game,))
        return deleted == SLICE


def _least_used(connection: sqlite3.Connection, keep: Container[str]) -> int | None:
    """The game to evict; None where every one is in use."""
    now = time.time()
    query = "SELECT id, fingerprint FROM games WHERE abs(used - ?) > ? ORDER BY used > ? DESC, used"
    for game, fingerprint in connection.execute(query, (now, IN_USE, now)):
        if fingerprint not in keep:
            return game
    return None


def _pragma(database: Database, name: str) -> int:
    return int(database.read(f"PRAGMA {name}")[0][0])
