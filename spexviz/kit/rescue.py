"""What a damaged SQLite file still gives: its rows one by one, and what an earlier copy of it holds besides.

The file itself is set aside, whole, and never changed.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from spexviz.errors import StoreDamaged, StoreError
from spexviz.kit.database import Database, Migrations

Row = dict[str, Any]
_HEADER = 100  # bytes at the start of every SQLite file
_CHANGES = slice(24, 32)  # of them: a counter and the number of pages, which are the file's own
_BLIND = 100_000  # row numbers that are tried where the last one cannot be read
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rescued:
    """`aside`: where the damaged file lies now; `rows` that it gave, `copied` that only its copy gave."""

    aside: Path
    rows: int
    copied: int


def rescue(database: Database, table: str, copy: Path) -> Rescued | None:
    """Put a new file in the place of a damaged one, with every row of `table` that can still be read.

    `copy`: an earlier copy of the file, which need not be there. None where somebody else has done it. A kill
    at any moment loses nothing. Raises StoreError.
    """
    with FileLock(f"{database.path}.rescue.lock"):
        with suppress(StoreDamaged):
            database.check()
            return None
        with tempfile.TemporaryDirectory(dir=database.path.parent, prefix="rescue-") as folder:
            room = Path(folder)
            _open_again(database.path, room)
            rows = _built(room, database.migrations, table, copy)
            os.replace(room / "built", database.successor)
        aside = database.set_aside()
    return Rescued(aside, *rows) if aside else None


def _open_again(path: Path, room: Path) -> None:
    """Copies to read from: the file with its log, and the same with the header of a file that is whole."""
    for name in ("damaged", "headed"):
        shutil.copyfile(path, room / name)
        log = path.with_name(f"{path.name}-wal")
        if log.exists():
            shutil.copyfile(log, room / f"{name}-wal")


def _built(room: Path, migrations: Migrations, table: str, copy: Path) -> tuple[int, int]:
    """Make the new file; how many rows come from the damaged one, and how many more from its copy."""
    built = room / "built"
    source = room / "damaged"
    if not _names(source):
        _fill(room / "fresh", migrations, table, ())
        source = room / "headed"
        _replace_header(source, room / "fresh")
    then = tuple(one for one in migrations if one[0] in _names(source))
    found = list(_rows(source, table))
    whole = [row for row, is_whole in found if is_whole]
    count = _fill(built, then or migrations, table, whole)
    copied = _fill(built, migrations, table, _copied(room, migrations, table, copy))
    # last, so that what the copy has whole goes before what is left of a row
    count += _fill(built, migrations, table, [row for row, is_whole in found if not is_whole])
    return count, copied


def _copied(room: Path, migrations: Migrations, table: str, copy: Path) -> list[Row]:
    """The rows of an earlier copy, brought to the newest schema."""
    if not copy.exists():
        return []
    shutil.copyfile(copy, room / "copy")
    try:
        _fill(room / "copy", migrations, table, ())
    except StoreError as error:
        _log.warning("the copy %s cannot be used: %s", copy, error)
        return []
    return [row for row, _ in _rows(room / "copy", table)]


def _names(path: Path) -> set[str]:
    """Of the migrations that a file says it has had."""
    with closing(sqlite3.connect(path)) as opened, suppress(sqlite3.Error):
        return {name for (name,) in opened.execute("SELECT name FROM migrations")}
    return set()


def _replace_header(file: Path, whole: Path) -> None:
    """Give a file the header of another with the same tables, but for what tells of its own size."""
    header = bytearray(whole.read_bytes()[:_HEADER])
    with file.open("r+b") as opened:
        own = opened.read(_HEADER)
        header[_CHANGES] = own[_CHANGES].ljust(8, b"\0")
        opened.seek(0)
        opened.write(header)


def _fill(path: Path, migrations: Migrations, table: str, rows: Iterable[Row]) -> int:
    """Bring a file to a schema and put rows in that it has not; how many these are."""
    database = Database(path, migrations)
    count = 0
    with database.write() as connection:
        known = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
        for row in rows:
            given = {name: value for name, value in row.items() if name in known}
            marks = ", ".join("?" * len(given))
            query = f"INSERT OR IGNORE INTO {table} ({', '.join(given)}) VALUES ({marks})"
            with suppress(sqlite3.IntegrityError):  # a column that must be there could not be read
                count += connection.execute(query, tuple(given.values())).rowcount
    database.connection().close()  # so that all of it is in the file
    return count


def _rows(path: Path, table: str) -> Iterator[tuple[Row, bool]]:
    """What can be read of each row, and whether that is all of it."""
    with closing(sqlite3.connect(path)) as opened:
        opened.row_factory = sqlite3.Row
        try:
            columns = [column[1] for column in opened.execute(f"PRAGMA table_info({table})")]
        except sqlite3.Error as error:
            _log.warning("nothing of %s can be read: %s", table, error)
            return
        for number in _numbers(opened, table):
            row = _row(opened, table, columns, number)
            if row:
                yield row, len(row) == len(columns)


def _numbers(opened: sqlite3.Connection, table: str) -> Iterable[int]:
    """Row numbers, from both ends; where there is a gap between the two, every number in it."""
    first = list(_until_broken(opened, f"SELECT rowid FROM {table} ORDER BY rowid"))
    last = list(_until_broken(opened, f"SELECT rowid FROM {table} ORDER BY rowid DESC"))
    end = max([*last, *first], default=_BLIND)
    if len(first) == len(last) and first == last[::-1] and first:
        return first
    return range(1, max(end, 0) + 1)


def _until_broken(opened: sqlite3.Connection, query: str) -> Iterator[int]:
    with suppress(sqlite3.Error):
        for (number,) in opened.execute(query):
            yield number


def _row(opened: sqlite3.Connection, table: str, columns: list[str], number: int) -> Row:
    found: Row = {}
    with suppress(sqlite3.Error):
        row = opened.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchone()
        return dict(row) if row else {}
    for name in columns:
        with suppress(sqlite3.Error):
            row = opened.execute(f"SELECT {name} FROM {table} WHERE rowid = ?", (number,)).fetchone()
            if row:
                found[name] = row[0]
    return found
