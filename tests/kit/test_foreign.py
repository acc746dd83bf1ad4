"""What is somebody else's is neither written nor moved, wherever a link or a name leads."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spexviz.ablate.cache import SqliteCache
from spexviz.errors import StoreError
from spexviz.jobs.store import RunStore


@pytest.mark.parametrize("kind", [RunStore, SqliteCache])
def test_a_database_of_another_program(kind: type, tmp_path: Path) -> None:
    theirs = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(theirs)) as plain, plain:
        plain.executescript("CREATE TABLE places (url TEXT); INSERT INTO places VALUES ('mine');")
    before = theirs.read_bytes()
    link = tmp_path / "home" / "file.sqlite3"
    link.parent.mkdir()
    link.symlink_to(theirs)
    with pytest.raises(StoreError, match=r"file\.sqlite3 is a database of another program .*'places'"):
        kind(link)
    assert theirs.read_bytes() == before and link.is_symlink()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["home", "places.sqlite"]
