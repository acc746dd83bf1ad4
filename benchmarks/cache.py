"""`python -m benchmarks.cache [--rows 10000000]`: insert rate, look-up time of a 512-mask chunk, file size.

In a temporary folder.

Twenty games of 64 players, uniform random masks; values are written in chunks, as runs write them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from spexviz.ablate.cache import SqliteCache

GAMES, PLAYERS, CHUNK = 20, 64, 512
SMALL = 32  # masks of a runner's chunk
LIMIT_MS = 50.0


def masks(game: int, block: int, count: int = CHUNK) -> np.ndarray:
    """The masks of a block of a game, made again whenever they are needed."""
    return np.random.default_rng([game, block]).random((count, PLAYERS)) < 0.5


def fill(cache: SqliteCache, rows: int) -> float:
    """Put `rows` values, a chunk of each game in turn; rows a second, the making of masks not counted."""
    spent, values = 0.0, np.arange(CHUNK, dtype=np.float64)
    blocks = rows // (GAMES * CHUNK)
    for block in range(blocks):
        for game in range(GAMES):
            chunk = masks(game, block)
            start = time.perf_counter()
            cache.put(f"game-{game}", chunk, values)
            spent += time.perf_counter() - start
        if block % max(1, blocks // 10) == 0:
            print(
                f"  {(block + 1) * GAMES * CHUNK:>12,} rows   {(block + 1) * GAMES * CHUNK / spent:>9,.0f} "
                "rows/s",
                flush=True,
            )
    return blocks * GAMES * CHUNK / spent


def look_up(cache: SqliteCache, blocks: int, known: bool, times: int = 200) -> np.ndarray:
    """Milliseconds of looking 512 masks up: all known, or none."""
    rng, out = np.random.default_rng(1), []
    for _ in range(times):
        game, block = int(rng.integers(GAMES)), int(rng.integers(blocks)) + (0 if known else blocks + 1)
        chunk = masks(game, block)
        start = time.perf_counter()
        found = cache.get(f"game-{game}", chunk)
        out.append(1000 * (time.perf_counter() - start))
        assert np.isfinite(found).all() == known
    return np.array(out)


def small_chunks(cache: SqliteCache, times: int = 2000) -> float:
    """Rows a second in chunks as a runner commits them, into the full file."""
    chunks = [masks(i % GAMES, 10**6 + i, SMALL) for i in range(times)]
    start = time.perf_counter()
    for i, chunk in enumerate(chunks):
        cache.put(f"game-{i % GAMES}", chunk, np.zeros(SMALL))
    return times * SMALL / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ablations.sqlite3"
        cache = SqliteCache(path, cap=1 << 40)
        rate = fill(cache, rows)
        blocks = rows // (GAMES * CHUNK)
        again = SqliteCache(path, cap=1 << 40)  # a new connection: nothing in SQLite's own page cache
        hits, misses = look_up(again, blocks, True), look_up(again, blocks, False)
        table = [
            ("rows", f"{blocks * GAMES * CHUNK:,} in {GAMES} games of {PLAYERS} players"),
            (f"insert, chunks of {CHUNK}", f"{rate:,.0f} rows/s"),
            (f"insert, chunks of {SMALL}, full file", f"{small_chunks(again):,.0f} rows/s"),
            (
                "look-up of 512 known masks",
                f"median {np.median(hits):.1f} ms, 95 % {np.quantile(hits, 0.95):.1f} ms, worst "
                f"{hits.max():.1f} ms",
            ),
            (
                "look-up of 512 unknown masks",
                f"median {np.median(misses):.1f} ms, 95 % {np.quantile(misses, 0.95):.1f} ms",
            ),
            (
                "file",
                f"{path.stat().st_size / 1e6:,.0f} MB, {path.stat().st_size / (blocks * GAMES * CHUNK):.1f} "
                "bytes a row",
            ),
        ]
        for name, value in table:
            print(f"{name:<36} {value}")
        verdict = "kept" if np.quantile(hits, 0.95) < LIMIT_MS else "MISSED"
        print(f"look-ups of a 512-mask chunk under {LIMIT_MS:.0f} ms: {verdict}")


if __name__ == "__main__":
    main()
