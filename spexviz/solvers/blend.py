"""Blends: the weighted sum of a Gaussian process and other solvers, as one sparse spectrum.

The weights minimise the error on rows that none of the fits has seen, with a pull towards the Gaussian
process that counts for PULL masks: few masks cannot tell the solvers apart. A blend of spectra is a spectrum;
it is cut to its largest terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Interaction, Masks, Values
from spexviz.solvers.base import Design, Solver, Sparse, constant_and_players
from spexviz.solvers.gp.solver import GaussianProcess, Posterior, condition
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.spectrum import Spectrum

FOLDS = 4
SPLITS = ((256, 4), (512, 2))  # up to so many masks, so many of the folds are scored; above, one
PULL = 50.0  # masks that the prior for the Gaussian process counts for
STEP = 5  # weights are multiples of 1 / STEP: a smaller share would not pay for the fit
FEWEST_FOR_TREES = 48
MOST_PLAYERS_FOR_TREES = 512  # above it trees cost more than they have ever given


def members(solver: Sparse, m: int, n: int) -> dict[str, Solver]:
    """What is blended for m masks of n players: a process, and its rivals, with the limits of `solver`."""
    process = GaussianProcess(solver.max_order, solver.terms, draws=0)
    found: dict[str, Solver] = {"gp": process, "linear": Linear()}
    enough_for_trees = m >= FEWEST_FOR_TREES and n <= MOST_PLAYERS_FOR_TREES
    wants_interactions = n > 1 and solver.max_order > 1 and solver.terms > 0
    if enough_for_trees and wants_interactions:
        found["proxyspex"] = ProxySPEX(solver.max_order, solver.terms)
    return found


@dataclass(frozen=True)
class Limits:
    """How large a blend may be, its draws, and whether these tell how far it has moved from the process."""

    max_order: int
    terms: int
    draws: int
    widened: bool = True


def blended(
    weights: Mapping[str, float], rivals: Mapping[str, Solver], asked: Asked, limits: Limits
) -> Spectrum:
    """The spectrum of a blend. The process gives the draws, about the centre of the blend."""
    n = asked.design.masks.shape[1]
    posterior = condition(asked.design, asked.values, asked.seed)
    wide = posterior.largest(limits.max_order, limits.terms)
    blend = Blend(n, weights["gp"], posterior, wide, others(rivals, weights, asked))
    terms, coefficients = blend.cut(limits.terms, asked.seed)
    if posterior.biased:  # what the cut leaves out is missed in the rest
        coefficients = posterior.projected(blend, terms, coefficients, asked.seed)
    draws = None
    if limits.draws:
        mean, drawn = posterior.coefficients(terms, limits.draws, asked.seed)
        draws = drawn - mean + coefficients
        if limits.widened:
            # as far as the blend has moved from the process, the truth may lie from it: sd² + shift²
            rng = np.random.default_rng([asked.seed, len(terms), 0xB1])
            draws = draws + rng.standard_normal((limits.draws, 1)) * (coefficients - mean)
    notes = posterior.notes(terms, coefficients)
    for name, share in weights.items():
        notes[f"weight of {name}"] = share
    pairs = zip(terms, coefficients, strict=True)
    return Spectrum(n, list(pairs), draws, notes)


Share = tuple[float, Spectrum]
"""A spectrum with its weight in a blend."""


@dataclass(frozen=True)
class Asked:
    """The masks and values that the solvers are fitted to."""

    design: Design
    values: Values
    seed: int

    def fit(self, solver: Solver) -> Spectrum:
        """What the solver makes of them."""
        return solver.fit(self.design, self.values, seed=self.seed)

    def only(self, rows: Bools) -> Asked:
        """Some of the masks."""
        return Asked(self.design.only(rows), self.values[rows], self.seed)


def others(rivals: Mapping[str, Solver], weights: Mapping[str, float], asked: Asked) -> list[Share]:
    """The fits of the solvers with a weight, but for the process."""
    others: list[Share] = []
    for name, weight in weights.items():
        if weight and name != "gp":
            fitted = asked.fit(rivals[name])
            others.append((weight, fitted))
    return others


@dataclass(frozen=True)
class Blend:
    """The weighted sum of a Gaussian process, of weight `share`, and other spectra of n players.

    `wide`: the interactions of the process that may be kept.
    """

    n: int
    share: float
    posterior: Posterior
    wide: list[Interaction]
    others: list[Share]

    def __call__(self, masks: Masks) -> Values:
        """Values (b,) of masks (b, n), nothing cut."""
        process = self.share * self.posterior(masks)
        others = np.zeros(len(masks))
        for share, spectrum in self.others:
            others += share * spectrum(masks)
        return process + others

    def cut(self, most: int, seed: int) -> tuple[list[Interaction], Floats]:
        """Terms and coefficients: constant, all players, and the `most` largest interactions."""
        total = self._total(seed)

        def largest_first(term: Interaction) -> tuple[float, Interaction]:
            size = abs(total[term])
            return -size, term

        wide = [term for term, value in total.items() if len(term) > 1 and value]
        wide.sort(key=largest_first)
        terms = constant_and_players(self.n)
        terms.extend(wide[:most])
        coefficients = [total[term] for term in terms]
        return terms, np.array(coefficients)

    def _total(self, seed: int) -> dict[Interaction, float]:
        """Coefficients of all terms of all parts, the constant and all players among them."""
        kept = constant_and_players(self.n)
        total = dict.fromkeys(kept, 0.0)
        own = [*kept, *self.wide]
        process = self._cut_process(own, seed)
        parts = [*self.others, (self.share, process)]
        for share, spectrum in parts:
            for term, value in spectrum.coefficients.items():
                before = total.get(term, 0.0)
                total[term] = before + share * value
        return total

    def _cut_process(self, terms: list[Interaction], seed: int) -> Spectrum:
        coefficients, _ = self.posterior.cut(terms, 0, seed)
        pairs = zip(terms, coefficients, strict=True)
        return Spectrum(self.n, list(pairs))


@dataclass(frozen=True)
class Unseen:
    """Values of the rows set aside (b,), and what each solver, fitted on the others, says of them."""

    truth: Values
    guesses: dict[str, Values]

    def scores(self) -> dict[str, float]:
        """R² of each solver, for people; also where the rows set aside are equal, which `r2` calls NaN."""
        mean = self.truth.mean()
        deviation = self.truth - mean
        spread = float((deviation**2).sum()) or 1.0
        found: dict[str, float] = {}
        for name, guess in self.guesses.items():
            wrong = self.truth - guess
            error = float((wrong**2).sum())
            found[f"R² of {name} on masks set aside"] = 1.0 - error / spread
        return found


def unseen(rivals: dict[str, Solver], asked: Asked) -> Unseen:
    """Fit every solver on the rest of each fold that is scored."""
    m = len(asked.values)
    rng = np.random.default_rng([asked.seed, m])
    folds = np.arange(m) % FOLDS
    fold = rng.permutation(folds)
    truth: list[Values] = []
    guesses: dict[str, list[Values]] = {name: [] for name in rivals}
    for k in range(_folds_scored(m)):
        aside = fold == k
        rest = asked.only(~aside)
        masks = asked.design.masks[aside]
        truth.append(asked.values[aside])
        for name, solver in rivals.items():
            fitted = rest.fit(solver)
            guesses[name].append(fitted(masks))
    joined = {name: np.concatenate(parts) for name, parts in guesses.items()}
    return Unseen(np.concatenate(truth), joined)


def _folds_scored(m: int) -> int:
    for most, count in SPLITS:
        if m <= most:
            return count
    return 1


def blend_weights(truth: Values, guesses: dict[str, Values]) -> dict[str, float]:
    """Convex weights with the least squared error on `truth` + the pull towards "gp".

    The mean squared error of "gp" is the unit of both.
    """
    others = [name for name in guesses if name != "gp"]
    names = ["gp", *others]
    shares = _shares(len(others))
    of_process = 1.0 - shares.sum(1)
    weights = np.column_stack([of_process, shares])
    # the squared error of a blend is wᵀ G w for the products G of the errors, as the weights add up to 1
    wrong = [truth - guesses[name] for name in names]
    errors = np.stack(wrong)
    gram = errors @ errors.T
    squared = np.einsum("ki,ij,kj->k", weights, gram, weights)
    unit = float((wrong[0] ** 2).mean())
    variance = float(truth.var())
    floor = 1e-12 * max(variance, 1e-300)
    pull = PULL * (shares**2).sum(1)
    loss = squared / max(unit, floor) + pull
    best = int(np.argmin(loss))
    rounded = np.round(weights[best], 6).tolist()
    return dict(zip(names, rounded, strict=True))


def _shares(count: int) -> Floats:
    """All shares of so many solvers, multiples of 1 / STEP, that together are at most 1: (k, count)."""
    axis = np.arange(STEP + 1)
    grids = np.meshgrid(*[axis] * count, indexing="ij")
    steps = np.stack(grids, axis=-1).reshape(-1, count)
    possible = steps.sum(1) <= STEP
    return steps[possible] / STEP
