from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from spexviz.ablate.cache import Cache, MemoryCache, SqliteCache
from spexviz.errors import StoreError
from spexviz.masks import uniform_masks

MASKS = uniform_masks(20, 1200, 0)  # more than one query's worth
VALUES = np.random.default_rng(0).standard_normal(1200)


@pytest.fixture(params=["memory", "sqlite"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return MemoryCache() if request.param == "memory" else SqliteCache(tmp_path / "ablations.sqlite3")


def test_known_values_come_back_to_the_last_bit(cache: Cache) -> None:
    assert np.isnan(cache.get("game", MASKS)).all()
    cache.put("game", MASKS[:1100], VALUES[:1100])
    found = cache.get("game", MASKS[::-1])[::-1]
    assert (found[:1100] == VALUES[:1100]).all() and np.isnan(found[1100:]).all()
    assert np.isnan(cache.get("other", MASKS)).all()
    assert cache.get("game", MASKS[:0]).shape == (0,)


def test_a_chunk_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    cache = SqliteCache(tmp_path / "ablations.sqlite3")
    with pytest.raises(StoreError):  # NaN is no value: the column refuses it
        cache.put("game", MASKS[:3], np.array([1.0, np.nan, 2.0]))
    assert cache.count("game") == 0
    cache.put("game", MASKS[:3], VALUES[:3])
    assert cache.count("game") == 3


def _write(path: str, start: int, barrier: object) -> None:
    barrier.wait()
    cache = SqliteCache(path)  # all at once: migrations race as well
    for at in range(start, start + 300, 30):
        cache.put("game", MASKS[at : at + 30], VALUES[at : at + 30])


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_several_writers_at_once(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "ablations.sqlite3")
    if kind == "threads":
        barrier = threading.Barrier(4)
        workers = [
            threading.Thread(target=_write, args=(path, start, barrier)) for start in range(0, 1200, 300)
        ]
    else:
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(4)
        workers = [
            context.Process(target=_write, args=(path, start, barrier)) for start in range(0, 1200, 300)
        ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert all(getattr(worker, "exitcode", 0) == 0 for worker in workers)
    assert (SqliteCache(path).get("game", MASKS) == VALUES).all()


def test_one_database_object_serves_many_threads(tmp_path: Path) -> None:
    cache = SqliteCache(tmp_path / "ablations.sqlite3")
    failures: list[BaseException] = []

    def work(start: int) -> None:
        try:
            cache.put("game", MASKS[start : start + 100], VALUES[start : start + 100])
            cache.get("game", MASKS)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 1200, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and cache.count("game") == 1200


def test_values_outlive_a_reader_that_is_open(tmp_path: Path) -> None:
    first, second = (SqliteCache(tmp_path / "ablations.sqlite3") for _ in range(2))
    first.put("game", MASKS[:2], VALUES[:2])
    assert second.count("game") == 2
    with sqlite3.connect(tmp_path / "ablations.sqlite3") as plain:  # a file that a person can open
        assert plain.execute("SELECT COUNT(*) FROM ablations").fetchone() == (2,)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ablations SET value = -value WHERE mask = ?",
        "UPDATE ablations SET value = 'x' WHERE mask = ?",
        "UPDATE ablations SET checksum = checksum + 1 WHERE mask = ?",
        "UPDATE OR REPLACE ablations SET mask = ? WHERE mask = x'ff'",
        "UPDATE ablations SET game = 2 WHERE mask = ?",
    ],
)
def test_a_value_that_changed_on_the_disk_is_measured_again(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite does not notice a changed byte of a value, nor one of a mask or of the game's number."""
    cache = SqliteCache(tmp_path / "ablations.sqlite3")
    masks = np.array([[True] * 8, [False] * 8, [True] * 4 + [False] * 4])
    cache.put("a", masks, np.array([1.0, 2.0, -0.0]))
    cache.put("b", masks[:1], np.array([7.0]))
    with cache._database.write() as connection:
        connection.execute(damage, (b"\x00",))
    found = [*cache.get("a", masks), *cache.get("b", masks)]
    right = [1.0, 2.0, 0.0, 7.0, np.nan, np.nan]
    there = ~np.isnan(found)
    assert (np.array(found)[there] == np.array(right)[there]).all(), "none is wrong"
    assert np.isnan(found[1]) and ("measured again" in caplog.text or "game = 2" in damage)
    cache.put("a", masks, np.array([1.0, 2.0, 0.0]))
    assert cache.get("a", masks).tolist() == [1.0, 2.0, 0.0]
