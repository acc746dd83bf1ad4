"""The start of `make bench-ablations`' test of SIGKILL: three kills here, twenty there."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import kill
from spexviz.ablate.executors import CHUNK


@pytest.mark.model
@pytest.mark.parametrize(("precision", "kills"), [("fp32", 1), ("auto", 1)])
def test_kills(precision: str, kills: int, tmp_path: Path) -> None:
    trials = kill.run(tmp_path, kills, precision=precision, seed=1)
    assert len(trials) == kills and any(0 < trial["asked"] < kill.PLANNED for trial in trials), (
        "killed in the middle"
    )
    assert all(trial["again"] <= CHUNK for trial in trials)


def test_a_lost_value_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: a cache that forgets a chunk is caught."""
    forget = kill.kill_somewhere

    def forgetful(home: Path, model: str, precision: str, at: int, after: float) -> int:
        count = forget(home, model, precision, kill.PLANNED, 0.0)
        kill.committed(home)
        from spexviz.ablate.cache import SqliteCache

        with SqliteCache(home / "ablations.sqlite3")._database.write() as connection:
            connection.execute("DELETE FROM ablations WHERE mask IN (SELECT mask FROM ablations LIMIT 40)")
        return count

    monkeypatch.setattr(kill, "kill_somewhere", forgetful)
    with pytest.raises(AssertionError, match="more than a chunk is lost"):
        kill.run(tmp_path, 1, "toy")
