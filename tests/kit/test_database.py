from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from spexviz.errors import StoreError
from spexviz.kit import database
from spexviz.kit.database import Database
from spexviz.kit.paths import home
from spexviz.kit.threads import threads

TABLE = (("0001 things", "CREATE TABLE things (name TEXT PRIMARY KEY);"),)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    path.write_bytes(b"this is a letter, not a database. " * 200)
    with pytest.raises(StoreError, match=r"runs\.sqlite3.*sets a damaged file aside"):
        Database(path, TABLE)
    assert path.read_bytes().startswith(b"this is a letter")  # nobody's file is overwritten


@pytest.mark.parametrize("path", ["missing-folder/runs.sqlite3", "."])
def test_a_path_that_cannot_be_opened(path: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="SPEXVIZ_HOME"):
        Database(tmp_path / path, TABLE)


def test_an_error_in_a_transaction_rolls_it_back(tmp_path: Path) -> None:
    base = Database(tmp_path / "runs.sqlite3", TABLE)
    insert = "INSERT INTO things VALUES ('a')"
    with pytest.raises(KeyError), base.write() as connection:
        connection.execute(insert)
        raise KeyError("a caller's own error passes through")
    with pytest.raises(StoreError, match="UNIQUE"), base.write() as connection:
        connection.execute(insert)
        connection.execute(insert)
    assert base.read("SELECT COUNT(*) FROM things") == [(0,)]
    with base.write() as connection:  # and the connection is usable afterwards
        connection.execute(insert)
    assert base.read("SELECT name FROM things") == [("a",)]


def test_a_writer_that_never_ends_gives_a_store_error(tmp_path: Path) -> None:
    base = Database(tmp_path / "runs.sqlite3", TABLE)
    base.connection().execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(base.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"another process writes it.*try again"), base.write():
        pass
    other.execute("ROLLBACK")
    other.close()


def test_a_file_that_another_writes_can_be_opened_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a thread that has no connection yet, as each visitor's has none."""
    Database(tmp_path / "runs.sqlite3", TABLE)
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    other = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert Database(tmp_path / "runs.sqlite3", TABLE).read("SELECT COUNT(*) FROM things") == [(0,)]
    other.execute("ROLLBACK")
    other.close()


def test_migrations_run_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    Database(path, TABLE)
    more = (*TABLE, ("9999 test", "CREATE TABLE extra (a INTEGER); INSERT INTO extra VALUES (1);"))
    for _ in range(2):
        base = Database(path, more)
    assert base.read("SELECT a FROM extra") == [(1,)]
    assert [name for (name,) in base.read("SELECT name FROM migrations ORDER BY name")] == [
        name for name, _ in more
    ]


def test_home_is_made_or_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path / "a" / "b"))
    assert home() == tmp_path / "a" / "b" and home().is_dir()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path / "file" / "b"))
    with pytest.raises(StoreError, match="SPEXVIZ_HOME"):
        home()


@pytest.mark.parametrize(("given", "wanted"), [("3", 3), ("0", 1)])
def test_threads(given: str, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEXVIZ_THREADS", given)
    assert threads() == wanted
    monkeypatch.setenv("SPEXVIZ_THREADS", "²")
    assert threads() >= 1
