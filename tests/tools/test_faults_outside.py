"""A few faults from outside, each on a real process; many more of them: `python -m tools.faults`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spexviz.jobs import schema
from tools.faults import apart, clock, locked, managed


def test_runs_outlast_a_lock_on_their_file(tmp_path: Path) -> None:
    """The lock is held longer than a write waits for one."""
    soon = {managed.SOON: "0.2"}
    lost, _ = locked.trial(tmp_path / "trial", schema.FILE, 0.3, 1.5, 0.002, **soon)
    assert lost == []


def test_runs_outlast_a_full_disk(tmp_path: Path) -> None:
    if apart.way() is None:
        pytest.skip(apart.NO_WAY)
    found = apart.there("tools.faults.disk", "full", tmp_path, 0.2, 1.0, 0.003)
    assert found["lost"] == [] and found["resumed"] > 0


def test_runs_outlast_a_clock_that_jumps_back_by_a_year(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler (cc) for the library that moves the clock")
    assert clock.trial(tmp_path, clock.Clock(tmp_path), -365 * clock.DAY, 0.2) == []
