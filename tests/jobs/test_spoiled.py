"""Rows that a failing disk has changed: each is named, and none takes the others away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.jobs.schema import SPOILED as SPOILT_RESULT
from spexviz.jobs.schema import copy_of
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
LEAF_OF_INDEX = 10  # of a page, its first byte
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


def test_an_index_that_leads_to_no_row_or_another(make: Callable[..., JobManager]) -> None:
    """The rows are whole: all of them are there again, and the file is kept as it was."""
    first = make(workers=0)
    results = [pipeline.explain(SyntheticGame("x0*x1"), Linear(), 8, seed) for seed in range(3)]
    ids = [first.store.insert(result, f"{seed}") for seed, result in enumerate(results)]
    path = first.store.database.path
    first.store.database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    first.close()
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 4096):
        at = content.find(ids[1].encode(), start, start + 4096)
        if content[start] == LEAF_OF_INDEX and at >= 0:
            content[at] ^= 1
    path.write_bytes(content)
    manager = make(workers=0)
    assert [manager.store.result(run_id) is not None for run_id in ids] == [True] * 3
    assert "set aside" in manager.notices[0] and len(list(path.parent.glob("*.damaged-*[0-9]"))) == 1


def test_a_run_of_which_only_the_settings_can_be_read(make: Callable[..., JobManager]) -> None:
    """It is one to resume, and says so; it is not called done."""
    first = make(workers=0)
    result = pipeline.explain(SyntheticGame("x0*x1 + 2*x2", n=30), Linear(), 512)
    run_id = first.store.insert(result, "long")
    path = first.store.database.path
    first.store.database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    first.close()
    content = bytearray(path.read_bytes())
    text = result.to_json().encode()
    middle = len(text) // 2  # on a page that holds nothing but a part of the result
    place = content.find(text[middle : middle + 40])
    page = place - place % 4096
    content[page : page + 4] = (2**31).to_bytes(4, "big")  # where it goes on
    path.write_bytes(content)
    manager = make(workers=0)
    assert manager.store.result(run_id) is None
    run = manager.store.get(run_id)
    assert run is not None and run.state == states.INTERRUPTED and run.message == SPOILT_RESULT


def test_a_damaged_result_is_taken_from_the_copy(make: Callable[..., JobManager]) -> None:
    """A run that came from a file cannot be resumed: without the copy its numbers were gone."""
    store = make(workers=0).store
    result = pipeline.explain(SyntheticGame("x0*x1"), Linear(), 8)
    run_id = store.insert(result, "from a file")
    store.database.copy_to(copy_of(store.database))
    with store.database.write() as connection:
        connection.execute("UPDATE runs SET result = replace(result, '1', '2')")
    for _ in range(2):  # the second time from its own row
        found = store.result(run_id)
        assert found is not None and found.to_json() == result.to_json()
        copy_of(store.database).unlink(missing_ok=True)


@pytest.mark.parametrize("letter", [b"0", b"\xdd"])
def test_a_damaged_digest_takes_no_result_away(letter: bytes, make: Callable[..., JobManager]) -> None:
    """The result itself is whole: what would be another by chance differs in nearly every letter."""
    store = make(workers=0).store
    result = pipeline.explain(SyntheticGame("x0*x1"), Linear(), 8)
    run_id = store.insert(result, "whole")
    with store.database.write() as connection:
        query = "UPDATE runs SET digest = CAST(CAST(? AS BLOB) || substr(digest, 2) AS TEXT)"
        connection.execute(query, (letter,))
    found = store.result(run_id)
    assert found is not None and found.to_json() == result.to_json()


def test_where_both_are_damaged_the_run_is_one_to_resume(make: Callable[..., JobManager]) -> None:
    """It stayed done, without a result: no row had the digest as it was read."""
    store = make(workers=0).store
    run_id = store.insert(pipeline.explain(SyntheticGame("x0*x1"), Linear(), 8), "lost")
    with store.database.write() as connection:
        connection.execute("UPDATE runs SET digest = CAST(x'dddd' AS TEXT)")
    assert store.result(run_id) is None
    run = store.get(run_id)
    assert run is not None and run.state == states.INTERRUPTED and run.message == SPOILT_RESULT
