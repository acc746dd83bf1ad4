"""Listing: the runs as a visitor finds them: listed, called by a title, told of, deleted and brought back."""

from __future__ import annotations

import time

from spexviz.errors import SpecError, StoreError
from spexviz.jobs.row import ACTIVE, COLUMNS, Run, marks, read
from spexviz.kit.database import Database

AHEAD = 60.0  # seconds by which a run may be dated after now: clocks are set a little, now and then

Unreadable = tuple[str, str, str]
"""Id and title of a run that cannot be read, and why."""


class Listing:
    """What the store of the runs knows of many runs at once."""

    database: Database

    def list(self, limit: int = 200, user: str | None = None) -> list[Run]:
        """The newest runs first: everybody's, or those of one user.

        What a clock that was ahead has dated in the future comes last.
        """
        return self.sorted_out(limit, user)[0]

    def unreadable(self, limit: int = 200, user: str | None = None) -> list[Unreadable]:
        """(id, title, why) of the newest runs whose settings cannot be read."""
        return self.sorted_out(limit, user)[1]

    def sorted_out(self, limit: int, user: str | None = None) -> tuple[list[Run], list[Unreadable]]:
        """The newest runs, and those among them that cannot be read."""
        runs, unreadable = [], []
        for row in self._rows(limit, user):
            try:
                runs.append(read(row))
            except SpecError as error:
                unreadable.append((row[0], row[7], str(error)))
        return runs, unreadable

    def _rows(self, limit: int, user: str | None) -> list[tuple]:
        whose, of_user = _whose(user)
        order = "ORDER BY created > ?, created DESC LIMIT ?"
        query = f"SELECT {COLUMNS} FROM runs WHERE deleted IS NULL {whose} {order}"
        return self.database.read(query, (*of_user, time.time() + AHEAD, limit))

    def rename(self, run_id: str, title: str) -> None:
        """Call a run otherwise."""
        with self.database.write() as connection:
            connection.execute("UPDATE runs SET title = ? WHERE id = ?", (title, run_id))

    def keep_said(self, run_id: str, version: int, said: str) -> None:
        """Keep what is told of the result that a run had at this version."""
        with self.database.write() as connection:
            query = "UPDATE runs SET said = ? WHERE id = ? AND version = ?"
            connection.execute(query, (said, run_id, version))

    def delete(self, *run_ids: str) -> None:
        """Hide the runs: `restore` brings them back until `purge`. Their ablations stay in the cache.

        Raises StoreError, and hides none, if one of them is active.
        """
        with self.database.write() as connection:
            which = f"id IN ({marks(run_ids)}) AND state NOT IN ({marks(ACTIVE)})"
            query = f"UPDATE runs SET deleted = ? WHERE {which}"
            if connection.execute(query, (time.time(), *run_ids, *ACTIVE)).rowcount < len(set(run_ids)):
                raise StoreError("This run is still going, or is not there: cancel it first.")

    def deleted(self, user: str | None = None, since: float = 3_600.0) -> tuple[str, ...]:
        """The runs that were deleted at once, and last of all: everybody's, or those of one user.

        `since`: seconds for which it is still told.
        """
        whose, of_user = _whose(user)
        now = time.time()
        last = f"SELECT MAX(deleted) FROM runs WHERE deleted BETWEEN ? AND ? {whose}"
        query = f"SELECT id FROM runs WHERE deleted = ({last}) {whose}"
        found = self.database.read(query, (now - since, now + AHEAD, *of_user, *of_user))
        return tuple(run_id for (run_id,) in found)

    def restore(self, *run_ids: str) -> None:
        with self.database.write() as connection:
            connection.execute(f"UPDATE runs SET deleted = NULL WHERE id IN ({marks(run_ids)})", run_ids)

    def purge(self, older_than: float = 86_400.0) -> None:
        """Remove for good what was deleted more than `older_than` seconds ago, or by a clock so far ahead."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM runs WHERE abs(deleted - ?) > ?", (time.time(), older_than))
            connection.execute("DELETE FROM ways WHERE after NOT IN (SELECT id FROM runs)")


def _whose(user: str | None) -> tuple[str, tuple[str, ...]]:
    """What a query asks besides for the runs of one user, and its arguments; nothing for everybody's."""
    if user is None:
        return "", ()
    return "AND user = ?", (user,)
