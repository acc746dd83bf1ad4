"""SPEX: structured masks, a sparse Walsh–Hadamard transform, BCH decoding, peeling, and a refit on every mask asked.

Finds interactions of order up to `max_order` among up to thousands of players without searching through them.
It needs many masks: below about 1,700 at 32–63 players, 4,000 at 64–127 and 20,000 from 256 on, plain linear
regression explains more. Source: the SPEX paper (Kang et al., ICML 2025, arXiv 2502.13870).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Positions
from spexviz.kit.options import check, option
from spexviz.masks import Masks, Values, distinct, is_complete, keys, uniform_masks
from spexviz.solvers.base import Design, checked
from spexviz.solvers.spex.bch import MOST_ERRORS, bch, parity_length
from spexviz.solvers.spex.decode import Geometry, peel, transform
from spexviz.solvers.spex.refit import Refit, refit
from spexviz.spectrum import Spectrum, characters

GROUPS = 3
LEAST_LEVEL = 3
PASSES = 3  # decoding what the refit leaves
DECODERS = {
    "soft": "Chase-2 over the least reliable signs: finds more under noise.",
    "hard": "Signs as they are: faster.",
}


@dataclass(frozen=True)
class SpexDesign(Design):
    """Masks M_c ℓ ⊕ d of SPEX, smaller levels first, then uniform masks for the refit.

    `subspaces` (C, n, b) the matrices M_c; `rows` (C, R, 2^b) where the mask of group c, delay d and ℓ
    stands; `order` the orders that the delays can tell apart. Level b is the first b columns and the first
    2^b of `rows`.
    """

    subspaces: Bools | None = None
    rows: NDArray[np.int32] | None = None
    order: int = 0

    def head(self, m: int) -> SpexDesign:
        """The first m masks: the largest whole level among them, the other masks for the refit."""
        level = next(
            (b for b in range(self.level, LEAST_LEVEL - 1, -1) if self.rows[..., : 2**b].max() < m), 0
        )
        return SpexDesign(
            self.masks[:m], self.layout, self.subspaces[..., :level], self.rows[..., : 2**level], self.order
        )

    @property
    def level(self) -> int:
        """b: each group has 2^b bins; 0 in a head too short for a whole level."""
        return self.subspaces.shape[2]


@dataclass(frozen=True)
class SPEX:
    """Sparse Fourier transform with BCH decoding of interactions up to `max_order` (1 to 8), by one of the DECODERS."""

    max_order: int = option(
        5, "Max order", "Largest number of players in one interaction", low=1, high=MOST_ERRORS
    )
    decoder: str = option("soft", "Decoder", choices=DECODERS)

    name: ClassVar[str] = "spex"
    place: ClassVar[int] = 2
    title: ClassVar[str] = "SPEX"
    seconds_of_work: ClassVar[float] = 0.1
    summary: ClassVar[str] = (
        "Structured masks and error-correcting codes: finds high orders among many players, given thousands of ablations."
    )

    def __post_init__(self) -> None:
        if not 1 <= self.max_order <= MOST_ERRORS:
            raise SolverError(
                f"SPEX decodes orders 1 to {MOST_ERRORS}, not {self.max_order}: choose one of them, or use ProxySPEX."
            )
        check(self, SolverError)

    def least(self, n: int) -> int:
        """The smallest budget that `design` accepts: its least level, or all 2^n masks if they are fewer."""
        return _at_most_all(n, self._level_cost(n, LEAST_LEVEL))

    def levels(self, n: int, budget: int) -> tuple[int, ...]:
        """Masks that level 3, 4, … ask, for all levels within the budget.

        Raises SolverError if there is none.
        """
        if budget < self.least(n):
            raise SolverError(
                f"SPEX with order {self.max_order} needs at least {self.least(n)} ablations for {n} players, not {budget}: "
                "raise the budget, lower max_order, or choose another solver (ProxySPEX works with any number of masks)."
            )
        top = LEAST_LEVEL
        while top < max(n, LEAST_LEVEL) and self._level_cost(n, top + 1) <= budget:
            top += 1
        return tuple(_at_most_all(n, self._level_cost(n, b)) for b in range(LEAST_LEVEL, top + 1))

    def cost(self, n: int, budget: int) -> int:
        """Ablations that `design` asks: the budget, or all 2^n masks if they are fewer; what no level uses goes into the refit."""
        self.levels(n, budget)
        return _at_most_all(n, budget)

    def checkpoints(self, n: int, budget: int) -> tuple[int, ...]:
        """The end of every level, then the whole design."""
        return tuple(sorted({*self.levels(n, budget), self.cost(n, budget)}))

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> SpexDesign:
        """Distinct masks, the same for the same seed; those of a smaller level are the first of a larger one.

        Raises SolverError for a budget below the least level, or `keep` other than 0.5.
        """
        if keep != 0.5:
            raise SolverError(
                f"SPEX reads uniform masks only, and this run keeps a player with probability {keep:g}: "
                "choose Auto or ProxySPEX, which fit any masks, or a probability of 0.5."
            )
        top = LEAST_LEVEL + len(self.levels(n, budget)) - 1
        rng = np.random.default_rng([seed, n, self.max_order])
        # column by column: a larger level only adds columns
        columns = [rng.random((GROUPS, n)) < 0.5 for _ in range(top)]
        subspaces = np.stack(columns, axis=2)
        masks, rows = _structured(subspaces, _delays(n, self.max_order))
        extra = uniform_masks(n, self.cost(n, budget) - len(masks), seed, exclude=masks)
        return SpexDesign(np.vstack([masks, extra]), None, subspaces, rows, self.max_order)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The spectrum behind the values of a design made by `SPEX.design` (or a head of it with a whole level)."""
        if not isinstance(design, SpexDesign):
            raise SolverError(
                "SPEX reads its own masks only: make the design with SPEX.design, or use ProxySPEX, which fits any masks."
            )
        masks, values = checked(design, values)
        n = masks.shape[1]
        if is_complete(masks):
            return _exact(masks, values)
        if not design.level:
            raise SolverError(
                f"{len(masks)} masks hold no whole level of SPEX for {n} players: fit at least {self.least(n)}, or use another solver."
            )
        support, fitted, decoded = self._search(design, masks, values, seed)
        terms = [tuple(map(int, np.flatnonzero(row))) for row in support[fitted.kept]]
        notes = {
            "level": float(design.level),
            "masks_decoded": float(len(np.unique(design.rows))),
            "masks_refitted": float(len(masks)),
            "sets_decoded": float(decoded),
            "terms_kept": float(len(terms)),
            "noise": fitted.noise,
            "ridge": fitted.ridge,
            "r2_cross_validated": fitted.r2,
        }
        return Spectrum(n, list(zip(terms, fitted.coefficients[fitted.kept], strict=True)), notes=notes)

    def _search(
        self, design: SpexDesign, masks: Masks, values: Values, seed: int
    ) -> tuple[Bools, Refit, int]:
        """Decode the values, and what the constant and the singletons leave of them; refit; decode what that leaves, while the CV error falls.

        Decoding the values is the published way. Taking out first what the refit has anyway clears the bins
        for the interactions (ours).
        """
        n = masks.shape[1]
        support = np.vstack([np.zeros((1, n), dtype=bool), np.eye(n, dtype=bool)])
        fitted, decoded = refit(masks, values, support, seed), 0
        for turn in range(PASSES):
            left = values - characters(masks, support[fitted.kept]) @ fitted.coefficients[fitted.kept]
            views = (values, left) if turn == 0 else (left,)
            found = np.vstack(
                [_membership(decode(design, view, soft=self.decoder == "soft"), n) for view in views]
            )
            found = distinct(found[found.sum(1) <= self.max_order])
            known = set(keys(support))
            found = found[[key not in known for key in keys(found)]]
            if not len(found):
                break
            larger = np.vstack([support, found])
            again = refit(masks, values, larger, seed)
            if again.noise > fitted.noise:
                break
            decoded += len(found)
            support, fitted = larger, again
        return support, fitted, decoded

    def _level_cost(self, n: int, b: int) -> int:
        return GROUPS * 2**b * (parity_length(n, self.max_order)[1] + 1)


def decode(design: SpexDesign, values: Values, soft: bool = True) -> Positions:
    """The sets of one player or more that the values of the design's structured masks spell out:

    (k, order), padded with n.
    """
    n = design.masks.shape[1]
    geometry = Geometry.of(design.subspaces, _delays(n, design.order))
    level = values[design.rows]
    sets, _ = peel(transform(level - level.mean()), geometry, bch(n, design.order), soft)
    return sets[(sets < n).any(1)]  # what the mean left of the constant: the refit has it anyway


def _at_most_all(n: int, count: int) -> int:
    return count if n >= 63 else min(count, 2**n)


def _delays(n: int, order: int) -> Masks:
    """The delay rows: zero, then one for each parity bit (p + 1, n)."""
    return np.vstack([np.zeros((1, n), dtype=bool), bch(n, order).parity])


def _structured(subspaces: Masks, delays: Masks) -> tuple[Masks, NDArray[np.int32]]:
    """All distinct masks M_c ℓ ⊕ d, smaller levels first, and where each stands: ((m, n), (C, R, 2^b))."""
    groups, n, top = subspaces.shape
    index = (np.arange(2**top)[:, None] >> np.arange(top)) & 1
    # (C, 2^b, n)
    moved = (index.astype(np.float32) @ np.swapaxes(subspaces, 1, 2).astype(np.float32)).astype(
        np.int32
    ) & 1 == 1
    rows = np.empty((groups, len(delays), 2**top), dtype=np.int32)
    place: dict[bytes, int] = {}
    masks: list[Masks] = []
    edges = [0, *(2**b for b in range(min(LEAST_LEVEL, top), top + 1))]
    for low, high in itertools.pairwise(edges):
        block = (moved[:, None, low:high] ^ delays[None, :, None]).reshape(-1, n)
        known = len(place)
        where = np.array([place.setdefault(key, len(place)) for key in keys(block)], dtype=np.int32)
        rows[..., low:high] = where.reshape(groups, len(delays), high - low)
        numbers, first = np.unique(where, return_index=True)
        masks.append(block[first[numbers >= known]])
    return np.vstack(masks), rows


def _membership(sets: Positions, n: int) -> Bools:
    """Sets as positions padded with n (k, t), to which players each holds (k, n)."""
    membership = np.zeros((len(sets), n + 1), dtype=bool)
    np.put_along_axis(membership, sets, True, axis=1)
    return membership[:, :n]


def _exact(masks: Masks, values: Values) -> Spectrum:
    """All 2^n masks were asked: nothing has to be decoded. Terms that are rounding errors are left out."""
    dense = Spectrum.of_all(masks, values, {"exact": "all 2^n masks"})
    large = np.abs(dense.values) > 1e-12 * np.abs(values).max(initial=0.0)
    large |= dense.orders == 0
    return Spectrum(
        dense.n, [(dense.terms[j], dense.values[j]) for j in np.flatnonzero(large)], notes=dense.notes
    )
