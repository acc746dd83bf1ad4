"""Leading: the players and sets that carry a run, those that cannot be trusted left out.

By share of variance of their mean effects. A set is left out where its interval crosses 0, or where a check
on the model has contradicted it.
"""

from __future__ import annotations

from collections.abc import Mapping

from spexviz.analysis.expansion import Interval
from spexviz.kit.cached import kept
from spexviz.masks import Interaction
from spexviz.results import Explanation

MOST_ORDER = 5
LEAST = 0.001  # share of the variance below which nothing leads
DIGITS = 9  # of shares that are told apart; of those alike the smaller set leads


@kept
def leading(explanation: Explanation, count: int | None = None) -> tuple[Interaction, ...]:
    """The first `count` of them (all where None), the one with the largest share of variance first."""
    order = min(MOST_ORDER, len(explanation.players))
    found = explanation.interactions("mean", order)
    denied = {check.members for check in explanation.checks if check.verdict == "contradicted"}
    ranked: list[Interaction] = []
    alike = sorted(found.top(), key=lambda one: (-round(found.shares[one[0]], DIGITS), len(one[0])))
    for members, value in alike:
        if found.shares[members] < LEAST:
            break
        if value and members not in denied and not _crosses_zero(found.intervals, members):
            ranked.append(members)
    return tuple(ranked[:count])


def _crosses_zero(intervals: Mapping[Interaction, Interval] | None, members: Interaction) -> bool:
    if intervals is None:
        return False
    low, high = intervals[members]
    return low <= 0.0 <= high
