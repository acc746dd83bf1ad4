"""SPEX beside the public reference (spectralexplain 0.0.4) on the same functions, at the same number of masks, one thread, warm.

    SPEXVIZ_REFERENCE_PYTHON=/path/to/venv/bin/python python tests/benchmarks/spex_reference.py [seeds] [decibels] [n,n,…] [b,b,…]

Seconds are processor seconds, which other programs on the machine do not disturb. The reference runs in a subprocess with
that Python, which needs numpy, spectralexplain==0.0.4, sparse-transform==0.2.1; a noisy case may take it minutes.
Functions: 2^(b−1) random sets of order 1 to 5, coefficients ±U(0.3, 1), Gaussian noise. Both draw their own masks and noise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
ORDER = 5

REFERENCE = r"""
import contextlib, io, json, sys, time
import numpy as np
with contextlib.redirect_stdout(io.StringIO()):
    import spectralexplain as spex

def solve(case):
    np.random.seed(case["seed"])
    members = np.zeros((len(case["terms"]), case["n"]), dtype=np.int64)
    for row, term in enumerate(case["terms"]):
        members[row, term] = 1
    def f(queries):
        signs = 1 - 2 * ((np.asarray(queries).astype(np.float32) @ members.T.astype(np.float32)).astype(np.int64) % 2)
        return signs @ np.array(case["coefficients"]) + np.random.normal(size=len(queries)) * case["noise"]
    signal, counts = spex.sampling_strategy(f, case["b"], case["b"], case["n"], None, t=case["t"])
    start = time.process_time()
    found = spex.support_recovery("soft", signal, case["b"], t=case["t"])
    seconds = time.process_time() - start
    return {"seconds": seconds, "masks": int(counts[case["b"]]),
            "found": [[[int(i) for i in np.flatnonzero(k)], float(v)] for k, v in found.items()]}

cases = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    solve({**cases[0], "b": 3, "noise": 1e-3, "terms": cases[0]["terms"][:2], "coefficients": [1.0, 2.0]})  # warm: compiles galois' kernels
for case in cases:
    with contextlib.redirect_stdout(io.StringIO()):
        answer = solve(case)
    print(json.dumps(answer), flush=True)
"""


def case(n: int, b: int, seed: int, decibels: float) -> dict:
    """A random function: terms, coefficients, standard deviation of the noise."""
    rng = np.random.default_rng([seed, n, b])
    terms: set[tuple[int, ...]] = set()
    while len(terms) < 2 ** (b - 1):
        terms.add(tuple(sorted(map(int, rng.choice(n, rng.integers(1, ORDER + 1), replace=False)))))
    coefficients = rng.uniform(0.3, 1.0, len(terms)) * rng.choice([-1.0, 1.0], len(terms))
    noise = float(np.sqrt((coefficients**2).sum() / 10 ** (decibels / 10)))
    return {
        "n": n,
        "b": b,
        "t": ORDER,
        "seed": seed,
        "terms": [list(t) for t in sorted(terms)],
        "coefficients": coefficients.tolist(),
        "noise": noise,
    }


def ours(problem: dict) -> dict:
    """Our answer: seconds of the decoding alone and of the whole fit, the decoded sets, the refitted spectrum."""
    n, b, t, seed = (problem[key] for key in ("n", "b", "t", "seed"))
    solver = SPEX(max_order=t)
    truth = Spectrum(n, [(tuple(term), c) for term, c in zip(problem["terms"], problem["coefficients"], strict=True)])
    design = solver.design(n, solver._level_cost(n, b), seed)
    values = truth(design.masks) + np.random.default_rng([seed, 7]).normal(size=len(design)) * problem["noise"]
    start = time.process_time()
    spectrum = solver.fit(design, values, seed=seed)
    whole = time.process_time() - start
    start = time.process_time()
    sets = decode(design, values, solver.decoder == "soft")
    alone = time.process_time() - start
    decoded = {tuple(int(i) for i in row if i < n) for row in sets}
    return {"seconds": alone, "fit": whole, "masks": len(design), "decoded": decoded, "found": list(spectrum.coefficients.items()), "truth": truth}


def scores(found: list, truth: Spectrum) -> tuple[float, int, float]:
    """Share of the true terms found, number of other non-constant terms, R² on 2,000 fresh masks."""
    spectrum = Spectrum(truth.n, [(tuple(term), value) for term, value in found])
    masks = uniform_masks(truth.n, 2000, seed=99)
    y, guess = truth(masks), spectrum(masks)
    names = set(spectrum.terms)
    return (
        len(names & set(truth.terms)) / len(truth),
        len(names - set(truth.terms) - {()}),
        float(1 - ((y - guess) ** 2).sum() / ((y - y.mean()) ** 2).sum()),
    )


def main(seeds: int = 3, decibels: float = 5.0, players: str = "32,64,128,256", levels: str = "6,7,8") -> None:
    python = os.environ.get("SPEXVIZ_REFERENCE_PYTHON")
    if not python:
        raise SystemExit("Set SPEXVIZ_REFERENCE_PYTHON to a Python that has spectralexplain==0.0.4 and sparse-transform==0.2.1.")
    print(f"SNR {decibels} dB, {seeds} seeds; recall / false terms / R2; seconds")
    for n in map(int, players.split(",")):
        for b in map(int, levels.split(",")):
            cases = [case(n, b, seed, decibels) for seed in range(seeds)]
            run = subprocess.run(
                [python, "-c", REFERENCE], input=json.dumps(cases), capture_output=True, text=True, env={**os.environ, **THREADS}, timeout=3600
            )
            if run.returncode:
                raise SystemExit(run.stderr[-3000:])
            theirs = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
            mine = [ours(problem) for problem in [cases[0], *cases]][1:]
            a = np.array([(*scores(m["found"], m["truth"]), m["seconds"], m["fit"]) for m in mine]).mean(0)
            early = np.mean([len(m["decoded"] & set(m["truth"].terms)) / len(m["truth"]) for m in mine])
            r = np.array([(*scores(w["found"], m["truth"]), w["seconds"]) for w, m in zip(theirs, mine, strict=True)]).mean(0)
            print(
                f"n={n} b={b} masks {mine[0]['masks']}/{theirs[0]['masks']}: ours {a[0]:.3f} (decoded {early:.3f}) / {a[1]:.1f} / {a[2]:.3f}, decode {a[3]:.3f} s, fit {a[4]:.2f} s"
                f" | reference {r[0]:.3f} / {r[1]:.1f} / {r[2]:.3f}, decode {r[3]:.2f} s | decode {r[3] / a[3]:.0f}x, fit {r[3] / a[4]:.0f}x faster",
                flush=True,
            )


if __name__ == "__main__":
    os.environ.update(THREADS)
    import numpy as np

    from spexviz.masks import uniform_masks
    from spexviz.solvers.spex import SPEX, decode
    from spexviz.spectrum import Spectrum

    arguments = sys.argv[1:]
    main(*[cast(text) for cast, text in zip((int, float, str, str), arguments, strict=False)])
