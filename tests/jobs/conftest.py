"""What tests of the job manager share: managers that are closed, and the slow game where it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spexviz.jobs.manager import JobManager
from spexviz.run import plan as planning
from tests.jobs import slow


@pytest.fixture
def slow_game(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "offered", planning.offered)
    slow.offer()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., JobManager]]:
    made: list[JobManager] = []

    def maker(**settings: int) -> JobManager:
        made.append(JobManager(tmp_path / "runs.sqlite3", **settings))
        return made[-1]

    yield maker
    for manager in made:
        manager.close()
