"""Rows that a failing disk has changed: each is named, and none takes the others away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear

COLUMNS = (
    "spec",
    "done",
    "created",
    "spec_id",
    "user",
    "origin",
    "state",
    "owner",
    "title",
    "phase",
    "message",
    "result",
    "digest",
)
SPOILED = (b"\xff\xfe", b"\x00", b"../../up", b"a/b", b"x" * 300)


@pytest.mark.parametrize("content", SPOILED)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_spoiled_text_takes_no_other_run_away(
    column: str, content: bytes, make: Callable[..., JobManager], tmp_path: Path
) -> None:
    first = make(workers=0)
    whole = first.store.insert(pipeline.explain(SyntheticGame("x0*x1"), Linear(), 8), "whole")
    spoiled = first.store.insert(pipeline.explain(SyntheticGame("x0*x1"), Linear(), 8, 1), "spoiled")
    with first.store.database.write() as connection:
        connection.execute("UPDATE runs SET state = 'running' WHERE id = ?", (spoiled,))
        query = f"UPDATE runs SET {column} = CAST(? AS TEXT) WHERE id = ?"
        connection.execute(query, (content, spoiled))
    alive = {path.name for path in (tmp_path / "locks").iterdir()}
    manager = make(workers=0)
    listed = {run.id: run for run in manager.store.list()}
    named = {run_id for run_id, *_ in manager.store.unreadable()}
    assert not listed.keys() & named
    assert listed[whole].state == states.DONE and manager.store.result(whole) is not None
    assert spoiled in listed.keys() | named
    if column != "state" and spoiled in listed:
        assert listed[spoiled].state == states.INTERRUPTED, "its process is gone"
    (lock,) = {path.name for path in tmp_path.rglob("locks/**/*") if path.is_file()} - alive
    assert lock in manager._alive.lock_file, "nothing else was made"
