"""Fixtures of the pages: a job manager of each test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from spexviz.jobs.manager import JobManager
from spexviz.ui import runtime


@pytest.fixture
def manager(tmp_path, monkeypatch) -> Iterator[JobManager]:
    """The page's job manager: a database of this test's own, one worker, one place in the queue."""
    monkeypatch.setenv("SPEXVIZ_MODELS", "toy")
    made = JobManager(tmp_path / "test.sqlite3", workers=1, waiting=1)
    stash = SimpleNamespace(lock=threading.Lock(), manager=made, warm={"toy"}, warming={"toy"}, failed={})
    monkeypatch.setattr(runtime, "_stash", lambda: stash)
    yield made
    made.close()
