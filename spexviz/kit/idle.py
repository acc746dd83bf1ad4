"""Open connections whose threads have ended, for the next threads that need one.

A rerun of a page has a thread of its own: to open the runs' file for each of them took a third of its time.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import deque
from contextlib import suppress

Identity = tuple[int, int] | None
"""Which file it was that a connection opened: its device and inode."""
MOST = 8  # that are kept


class Lease:
    """As long as this is there, its thread has a connection; afterwards others may."""


class Idle:
    """The connections to one file that nobody uses now. Thread-safe, also while Python collects garbage."""

    def __init__(self) -> None:
        self._free: deque[tuple[Identity, sqlite3.Connection]] = deque()

    def lend(self, identity: Identity, connection: sqlite3.Connection) -> Lease:
        """Give a thread a connection until it lets go of the lease, as it does when it ends."""
        lease = Lease()
        ended = weakref.finalize(lease, self._take_back, identity, connection)
        ended.atexit = False
        return lease

    def find(self, identity: Identity) -> sqlite3.Connection | None:
        """One that has this file open; those of another are closed."""
        with suppress(IndexError):
            while True:
                opened, connection = self._free.pop()
                if opened == identity and _is_open(connection):
                    return connection
                connection.close()
        return None

    def _take_back(self, identity: Identity, connection: sqlite3.Connection) -> None:
        if len(self._free) < MOST and identity is not None:
            self._free.append((identity, connection))
        else:
            connection.close()


def _is_open(connection: sqlite3.Connection) -> bool:
    """Whether it can be used, and nothing is left half done in it."""
    try:
        return connection.total_changes >= 0 and not connection.in_transaction
    except sqlite3.ProgrammingError:
        return False
