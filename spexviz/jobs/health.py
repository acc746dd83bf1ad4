"""Whether runs can be taken and kept just now: what an operator's probe asks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from spexviz.errors import StoreError
from spexviz.jobs.manager import JobManager

LEAST_FREE = 64 * 2**20  # bytes on the disk of the runs; below, the next result may not fit


@dataclass(frozen=True)
class Health:
    """Runs that wait, runs at work, how many may be, and in words what is wrong; nothing of any run."""

    queued: int | None
    working: int
    places: int
    problems: tuple[str, ...] = ()


def look(manager: JobManager) -> Health:
    """Ask the manager, the store and the disk. It may take as long as the store waits for a lock."""
    problems = []
    if manager.closed:
        problems.append("The server is stopping: it takes no more runs.")
    try:
        queued = manager.queued
        with manager.store.database.write():
            pass
    except StoreError:  # its words name a path
        queued = None
        problems.append("The file of the runs cannot be written: the server's log says why.")
    if _free(manager.store.database.path) < LEAST_FREE:
        problems.append("The disk of the runs is full: free space.")
    return Health(queued, manager.working, manager.places, tuple(problems))


def _free(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return 0
