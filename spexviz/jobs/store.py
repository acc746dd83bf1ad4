"""The run store: every run, its state, progress and result, in a SQLite file.

The store, not the thread, holds the truth.

A run has an id of its own; `spec_id`, the hash of its settings, says what was asked. What a file holds comes
in as a run with a mark (`origin`), and is never found for a run that is asked for.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from spexviz.errors import SpecError, StoreError
from spexviz.jobs import schema
from spexviz.jobs.listing import Listing
from spexviz.jobs.row import ACTIVE as ACTIVE
from spexviz.jobs.row import ASKED as ASKED
from spexviz.jobs.row import CANCELLED as CANCELLED
from spexviz.jobs.row import CANCELLING as CANCELLING
from spexviz.jobs.row import COLUMNS, marks, run_of
from spexviz.jobs.row import DONE as DONE
from spexviz.jobs.row import FAILED as FAILED
from spexviz.jobs.row import FROM_FILE as FROM_FILE
from spexviz.jobs.row import INTERRUPTED as INTERRUPTED
from spexviz.jobs.row import QUEUED as QUEUED
from spexviz.jobs.row import RECORDED as RECORDED
from spexviz.jobs.row import RUNNING as RUNNING
from spexviz.jobs.row import STATES as STATES
from spexviz.jobs.row import Run as Run
from spexviz.kit import logs
from spexviz.results import Explanation
from spexviz.results.preview import Preview
from spexviz.spec import RunSpec

_log = logging.getLogger(__name__)
# a process is named by 32 hex digits, and no other name may lead to a file
_OWNER = "CASE WHEN length(owner) = 32 AND owner NOT GLOB '*[^0-9a-f]*' THEN owner ELSE '' END"


class RunStore(Listing):
    """Runs by id. Each method is one short transaction; safe from any thread and with several processes.

    `mend`: the file is looked through, and set aside where it is damaged, for which StoreDamaged is raised
    else; `notice`: what a person should know of that.
    """

    def __init__(self, path: Path | str | None = None, mend: bool = False):
        self.database = schema.database(path)
        self.notice = schema.checked(self.database) if mend else ""
        self.database.connection()

    def get(self, run_id: str) -> Run | None:
        row = self._one(f"SELECT {COLUMNS} FROM runs WHERE id = ? AND deleted IS NULL", run_id)
        return run_of(row)

    def etas(self, run_ids: Sequence[str]) -> dict[str, float]:
        """Seconds still to go, of those of these runs that have told it."""
        query = f"SELECT id, to_go FROM runs WHERE to_go IS NOT NULL AND id IN ({marks(run_ids)})"
        return dict(self.database.read(query, tuple(run_ids)))

    def stands(self, run_id: str) -> tuple[str, int]:
        """State and version of a run: what changes when there is something else to show; "" for none."""
        query = "SELECT state, version FROM runs WHERE id = ? AND deleted IS NULL"
        return self._one(query, run_id) or ("", 0)

    def find(self, spec: RunSpec, user: str = "") -> Run | None:
        """The run that this user asked for with these settings; never one that came in from a file."""
        query = (
            f"SELECT {COLUMNS} FROM runs WHERE spec_id = ? AND user = ? AND origin = ? AND deleted IS NULL"
        )
        row = self._one(query, spec.id, user, ASKED)
        return run_of(row)

    def result(self, run_id: str) -> Explanation | None:
        """The explanation so far; complete once the run is done. None if there is none yet.

        One that is not what was kept is taken from the latest copy of the file; where that has it not, it is
        dropped, and its run can be resumed. Raises SpecError for one that this version cannot read.
        """
        query = "SELECT result, digest, version FROM runs WHERE id = ? AND deleted IS NULL"
        row = self._one(query, run_id)
        if row is None or row[0] is None:
            return None
        text, digest, version = row
        if not digest or _is_of(digest, text):
            return _read(text)
        _log.warning("the result of a run was damaged on the disk", extra=logs.fields(run=run_id))
        copied = schema.copied_result(self.database, run_id, digest)
        if not isinstance(copied, str) or _digest(copied) != digest:
            self._drop_result(run_id, version)
            return None
        with self.database.write() as connection:
            query = "UPDATE runs SET result = ? WHERE id = ? AND version = ?"
            connection.execute(query, (copied, run_id, version))
        return _read(copied)

    def _drop_result(self, run_id: str, version: int) -> None:
        """Forget a result, unless another has taken its place; its run is one to resume."""
        with self.database.write() as connection:
            query = (
                "UPDATE runs SET result = NULL, version = version + 1, state = ?, message = ? "
                f"WHERE id = ? AND version = ? AND state NOT IN ({marks(ACTIVE)})"
            )
            connection.execute(query, (INTERRUPTED, schema.SPOILED, run_id, version, *ACTIVE))

    def enqueue(self, spec: RunSpec, title: str, owner: str, user: str = "") -> str:
        """Make the run, or take up one that had ended, keeping its result so far; returns its id.

        A deleted run is taken up, too, without its result. Raises StoreError if it is active.
        """
        with self.database.write() as connection:
            query = "SELECT id, state FROM runs WHERE spec_id = ? AND user = ? AND origin = ?"
            run_id, state = connection.execute(query, (spec.id, user, ASKED)).fetchone() or (None, "")
            if state in ACTIVE:
                raise StoreError("This run is already going: open it instead of starting it again.")
            if run_id is None:
                run_id = _new_id()
                made = {"id": run_id, "state": QUEUED, "owner": owner, "title": title, "created": time.time()}
                _insert(connection, made | {"spec": spec.to_json(), "spec_id": spec.id, "user": user})
            else:
                query = (
                    "UPDATE runs SET state = ?, owner = ?, title = ?, created = ?, done = 0, total = 0, "
                    "rate = 0, phase = '', message = '', started = NULL, finished = NULL, "
                    "to_go = NULL, told = 0, "
                    "result = CASE WHEN deleted IS NULL THEN result END, "
                    "preview = CASE WHEN deleted IS NULL THEN preview END, deleted = NULL WHERE id = ?"
                )
                connection.execute(query, (QUEUED, owner, title, time.time(), run_id))
        return run_id

    def start(self, run_id: str) -> bool:
        """Queued → running; False if it was cancelled or deleted meanwhile."""
        query = "UPDATE runs SET state = ?, started = ? WHERE id = ? AND state = ? AND deleted IS NULL"
        with self.database.write() as connection:
            return connection.execute(query, (RUNNING, time.time(), run_id, QUEUED)).rowcount == 1

    def progress(
        self, run_id: str, done: int, total: int, rate: float, phase: str, to_go: float | None = None
    ) -> bool:
        """Note where the run stands; True if somebody, perhaps in another process, asked to cancel it."""
        with self.database.write() as connection:
            connection.execute(
                "UPDATE runs SET done = ?, total = ?, rate = ?, phase = ?, to_go = ?, told = ? WHERE id = ?",
                (done, total, rate, phase, to_go, time.time(), run_id),
            )
            row = connection.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
        return row is None or row[0] == CANCELLING

    def save(self, run_id: str, explanation: Explanation) -> None:
        """Keep a (partial) result of the run."""
        text = explanation.to_json()
        with self.database.write() as connection:
            query = (
                "UPDATE runs SET result = ?, digest = ?, preview = NULL, version = version + 1 WHERE id = ?"
            )
            connection.execute(query, (text, _digest(text), run_id))

    def complete(self, run: Run, explanation: Explanation) -> bool:
        """Put a fuller result in the place of a finished run's, unless that has changed since it was read.

        Of runs that were asked for here; what came from a file stays as it is.
        """
        text = explanation.to_json()
        query = (
            "UPDATE runs SET result = ?, digest = ?, version = version + 1 "
            "WHERE id = ? AND version = ? AND origin = ? AND state = ? AND deleted IS NULL"
        )
        kept = (text, _digest(text), run.id, run.version, ASKED, DONE)
        with self.database.write() as connection:
            return connection.execute(query, kept).rowcount == 1

    def save_preview(self, run_id: str, preview: Preview) -> None:
        """Keep the first colours of a run, until there is a result."""
        with self.database.write() as connection:
            query = "UPDATE runs SET preview = ?, version = version + 1 WHERE id = ? AND result IS NULL"
            connection.execute(query, (preview.to_json(), run_id))

    def preview(self, run_id: str) -> Preview | None:
        """The first colours of a run; None where there are none, or a result in their place."""
        row = self._one("SELECT preview FROM runs WHERE id = ? AND deleted IS NULL", run_id)
        if row is None or row[0] is None:
            return None
        try:
            return Preview.from_json(row[0])
        except SpecError as error:  # damaged on the disk, or of another version: no more than colours
            _log.warning("the preview of a run cannot be read: %s", error, extra=logs.fields(run=run_id))
            return None

    def finish(self, run_id: str, state: str, message: str = "") -> None:
        """Note how a run ended; what has ended already stays as it is."""
        with self.database.write() as connection:
            query = (
                "UPDATE runs SET state = ?, message = ?, finished = ?, version = version + 1 "
                f"WHERE id = ? AND state IN ({marks(ACTIVE)})"
            )
            connection.execute(query, (state, message, time.time(), run_id, *ACTIVE))

    def ask_to_cancel(self, run_id: str) -> None:
        """A queued run is cancelled at once; a running one by its worker, after the chunk in flight."""
        with self.database.write() as connection:
            query = "UPDATE runs SET state = ?, message = ?, finished = ? WHERE id = ? AND state = ?"
            connection.execute(query, (CANCELLED, "Cancelled before it began.", time.time(), run_id, QUEUED))
            connection.execute(
                "UPDATE runs SET state = ? WHERE id = ? AND state = ?", (CANCELLING, run_id, RUNNING)
            )

    def insert(self, explanation: Explanation, title: str, origin: str = FROM_FILE, user: str = "") -> str:
        """Take in a result from a file, as a run of its own with a mark; returns its id.

        The same content has the same id. A result that its file calls incomplete comes in as an interrupted
        run.
        """
        spec = explanation.spec
        text = explanation.to_json()
        state, message = INTERRUPTED, "This file holds an unfinished run."
        if explanation.complete:
            state, message = DONE, ""
        with self.database.write() as connection:
            query = "SELECT id FROM runs WHERE spec_id = ? AND user = ? AND origin = ? AND result = ?"
            found = connection.execute(query, (spec.id, user, origin, text)).fetchone()
            if found:
                connection.execute("UPDATE runs SET deleted = NULL WHERE id = ?", found)
                return found[0]
            run_id = _new_id()
            now = time.time()
            count = explanation.ablations
            asked = {"id": run_id, "spec": spec.to_json(), "spec_id": spec.id, "user": user, "title": title}
            held = {"origin": origin, "state": state, "message": message, "version": 1}
            kept = {"result": text, "digest": _digest(text)}
            counted = {"done": count, "total": count, "created": now, "finished": now}
            _insert(connection, asked | held | kept | counted)
        return run_id

    def owners(self) -> set[str]:
        """Processes that hold active runs; "" for one whose name was damaged on the disk."""
        query = f"SELECT DISTINCT {_OWNER} FROM runs WHERE state IN ({marks(ACTIVE)})"
        return {owner for (owner,) in self.database.read(query, ACTIVE)}

    def active(self, owner: str) -> set[str]:
        """Ids of the active runs of a process."""
        query = f"SELECT id FROM runs WHERE owner = ? AND state IN ({marks(ACTIVE)})"
        return {run_id for (run_id,) in self.database.read(query, (owner, *ACTIVE))}

    def waiting(self, owner: str) -> int:
        """How many runs of a process are queued."""
        query = "SELECT COUNT(*) FROM runs WHERE owner = ? AND state = ?"
        (count,) = self._one(query, owner, QUEUED) or (0,)
        return count

    def interrupt(self, owner: str) -> None:
        """Mark the active runs of a process that is gone: they can be resumed."""
        message = "The server stopped during this run. What was measured is kept: resume to go on from there."
        with self.database.write() as connection:
            active = f"state IN ({marks(ACTIVE)})"
            query = f"UPDATE runs SET state = ?, message = ?, finished = ? WHERE {_OWNER} = ? AND {active}"
            connection.execute(query, (INTERRUPTED, message, time.time(), owner, *ACTIVE))

    def _one(self, query: str, *arguments: object) -> tuple | None:
        return next(iter(self.database.read(query, arguments)), None)


def _insert(connection: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    """A new run; columns that are not named have their defaults."""
    query = f"INSERT INTO runs ({', '.join(row)}) VALUES ({marks(row)})"
    connection.execute(query, tuple(row.values()))


@lru_cache(maxsize=8)
def _read(text: str) -> Explanation:
    """A result that is looked at is read once: each click draws its page again."""
    return Explanation.from_json(text)


def _is_of(digest: str, text: str) -> bool:
    """Whether a digest is of this text; where a few letters are not, the disk has changed them."""
    right = _digest(text)
    wrong = sum(one != other for one, other in zip(digest, right, strict=False))
    return wrong + abs(len(digest) - len(right)) <= len(right) // 4


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _new_id() -> str:
    """16 hex digits by chance: an address to pass on, which nobody who guesses the settings can guess."""
    return secrets.token_hex(8)
