"""Expected: the R² that a run would have with more ablations, with an interval, from its own curve.

What is not explained, 1 − R², falls about as a power of the ablations: on a log scale by the same step for
every doubling. The step is that of the last two doublings, made smaller, since steps shrink and the last ones
are noisy. How far it may be off was measured (benchmarks.more), and so is the interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spexviz.results import Explanation, Fidelity

GOES_ON = 0.85  # of a step: what the next doubling brings of it, on average
AGAIN = 0.85  # of what the doubling before brought: each one after
# spread of log(1 − R²): of a doubling as such, for a share of its step, for the width of the intervals
SPREAD, OF_STEP, OF_WIDTH = 0.05, 0.6, 0.25
LIKELY = 1.645  # of a normal distribution, for 90 %
LEAST = 0.001  # of 1 − R²: nearer to 1 nobody asks for more
FLAT = 0.01  # of R²: a gain below which more ablations hardly help


@dataclass(frozen=True)
class Expected:
    """R² with so many ablations: the middle, and the interval in which it likely lies; `now`: R² as it is."""

    budget: int
    now: float
    r2: float
    interval: tuple[float, float]

    @property
    def is_flat(self) -> bool:
        """Whether more ablations hardly help, by the middle."""
        return self.r2 - self.now < FLAT


def expected(explanation: Explanation, budget: int) -> Expected | None:
    """R² at a larger budget; None where the run has no curve to go by: one point only, or no R²."""
    return by_curve(own_curve(explanation), budget)


def own_curve(explanation: Explanation) -> tuple[Fidelity, ...]:
    """The points of the solver that is shown, in order of their ablations; the last is the fit itself."""
    last = explanation.fidelity
    own = {point.budget: point for point in explanation.proof.curve if point.solver == last.solver}
    own[last.budget] = last
    return tuple(own[budget] for budget in sorted(own) if math.isfinite(own[budget].r2))


def by_curve(points: Sequence[Fidelity], budget: int) -> Expected | None:
    """R² at a budget beyond the points of a curve, in order; None for fewer than two."""
    if len(points) < 2 or budget <= points[-1].budget:
        return None
    last = points[-1]
    unexplained = _log_unexplained(last.r2)
    step = min(0.0, _step(points))
    doublings = math.log2(budget / last.budget)
    steps = GOES_ON * (1.0 - AGAIN**doublings) / (1.0 - AGAIN)
    middle = unexplained + steps * step
    spread = math.hypot(SPREAD * doublings, OF_STEP * steps * step, OF_WIDTH * _width(last))
    low, high = (1.0 - math.exp(middle + side * LIKELY * spread) for side in (1.0, -1.0))
    return Expected(budget, last.r2, 1.0 - math.exp(middle), (low, high))


def _step(points: Sequence[Fidelity]) -> float:
    """What a doubling has added to log(1 − R²) of late: since the last point with at most a quarter."""
    last = points[-1]
    earlier = [point for point in points if point.budget <= last.budget / 4]
    before = earlier[-1] if earlier else points[0]
    doublings = math.log2(last.budget / before.budget)
    return (_log_unexplained(last.r2) - _log_unexplained(before.r2)) / doublings


def _width(point: Fidelity) -> float:
    """The width of its interval, on the scale of log(1 − R²)."""
    low, high = point.interval
    if not (math.isfinite(low) and math.isfinite(high)):
        return 1.0
    return _log_unexplained(low) - _log_unexplained(high)


def _log_unexplained(r2: float) -> float:
    """log(1 − R²); what is within a thousandth of 1 counts as that."""
    return math.log(max(LEAST, 1.0 - r2))
