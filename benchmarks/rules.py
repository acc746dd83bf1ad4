"""Rules that few masks tell, rules of many small terms, Shapley values, and seconds of a fit.

    python -m benchmarks.rules

rare        AND and OR of 6 of 24 players, 512 masks, 8 seeds, Auto: R² on fresh masks, and how many of the
            intervals of the ten largest coefficients hold the true one (case 14). Draws with fewer than five
            values of the rare kind are left out, and those whose values are as well of six other players.
thresholds  At least k of 9 of 20 players: the share of the terms called significant that are false, and
            whether the run says that many small terms are spread out.
shapley     A review of 12 words of which every mask is known: the relative squared error of the Shapley
            values of a fit to 512 masks, as they are, and summing to the real full effect.
seconds     Of one fit, and of the five of the folds, on two threads.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import numpy as np

import spexviz
from benchmarks import games
from benchmarks.halfmasks import blocks
from spexviz.ablate.cache import MemoryCache
from spexviz.indices import interactions
from spexviz.masks import Masks, Values, ends, uniform_masks
from spexviz.metrics import r2
from spexviz.run.folds import folded
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design
from spexviz.spectrum import Spectrum
from spexviz.views.limits import spread

N, MASKS, SEEDS, FRESH = 24, 512, 8, 8000
FEWEST = 5  # values of the rare kind from which a rule can be found
RULES: dict[str, Callable[[Masks], Values]] = {
    "all of 6": lambda masks: masks[:, :6].all(1) * 1.0,
    "any of 6": lambda masks: masks[:, :6].any(1) * 1.0,
}


def exact(rule: Callable[[Masks], Values], of: int) -> Spectrum:
    """The spectrum of a rule of the first `of` players."""
    cube = (np.arange(2**of)[:, None] >> np.arange(of) & 1).astype(bool)
    masks = np.zeros((2**of, N), dtype=bool)
    masks[:, :of] = cube
    return Spectrum.of_all(cube, rule(masks))


def is_told(masks: Masks, values: Values, kind: float) -> bool:
    """Whether no other six players than the first would have given these values, of which `kind` is rare."""
    on = masks if kind else ~masks
    always = np.flatnonzero(on[values == kind].all(0))
    sets = itertools.combinations(always.tolist(), 6)
    alike = [six for six in sets if np.array_equal(on[:, six].all(1), values == kind)]
    return alike == [tuple(range(6))]


def rare() -> list[str]:
    lines = ["| rule | draws | least R² on fresh masks | intervals that hold, of ten |", "|---|---|---|---|"]
    fresh = uniform_masks(N, FRESH, 999)
    for name, rule in RULES.items():
        truth = exact(rule, 6).coefficients
        scores, held = [], []
        for seed in range(SEEDS):
            masks = uniform_masks(N, MASKS, seed)
            values = rule(masks)
            kind = float(values.mean() < 0.5)
            if (values == kind).sum() < FEWEST or not is_told(masks, values, kind):
                continue
            found = Auto().fit(Design(masks), values, seed=seed)
            scores.append(r2(rule(fresh), found(fresh)))
            low, high = np.quantile(found.draws, [0.05, 0.95], axis=0)
            largest = np.argsort(-np.abs(found.values))[:10]
            true = np.array([truth.get(found.terms[j], 0.0) for j in largest])
            held.append(int(((low[largest] <= true) & (true <= high[largest])).sum()))
        lines.append(f"| {name} | {len(scores)} | {min(scores):.3f} | {np.mean(held):.1f} |")
    return lines


def thresholds() -> list[str]:
    lines = [
        "| rule | R² | called significant | of these false | said to be spread out |",
        "|---|---|---|---|---|",
    ]
    for least in (5, 6, 7):
        truth = exact(lambda masks, least=least: (masks[:, :9].sum(1) >= least) * 1.0, 9).coefficients
        game = spexviz.game(lambda masks, least=least: (masks[:, :9].sum(1) >= least) * 1.0, players=20)
        run = spexviz.explain(game, Auto(), MASKS, seed=0, cache=MemoryCache())
        low, high = np.quantile(run.spectrum.draws, [0.05, 0.95], axis=0)
        called = [j for j in np.flatnonzero(low * high > 0) if run.spectrum.terms[j]]
        false = sum(abs(truth.get(run.spectrum.terms[j], 0.0)) < 1e-9 for j in called)
        share = false / max(1, len(called))
        said = "yes" if spread(run) else "no"
        lines.append(
            f"| at least {least} of 9 | {run.fidelity.r2:.2f} | {len(called)} | {share:.0%} | {said} |"
        )
    return lines


def shapley() -> list[str]:
    game = games.recorded("review_n12")
    masks = np.concatenate([game.masks, game.held_out_masks])
    truth = Spectrum.of_all(masks, np.concatenate([game.values, game.held_out_values]))
    empty, full = truth(ends(12))

    def values_of(spectrum: Spectrum, effect: float | None) -> np.ndarray:
        found = interactions(spectrum, "SV", 1, effect=effect)
        return np.array([found[(i,)] for i in range(12)])

    true = values_of(truth, None)
    errors = []
    for rows in blocks(len(game.masks), MASKS, 3):
        fit = Auto(draws=0).fit(Design(game.masks[rows], game.layout), game.values[rows])
        for effect in (None, full - empty):
            errors.append(((values_of(fit, effect) - true) ** 2).sum() / (true**2).sum())
    as_it_is, summing = np.mean(np.reshape(errors, (-1, 2)), axis=0)
    return [
        "| Shapley values of 12 words, 512 masks | relative squared error |",
        "|---|---|",
        f"| as they are | {as_it_is:.3f} |",
        f"| summing to the real effect | {summing:.3f} |",
    ]


def seconds() -> list[str]:
    lines = ["| players | masks | seconds of a fit | of the five of the folds |", "|---|---|---|---|"]
    for n, count in ((30, 64), (30, 512), (60, 1024)):
        truth = uniform_masks(n, count, 1)
        values = (
            truth[:, :5].sum(1) * 1.0
            + truth[:, 3] * truth[:, 7]
            + np.random.default_rng(0).normal(size=count)
        )
        design, solver = Design(truth), Auto()
        solver.fit(design, values)
        start = time.perf_counter()
        solver.fit(design, values)
        once = time.perf_counter() - start
        _, five = folded(solver, design, values, 0)
        lines.append(f"| {n} | {count:,} | {once:.2f} | {five:.2f} |")
    return lines


if __name__ == "__main__":
    for part in (rare, thresholds, shapley, seconds):
        print("\n".join(part()), end="\n\n", flush=True)
