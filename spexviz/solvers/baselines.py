"""The explanations that people already use, as solvers: what every new one is compared with.

LASSO, LIME, KernelSHAP and leave-one-out are additive, f(m) = c + Σ w_i m_i, so F({i}) = −w_i/2 and F(∅) = c
+ Σ w_i/2; FBII-2 adds the pairs. Each returns a Spectrum, so that held-out R² is measured in one way for all
of them. Left out: sampling schemes of their own. All but leave-one-out fit whatever masks they are given,
usually uniform ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import ClassVar

import numpy as np

from spexviz.analysis.sparse import lasso_by_folds
from spexviz.errors import SolverError
from spexviz.kit.arrays import Floats, Ints, Positions
from spexviz.kit.options import check, option
from spexviz.masks import Interaction, Masks, Values, is_complete, leave_one_out_masks, uniform_masks
from spexviz.solvers.base import AnyMasks, Design, checked, constant_and_players, signs
from spexviz.solvers.linear import ridge_by_leave_one_out
from spexviz.solvers.regression import constrained_least_squares, weighted_ridge
from spexviz.spectrum import Spectrum

Notes = Mapping[str, float | str]
MOST_CELLS = 50_000_000  # masks × (players + pairs): 400 MB a copy, of which a fit holds three
MOST_WIDE = 5000  # the smaller of masks and columns: its eigenvectors take time in proportion to its cube


@dataclass(frozen=True)
class Lasso(AnyMasks):
    """LASSO on the players, its penalty chosen by cross-validation.

    Source: Tibshirani 1996; the baseline of the ProxySPEX paper.
    """

    name: ClassVar[str] = "lasso"
    title: ClassVar[str] = "LASSO"
    summary: ClassVar[str] = "One number for each part, most of them exactly 0, and none for sets."

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The LASSO fit of constant + singletons to values (m,).

        Raises SolverError for values that are not finite or do not match.
        """
        masks, values = checked(design, values, self.least)
        n = masks.shape[1]
        constant, slopes, penalty, error = lasso_by_folds(signs(masks), values, seed)
        coefficients: dict[Interaction, float] = {(): constant}
        for player in np.flatnonzero(slopes).tolist():
            coefficients[(player,)] = slopes[player]
        notes = {"penalty": penalty, "cross-validation error": error}
        return Spectrum(n, coefficients, notes=notes)


@dataclass(frozen=True)
class FBII2(AnyMasks):
    """Faithful Banzhaf interactions of order 2 by regression: constant, every player and every pair.

    Least squares where the design holds all 2^n masks (then it is the exact index); otherwise ridge, its
    penalty (0 almost among the choices) chosen by closed-form leave-one-out error. Source: Tsai et al. 2023
    (Faith-Interp).
    """

    name: ClassVar[str] = "fbii-2"
    title: ClassVar[str] = "FBII-2 regression"
    summary: ClassVar[str] = (
        "A number for every part and every pair, by regression. Wants many more ablations than there are "
        "pairs."
    )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The best fit of order 2 to values (m,).

        Raises SolverError where the table of pairs is too large, or values are unusable.
        """
        masks, values = checked(design, values, self.least)
        m, n = masks.shape
        count = n + comb(n, 2)
        cells = m * count
        if cells > MOST_CELLS or min(m, count) > MOST_WIDE:
            raise SolverError(
                f"FBII-2 would weigh {count:,} players and pairs on {m:,} masks, more than fits in memory: "
                "use fewer masks or players, "
                "or a sparse solver such as ProxySPEX, which looks for the pairs that matter."
            )
        first, second = np.triu_indices(n, 1)
        columns = _players_and_pairs(masks, first, second)
        notes: Notes
        if is_complete(masks):  # orthogonal columns: least squares is a projection
            constant = float(values.mean())
            slopes = columns.T @ values / m
            notes = {"regression": "least squares on all masks"}
        else:
            constant, slopes, penalty, error = ridge_by_leave_one_out(columns, values)
            notes = {"regression": "ridge", "penalty": penalty, "leave-one-out error": error}
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        sets = constant_and_players(n)
        sets.extend(pairs)
        coefficients = [constant, *slopes.tolist()]
        terms = zip(sets, coefficients, strict=True)
        return Spectrum(n, list(terms), notes=notes)


def _players_and_pairs(masks: Masks, first: Positions, second: Positions) -> Floats:
    """Characters of every player, then of every pair (first, second): (m, n + pairs)."""
    m, n = masks.shape
    players = signs(masks)
    count = n + len(first)
    columns = np.empty((m, count))
    columns[:, :n] = players
    one = players[:, first]
    other = players[:, second]
    np.multiply(one, other, out=columns[:, n:])
    return columns


@dataclass(frozen=True)
class LIME(AnyMasks):
    """LIME for text: ridge on the players, masks weighted by how near they are to the full input.

    Weight √exp(−d²/width²) with d = 100 × the cosine distance to the full mask, as lime_text has it, and its
    ridge penalty 1; all players get a coefficient. LIME draws masks with a uniform *number* of removed
    players; here it is given the masks of the design. Source: Ribeiro et al. 2016, and the defaults of the
    package `lime`.
    """

    name: ClassVar[str] = "lime"
    title: ClassVar[str] = "LIME"
    summary: ClassVar[str] = "One number for each part, fitted near the untouched input, and none for sets."

    kernel_width: float = option(
        25.0, "Kernel width", "Width of the kernel, in hundredths of cosine distance"
    )
    penalty: float = option(1.0, "Penalty", "Ridge penalty on the coefficients")

    def __post_init__(self) -> None:
        check(self, SolverError)
        if not self.kernel_width > 0.0 or not self.penalty > 0.0:
            raise SolverError(
                "LIME needs a kernel width and a penalty above 0, "
                f"not {self.kernel_width} and {self.penalty}."
            )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The additive surrogate of values (m,).

        Raises SolverError for values that are not finite or do not match the masks.
        """
        masks, values = checked(design, values, self.least)
        # cosine between a 0/1 row and the row of ones: √(kept/n)
        cosine = np.sqrt(masks.mean(1))
        distance = 100.0 * (1.0 - cosine)
        widths = distance / self.kernel_width
        weight = np.exp(-0.5 * widths**2)  # √exp(−d²/width²)
        if not weight.any():
            raise SolverError("No mask is near enough to the full input for LIME's kernel: widen the kernel.")
        # (Σ w)² / Σ w²: so many masks of equal weight would give as precise a mean (Kish 1965)
        total = weight.sum()
        squares = weight**2
        effective = float(total**2 / squares.sum())
        constant, slopes = weighted_ridge(masks, values, weight, self.penalty)
        return additive(constant, slopes, {"effective masks": effective})


@dataclass(frozen=True)
class KernelSHAP(AnyMasks):
    """Shapley values by weighted least squares, read as an additive surrogate.

    Every mask of the design counts with the Shapley kernel (n−1)/(C(n,k)·k·(n−k)) of its k kept players: for
    uniform masks this is importance weighting, exact once all masks are there, and noisy for few (most
    uniform masks keep about half). The full and the empty mask have infinite weight, so each becomes a
    constraint where the design holds it (the solver's own design begins with both); without them the fit is
    not constrained to efficiency. The values describe how f(full) − f(empty) is shared out, not f on random
    masks: R² on uniform masks is often poor or negative, and is shown as it is.
    Source: Lundberg & Lee 2017, theorem 2.
    """

    name: ClassVar[str] = "kernelshap"
    foldable: ClassVar[bool] = False  # its masks are of another distribution than those that R² is about
    title: ClassVar[str] = "KernelSHAP"
    summary: ClassVar[str] = (
        "Shapley values by regression. "
        "They share out the full effect; as predictions of random masks they are often poor."
    )

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> Design:
        """The full and the empty mask, then random ones that keep each player with probability `keep`."""
        count = self.cost(n, budget)
        full = np.ones(n, dtype=bool)
        ends = np.array([full, ~full])[:count]
        left = count - len(ends)
        inner = uniform_masks(n, left, seed, keep, exclude=ends)
        return Design(np.concatenate([ends, inner]))

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """Constant + one Shapley value a player, from values (m,).

        Raises SolverError for values that are not finite or do not match.
        """
        masks, values = checked(design, values, self.least)
        n = masks.shape[1]
        kept = masks.sum(1)
        inner = (kept > 0) & (kept < n)
        ends = ~inner
        ones = np.ones(len(masks))
        rows = np.column_stack([ones, masks.astype(np.float64)])
        # weighted least squares: both sides times the root of the weight
        weight = _shapley_kernel(n, kept[inner])
        root = np.sqrt(weight)
        weighted_rows = rows[inner] * root[:, None]
        weighted_values = values[inner] * root
        answer = constrained_least_squares(weighted_rows, weighted_values, rows[ends], values[ends])
        constant = float(answer[0])
        notes = {"constrained at": _held(kept[ends], n)}
        return additive(constant, answer[1:], notes)


def _held(kept: Ints, n: int) -> str:
    """Which constraints there are, from the numbers of players that the constrained masks keep."""
    empty = 0 in kept
    full = n in kept
    if empty and full:
        return "full and empty"
    if full:
        return "full"
    if empty:
        return "empty"
    return "none"


@dataclass(frozen=True)
class LeaveOneOut:
    """What the full input loses when one player is removed: n + 1 ablations, no regression.

    The additive surrogate is anchored at the full input, f(m) = f(full) − Σ_{i∉m} loss_i, and knows nothing
    else: its R² on uniform masks says how far that goes. Its design does not depend on the seed.
    """

    name: ClassVar[str] = "leave-one-out"
    foldable: ClassVar[bool] = False
    place: ClassVar[int] = 2
    title: ClassVar[str] = "Leave-one-out"
    seconds_of_work: ClassVar[float] = 0.1
    summary: ClassVar[str] = (
        "Takes each part away once, alone: one ablation for each, however large the budget. It cannot see "
        "what parts do together."
    )

    def cost(self, n: int, budget: int) -> int:
        """n + 1 ablations, whatever the budget."""
        return n + 1

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> Design:
        """The full mask and those without one player. Raises SolverError for a smaller budget."""
        if budget < n + 1:
            raise SolverError(
                f"Leave-one-out needs {n + 1} ablations for {n} players, more than the budget of {budget}: "
                "raise the budget."
            )
        return Design(leave_one_out_masks(n))

    def checkpoints(self, n: int, budget: int) -> tuple[int, ...]:
        """The end alone: fewer masks say nothing of some player."""
        return (n + 1,)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The additive surrogate of values (m,).

        Raises SolverError where the design lacks the full mask or the mask without some player.
        """
        masks, values = checked(design, values)
        removed = (~masks).sum(1)
        full = np.flatnonzero(removed == 0)
        singles = np.flatnonzero(removed == 1)
        n = masks.shape[1]
        if not len(full) or len(singles) < n:
            raise SolverError(
                f"Leave-one-out needs the full mask and the {n} masks without one player; this design holds "
                f"{len(full)} and {len(singles)} of them: ask the masks of LeaveOneOut().design."
            )
        untouched = values[full[0]]
        player = np.argmin(masks[singles], axis=1)  # the one that is not kept
        losses = np.empty(n)
        losses[player] = untouched - values[singles]
        rest = float(untouched - losses.sum())
        return additive(rest, losses)


def additive(constant: float, slopes: Floats, notes: Notes | None = None) -> Spectrum:
    """The spectrum of f(m) = constant + Σ slopes_i m_i, for m_i = 1 where player i is kept."""
    n = len(slopes)
    # m_i = (1 − χ_i)/2, so slope · m_i = slope/2 − slope/2 · χ_i
    middle = constant + float(slopes.sum()) / 2.0
    halves = -slopes / 2.0
    coefficients = [middle, *halves.tolist()]
    terms = zip(constant_and_players(n), coefficients, strict=True)
    return Spectrum(n, list(terms), notes=notes)


def _shapley_kernel(n: int, kept: Ints) -> Floats:
    """Weights (b,) ∝ (n−1)/(C(n,k)·k·(n−k)) for 0 < k < n, the largest 1.

    By logarithms, without what all share, since C(2000, 1000) overflows.
    """
    from scipy.special import gammaln

    removed = n - kept
    log_orders = gammaln(kept + 1.0) + gammaln(removed + 1.0)  # log k! (n−k)!
    product = kept * (removed + 0.0)
    logs = log_orders - np.log(product)
    largest = logs.max(initial=-np.inf)
    return np.exp(logs - largest)
