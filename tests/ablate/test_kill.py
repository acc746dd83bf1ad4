"""The start of `make bench-ablations`' test of SIGKILL: one kill here, twenty there in either precision."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import kill
from spexviz.ablate.executors import CHUNK

HALVED = kill.Kind(precision="auto", budget=128)  # several chunks


@pytest.mark.model
def test_a_kill(tmp_path: Path) -> None:
    """In the precision that a run would choose: where that is half of one, both are asked."""
    (trial,) = kill.run(tmp_path, 1, HALVED, seed=1)
    assert 0 < trial["asked"] < HALVED.planned, "killed in the middle"
    assert trial["again"] <= CHUNK


def test_a_lost_value_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: a cache that forgets a chunk is caught."""
    forget = kill.kill_somewhere

    def forgetful(home: Path, kind: kill.Kind, at: int, after: float) -> int:
        count = forget(home, kind, kind.planned, 0.0)
        kill.committed(home)
        from spexviz.ablate.cache import SqliteCache

        with SqliteCache(home / "ablations.sqlite3")._database.write() as connection:
            connection.execute("DELETE FROM ablations WHERE mask IN (SELECT mask FROM ablations LIMIT 40)")
        return count

    monkeypatch.setattr(kill, "kill_somewhere", forgetful)
    with pytest.raises(AssertionError, match="more than a chunk is lost"):
        kill.run(tmp_path, 1, kill.Kind("toy"))
