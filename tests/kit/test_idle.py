"""Connections are used again by the threads that come next, one at a time, and only for the same file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from spexviz.kit.database import Database
from spexviz.kit.idle import MOST

MIGRATIONS = (("0001", "CREATE TABLE numbers (value INTEGER);"),)


def in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_threads_one_after_the_other_share_a_connection(tmp_path: Path):
    base = Database(tmp_path / "base.sqlite3", MIGRATIONS)
    seen: list[sqlite3.Connection] = []
    for _ in range(20):
        in_threads(1, lambda: seen.append(base.connection()))
    assert len(set(map(id, seen))) == 1
    assert seen[0] is not base.connection(), "this thread has its own, and keeps it"


def test_threads_at_once_never_share_one_and_few_are_kept(tmp_path: Path):
    base = Database(tmp_path / "base.sqlite3", MIGRATIONS)
    together = threading.Barrier(MOST + 4)
    seen: list[sqlite3.Connection] = []

    def insert() -> None:
        seen.append(base.connection())
        together.wait(20)
        with base.write() as connection:
            connection.execute("INSERT INTO numbers VALUES (1)")

    for _ in range(3):
        seen.clear()
        in_threads(MOST + 4, insert)
        assert len(set(map(id, seen))) == MOST + 4
    assert base.read("SELECT COUNT(*) FROM numbers") == [(3 * (MOST + 4),)]
    closed = 0
    for connection in seen:
        try:
            connection.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            closed += 1
    assert closed >= 4


def test_one_of_another_file_or_half_done_is_not_used(tmp_path: Path):
    base = Database(tmp_path / "base.sqlite3", MIGRATIONS)
    seen: list[sqlite3.Connection] = []
    in_threads(1, lambda: seen.append(base.connection()))
    seen[0].execute("BEGIN")  # as of a thread that was lost in the midst
    in_threads(1, lambda: seen.append(base.connection()))
    assert seen[1] is not seen[0]
    base.set_aside()
    in_threads(1, lambda: seen.append(base.connection()))
    assert seen[2] is not seen[1]
    assert base.read("SELECT COUNT(*) FROM numbers") == [(0,)], "of the new file"
