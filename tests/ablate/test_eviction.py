"""The size cap of the cache, the move from the old file, and damaged files."""

from __future__ import annotations

import logging
import multiprocessing
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from spexviz.ablate import cache as caches
from spexviz.ablate import eviction
from spexviz.ablate.cache import SqliteCache, cap_bytes
from spexviz.errors import StoreDamaged, StoreError
from spexviz.jobs.store import RunStore
from spexviz.kit.database import Database
from spexviz.masks import uniform_masks
from tests import old_files

MASKS = uniform_masks(40, 3000, 0)
VALUES = np.random.default_rng(0).standard_normal(3000)
ROOM = 400_000  # bytes: some five games of 3,000 values


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ablations.sqlite3"


def games(path: Path) -> set[str]:
    with sqlite3.connect(path) as plain:
        return {name for (name,) in plain.execute("SELECT fingerprint FROM games")}


def age(path: Path, seconds: float, *caches: SqliteCache) -> None:
    """Make every use that long ago, as the file and these caches know it."""
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE games SET used = used - ?", (seconds,))
    for cache in caches:
        cache._noted = {name: at - seconds for name, at in cache._noted.items()}


def filled(path: Path, names: str, cap: int = ROOM) -> SqliteCache:
    """A cache with 3,000 values of each game, each used an hour after the one before."""
    cache = SqliteCache(path, cap)
    for name in names:
        age(path, 3600.0, cache)
        cache.put(name, MASKS, VALUES)
    return cache


def test_whole_games_go_least_used_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eviction, "SLICE", 1000)  # a game goes in several transactions
    cache = filled(path, "abcdefghij")
    left = games(path)
    assert 3 <= len(left) < 10 and left == set("abcdefghij"[-len(left) :]), "the last ones used are left"
    for name in left:
        assert (cache.get(name, MASKS) == VALUES).all(), "a game is there whole"
    for name in set("abcdefghij") - left:
        assert np.isnan(cache.get(name, MASKS)).all(), "or not at all"
    cache._database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size <= ROOM


def test_reading_is_use(path: Path) -> None:
    cache = filled(path, "abc")
    assert games(path) == set("abc")
    SqliteCache(path).get("a", MASKS[:1])
    for name in "defg":
        cache.put(name, MASKS, VALUES)
        age(path, 1.0)
    assert "a" in games(path) and "b" not in games(path)


def test_reading_is_noted_rarely(path: Path) -> None:
    cache = filled(path, "a")
    reader = SqliteCache(path)
    reader.get("a", MASKS[:1])
    age(path, 1000.0)
    before = cache._database.read("SELECT used FROM games")
    for _ in range(5):
        reader.get("a", MASKS[:1])
    assert cache._database.read("SELECT used FROM games") == before
    reader._noted["a"] -= 2 * caches.NOTE_EVERY
    reader.get("a", MASKS[:1])
    assert cache._database.read("SELECT used FROM games") > before


def test_a_game_in_use_stays_though_the_file_is_too_large(path: Path) -> None:
    cache = SqliteCache(path, cap=50_000)
    cache.put("a", MASKS, VALUES)
    cache.put("b", MASKS, VALUES)  # both used just now
    assert games(path) == {"a", "b"} and eviction.size(cache._database) > cache.cap
    age(path, eviction.IN_USE + 1, cache)
    cache.put("b", MASKS[:1], VALUES[:1])
    assert games(path) == {"b"}


YEAR = 365 * 86_400.0  # seconds


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_clock_that_jumps_makes_no_game_in_use_go(path: Path, jump: float) -> None:
    cache = SqliteCache(path, cap=50_000)
    cache.put("a", MASKS, VALUES)
    age(path, jump)  # the file has the time of before the jump
    cache.put("b", MASKS, VALUES)
    assert games(path) == {"a", "b"}


def test_a_use_in_the_future_does_not_make_a_game_stay_for_good(path: Path) -> None:
    cache = SqliteCache(path, cap=50_000)
    cache.put("a", MASKS, VALUES)
    age(path, -YEAR)
    SqliteCache(path, cap=50_000).put("b", MASKS, VALUES)
    assert games(path) == {"b"}


def test_use_is_noted_though_the_clock_was_set_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = filled(path, "a")
    now = caches.time.time()
    monkeypatch.setattr(caches.time, "time", lambda: now - YEAR)
    cache._noted["a"] -= 2 * caches.NOTE_EVERY
    cache.get("a", MASKS[:1])
    assert cache._database.read("SELECT used FROM games") == [(now - YEAR,)]


def test_space_is_given_back_when_the_cap_is_lowered(path: Path) -> None:
    cache = filled(path, "abcdefgh", cap=1 << 30)
    cache._database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    large = path.stat().st_size
    smaller = SqliteCache(path, ROOM)
    smaller.put("h", MASKS[:1], VALUES[:1])
    smaller._database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    assert large > ROOM >= path.stat().st_size
    assert (smaller.get("h", MASKS) == VALUES).all()


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5", "²"])
def test_a_cap_that_is_none(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEXVIZ_CACHE_MB", given)
    with pytest.raises(StoreError, match="SPEXVIZ_CACHE_MB"):
        cap_bytes()
    monkeypatch.setenv("SPEXVIZ_CACHE_MB", "7")
    assert cap_bytes() == 7 * 2**20


def _fill(path: str, name: str, barrier: object) -> None:
    cache = SqliteCache(path, ROOM)
    barrier.wait()
    for at in range(0, 3000, 100):
        cache.put(name, MASKS[at : at + 100], VALUES[at : at + 100])


def test_two_processes_write_while_old_games_go(path: Path) -> None:
    filled(path, "abcd")
    age(path, 3600.0)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    workers = [context.Process(target=_fill, args=(str(path), name, barrier)) for name in "xy"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(600)
    assert [worker.exitcode for worker in workers] == [0, 0]
    cache = SqliteCache(path)
    assert {"x", "y"} <= games(path) and "a" not in games(path)
    assert all((cache.get(name, MASKS) == VALUES).all() for name in "xy")
    assert cache._database.read("PRAGMA integrity_check") == [("ok",)]


def test_others_may_write_between_two_slices(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eviction, "SLICE", 1000)
    cache, pauses = filled(path, "abcde", cap=10 * ROOM), []
    age(path, 3600.0)
    other = SqliteCache(path, 10 * ROOM)
    other._database.connection().execute("PRAGMA busy_timeout=0")  # not a moment's patience

    def pause(seconds: float) -> None:
        other.put("z", MASKS[:4], VALUES[:4])
        pauses.append(seconds)

    monkeypatch.setattr(eviction.time, "sleep", pause)
    eviction.make_room(cache._database, 1, ())
    assert games(path) == {"z"} and len(pauses) >= 15
    assert min(pauses) > 0.1  # what SQLite waits between two looks


def damage(path: Path, start: int = 4096) -> None:
    """Overwrite the pages of a file that nobody has open, its log gone."""
    with sqlite3.connect(path) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
    data = bytearray(path.read_bytes())
    data[start:] = b"\xaa" * (len(data) - start)
    with path.open("r+b") as file:  # the same file, as a failing disk would leave it
        file.write(bytes(data))


def aside(path: Path) -> list[Path]:
    return [
        file
        for file in path.parent.glob(f"{path.name}.damaged-*")
        if not file.name.endswith(("-wal", "-shm"))
    ]


@pytest.mark.parametrize("start", [0, 100, 4096])
def test_a_damaged_file_is_set_aside_and_the_cache_goes_on(
    start: int, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SqliteCache(path).put("a", MASKS, VALUES)
    damage(path, start)
    damaged = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        cache = SqliteCache(path)
        assert np.isnan(cache.get("a", MASKS)).all()
    (moved,) = aside(path)
    assert moved.read_bytes() == damaged, "nothing of it is lost"
    assert moved.name in cache.notice and "Runs are not affected" in caplog.text
    cache.put("a", MASKS, VALUES)
    assert (SqliteCache(path).get("a", MASKS) == VALUES).all() and len(aside(path)) == 1


def test_a_file_damaged_while_two_have_it_open(path: Path) -> None:
    """The first to notice sets it aside.

    The other follows to the new file, and its leaving does not harm it.
    """
    first, second = SqliteCache(path), SqliteCache(path)
    first.put("a", MASKS, VALUES)
    assert second.count("a") == 3000
    damage(path)
    first._database.read("PRAGMA cache_size=0")
    assert np.isnan(SqliteCache(path).get("a", MASKS)).all() and len(aside(path)) == 1
    first.put("b", MASKS, VALUES)
    assert (second.get("b", MASKS) == VALUES).all() and len(aside(path)) == 1
    del first
    assert (second.get("b", MASKS) == VALUES).all() and second._database.read("PRAGMA integrity_check") == [
        ("ok",)
    ]


def test_only_the_damaged_file_is_set_aside_not_its_successor(path: Path) -> None:
    early, late = (Database(path, caches.MIGRATIONS) for _ in range(2))
    assert early.set_aside() is not None
    SqliteCache(path).put("a", MASKS, VALUES)
    assert late.set_aside() is None and SqliteCache(path).count("a") == 3000


def test_the_runs_file_is_never_moved(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreDamaged, match="sets a damaged file aside"):
        RunStore(path)
    assert not aside(path)


def test_ablations_of_the_old_file_move_into_the_new_one(path: Path) -> None:
    SqliteCache(path).put("new", MASKS[:5], VALUES[:5])  # so that the ids of games differ
    old = path.with_name("spexviz.sqlite3")
    old_files.write_ablations(old, MASKS, {"a": VALUES + 1, "b": VALUES + 2})
    runs = RunStore(old).database  # the runs' tables come into it
    for _ in range(2):
        cache = SqliteCache(path)
        assert (
            (cache.get("a", MASKS) == VALUES + 1).all()
            and (cache.get("b", MASKS) == VALUES + 2).all()
            and cache.count("new") == 5
        )
    assert runs.read("SELECT name FROM sqlite_master WHERE name IN ('ablations', 'games')") == []
    assert runs.read("SELECT COUNT(*) FROM runs") == [(0,)]
