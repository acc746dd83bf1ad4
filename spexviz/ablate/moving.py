"""Ablations of spexviz 0.1 lay beside the runs, in spexviz.sqlite3: they move into the cache's file, once."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress

from filelock import FileLock

from spexviz.errors import StoreError
from spexviz.kit.database import Database

OLD = "spexviz.sqlite3"
_log = logging.getLogger(__name__)
_GAMES = "INSERT OR IGNORE INTO main.games (fingerprint, used) SELECT fingerprint, used FROM old.games"
_ROWS = """INSERT OR IGNORE INTO main.ablations (game, mask, value)
    SELECT new.id, moved.mask, moved.value FROM old.ablations AS moved
    JOIN old.games AS was ON was.id = moved.game
    JOIN main.games AS new ON new.fingerprint = was.fingerprint"""


def take_over(database: Database) -> None:
    """Move what the old file beside `database` holds.

    Copied first, dropped then: a kill in between costs nothing but time.
    """
    path = database.path.with_name(OLD)
    if not path.exists() or path == database.path:
        return
    with FileLock(f"{database.path}.moving.lock"):
        try:
            _move(database, str(path))
        except (sqlite3.Error, StoreError) as error:
            # the cache works without them, and the runs' own store says what ails its file
            _log.warning("the ablations in %s stay there (%s)", path, error)


def _move(database: Database, path: str) -> None:
    connection = database.connection()
    connection.execute("ATTACH ? AS old", (path,))
    try:
        query = "SELECT 1 FROM old.sqlite_master WHERE name = 'ablations'"
        if not connection.execute(query).fetchone():
            return
        with database.write():
            connection.execute(_GAMES)
            connection.execute(_ROWS)
        with database.write():
            connection.execute("DROP TABLE old.ablations")
            connection.execute("DROP TABLE old.games")
        with suppress(sqlite3.Error):  # somebody reads it: the space is used by later runs
            connection.execute("VACUUM old")
    finally:
        connection.execute("DETACH old")
