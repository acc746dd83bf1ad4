"""Auto: the best blend of the Gaussian process, boosted trees and linear regression, as one sparse spectrum.

The masks are split; every solver is fitted, with all that it learns, on one part and scored on the other
(closed-form leave-one-out error is no judge: hyperparameters that have seen a row flatter it). The blend
weights minimise the error of the blend on the rows not seen, with a pull towards the Gaussian process that
counts for PULL masks: few masks cannot tell the solvers apart. A blend of spectra is a spectrum; it is cut to
its largest terms.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spexviz.kit.arrays import Bools, Floats
from spexviz.kit.options import option
from spexviz.masks import Interaction, Masks, Values, is_complete
from spexviz.metrics import constant
from spexviz.solvers.base import AnyMasks, Design, Sparse, checked
from spexviz.solvers.gp.solver import GaussianProcess, condition
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.spectrum import Spectrum

FOLDS = 4
SPLITS = ((256, 4), (512, 2))  # up to so many masks, so many of the folds are scored; above, one
PULL = 50.0  # masks that the prior for the Gaussian process counts for
STEP = 5  # weights are multiples of 1 / STEP: a smaller share would not pay for the fit
FEWEST = 16  # masks below which no split can judge: the Gaussian process alone
FEWEST_FOR_TREES = 48
MOST_PLAYERS_FOR_TREES = 512  # above it trees cost more than they have ever given


@dataclass(frozen=True)
class Auto(Sparse):
    """Blend of GaussianProcess, ProxySPEX and Linear chosen on masks that none of them has seen; at most `terms` interactions."""

    name: ClassVar[str] = "auto"
    place: ClassVar[int] = 0
    title: ClassVar[str] = "Auto"
    seconds_of_work: ClassVar[float] = 2.0
    summary: ClassVar[str] = (
        "Blends Gaussian process, trees and linear by their error on masks set aside. Never far from the best of them."
    )

    draws: int = option(200, "Draws", "Posterior draws of the coefficients, for intervals", low=0)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The blended spectrum.

        Raises SolverError for values that are not finite or do not match the masks.
        """
        began = time.perf_counter()
        masks, values = checked(design, values, self.least)
        m, n = masks.shape
        process = GaussianProcess(self.max_order, self.terms, self.draws)
        if m < FEWEST or constant(values) or is_complete(masks):
            alone = process.fit(design, values, seed=seed)
            return Spectrum(n, alone.coefficients, alone.draws, {**alone.notes, "weight of gp": 1.0})
        rivals = {"gp": GaussianProcess(self.max_order, self.terms, 0), "linear": Linear()}
        if m >= FEWEST_FOR_TREES and 1 < n <= MOST_PLAYERS_FOR_TREES and self.max_order > 1 and self.terms:
            rivals["proxyspex"] = ProxySPEX(self.max_order, self.terms)
        truth, unseen = _unseen(rivals, design, values, seed)
        weight = blend_weights(truth, unseen)
        posterior = condition(design, values, seed)
        parts = [
            (share, rivals[name].fit(design, values, seed=seed))
            for name, share in weight.items()
            if share and name != "gp"
        ]
        own = [(), *((i,) for i in range(n)), *posterior.largest(self.max_order, self.terms)]
        parts.append((weight["gp"], Spectrum(n, list(zip(own, posterior.cut(own, 0, seed)[0], strict=True)))))
        terms, coefficients = _blended(n, parts, self.terms)
        if posterior.biased:  # what the cut leaves out is missed in the rest
            blend = lambda asked: (
                weight["gp"] * posterior(asked)
                + sum(share * spectrum(asked) for share, spectrum in parts[:-1])
            )
            coefficients = posterior.projected(blend, terms, coefficients, seed)
        draws = None
        if self.draws:  # the blend is the centre, the process says how far from it the truth may lie
            mean, drawn = posterior.coefficients(terms, self.draws, seed)
            draws = drawn - mean + coefficients
        spread = float(((truth - truth.mean()) ** 2).sum()) or 1.0
        judged = {
            f"R² of {name} on masks set aside": 1.0 - float(((truth - guess) ** 2).sum()) / spread
            for name, guess in unseen.items()
        }
        shares = {f"weight of {name}": share for name, share in weight.items()}
        notes = {
            **posterior.notes(terms, coefficients),
            **shares,
            **judged,
            "seconds": time.perf_counter() - began,
        }
        return Spectrum(n, list(zip(terms, coefficients, strict=True)), draws, notes)


def _unseen(
    rivals: dict[str, AnyMasks], design: Design, values: Values, seed: int
) -> tuple[Values, dict[str, Values]]:
    """Values of the rows set aside, and what each solver, fitted on the others, says of them."""
    m = len(values)
    fold = np.random.default_rng([seed, m]).permutation(np.arange(m) % FOLDS)
    scored = next((count for most, count in SPLITS if m <= most), 1)
    truth: list[Values] = []
    said: dict[str, list[Values]] = {name: [] for name in rivals}
    for k in range(scored):
        aside: Bools = fold == k
        part = Design(design.masks[~aside], design.layout)
        truth.append(values[aside])
        for name, solver in rivals.items():
            said[name].append(_said(solver, part, values[~aside], design.masks[aside], seed))
    return np.concatenate(truth), {name: np.concatenate(guesses) for name, guesses in said.items()}


def _said(solver: AnyMasks, part: Design, values: Values, masks: Masks, seed: int) -> Values:
    return solver.fit(part, values, seed=seed)(masks)


def blend_weights(truth: Values, guesses: dict[str, Values]) -> dict[str, float]:
    """Convex weights with the least squared error on `truth` + the pull towards "gp", whose error is the unit of both."""
    names = sorted(guesses, key=lambda name: name != "gp")
    others = names[1:]
    unit = float(((truth - guesses["gp"]) ** 2).mean())
    floor = 1e-12 * max(float(truth.var()), 1e-300)
    grid = np.stack(np.meshgrid(*[np.arange(STEP + 1)] * len(others), indexing="ij"), -1).reshape(
        -1, len(others)
    )
    grid = grid[grid.sum(1) <= STEP] / STEP
    weights = np.column_stack([1.0 - grid.sum(1), grid])
    wrong = np.stack([truth - guesses[name] for name in names])
    gram = wrong @ wrong.T
    loss = np.einsum("ki,ij,kj->k", weights, gram, weights) / max(unit, floor) + PULL * (grid**2).sum(1)
    return dict(zip(names, np.round(weights[int(np.argmin(loss))], 6).tolist(), strict=True))


def _blended(n: int, parts: list[tuple[float, Spectrum]], most: int) -> tuple[list[Interaction], Floats]:
    """The weighted sum of spectra: constant, all players, and the `most` largest of the rest; constant first."""
    total: dict[Interaction, float] = {(): 0.0, **{(i,): 0.0 for i in range(n)}}
    for share, spectrum in parts:
        for term, value in zip(spectrum.terms, spectrum.values.tolist(), strict=True):
            total[term] = total.get(term, 0.0) + share * value
    wide = sorted(
        (term for term in total if len(term) > 1 and total[term]), key=lambda term: (-abs(total[term]), term)
    )[:most]
    terms = [(), *((i,) for i in range(n)), *wide]
    return terms, np.array([total[term] for term in terms])
