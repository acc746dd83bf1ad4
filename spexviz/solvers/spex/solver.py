"""SPEX: structured masks, sparse Walsh–Hadamard transform, BCH decoding, peeling, and a refit on all masks.

Finds interactions of order up to `max_order` among up to thousands of players without searching through them.
It needs many masks: below about 1,700 at 32–63 players, 4,000 at 64–127 and 20,000 from 256 on, plain linear
regression explains more. Source: the SPEX paper (Kang et al., ICML 2025, arXiv 2502.13870).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.kit.options import check, option
from spexviz.masks import (
    Interaction,
    Masks,
    Values,
    distinct,
    holders,
    is_complete,
    keys,
    padded_holders,
    uniform_masks,
)
from spexviz.solvers.base import Design, at_most_all, checked, constant_and_players
from spexviz.solvers.spex.bch import MOST_ERRORS, bch, parity_length
from spexviz.solvers.spex.decode import Geometry, peel, transform
from spexviz.solvers.spex.design import LEAST_LEVEL, SpexDesign, delay_rows, structured_masks
from spexviz.solvers.spex.refit import Refit, refit
from spexviz.spectrum import Spectrum, characters

GROUPS = 3
PASSES = 3  # decoding what the refit leaves
DECODER_NAMES = {"soft": "Finds more under noise", "hard": "Faster"}
DECODERS = {
    "soft": "Chase-2 over the least reliable signs: finds more under noise.",
    "hard": "Signs as they are: faster.",
}


@dataclass(frozen=True)
class SPEX:
    """Sparse Fourier transform with BCH decoding of interactions up to `max_order` (1 to 8).

    `decoder`: one of the DECODERS.
    """

    max_order: int = option(
        5, "Largest set", "Most players in one interaction: its order.", low=1, high=MOST_ERRORS
    )
    decoder: str = option("soft", "Decoder", choices=DECODERS, called=DECODER_NAMES)

    name: ClassVar[str] = "spex"
    foldable: ClassVar[bool] = False
    place: ClassVar[int] = 2
    title: ClassVar[str] = "SPEX"
    seconds_of_work: ClassVar[float] = 0.1
    summary: ClassVar[str] = (
        "Chooses its masks by an error-correcting code: finds large sets among many parts, given thousands "
        "of ablations."
    )

    def __post_init__(self) -> None:
        if not 1 <= self.max_order <= MOST_ERRORS:
            raise SolverError(
                f"SPEX decodes orders 1 to {MOST_ERRORS}, not {self.max_order}: "
                "choose one of them, or use ProxySPEX."
            )
        check(self, SolverError)

    def least(self, n: int) -> int:
        """The smallest budget that `design` accepts: its least level, or all 2^n masks if they are fewer."""
        return at_most_all(n, self._level_cost(n, LEAST_LEVEL))

    def levels(self, n: int, budget: int) -> tuple[int, ...]:
        """Masks that level 3, 4, … ask, for all levels within the budget.

        Raises SolverError if there is none.
        """
        least = self.least(n)
        if budget < least:
            raise SolverError(
                f"SPEX with order {self.max_order} needs at least {least} ablations for {n} players, "
                f"not {budget}: raise the budget, lower max_order, or choose another solver "
                "(ProxySPEX works with any number of masks)."
            )
        costs = [least]
        for level in range(LEAST_LEVEL + 1, n + 1):
            cost = self._level_cost(n, level)
            if cost > budget:
                break
            costs.append(at_most_all(n, cost))
        return tuple(costs)

    def cost(self, n: int, budget: int) -> int:
        """Ablations that `design` asks: the budget, or all 2^n masks if they are fewer.

        What no level uses goes into the refit.
        """
        self.levels(n, budget)  # raises for too small a budget
        return at_most_all(n, budget)

    def checkpoints(self, n: int, budget: int) -> tuple[int, ...]:
        """The end of every level, then the whole design."""
        ends = set(self.levels(n, budget))
        ends.add(self.cost(n, budget))
        return tuple(sorted(ends))

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> SpexDesign:
        """Distinct masks, the same for the same seed; those of a smaller level are the first of a larger one.

        Raises SolverError for a budget below the least level, or `keep` other than 0.5.
        """
        if keep != 0.5:
            raise SolverError(
                f"SPEX reads uniform masks only, and this run keeps a player with probability {keep:g}: "
                "choose Auto or ProxySPEX, which fit any masks, or a probability of 0.5."
            )
        levels = self.levels(n, budget)
        top = LEAST_LEVEL + len(levels) - 1
        rng = np.random.default_rng([seed, n, self.max_order])
        # column by column: a larger level only adds columns
        columns = [rng.random((GROUPS, n)) < 0.5 for _ in range(top)]
        subspaces = np.stack(columns, axis=2)
        delays = delay_rows(n, self.max_order)
        structured, rows = structured_masks(subspaces, delays)
        left = self.cost(n, budget) - len(structured)
        uniform = uniform_masks(n, left, seed, exclude=structured)
        masks = np.vstack([structured, uniform])
        return SpexDesign(masks, subspaces=subspaces, rows=rows, order=self.max_order)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The spectrum behind the values (m,) of a design made by `SPEX.design`, or of a head of it.

        Raises SolverError for another design, or values that do not match it.
        """
        if not isinstance(design, SpexDesign):
            raise SolverError(
                "SPEX reads its own masks only: make the design with SPEX.design, "
                "or use ProxySPEX, which fits any masks."
            )
        masks, values = checked(design, values)
        n = masks.shape[1]
        if is_complete(masks):
            return _exact(masks, values)
        if not design.level:
            raise SolverError(
                f"{len(masks)} masks hold no whole level of SPEX for {n} players: "
                f"fit at least {self.least(n)}, or use another solver."
            )
        found = self._search(design, masks, values, seed)
        terms = [tuple(np.flatnonzero(members).tolist()) for members in found.kept]
        pairs = zip(terms, found.coefficients, strict=True)
        return Spectrum(n, list(pairs), notes=found.notes(design))

    def _search(self, design: SpexDesign, masks: Masks, values: Values, seed: int) -> _Found:
        """Decode, refit, and decode what the refit leaves, as long as the cross-validated error falls.

        Decoding the values is the published way. Taking out first what the constant and the singletons of the
        refit explain anyway clears the bins for the interactions (ours).
        """
        n = masks.shape[1]
        alone = holders(constant_and_players(n), n)
        fitted = refit(masks, values, alone, seed)
        found = _Found(alone, fitted)
        views = [values, values - found.predicted(masks)]
        for _ in range(PASSES):
            new = self._unknown_sets(design, views, found.support)
            if not len(new):
                break
            support = np.vstack([found.support, new])
            again = refit(masks, values, support, seed)
            if again.noise > found.refit.noise:
                break
            decoded = found.decoded + len(new)
            found = _Found(support, again, decoded)
            views = [values - found.predicted(masks)]
        return found

    def _unknown_sets(self, design: SpexDesign, views: list[Values], support: Bools) -> Bools:
        """The distinct sets that the views of the values spell out and the support lacks: (k, n)."""
        n = support.shape[1]
        soft = self.decoder == "soft"
        decoded = [decode(design, view, soft) for view in views]
        sets = padded_holders(np.vstack(decoded), n)
        wanted = sets.sum(1) <= self.max_order
        sets = distinct(sets[wanted])
        known = set(keys(support))
        new = [key not in known for key in keys(sets)]
        return sets[new]

    def _level_cost(self, n: int, b: int) -> int:
        _, parity_bits = parity_length(n, self.max_order)
        rows = parity_bits + 1  # and the zero row
        return GROUPS * 2**b * rows


@dataclass(frozen=True)
class _Found:
    """The sets of the search: `support` (k, n), its refit, and how many of them were decoded."""

    support: Bools
    refit: Refit
    decoded: int = 0

    @property
    def kept(self) -> Bools:
        """The sets (k, n) that the refit keeps."""
        return self.support[self.refit.kept]

    @property
    def coefficients(self) -> Floats:
        """Their coefficients (k,)."""
        return self.refit.coefficients[self.refit.kept]

    def predicted(self, masks: Masks) -> Values:
        """Values of masks (b, n) by the refit: (b,)."""
        return characters(masks, self.kept) @ self.coefficients

    def notes(self, design: SpexDesign) -> dict[str, float | str]:
        """The diagnostics of the fit."""
        notes: dict[str, float | str] = {}
        notes["level"] = float(design.level)
        structured = np.unique(design.rows)
        notes["masks_decoded"] = float(len(structured))
        notes["masks_refitted"] = float(len(design))
        notes["sets_decoded"] = float(self.decoded)
        notes["terms_kept"] = float(len(self.kept))
        notes["noise"] = self.refit.noise
        notes["ridge"] = self.refit.ridge
        notes["r2_cross_validated"] = self.refit.r2
        return notes


def decode(design: SpexDesign, values: Values, soft: bool = True) -> Positions:
    """The sets of one player or more that the values of the design's structured masks spell out.

    (k, order), padded with n.
    """
    n = design.masks.shape[1]
    delays = delay_rows(n, design.order)
    geometry = Geometry.of(design.subspaces, delays)
    level = values[design.rows]
    bins = transform(level - level.mean())
    code = bch(n, design.order)
    sets, _ = peel(bins, geometry, code, soft)
    some = (sets < n).any(1)
    return sets[some]  # without what the mean left of the constant: the refit has it anyway


def _exact(masks: Masks, values: Values) -> Spectrum:
    """All 2^n masks were asked: nothing has to be decoded. Terms that are rounding errors are left out."""
    dense = Spectrum.of_all(masks, values, {"exact": "all 2^n masks"})
    rounding = 1e-12 * np.abs(values).max(initial=0.0)
    terms: list[tuple[Interaction, float]] = []
    for term, value in dense.coefficients.items():
        if not term or abs(value) > rounding:
            terms.append((term, value))
    return Spectrum(dense.n, terms, notes=dense.notes)
