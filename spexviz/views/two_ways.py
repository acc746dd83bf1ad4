"""Two ways: which sets of a known function were found by which way, as rows beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spexviz.kit.numerals import number, percent
from spexviz.masks import Interaction
from spexviz.views.story import Table

Sets = Mapping[Interaction, float]
_NEAR = 0.05  # of a coefficient: found as it is


@dataclass(frozen=True)
class Recovered:
    """`table`: a row a set that is there or was found; `lines`: each way in a sentence."""

    table: Table
    lines: tuple[str, ...]


def recovered(
    truth: Sets, found: Mapping[str, Sets], scores: Mapping[str, float], name: Callable[[Interaction], str]
) -> Recovered:
    """The truth beside what each way has found. `scores`: R² of each way; `name`: of a set."""
    every = [members for members in truth if members]
    for sets in found.values():
        every += sorted((members for members in sets if members not in every), key=lambda m: -abs(sets[m]))
    rows = []
    for members in every:
        row = {"Set": name(members), "True": _shown(truth, members)}
        rows.append(row | {way: _shown(sets, members) for way, sets in found.items()})
    lines = tuple(_said(way, truth, sets, scores[way]) for way, sets in found.items())
    return Recovered(Table(tuple(rows)), lines)


def _shown(sets: Sets, members: Interaction) -> str:
    return number(sets[members]) if members in sets else "–"


def _said(way: str, truth: Sets, sets: Sets, score: float) -> str:
    """ "Trees, 24 masks: 3 of 5 sets, 7 that are not there; R² 67 %."."""
    real = [members for members in truth if members]
    hits = sum(1 for members in real if members in sets)
    false = sum(1 for members in sets if members not in truth)
    exact = all(abs(sets.get(members, 0.0) - truth[members]) < _NEAR for members in real)
    how = f"{false} more that are not there"
    if not false:
        how = "all as they are" if exact else "none that is not there"
    explains = f"it explains {percent(score)} of how the function varies"
    return f"{way}: {hits} of {len(real)} sets found, {how}; {explains}."
