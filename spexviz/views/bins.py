"""Bins: how a few structured masks find sparse sets: each answer a sum, and sums are peeled; one component.

The script reports by the trigger `did`: {"what": "single"} for a press on a bin that holds one set alone,
{"what": "peeled"} when the last round is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.masks import Interaction
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component
from spexviz.views.theme import TIMES, number

_COLOURS = ("ink", "muted", "grid", "surface", "accent", "up", "down")
Sums = tuple[tuple[tuple[float, ...], ...], ...]
"""(groups, bins, rows): what each bin holds, first as it is, then with each player flipped in turn."""


@dataclass(frozen=True)
class Round:
    """`found`: sets with their coefficients; `sums`: what the bins hold after that."""

    found: tuple[tuple[Interaction, float], ...]
    sums: Sums


@dataclass(frozen=True)
class Peeling:
    """`terms`: the sets of the known function; `places`: the bin of each, in each group.

    `rounds`: the first is before anything is found. `masks`: that were asked, of `possible` ones.
    """

    names: str
    terms: tuple[Interaction, ...]
    places: tuple[tuple[int, ...], ...]
    rounds: tuple[Round, ...]
    masks: int
    possible: int

    def name(self, members: Interaction) -> str:
        """ "B × E × G"."""
        return f" {TIMES} ".join(self.names[i] for i in members)


def bins(peeling: Peeling, *, dark: bool = False) -> Component:
    """The bins and the rounds, to go through."""
    known = dict.fromkeys(peeling.terms, 0.0)
    told: list[dict[str, Any]] = []
    for k, one in enumerate(peeling.rounds):
        for members, value in one.found:
            known[members] = known.get(members, 0.0) + value
        left = [term for term in peeling.terms if known[term] == 0.0]
        told.append(
            {
                "found": [f"{peeling.name(members)} {number(value)}" for members, value in one.found],
                "groups": [_group(peeling, g, left, sums) for g, sums in enumerate(one.sums)],
                "said": _said(peeling, k, len(left)),
            }
        )
    body = {"rounds": told, "names": list(peeling.names), "colours": colours(_COLOURS, dark)}
    return Component("bins", versioned(body, ()), told[-1]["said"])


def _group(
    peeling: Peeling, group: int, left: list[Interaction], sums: tuple[tuple[float, ...], ...]
) -> list[dict[str, Any]]:
    """The bins of a group: their sums, which sets of the function are in each, and how its sum is read."""
    found = []
    for at, (value, *flipped) in enumerate(sums):
        places = zip(peeling.terms, peeling.places[group], strict=True)
        inside = [term for term, place in places if place == at and term in left]
        shown = {"sum": number(value), "sets": [peeling.name(term) for term in inside]}
        found.append(
            shown | {"flips": list(map(number, flipped)), "said": _read(peeling, inside, value, flipped)}
        )
    return found


def _read(peeling: Peeling, inside: list[Interaction], value: float, flipped: Sequence[float]) -> str:
    """What the sums with each player flipped say of a bin."""
    if not inside:
        return "An empty bin: none of its 64 possible sets has a number of its own, or all are taken out."
    turned = [name for name, one in zip(peeling.names, flipped, strict=True) if abs(one + value) < 1e-9]
    if len(inside) == 1:
        return (
            f"One set alone: the sum only ever turns its sign. It turns for {_listed(turned)}, so the set is "
            f"{peeling.name(inside[0])}, and its number is {number(value)}."
        )
    return (
        f"{len(inside)} sets lie on top of each other: for some letters the sum changes its size, not only "
        "its sign. No single set does that, so this bin cannot be read yet."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _said(peeling: Peeling, k: int, left: int) -> str:
    """What a round has done."""
    if k == 0:
        each = peeling.possible // len(peeling.rounds[0].sums[0])
        return (
            f"{peeling.masks} masks of {peeling.possible} were asked, in two groups. Each bin is a sum: it "
            f"adds up the numbers of {each} possible sets. Only those that are not 0 are written in it."
        )
    names = [peeling.name(members) for members, _ in peeling.rounds[k].found]
    rest = "Nothing is left: all sets are found."
    if left:
        rest = f"{left} to go: what lay on top of each other may now stand alone."
    were = "was" if len(names) == 1 else "were"
    return f"Round {k}: {_listed(names)} {were} read and taken out of the bins of both groups. {rest}"
