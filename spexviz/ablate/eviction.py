"""Room in the cache: whole games go, least used first, in slices, so that nobody waits long for the write lock."""

from __future__ import annotations

import time

from spexviz.kit.database import Database

IN_USE = 600.0  # seconds after which a game that nobody has read or written counts as out of use
TARGET = 0.9  # of the cap, after an eviction: the room that the next ablations fill before another one
SLICE = 50_000  # rows deleted in one transaction, about half a second
PAGES = 5_000  # given back to the disk in one transaction
PAUSE = 0.15  # seconds between two: a waiting writer looks every tenth of a second


def size(database: Database) -> int:
    """Bytes of the file, apart from its log; what is free inside it, and will be used first, included."""
    return _pragma(database, "page_count") * _pragma(database, "page_size")


def make_room(database: Database, cap: int, keep: int) -> None:
    """Evict games until the file holds at most TARGET of `cap`, then make it no larger than `cap`; never game `keep`, nor one in use.

    Where all that is left is in use, the file stays above the cap until it is not.
    """
    page = _pragma(database, "page_size")
    begun: bool | None = False
    while (
        begun or (_pragma(database, "page_count") - _pragma(database, "freelist_count")) * page > TARGET * cap
    ):
        begun = _evict_slice(database, keep)
        if begun is None:
            break
        time.sleep(PAUSE)
    while (excess := _pragma(database, "page_count") - cap // page) > 0 and (
        free := _pragma(database, "freelist_count")
    ):
        database.script(f"PRAGMA incremental_vacuum({min(excess, PAGES)})")
        if _pragma(database, "freelist_count") == free:
            break  # a file of an old build, which gives nothing back
        time.sleep(PAUSE)


def _evict_slice(database: Database, keep: int) -> bool | None:
    """Delete some rows of the least used game; whether it has more. None where every game is in use."""
    with database.write() as connection:
        query = "SELECT id FROM games WHERE used < ? AND id != ? ORDER BY used LIMIT 1"
        found = connection.execute(query, (time.time() - IN_USE, keep)).fetchone()
        if not found:
            return None
        rows = "SELECT mask FROM ablations WHERE game = ? LIMIT ?"
        deleted = connection.execute(
            f"DELETE FROM ablations WHERE game = ? AND mask IN ({rows})", (*found, *found, SLICE)
        ).rowcount
        if deleted < SLICE:
            connection.execute("DELETE FROM games WHERE id = ?", found)
        else:
            # begun: first in line, so that it goes whole
            connection.execute("UPDATE games SET used = 0 WHERE id = ?", found)
        return deleted == SLICE


def _pragma(database: Database, name: str) -> int:
    return int(database.read(f"PRAGMA {name}")[0][0])
