"""Damaged files: what stands in them is kept, and they themselves are, too."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spexviz.errors import StoreDamaged, StoreNewer
from spexviz.kit.database import Database
from spexviz.kit.rescue import rescue

FIRST = ("0001 things", "CREATE TABLE things (name TEXT PRIMARY KEY, size INTEGER NOT NULL, text TEXT);")
TABLE = (FIRST, ("0002 colours", "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';"))
PAGE = 4096
TEXT = "a long text, over several pages. " * 400


def filled(path: Path, count: int = 40) -> Database:
    base = Database(path, TABLE)
    with base.write() as connection:
        rows = [(f"thing {i}", i, f"{i} {TEXT}", "blue") for i in range(count)]
        connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?)", rows)
    base.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return base


def things(path: Path) -> dict[str, tuple]:
    query = "SELECT name, size, text, colour FROM things"
    return {name: (size, text, colour) for name, size, text, colour in Database(path, TABLE).read(query)}


def spoil(path: Path, places: list[int]) -> None:
    with path.open("r+b") as file:
        for place in places:
            file.seek(place)
            old = file.read(1)
            file.seek(place)
            file.write(bytes([old[0] ^ 0x5A]))


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_stand_are_kept_and_the_copy_gives_the_others(seed: int, tmp_path: Path) -> None:
    path, copy = tmp_path / "things.sqlite3", tmp_path / "things.copy"
    base = filled(path)
    base.copy_to(copy)
    with base.write() as connection:
        connection.execute("INSERT INTO things VALUES ('new', 1, 'short', 'green')")
    base.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = things(path)
    rng = random.Random(seed)
    size = path.stat().st_size
    spoil(path, [PAGE * rng.randrange(1, size // PAGE) + rng.randrange(8) for _ in range(3)])
    spoilt = path.read_bytes()
    found = rescue(Database(path, TABLE, lazy=True), "things", copy)
    if found is None:
        return  # this damage hits nothing that SQLite looks at
    assert found.aside.read_bytes() == spoilt, "the damaged file is kept as it is"
    after = things(path)
    assert set(after) >= set(before) - {"new"}, "every row is in the file or in its copy"
    assert sum(after[name] == before.get(name) for name in after) >= len(before) - 3
    Database(path, TABLE).check()


@pytest.mark.parametrize("start", [0, 15])
def test_a_file_without_its_header_is_read_all_the_same(start: int, tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    filled(path)
    before = things(path)
    spoil(path, [start + i for i in range(4)])
    with pytest.raises(StoreDamaged):
        base = Database(path, TABLE, lazy=True)
        base.check()
    found = rescue(Database(path, TABLE, lazy=True), "things", tmp_path / "no copy")
    assert found is not None and found.rows == len(before) and things(path) == before


def test_a_damaged_file_of_an_old_schema_is_brought_to_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    old = Database(path, (FIRST,))
    with old.write() as connection:
        connection.executemany("INSERT INTO things VALUES (?, ?, ?)", [(f"{i}", i, TEXT) for i in range(9)])
    old.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(path, [path.stat().st_size - PAGE + 1])
    found = rescue(Database(path, TABLE, lazy=True), "things", tmp_path / "no copy")
    if found:
        assert found.rows >= 8
    assert {colour for _, _, colour in things(path).values()} == {"red"}


def test_a_file_that_is_whole_is_left(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    base = filled(path, 3)
    content = path.read_bytes()
    assert rescue(base, "things", tmp_path / "no copy") is None
    assert path.read_bytes() == content and not list(tmp_path.glob("*damaged*"))


def test_a_kill_between_two_renames_loses_nothing(tmp_path: Path) -> None:
    """The damaged file is away, its successor not yet in its place: the next to open finds it."""
    path = tmp_path / "things.sqlite3"
    base = filled(path, 3)
    before = things(path)
    base.connection().close()
    path.rename(base.successor)
    assert things(path) == before and not base.successor.exists()


def test_a_newer_file_is_refused_as_such_and_left(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    filled(path, 3).connection().close()
    content = path.read_bytes()
    with pytest.raises(StoreNewer, match=r"newer spexviz.*start that version") as raised:
        Database(path, (FIRST,))
    assert "aside" not in str(raised.value) and "move" not in str(raised.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("precious", [True, False])
def test_a_precious_file_is_copied_before_its_schema_changes(precious: bool, tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    with Database(path, (FIRST,)).write() as connection:
        connection.execute("INSERT INTO things VALUES ('a', 1, 'b')")
    Database(path, TABLE, precious=precious)
    before = tmp_path / "things.sqlite3.before-0002"
    assert before.exists() == precious
    if precious:
        with closing(sqlite3.connect(before)) as plain:
            assert plain.execute("SELECT * FROM things").fetchall() == [("a", 1, "b")]
