"""A changed byte in the log of a database takes nothing away."""

from __future__ import annotations

import operator
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spexviz.kit import log

ROWS = 40


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with rows in its log, as a killed process leaves it, and frames of before behind them."""
    folder = tmp_path_factory.mktemp("log")
    path = folder / "a.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, text TEXT)")
        plain.executemany("INSERT INTO things VALUES (?, ?)", [(-k, "x" * 3000) for k in range(1, 60)])
        plain.execute("PRAGMA wal_checkpoint(RESTART)")
        for number in range(ROWS):
            plain.execute("INSERT INTO things VALUES (?, ?)", (number, f"{number} " * 400))
        copy = folder / "killed"
        copy.mkdir()
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", copy / f"a.sqlite3{ending}")
    return copy / "a.sqlite3"


def rows(path: Path, folder: Path, content: bytes) -> list[tuple[int, bytes]]:
    """What SQLite finds with that log."""
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder / "b.sqlite3")
    (folder / "b.sqlite3-wal").write_bytes(content)
    with closing(sqlite3.connect(folder / "b.sqlite3")) as plain:
        plain.text_factory = bytes
        return plain.execute("SELECT * FROM things ORDER BY id").fetchall()


def pages(content: bytes) -> list[bytes]:
    """What the frames hold, without their sums."""
    size = 4096 + log._FRAME
    starts = range(log._HEADER, len(content), size)
    return [content[start : start + 16] + content[start + log._FRAME : start + size] for start in starts]


def test_a_changed_byte_takes_nothing_away(killed: Path, tmp_path: Path) -> None:
    """Wherever it is. Mostly it is put right; else its page stays as it is, and those after it are kept."""
    whole = Path(f"{killed}-wal").read_bytes()
    assert len(rows(killed, tmp_path, whole)) == ROWS + 59 and log.mended(whole) is None
    changed = bytearray(whole)
    changed[40] ^= 255
    own = len(log.mended(bytes(changed)) or b"")
    assert 0 < own < len(whole), "frames of before stand behind"
    rng = random.Random(0)
    places = [*range(log._HEADER + log._FRAME), *(rng.randrange(own) for _ in range(150))]
    count = 0
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= rng.randrange(1, 256)
        right = log.mended(bytes(changed))
        assert right is not None and len(right) == own, f"byte {place}"
        count += right == whole[:own]
        assert sum(map(operator.ne, pages(right), pages(whole[:own]))) <= 1
    assert count > 0.6 * len(places)


def test_several_changed_bytes(killed: Path, tmp_path: Path) -> None:
    """One in every tenth frame is put right; of three in one frame nobody knows what they were."""
    whole = Path(f"{killed}-wal").read_bytes()
    expected = rows(killed, tmp_path / "whole", whole)
    size = 4096 + log._FRAME
    changed = bytearray(whole)
    for start in range(log._HEADER + 2000, len(whole), 10 * size):
        changed[start] ^= 1
    found = rows(killed, tmp_path / "tenth", log.mended(bytes(changed)) or b"")
    assert len(found) == len(expected)
    changed = bytearray(whole)
    for place in (1000, 1001, 1100):
        changed[log._HEADER + 5 * size + log._FRAME + place] ^= 1
    dropped = rows(killed, tmp_path / "dropped", bytes(changed))
    right = log.mended(bytes(changed))
    assert right is not None, "it is told, and kept as it was"
    assert rows(killed, tmp_path / "mended", right) == dropped and len(dropped) < len(expected)


def test_a_page_that_a_kill_left_half_written_is_dropped(killed: Path, tmp_path: Path) -> None:
    """Its frame says that it is of this log; nothing follows it. It must never count as written."""
    whole = Path(f"{killed}-wal").read_bytes()
    size = 4096 + log._FRAME
    own = len(log.mended(bytes([*whole[:40], whole[40] ^ 255, *whole[41:]])) or b"")
    torn = whole[: own - 3000] + bytes(3000) + whole[own:]
    assert log.mended(torn) is None
    assert own % size == log._HEADER % size
    assert len(rows(killed, tmp_path, torn)) == ROWS + 59 - 1


def test_what_was_torn_is_dropped_as_sqlite_does(killed: Path) -> None:
    whole = Path(f"{killed}-wal").read_bytes()
    for length in (0, 10, 32, 100, 5000, 20_001):
        assert log.mended(whole[:length]) is None
    assert log.mended(random.Random(0).randbytes(20_000)) is None


def test_the_log_is_kept_as_it_was(killed: Path, tmp_path: Path) -> None:
    for ending in ("", "-wal"):
        shutil.copy(f"{killed}{ending}", tmp_path / f"a.sqlite3{ending}")
    file = tmp_path / "a.sqlite3-wal"
    content = bytearray(file.read_bytes())
    content[3000] ^= 1
    file.write_bytes(content)
    path = tmp_path / "a.sqlite3"
    first = log.Holder(path)
    assert first.alone and not log.Holder(path).alone
    kept = log.mend(path)
    assert kept is not None and kept.read_bytes() == content
    assert log.mend(path) is None, "it is right now"
