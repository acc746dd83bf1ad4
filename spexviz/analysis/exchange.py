"""Exchange: interactions of ours as shapiq's InteractionValues, and back.

The two packages spell indices alike. A mean effect over uniform masks is shapiq's BII; what shapiq has no
word for is refused. shapiq keeps no shares of variance, by which sets are ranked here: they are made of the
values, as far as these say what was fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from spexviz.errors import SpecError
from spexviz.masks import Interaction

BANZHAF = ("BII", "BV")  # each value is one coefficient of the spectrum, times (−2)^|S|
# a value for each set, which a mask has if it keeps all of the set: together they are a surrogate
SURROGATES = ("FBII", "FSII", "k-SII", "STII", "SV", "Moebius")
BOTH = (*BANZHAF, *SURROGATES, "SII")
_SAME = "spexviz and shapiq have in common"
ROUGH = (
    "The values of SII are no surrogate of the game: its shares of variance are those that they would have "
    "as Banzhaf interactions."
)


def index_of(index: str, keep: float = 0.5) -> str:
    """What shapiq calls an index of ours. Raises SpecError where it has no word for it."""
    if index == "mean" and keep == 0.5:
        return "BII"
    if index in BOTH:
        return index
    more = f" of masks that keep players with probability {keep:g}" if index == "mean" else ""
    raise SpecError(f"shapiq has no index {index}{more}: {_SAME} {', '.join(BOTH)}.")


def to_shapiq(
    values: Mapping[Interaction, float], index: str, order: int, n: int, estimated: bool = True
) -> Any:
    """shapiq's InteractionValues of the values {set: value} of one of its indices.

    Raises SpecError where shapiq is not installed.
    """
    try:
        from shapiq import InteractionValues  # pyright: ignore[reportMissingImports] of whoever has it
    except ImportError:
        raise SpecError("shapiq is not installed: pip install shapiq.") from None
    return InteractionValues(
        dict(values),
        index=index,
        max_order=order,
        n_players=n,
        min_order=min(map(len, values), default=1),
        estimated=estimated,
        baseline_value=values.get((), 0.0),
    )


def from_shapiq(found: Any) -> tuple[str, dict[Interaction, float]]:
    """The index and the values {set: value} of shapiq's InteractionValues.

    Raises SpecError for an index that is not ours.
    """
    index = str(found.index)
    if index not in BOTH:
        raise SpecError(f"There is no index {index!r:.40} here: {_SAME} {', '.join(BOTH)}.")
    sets = {tuple(sorted(map(int, members))): float(value) for members, value in found.dict_values.items()}
    return index, dict(sorted(sets.items(), key=lambda item: (len(item[0]), item[0])))


def shares_of(index: str, values: Mapping[Interaction, float]) -> dict[Interaction, float]:
    """{set: its share of the variance over uniform masks} of the surrogate that these values are.

    >>> shares_of("Moebius", {(0, 1): 4.0})
    {(0, 1): 0.3333333333333333}
    """
    if index in SURROGATES:
        coefficients = _spectrum(values)
    else:
        coefficients = {members: value / (-2.0) ** len(members) for members, value in values.items()}
    energy = {members: value**2 for members, value in coefficients.items() if members}
    total = sum(energy.values())
    return {members: energy[members] / total if total and members else 0.0 for members in values}


def _spectrum(values: Mapping[Interaction, float]) -> dict[Interaction, float]:
    """F(S) = (−1)^|S| Σ_{T ⊇ S} 2^−|T| v(T): of a sum of v over the sets that a mask keeps whole."""
    found: dict[Interaction, float] = {}
    for members, value in values.items():
        part = value / 2.0 ** len(members)
        for subset in _subsets(members):
            found[subset] = found.get(subset, 0.0) + (-1.0) ** len(subset) * part
    return found


def _subsets(members: Sequence[int]) -> chain[Interaction]:
    return chain.from_iterable(combinations(members, size) for size in range(len(members) + 1))
