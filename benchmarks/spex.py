"""SPEX on random sparse functions: recovery, seconds and memory against the number of players and the level.

    python benchmarks/spex.py [seeds] [decibels] [n,n,…] [b,b,…]

Each case: 2^(b−1) random sets of order 1 to 5, coefficients ±U(0.3, 1), Gaussian noise at the given SNR. One
line a case: share of the sets decoded, share in the refitted spectrum, false terms, R² on fresh masks,
processor seconds of decoding and of the whole fit (which are not disturbed by other programs), and the peak
of the Python and NumPy memory during the fit.
"""

from __future__ import annotations

import sys
import time
import tracemalloc

import numpy as np

from spexviz.masks import uniform_masks
from spexviz.solvers.spex.solver import SPEX, decode
from spexviz.spectrum import Spectrum


def truth_of(n: int, terms: int, seed: int) -> Spectrum:
    rng = np.random.default_rng([seed, n, terms])
    sets: set[tuple[int, ...]] = set()
    while len(sets) < terms:
        sets.add(tuple(sorted(map(int, rng.choice(n, rng.integers(1, 6), replace=False)))))
    return Spectrum(n, {s: float(rng.uniform(0.3, 1.0) * rng.choice([-1, 1])) for s in sorted(sets)})


def case(n: int, b: int, seed: int, decibels: float) -> tuple[float, ...]:
    """decoded share, kept share, false terms, R², seconds of decoding, seconds of the fit, peak MB, masks."""
    solver, truth = SPEX(), truth_of(n, 2 ** (b - 1), seed)
    design = solver.design(n, solver.levels(n, 10**6)[b - 3], seed)
    noise = np.sqrt(truth.energy() / 10 ** (decibels / 10))
    values = truth(design.masks) + np.random.default_rng([seed, 7]).normal(size=len(design)) * noise
    start = time.process_time()
    sets = decode(design, values)
    decoding = time.process_time() - start
    start = time.process_time()
    spectrum = solver.fit(design, values)
    fitting = time.process_time() - start
    tracemalloc.start()
    solver.fit(design, values)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    names, right = set(spectrum.terms), set(truth.terms)
    decoded = {tuple(row[row < n].tolist()) for row in sets}
    masks = uniform_masks(n, 2000, seed=99)
    y = truth(masks)
    r2 = 1 - ((spectrum(masks) - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    return (
        len(decoded & right) / len(right),
        len(names & right) / len(right),
        len(names - right - {()}),
        r2,
        decoding,
        fitting,
        peak,
        len(design),
    )


def main(
    seeds: int = 3, decibels: float = 10.0, players: str = "32,64,128,256,1000", levels: str = "3,4,5,6,7,8"
) -> None:
    print(f"SNR {decibels} dB, mean of {seeds} seeds")
    print("    n  b  masks  decoded  kept  false     R2  decode s   fit s   peak MB")
    for n in map(int, players.split(",")):
        for b in map(int, levels.split(",")):
            a = np.mean([case(n, b, seed, decibels) for seed in range(seeds)], axis=0)
            print(
                f"{n:5d} {b:2d} {a[7]:6.0f}  {a[0]:7.3f} {a[1]:5.3f} {a[2]:6.1f}  {a[3]:.3f}  {a[4]:8.3f} "
                f"{a[5]:7.2f}  {a[6]:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main(*[cast(text) for cast, text in zip((int, float, str, str), sys.argv[1:], strict=False)])
