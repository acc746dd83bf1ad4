"""The run store: every run, its state, progress and result, in the project's SQLite file. The store, not the thread, holds the truth."""

from __future__ import annotations

import time
from dataclasses import dataclass

from spexviz.errors import StoreError
from spexviz.kit.database import Database
from spexviz.results import Explanation
from spexviz.spec import RunSpec

QUEUED, RUNNING, CANCELLING, DONE, FAILED, CANCELLED, INTERRUPTED = (
    "queued",
    "running",
    "cancelling",
    "done",
    "failed",
    "cancelled",
    "interrupted",
)
ACTIVE = (QUEUED, RUNNING, CANCELLING)
_COLUMNS = "id, spec, state, owner, title, done, total, rate, phase, message, version, created, started, finished, result IS NOT NULL"


@dataclass(frozen=True)
class Run:
    """One row: what was asked, where it stands. `version` grows with every new (partial) result; times are seconds since 1970."""

    id: str
    spec: RunSpec
    state: str
    owner: str
    title: str
    done: int
    total: int
    rate: float
    phase: str
    message: str
    version: int
    created: float
    started: float | None
    finished: float | None
    has_result: bool

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def eta(self) -> float | None:
        """Seconds of ablations still to go at the present rate; None before it is known."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


class RunStore:
    """Runs by id. Each method is one short transaction; safe from any thread and with several processes."""

    def __init__(self, database: Database | None = None):
        self.database = database or Database()

    def get(self, run_id: str) -> Run | None:
        row = self._one(f"SELECT {_COLUMNS} FROM runs WHERE id = ? AND deleted IS NULL", run_id)
        return _run(row) if row else None

    def list(self, limit: int = 200) -> list[Run]:
        """The newest runs first."""
        query = f"SELECT {_COLUMNS} FROM runs WHERE deleted IS NULL ORDER BY created DESC LIMIT ?"
        return [_run(row) for row in self.database.read(query, (limit,))]

    def result(self, run_id: str) -> Explanation | None:
        """The explanation so far; complete once the run is done. None if there is none yet."""
        row = self._one("SELECT result FROM runs WHERE id = ? AND deleted IS NULL", run_id)
        return Explanation.from_json(row[0]) if row and row[0] else None

    def enqueue(self, spec: RunSpec, title: str, owner: str, total: int) -> None:
        """Make the run, or take up one that had ended, keeping its result so far. Raises StoreError if it is active."""
        with self.database.write() as connection:
            row = connection.execute("SELECT state FROM runs WHERE id = ? AND deleted IS NULL", (spec.id,)).fetchone()
            if row and row[0] in ACTIVE:
                raise StoreError("This run is already going: open it instead of starting it again.")
            connection.execute(
                "INSERT INTO runs (id, spec, state, owner, title, total, created) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "state = excluded.state, owner = excluded.owner, title = excluded.title, total = excluded.total, created = excluded.created, "
                "done = 0, rate = 0, phase = '', message = '', started = NULL, finished = NULL, "
                "result = CASE WHEN deleted IS NULL THEN result END, deleted = NULL",
                (spec.id, spec.to_json(), QUEUED, owner, title, total, time.time()),
            )

    def start(self, run_id: str) -> bool:
        """Queued → running; False if it was cancelled or deleted meanwhile."""
        query = "UPDATE runs SET state = ?, started = ? WHERE id = ? AND state = ? AND deleted IS NULL"
        with self.database.write() as connection:
            return connection.execute(query, (RUNNING, time.time(), run_id, QUEUED)).rowcount == 1

    def progress(self, run_id: str, done: int, total: int, rate: float, phase: str) -> bool:
        """Note where the run stands; True if somebody, perhaps in another process, asked to cancel it."""
        with self.database.write() as connection:
            connection.execute("UPDATE runs SET done = ?, total = ?, rate = ?, phase = ? WHERE id = ?", (done, total, rate, phase, run_id))
            row = connection.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
        return row is None or row[0] == CANCELLING

    def save(self, explanation: Explanation) -> None:
        """Keep a (partial) result of the run it belongs to."""
        text = explanation.to_json()
        with self.database.write() as connection:
            connection.execute("UPDATE runs SET result = ?, version = version + 1 WHERE id = ?", (text, explanation.spec.id))

    def finish(self, run_id: str, state: str, message: str = "") -> None:
        with self.database.write() as connection:
            query = "UPDATE runs SET state = ?, message = ?, finished = ?, version = version + 1 WHERE id = ?"
            connection.execute(query, (state, message, time.time(), run_id))

    def ask_to_cancel(self, run_id: str) -> None:
        """A queued run is cancelled at once; a running one by its worker, after the chunk in flight."""
        with self.database.write() as connection:
            query = "UPDATE runs SET state = ?, message = ?, finished = ? WHERE id = ? AND state = ?"
            connection.execute(query, (CANCELLED, "Cancelled before it began.", time.time(), run_id, QUEUED))
            connection.execute("UPDATE runs SET state = ? WHERE id = ? AND state = ?", (CANCELLING, run_id, RUNNING))

    def delete(self, run_id: str) -> None:
        """Hide the run; `restore` brings it back until `purge`. Its ablations stay in the cache. Raises StoreError if it is active."""
        with self.database.write() as connection:
            query = f"UPDATE runs SET deleted = ? WHERE id = ? AND state NOT IN ({_marks(ACTIVE)})"
            if connection.execute(query, (time.time(), run_id, *ACTIVE)).rowcount == 0:
                raise StoreError("This run is still going, or is not there: cancel it first.")

    def restore(self, run_id: str) -> None:
        with self.database.write() as connection:
            connection.execute("UPDATE runs SET deleted = NULL WHERE id = ?", (run_id,))

    def purge(self, older_than: float = 86_400.0) -> None:
        """Remove for good what was deleted more than `older_than` seconds ago."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM runs WHERE deleted < ?", (time.time() - older_than,))

    def insert(self, explanation: Explanation, title: str) -> str:
        """Take in a result from a file; returns its run id. A run that is done or going is left as it is.

        A result that its file calls incomplete comes in as an interrupted run, which can be resumed.
        """
        spec = explanation.spec
        state, message = (DONE, "") if explanation.complete else (INTERRUPTED, "This file holds an unfinished run: resume to go on from there.")
        with self.database.write() as connection:
            query = f"DELETE FROM runs WHERE id = ? AND (deleted IS NOT NULL OR state NOT IN ({_marks((DONE, *ACTIVE))}))"
            connection.execute(query, (spec.id, DONE, *ACTIVE))
            count = len(explanation.values) + len(explanation.held_out_values)
            connection.execute(
                "INSERT OR IGNORE INTO runs (id, spec, state, message, title, done, total, result, version, created, finished) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (spec.id, spec.to_json(), state, message, title, count, count, explanation.to_json(), time.time(), time.time()),
            )
        return spec.id

    def owners(self) -> set[str]:
        """Processes that hold active runs."""
        query = f"SELECT DISTINCT owner FROM runs WHERE state IN ({_marks(ACTIVE)})"
        return {owner for (owner,) in self.database.read(query, ACTIVE)}

    def waiting(self, owner: str) -> int:
        """How many runs of a process are queued."""
        return self._one("SELECT COUNT(*) FROM runs WHERE owner = ? AND state = ?", owner, QUEUED)[0]

    def interrupt(self, owner: str) -> None:
        """Mark the active runs of a process that is gone: they can be resumed."""
        message = "The server stopped during this run. What was measured is kept: resume to go on from there."
        with self.database.write() as connection:
            query = f"UPDATE runs SET state = ?, message = ?, finished = ? WHERE owner = ? AND state IN ({_marks(ACTIVE)})"
            connection.execute(query, (INTERRUPTED, message, time.time(), owner, *ACTIVE))

    def _one(self, query: str, *arguments: object) -> tuple | None:
        return next(iter(self.database.read(query, arguments)), None)


def _marks(values: tuple) -> str:
    return ", ".join("?" * len(values))


def _run(row: tuple) -> Run:
    return Run(row[0], RunSpec.from_json(row[1]), *row[2:14], has_result=bool(row[14]))
