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

from spexviz.analysis.lasso import lasso_by_folds
from spexviz.errors import SolverError
from spexviz.kit.arrays import Floats, Ints
from spexviz.kit.options import option
from spexviz.masks import Masks, Values, is_complete, leave_one_out_masks, uniform_masks
from spexviz.solvers.base import AnyMasks, Design, checked
from spexviz.solvers.linear import ridge_by_leave_one_out
from spexviz.spectrum import Spectrum

MOST_CELLS = 50_000_000  # masks × (players + pairs): 400 MB a copy, of which a fit holds three
MOST_WIDE = 5000  # the smaller of masks and columns: its eigenvectors take time in proportion to its cube


@dataclass(frozen=True)
class Lasso(AnyMasks):
    """LASSO on the players, its penalty chosen by cross-validation.

    Source: Tibshirani 1996; the baseline of the ProxySPEX paper.
    """

    name: ClassVar[str] = "lasso"
    title: ClassVar[str] = "LASSO"
    summary: ClassVar[str] = (
        "One coefficient a player, most of them exactly 0, no interactions. Fits any masks."
    )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The LASSO fit of constant + singletons.

        Raises SolverError for values that are not finite or do not match.
        """
        masks, values = checked(design, values, self.least)
        constant, slopes, penalty, error = lasso_by_folds(1.0 - 2.0 * masks, values, seed)
        terms = [((), constant), *(((i,), slope) for i, slope in enumerate(slopes) if slope != 0.0)]
        return Spectrum(masks.shape[1], terms, notes={"penalty": penalty, "cross-validation error": error})


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
        "A coefficient for every player and every pair, by ridge regression. Wants many more masks than pairs."
    )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The best fit of order 2.

        Raises SolverError where the table of pairs is too large, or values are unusable.
        """
        masks, values = checked(design, values, self.least)
        m, n = masks.shape
        count = n + comb(n, 2)
        if m * count > MOST_CELLS or min(m, count) > MOST_WIDE:
            raise SolverError(
                f"FBII-2 would weigh {count:,} players and pairs on {m:,} masks, more than fits in memory: use fewer masks or players, "
                "or a sparse solver such as ProxySPEX, which looks for the pairs that matter."
            )
        first, second = np.triu_indices(n, 1)
        signs = 1.0 - 2.0 * masks
        columns = np.empty((m, count))
        columns[:, :n] = signs
        np.multiply(signs[:, first], signs[:, second], out=columns[:, n:])
        if is_complete(masks):  # orthogonal columns: least squares is a projection
            constant, weights, notes = (
                float(values.mean()),
                columns.T @ values / m,
                {"regression": "least squares on all masks"},
            )
        else:
            constant, weights, penalty, error = ridge_by_leave_one_out(columns, values)
            notes = {"regression": "ridge", "penalty": penalty, "leave-one-out error": error}
        sets = [(), *((i,) for i in range(n)), *zip(first.tolist(), second.tolist(), strict=True)]
        return Spectrum(n, list(zip(sets, [constant, *weights.tolist()], strict=True)), notes=notes)


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
    summary: ClassVar[str] = "Weighted linear fit near the full input, no interactions. Fits any masks."

    kernel_width: float = option(
        25.0, "Kernel width", "Width of the kernel, in hundredths of cosine distance"
    )
    penalty: float = option(1.0, "Penalty", "Ridge penalty on the coefficients")

    def __post_init__(self) -> None:
        if not self.kernel_width > 0.0 or not self.penalty > 0.0:
            raise SolverError(
                f"LIME needs a kernel width and a penalty above 0, not {self.kernel_width} and {self.penalty}."
            )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The additive surrogate.

        Raises SolverError for values that are not finite or do not match the masks.
        """
        masks, values = checked(design, values, self.least)
        # cosine between a 0/1 row and the row of ones: √(kept/n)
        distance = 100.0 * (1.0 - np.sqrt(masks.mean(1)))
        weight = np.exp(-0.5 * (distance / self.kernel_width) ** 2)
        if not weight.any():
            raise SolverError("No mask is near enough to the full input for LIME's kernel: widen the kernel.")
        notes = {"effective masks": float(weight.sum() ** 2 / (weight**2).sum())}
        return additive(*_weighted_ridge(masks, values, weight, self.penalty), notes)


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
    title: ClassVar[str] = "KernelSHAP"
    summary: ClassVar[str] = (
        "Shapley values by regression. They share out the full effect; as predictions of random masks they are often poor."
    )

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> Design:
        count = self.cost(n, budget)
        ends = np.array([np.ones(n, dtype=bool), np.zeros(n, dtype=bool)])[:count]
        return Design(np.concatenate([ends, uniform_masks(n, count - len(ends), seed, keep, exclude=ends)]))

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """Constant + one Shapley value a player.

        Raises SolverError for values that are not finite or do not match.
        """
        masks, values = checked(design, values, self.least)
        n = masks.shape[1]
        kept = masks.sum(1)
        inner = (kept > 0) & (kept < n)
        ends = np.flatnonzero(~inner)
        rows = np.column_stack([np.ones(len(masks)), masks])
        root = np.sqrt(_shapley_kernel(n, kept[inner]))[:, None]
        answer = _constrained(rows[inner] * root, values[inner] * root[:, 0], rows[ends], values[ends])
        held = {(0,): "empty", (n,): "full", (0, n): "full and empty"}.get(
            tuple(sorted(kept[ends].tolist())), "none"
        )
        return additive(float(answer[0]), answer[1:], {"constrained at": held})


@dataclass(frozen=True)
class LeaveOneOut:
    """What the full input loses when one player is removed: n + 1 ablations, no regression.

    The additive surrogate is anchored at the full input, f(m) = f(full) − Σ_{i∉m} loss_i, and knows nothing
    else: its R² on uniform masks says how far that goes. Its design does not depend on the seed.
    """

    name: ClassVar[str] = "leave-one-out"
    place: ClassVar[int] = 2
    title: ClassVar[str] = "Leave-one-out"
    seconds_of_work: ClassVar[float] = 0.1
    summary: ClassVar[str] = (
        "Removes each player once from the full input: one ablation a player, however large the budget. No interactions."
    )

    def cost(self, n: int, budget: int) -> int:
        return n + 1

    def design(self, n: int, budget: int, seed: int, keep: float = 0.5) -> Design:
        if budget < n + 1:
            raise SolverError(
                f"Leave-one-out needs {n + 1} ablations for {n} players, more than the budget of {budget}: raise the budget."
            )
        return Design(leave_one_out_masks(n))

    def checkpoints(self, n: int, budget: int) -> tuple[int, ...]:
        return (n + 1,)

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The additive surrogate.

        Raises SolverError where the design lacks the full mask or the mask without some player.
        """
        masks, values = checked(design, values)
        removed = (~masks).sum(1)
        full, singles = np.flatnonzero(removed == 0), np.flatnonzero(removed == 1)
        n = masks.shape[1]
        if not len(full) or len(singles) < n:
            raise SolverError(
                f"Leave-one-out needs the full mask and the {n} masks without one player; this design holds {len(full)} and {len(singles)} "
                "of them: ask the masks of LeaveOneOut().design."
            )
        losses = np.empty(n)
        losses[np.argmin(masks[singles], axis=1)] = values[full[0]] - values[singles]
        return additive(float(values[full[0]] - losses.sum()), losses)


def additive(constant: float, slopes: Floats, notes: Mapping[str, float | str] | None = None) -> Spectrum:
    """The spectrum of f(m) = constant + Σ slopes_i m_i, for m_i = 1 where player i is kept."""
    terms = [
        ((), constant + float(slopes.sum()) / 2.0),
        *(((i,), -slope / 2.0) for i, slope in enumerate(slopes.tolist())),
    ]
    return Spectrum(len(slopes), terms, notes=notes)


def _weighted_ridge(masks: Masks, values: Values, weight: Floats, penalty: float) -> tuple[float, Floats]:
    """Constant (free) and slopes (n,) of min Σ weight (y − c − m·w)² + penalty ‖w‖², in the smaller of its two forms."""
    share = weight / weight.sum()
    middle, mean = share @ masks, float(share @ values)
    root = np.sqrt(weight)
    scaled, target = (masks - middle) * root[:, None], (values - mean) * root
    m, n = scaled.shape
    if n <= m:
        slopes = np.linalg.solve(scaled.T @ scaled + penalty * np.eye(n), scaled.T @ target)
    else:
        slopes = scaled.T @ np.linalg.solve(scaled @ scaled.T + penalty * np.eye(m), target)
    return float(mean - middle @ slopes), slopes


def _shapley_kernel(n: int, kept: Ints) -> Floats:
    """Weights (b,) ∝ (n−1)/(C(n,k)·k·(n−k)) for 0 < k < n, the largest 1: by logarithms, since C(2000, 1000) overflows."""
    from scipy.special import gammaln

    logs = gammaln(kept + 1.0) + gammaln(n - kept + 1.0) - np.log(kept * (n - kept + 0.0))
    return np.exp(logs - logs.max(initial=-np.inf)) if len(logs) else logs


def _constrained(rows: Floats, target: Floats, fixed: Floats, to: Floats) -> Floats:
    """The x (k,) of least ‖rows x − target‖, and then of least length, among those with fixed x = to (0 to 2 constraints)."""
    if not len(fixed):
        return np.linalg.lstsq(rows, target, rcond=None)[0]
    start = np.linalg.lstsq(fixed, to, rcond=None)[0]
    free = np.linalg.qr(fixed.T, mode="complete")[0][:, len(fixed) :]
    return start + free @ np.linalg.lstsq(rows @ free, target - rows @ start, rcond=None)[0]
