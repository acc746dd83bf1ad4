"""What `make bench` measures, a cell a function.

Each gives plain numbers for JSON and needs nothing of the others.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np

from benchmarks import games
from benchmarks.coverage import drawn_game
from benchmarks.spex import case
from benchmarks.store import Peak
from spexviz.ablate.cache import MemoryCache
from spexviz.games.synthetic import SyntheticGame
from spexviz.kit.registry import offered
from spexviz.masks import uniform_masks
from spexviz.metrics import r2, r2_interval, recall
from spexviz.run.pipeline import explain
from spexviz.solvers.base import Design
from spexviz.solvers.gp.solver import GaussianProcess, condition
from spexviz.solvers.linear import Linear
from spexviz.solvers.spex.solver import SPEX
from spexviz.spectrum import Spectrum

SIZES = (128, 256, 512, 1024, 2048)
SOLVERS = ("auto", "gp", "proxyspex", "linear")
FRESH = 20_000


def lm(name: str) -> dict[str, Any]:
    """Every solver at every size on the first rows of a game of the bundled model (or of ../shared/games)."""
    beside = {game.name: game for game in games.shared()}
    game = beside.get(name) or games.recorded(name)
    held, truth = game.held_out_masks, game.held_out_values
    out: dict[str, Any] = {"n": game.masks.shape[1], "fresh": game.fresh}
    for m in (size for size in SIZES if size <= len(game.masks)):
        design = Design(game.masks[:m], game.layout)
        out[str(m)] = {
            solver: fitted(offered("spexviz.solvers")[solver](), design, game.values[:m], held, truth)[0]
            for solver in SOLVERS
        }
    return out


def fitted(
    solver: Any, design: Design, values: np.ndarray, held: np.ndarray, truth: np.ndarray
) -> tuple[dict[str, float], Spectrum]:
    with Peak() as peak:
        began = time.perf_counter()
        spectrum = solver.fit(design, values)
        seconds = time.perf_counter() - began
    terms = int((spectrum.orders > 0).sum())
    return {
        "r2": r2(truth, spectrum(held)),
        "terms": terms,
        "seconds": seconds,
        "megabytes": peak.megabytes,
    }, spectrum


def truth_of(kind: str, n: int, seed: int) -> Spectrum:
    """Ten random sets of order 5, coefficients U(−1, 1).

    "hierarchy": all their subsets, too (Butler et al. 2025).
    """
    rng = np.random.default_rng([seed, n, 5])
    tops = {tuple(sorted(map(int, rng.choice(n, 5, replace=False)))) for _ in range(10)}
    if kind == "hierarchy":
        tops = {part for top in tops for order in range(1, 6) for part in itertools.combinations(top, order)}
    return Spectrum(n, {term: float(rng.uniform(-1, 1)) for term in sorted(tops)})


def synthetic(kind: str, n: int, noise: float) -> dict[str, Any]:
    """Every solver on a known function;

    `noise`: share of the energy added as noise to what the fits see, not to what scores them.
    """
    truth, held = truth_of(kind, n, 0), uniform_masks(n, 2000, 99)
    exact = truth(held)
    out: dict[str, Any] = {"n": n, "kind": kind, "noise": noise}
    for m in SIZES:
        out[str(m)] = {}
        for name in (*SOLVERS, "spex"):
            solver = offered("spexviz.solvers")[name]()
            if name == "spex" and m < solver.least(n):
                continue
            design = solver.design(n, m, 0)
            disturbance = np.random.default_rng([m, n]).normal(size=len(design)) * np.sqrt(
                noise * truth.energy()
            )
            found, spectrum = fitted(solver, design, truth(design.masks) + disturbance, held, exact)
            out[str(m)][name] = {**found, "recall": recall(spectrum, truth)}
    return out


def peak_levels(n: int, seeds: int = 5) -> dict[str, Any]:
    """SPEX on synthetic peaks by level.

    At the level with as many bins as there are terms, Auto on as many masks, and what it says.
    """
    solver, out = SPEX(), {"n": n, "levels": {}, "auto": []}
    for b in (3, 4, 5):
        cells = []
        for seed in range(seeds):
            truth = truth_of("peak", n, seed)
            design = solver.design(n, solver._level_cost(n, b), seed)
            cells.append((recall(solver.fit(design, truth(design.masks)), truth), len(design)))
        out["levels"][str(b)] = {"recall": [r for r, _ in cells], "masks": cells[0][1]}
    truth, held, fresh = truth_of("peak", n, 0), uniform_masks(n, 512, 1), uniform_masks(n, FRESH, 2)
    design = offered("spexviz.solvers")["auto"]().design(n, out["levels"]["4"]["masks"], 0)
    guess = offered("spexviz.solvers")["auto"]().fit(design, truth(design.masks))
    low, high = r2_interval(truth(held), guess(held))
    out["auto"] = {
        "said": r2(truth(held), guess(held)),
        "low": low,
        "high": high,
        "true": r2(truth(fresh), guess(fresh)),
        "masks": len(design),
    }
    return out


def spex_large(n: int, b: int, seed: int) -> dict[str, Any]:
    """SPEX with many players: seconds and memory of the decoding and the fit, at 10 dB."""
    with Peak() as peak:
        decoded, kept, false, score, decoding, fitting, _, masks = case(n, b, seed, 10.0)
    return {
        "decoded": decoded,
        "kept": kept,
        "false": false,
        "r2": score,
        "decode": decoding,
        "fit": fitting,
        "megabytes": peak.megabytes,
        "masks": masks,
    }


def fidelity_intervals(solver: str, budget: int, first: int, count: int) -> dict[str, Any]:
    """Seeded runs of one synthetic game.

    How often the 90 % interval of R² holds the R² on 20,000 fresh masks.
    """
    rng = np.random.default_rng(7)
    tops = [tuple(sorted(map(int, rng.choice(24, 3, replace=False)))) for _ in range(12)]
    parts = {part for top in tops for order in (1, 2, 3) for part in itertools.combinations(top, order)}
    game = SyntheticGame(
        Spectrum(24, {term: float(rng.normal()) / len(term) for term in sorted(parts)}), noise=1.0
    )
    fresh = uniform_masks(24, FRESH, 10**6)
    values = game(fresh)
    made = Linear() if solver == "linear" else GaussianProcess(draws=0)
    rows = []
    for seed in range(first, first + count):
        result = explain(game, made, budget, seed=seed, baselines=(), cache=MemoryCache())
        low, high = result.fidelity.interval
        rows.append((low, r2(values, result.spectrum(fresh)), high))
    return {
        "held out": result.fidelity.held_out,
        "inside": sum(low <= true <= high for low, true, high in rows),
        "runs": count,
        "r2": float(np.mean([r[1] for r in rows])),
    }


def coefficient_intervals(n: int, m: int, noise: float, runs: int = 10) -> dict[str, Any]:
    """Games from the prior.

    How often 90 % intervals hold the coefficient, for all of order ≤ 2 and for the 20 sets shown first.
    """
    inside, first, lift = [], [], []
    for seed in range(runs):
        rng = np.random.default_rng([seed, n, m])
        game, masks = drawn_game(n, rng), uniform_masks(n, m, seed)
        values = game(masks) + noise * np.sqrt(game.energy()) * rng.normal(size=m)
        truth = {
            term: game.coefficients.get(term, 0.0)
            for term in itertools.chain.from_iterable(itertools.combinations(range(n), d) for d in (1, 2))
        }
        _, draws = condition(Design(masks), values, seed).coefficients(list(truth), 400, seed)
        inside.append(held(draws, np.array(list(truth.values()))))
        shown = GaussianProcess(draws=400).fit(Design(masks), values, seed=seed)
        order = [j for j in np.argsort(-np.abs(shown.values)) if shown.terms[j]][:20]
        true = np.array([game.coefficients.get(shown.terms[j], 0.0) for j in order])
        first.append(held(shown.draws[:, order], true))
        sign = np.sign(shown.values[order])
        lift.append(float((sign * (shown.values[order] - true)).mean() / shown.draws[:, order].std(0).mean()))
    return {
        "all": float(np.mean(inside)),
        "first": float(np.mean(first)),
        "first, too large by sd": float(np.mean(lift)),
        "games": runs,
    }


def held(draws: np.ndarray, truth: np.ndarray) -> float:
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


ACTIONS = {
    "lm": lm,
    "synthetic": synthetic,
    "peak": peak_levels,
    "large": spex_large,
    "fidelity": fidelity_intervals,
    "coefficients": coefficient_intervals,
}
