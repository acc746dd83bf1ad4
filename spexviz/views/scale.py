"""Scale: one range of colours and of bars for pictures that are looked at beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spexviz.indices import Interactions
from spexviz.views.index_words import singles

SHOWN = 12  # sets whose bars are drawn


@dataclass(frozen=True)
class Scale:
    """`colour`: the size of a single player's value that has the full colour; `bar`: of the longest bar."""

    colour: float
    bar: float

    @classmethod
    def of(cls, *found: Interactions) -> Scale:
        """The scale on which all of these can be drawn."""
        colour = _largest(value for one in found for value in singles(one))
        return cls(colour, _largest(value for one in found for value in _drawn(one)))


def _drawn(found: Interactions) -> Iterator[float]:
    """What the bars of the strongest sets reach to, with their intervals."""
    shown = found.top(SHOWN, include_singletons=False)
    yield from shown.values.values()
    for interval in (shown.intervals or {}).values():
        yield from interval


def _largest(values: Iterable[float]) -> float:
    return max(map(abs, values), default=0.0)
