"""What is put right while the server runs: runs that nobody works on, a damaged file, an old copy of it.

The file of the runs may be locked, full or gone for a while; what could not be written then is written later.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from spexviz.errors import StoreDamaged, StoreError, StoreNewer
from spexviz.jobs import schema
from spexviz.jobs import store as states
from spexviz.jobs.store import RunStore
from spexviz.kit import logs
from spexviz.kit.database import PERSIST

EVERY = 5.0  # seconds between two looks
COPY_EVERY = 86_400.0  # seconds between two copies of the runs' file
PAUSE = 0.5  # seconds between two tries
LOST = "The server lost this run: what was measured is kept, so resume to go on from there."
_log = logging.getLogger(__name__)
T = TypeVar("T")


def persist(write: Callable[[], T], stop: threading.Event) -> T:
    """Do a write, again and again for a while where the file cannot be written just now."""
    end = time.monotonic() + PERSIST
    while True:
        try:
            return write()
        except StoreNewer:
            raise
        except StoreError:
            if time.monotonic() > end or stop.wait(PAUSE):
                raise


class Sweep:
    """Looks through the runs of one process, in a thread of its own.

    `at_work`: ids of the runs that this process really has; `recover`: marks those of processes that are
    gone.
    """

    def __init__(
        self,
        store: RunStore,
        owner: str,
        at_work: Callable[[], Collection[str]],
        recover: Callable[[], None],
        stop: threading.Event,
    ):
        self._store = store
        self._owner = owner
        self._at_work = at_work
        self._recover = recover
        self._stop = stop
        self._owed: dict[str, tuple[str, str]] = {}
        self._missed: set[str] = set()
        self._copied = float("-inf")
        self._troubled = False
        self._thread = threading.Thread(target=self._go_on, name="spexviz-sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, patience: float) -> None:
        self._thread.join(patience)

    def owe(self, run_id: str, state: str, message: str) -> None:
        """Remember how a run ended, since it could not be written."""
        self._owed[run_id] = (state, message)

    def end(self, run_id: str) -> None:
        """Write how a run ended that nobody works on. Raises StoreError."""
        state, message = self._owed.get(run_id, (states.INTERRUPTED, LOST))
        self._store.finish(run_id, state, message)
        self._owed.pop(run_id, None)
        _log.warning("a run was left by itself", extra=logs.fields(run=run_id, state=state))

    def look(self) -> None:
        """One look. Raises StoreError where the file cannot be used now."""
        self._recover()
        left = self._store.active(self._owner) - set(self._at_work())
        for run_id in left:
            # one that has just come is not yet, or no more, at work: it has until the next look
            if run_id in self._owed or run_id in self._missed:
                self.end(run_id)
        self._missed = left
        self._copy()

    def _go_on(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                self.look()
                self._troubled = False
            except StoreDamaged as error:
                self._mend(error)
            except StoreError as error:
                self._tell(error)
            except Exception:
                _log.exception("the runs could not be looked through")

    def _mend(self, damage: StoreDamaged) -> None:
        try:
            self._store.notice = schema.mend(self._store.database, damage) or self._store.notice
        except (StoreError, OSError) as error:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Into the log, once for each time of trouble."""
        if not self._troubled:
            _log.warning("the file of the runs cannot be used now: %s", error)
        self._troubled = True

    def _copy(self) -> None:
        """Keep a copy of the file, from time to time, where there is room for it."""
        now = time.monotonic()
        if now - self._copied < COPY_EVERY:
            return
        self._copied = now
        runs = self._store.database
        size = runs.path.stat().st_size
        if shutil.disk_usage(runs.path.parent).free > 4 * size:
            runs.copy_to(schema.copy_of(runs))
