"""One SQLite file for ablations and runs: WAL, a connection a thread, named append-only migrations."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spexviz.errors import StoreError
from spexviz.home import home

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001 ablations",
        """CREATE TABLE games (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, used REAL NOT NULL);
        CREATE TABLE ablations (game INTEGER NOT NULL, mask BLOB NOT NULL, value REAL NOT NULL, PRIMARY KEY (game, mask)) WITHOUT ROWID;""",
    ),
    (
        "0002 runs",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, spec TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '',
            done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, rate REAL NOT NULL DEFAULT 0, phase TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '', result TEXT, version INTEGER NOT NULL DEFAULT 0,
            created REAL NOT NULL, started REAL, finished REAL, deleted REAL);
        CREATE INDEX runs_by_time ON runs (created DESC);""",
    ),
)


PATIENCE = 5.0  # seconds to wait for a lock that another thread or process holds


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait for a lock here, so several processes that open a new file at once must."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            return  # a file system without shared memory: SQLite goes on with its rollback journal
        time.sleep(0.01)


def default_path() -> Path:
    """`$SPEXVIZ_HOME/spexviz.sqlite3`."""
    return home() / "spexviz.sqlite3"


class Database:
    """A SQLite file brought to the newest schema. Raises StoreError where it cannot be opened or is no database."""

    def __init__(self, path: Path | str | None = None):
        self.path = Path(path) if path is not None else default_path()
        self._local = threading.local()
        self._migrate()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode."""
        found = getattr(self._local, "connection", None)
        if found is None:
            try:
                found = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
                _write_ahead(found)
                found.execute("PRAGMA synchronous=NORMAL")  # after SIGKILL nothing is lost; after a power cut the last moments may be
            except sqlite3.Error as error:
                raise self._error(error) from error
            self._local.connection = found
        return found

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that takes the write lock at once; rolled back on any error. Raises StoreError for those of SQLite."""
        connection = self.connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._error(error) from error
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:  # a full disk has rolled it back already
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._error(error) from error
            raise

    def read(self, query: str, arguments: Sequence[object] = ()) -> list[tuple]:
        """The rows of a query. Raises StoreError where the file cannot be read."""
        try:
            return self.connection().execute(query, arguments).fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _migrate(self) -> None:
        with self.write() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
            done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
            for name, script in MIGRATIONS:
                if name not in done:
                    for statement in filter(str.strip, script.split(";")):
                        connection.execute(statement)
                    connection.execute("INSERT INTO migrations VALUES (?)", (name,))

    def _error(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"The file {self.path} cannot be used ({error}). If it is damaged, move it aside and start again: runs and cached ablations in it "
            "are then gone. If the disk is full or the folder read-only, free space or set SPEXVIZ_HOME."
        )
