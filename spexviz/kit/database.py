"""A SQLite file: WAL, a connection a thread, named append-only migrations.

Runs have one (jobs/store.py), ablations another (ablate/cache.py).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from spexviz.errors import StoreDamaged, StoreError

Migrations = tuple[tuple[str, str], ...]
"""(name, SQL statements) of each, oldest first; once released, none is changed or taken away."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PATIENCE = 5.0  # seconds to wait for a lock that another thread or process holds


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL.

    SQLite does not wait for a lock here, so several processes that open a new file at once must.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            if mode == "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            return  # a file system without shared memory: SQLite goes on with its rollback journal
        time.sleep(0.01)


class _OfThread(threading.local):
    """What each thread has of a file: its connection, and which file that was."""

    connection: sqlite3.Connection | None = None
    identity: tuple[int, int] | None = None


class Database:
    """A SQLite file brought to the newest schema.

    A connection follows its path: when the file has been set aside, by whichever process, the next call opens
    the new one.
    Raises StoreError where the file cannot be opened, StoreDamaged where it is no database.
    """

    def __init__(self, path: Path | str, migrations: Migrations, lazy: bool = False):
        self.path = Path(path)
        self._migrations = migrations
        self._local = _OfThread()
        self._ready: tuple[int, int] | None = None  # the file whose schema is known to be the newest
        if not lazy:
            self.connection()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode."""
        opened = self._local.connection
        if opened is not None and self._identity() == self._local.identity:
            return opened
        try:
            with self._alone():
                self._local.connection = None  # until it is ready
                opened = self._open()
                self._local.connection = opened
        except sqlite3.Error as error:
            raise self._error(error) from error
        return opened

    def set_aside(self) -> Path | None:
        """Rename the damaged file that this thread has open; the path of what it is now.

        None where somebody was faster.
        """
        with self._alone():
            if self._identity() != self._local.identity:
                return None
            target = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
            while target.exists():
                target = target.with_name(target.name + "x")
            # never a log of the old file beside a new one: SQLite would replay it
            for ending in ("-wal", "-shm", ""):
                part = Path(f"{self.path}{ending}")
                if part.exists():
                    part.rename(f"{target}{ending}")
            return target

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        # now: where the next lines fail, set_aside must know which file it was
        self._local.identity = self._identity()
        # of a new file; so that space can be given back later
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        _write_ahead(connection)
        # after SIGKILL nothing is lost; after a power cut the last moments may be
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_size_limit=67108864")
        # pages, 32 MB: a page that many chunks touch is written and synced less often
        connection.execute("PRAGMA wal_autocheckpoint=8000")
        connection.execute("PRAGMA cache_size=-16384")  # KB, filled only as far as needed
        if self._local.identity != self._ready:
            self._migrate(connection)
            self._ready = self._local.identity
        return connection

    def _identity(self) -> tuple[int, int] | None:
        """Which file the path names just now."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process opens the file or sets it aside meanwhile."""
        if not self.path.parent.is_dir():
            raise self._error(f"{self.path.parent} is no folder")
        if self.path.is_dir():
            raise self._error("it is a folder")
        try:
            with FileLock(f"{self.path}.lock", timeout=60):
                yield
        except OSError as error:
            raise self._error(error) from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that takes the write lock at once; rolled back on any error.

        Raises StoreError for those of SQLite.
        """
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

    def script(self, statement: str) -> None:
        """Run a statement to its very end, which `execute` does not for a pragma that works row by row.

        Raises StoreError.
        """
        try:
            self.connection().executescript(statement)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
            done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
            for name, script in self._migrations:
                if name in done:
                    continue
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute("INSERT INTO migrations VALUES (?)", (name,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _error(self, error: object) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreError(
                f"The file {self.path} was being written by another process for more than {PATIENCE:g} s: "
                "try again; a run can be resumed."
            )
        kind = StoreError
        if code in _DAMAGED:
            kind = StoreDamaged
        return kind(
            f"The file {self.path} cannot be used ({error}). "
            "If it is damaged, move it aside and start again: what it held is then gone. "
            "If the disk is full or the folder read-only, free space or set SPEXVIZ_HOME."
        )
