"""A SQLite file: WAL, a connection a thread, named append-only migrations.

Runs have one (jobs/store.py), ablations another (ablate/cache.py).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock

from spexviz.errors import StoreDamaged, StoreError, StoreNewer
from spexviz.kit import log
from spexviz.kit.idle import Identity, Idle, Lease

Migrations = tuple[tuple[str, str], ...]
"""(name, SQL statements) of each, oldest first; once released, none is changed or taken away."""
PATIENCE = 5.0  # seconds to wait for a lock that another thread or process holds
PERSIST = 60.0  # seconds for which what must not be lost is written again and again
_FREE = "free space on its disk and try again; what was kept so far is there"
_RIGHTS = "let this user write there, or set SPEXVIZ_HOME to a folder that can be written"
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process writes it without a pause: try again; a run can be resumed",
    sqlite3.SQLITE_FULL: _FREE,
    sqlite3.SQLITE_IOERR: f"if its disk is full, {_FREE}; if it is failing, set SPEXVIZ_HOME to another",
    sqlite3.SQLITE_READONLY: _RIGHTS,
    sqlite3.SQLITE_PERM: _RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _RIGHTS,
    sqlite3.SQLITE_NOMEM: "memory ran out: end what else needs it, or restart the server",
}
_REMEDIES[sqlite3.SQLITE_LOCKED] = _REMEDIES[sqlite3.SQLITE_BUSY]
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


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
    identity: Identity = None
    lease: Lease | None = None  # of the connection: the next thread has it when this one has ended


class Database:
    """A SQLite file brought to the newest schema.

    A connection follows its path: when the file has been set aside, by whichever process, the next call opens
    the new one.
    `precious`: a copy is kept of the file before its schema changes.
    Raises StoreError where the file cannot be opened, StoreDamaged where it is no database, StoreNewer where
    its schema is one of a later version.
    """

    def __init__(self, path: Path | str, migrations: Migrations, lazy: bool = False, precious: bool = False):
        self.path = Path(path)
        self.migrations = migrations
        self._precious = precious
        self._holder: log.Holder | None = None
        self._local = _OfThread()
        self._idle = Idle()
        self._ready: Identity = None  # the file whose schema is known to be the newest
        if not lazy:
            self.connection()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode."""
        opened = self._local.connection
        identity = self._identity()
        if opened is not None and identity == self._local.identity:
            return opened
        self._local.lease = None
        if identity is not None and identity == self._ready and (idle := self._idle.find(identity)):
            self._local.identity = identity
            return self._lend(idle)
        try:
            with self._alone():
                self._local.connection = None  # until it is ready
                return self._lend(self._open())
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _lend(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Let this thread have a connection until it ends."""
        self._local.connection = connection
        self._local.lease = self._idle.lend(self._local.identity, connection)
        return connection

    @property
    def successor(self) -> Path:
        """Where a whole file may wait for the place of a damaged one."""
        return self.path.with_name(f"{self.path.name}.rescued")

    def check(self) -> None:
        """Read the structure of every page, and whether each index names the right rows.

        Raises StoreDamaged where something is not as it must be.
        """
        (found,) = self.read("PRAGMA integrity_check(1)")[0]
        if found != "ok":
            raise self._damaged(found)

    def copy_to(self, target: Path) -> None:
        """A copy of the file as it stands, whole or not at all. Raises StoreError."""
        try:
            _copy(self.connection(), target)
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error

    def set_aside(self) -> Path | None:
        """Rename the damaged file that this thread has open; the path of what it is now.

        Its successor takes its place, where there is one. None where somebody was faster.
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
            self._adopt()
            return target

    def _adopt(self) -> None:
        """Give the place of a file that is gone to its successor; a kill may have come in between."""
        if self.successor.exists() and not self.path.exists():
            os.replace(self.successor, self.path)

    def _open(self) -> sqlite3.Connection:
        self._adopt()
        if self._holder is None:
            self._holder = log.Holder(self.path)
            if self._holder.alone:  # what a failing disk has changed in its log
                log.mend(self.path)
        is_new = not self.path.exists() or not self.path.stat().st_size
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        # a text with a byte that is none must not take the other rows away
        connection.text_factory = _text
        # now: where the next lines fail, set_aside must know which file it was
        self._local.identity = self._identity()
        self._refuse_foreign(connection)
        if is_new:  # so that space can be given back later; of an old file it would wait for the write lock
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

    def _refuse_foreign(self, connection: sqlite3.Connection) -> None:
        """Raise StoreError for a database of another program, to which a link may lead, before it is touched.

        Raises StoreDamaged for one of ours that has lost the list of its migrations.
        """
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = [name for (name,) in connection.execute(query)]
        if not tables or "migrations" in tables:
            return
        if any(f"CREATE TABLE {name} " in script for _, script in self.migrations for name in tables):
            raise self._damaged("it has lost the list of its migrations")
        raise StoreError(
            f"The file {self.path} is a database of another program (it has a table {tables[0]!r:.40}): move "
            "it or the link to it, or set SPEXVIZ_HOME to another folder. Nothing in it was changed."
        )

    def _identity(self) -> Identity:
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
    def write(self, patience: float = 0.0) -> Iterator[sqlite3.Connection]:
        """A transaction that takes the write lock at once; rolled back on any error.

        It waits PATIENCE seconds for the lock, and as long as `patience` says. Raises StoreError for errors
        of SQLite.
        """
        connection = self.connection()
        self._begin(connection, patience)
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:  # a full disk has rolled it back already
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._error(error) from error
            raise

    def _begin(self, connection: sqlite3.Connection, patience: float) -> None:
        end = time.monotonic() + patience
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.Error as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise self._error(error) from error

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
        """Bring the file to the newest schema. Nothing is changed where a newer spexviz has been there."""
        done = _applied(connection)
        newer = sorted(done - {name for name, _ in self.migrations})
        if newer:
            raise StoreNewer(
                f"The file {self.path} was written by a newer spexviz (it has {newer[-1]!r}): start that "
                "version, or set SPEXVIZ_HOME to another folder. Nothing in the file was changed."
            )
        wanted = [(name, script) for name, script in self.migrations if name not in done]
        if not wanted:
            return
        if done and self._precious:
            number = wanted[0][0].partition(" ")[0]
            _copy(connection, self.path.with_name(f"{self.path.name}.before-{number}"))
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
            for name, script in wanted:
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute("INSERT INTO migrations VALUES (?)", (name,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _error(self, error: object) -> StoreError:
        code = _code(error)
        if code in _DAMAGED:
            return self._damaged(error)
        remedy = _REMEDIES.get(code, "set SPEXVIZ_HOME to another folder, or mend this one")
        return StoreError(f"The file {self.path} cannot be used ({error}): {remedy}.")

    def _damaged(self, error: object) -> StoreDamaged:
        return StoreDamaged(
            f"The file {self.path} is damaged or no database ({error}). `spexviz serve` sets a damaged file "
            "aside at its start, and goes on with all that can still be read."
        )


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def _code(error: object) -> int:
    """The primary code of an error of SQLite; 0 of any other."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a database, whole or not at all."""
    beside = target.with_name(f"{target.name}.tmp")
    beside.unlink(missing_ok=True)
    with closing(sqlite3.connect(beside)) as copy:
        connection.backup(copy)
    os.replace(beside, target)


def _applied(connection: sqlite3.Connection) -> set[str]:
    """Names of the migrations that a file has had."""
    query = "SELECT 1 FROM sqlite_master WHERE name = 'migrations'"
    if not connection.execute(query).fetchone():
        return set()
    return {name for (name,) in connection.execute("SELECT name FROM migrations")}
