"""Waiting for a run."""

from __future__ import annotations

import time
from collections.abc import Callable

from spexviz.jobs.manager import JobManager
from spexviz.jobs.store import Run


def until(manager: JobManager, run_id: str, wanted: Callable[[Run], object], seconds: float = 60) -> Run:
    """The run once it is as wanted; the wait is a safety net, not a measurement."""
    run = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = manager.store.get(run_id)
        if run and wanted(run):
            return run
        time.sleep(0.005)
    raise AssertionError(f"the run stayed {run}")


def ended(run: Run) -> bool:
    return not run.active
