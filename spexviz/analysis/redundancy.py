"""Redundant or synergistic: what a set has beyond its members, read off a spectrum. Pure functions.

Of a set T the surrogate is looked at as a function of T alone, averaged over the other players: g(S) for S ⊆
T. Its joint part is I(T) = g(T) − g(∅) − Σ_i (g({i}) − g(∅)), for a pair the interaction BII(T) = 4 F(T).
Redundant: every member has a main effect, and I(T) the sign opposite to all of them (duplicates cancel).
Synergistic: every member has no main effect, or one of the same sign. Of either kind is a set only if every
member has a part in it: I(T) − I(T∖i) has the sign of I(T), and is more than a trace of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spexviz.analysis.sets import strongest, subsets
from spexviz.masks import Interaction
from spexviz.spectrum import Spectrum

NONE = 0.1  # a main effect below this share of the joint part counts as none
REDUNDANT, SYNERGISTIC, MIXED = "redundant", "synergistic", "mixed"


@dataclass(frozen=True)
class Group:
    """A set, its kind, its joint part and its members' main effects, its share of the variance.

    The effects are in the unit of the game.
    """

    members: Interaction
    kind: str
    joint: float
    mains: tuple[float, ...]
    share: float


def kind(mains: Sequence[float], joint: float) -> str:
    """Redundant, synergistic or mixed, by the signs of main effects and joint part.

    >>> kind([.5, .4], -.3), kind([.2, .3], .4), kind([.01, -.02], -.5)
    ('redundant', 'synergistic', 'synergistic')
    >>> kind([.5, -.4], .3), kind([.5, .01], -.3)
    ('mixed', 'mixed')
    """
    if not joint:
        return MIXED
    floor = NONE * abs(joint)
    if all(abs(main) > floor and main * joint < 0 for main in mains):
        return REDUNDANT
    if all(abs(main) <= floor or main * joint > 0 for main in mains):
        return SYNERGISTIC
    return MIXED


def groups(spectrum: Spectrum, orders: Sequence[int] = (2, 3)) -> tuple[Group, ...]:
    """The sets of these orders that the spectrum holds, the largest share of variance first.

    A set of three counts as one object.
    """
    shares = spectrum.shares()
    ranked = strongest(shares, orders)
    return tuple(group(spectrum, term, shares[term]) for term in ranked)


def group(spectrum: Spectrum, members: Interaction, share: float = 0.0) -> Group:
    """One set, looked at for itself."""
    coefficients = spectrum.coefficients
    mains = tuple(-2.0 * coefficients.get((i,), 0.0) for i in members)
    parts = subsets(members, 2)  # of two members and more
    inside = {part: coefficients.get(part, 0.0) for part in parts}
    joint = joint_part(inside)
    found = MIXED
    if all(_has_a_part(member, inside, joint) for member in members):
        found = kind(mains, joint)
    return Group(members, found, joint, mains, share)


def _has_a_part(member: int, inside: dict[Interaction, float], joint: float) -> bool:
    """Whether I(T) − I(T∖i) has the sign of I(T), and is more than a trace of it."""
    others = {subset: value for subset, value in inside.items() if member not in subset}
    part = joint - joint_part(others)
    return part * joint > NONE * joint**2


def joint_part(inside: dict[Interaction, float]) -> float:
    """I(T) from the coefficients F(R) of the subsets R ⊆ T of two members and more.

    Over masks of T: g(T) has the characters (−1)^|R|, g(∅) 1, and g({i}) −1 where i ∈ R, so that
    I(T) = Σ_R F(R) · ((−1)^|R| − 1 + 2 |R|).
    """
    return sum(value * _weight(len(term)) for term, value in inside.items())


def _weight(order: int) -> int:
    return (-1) ** order - 1 + 2 * order


def redundant(spectrum: Spectrum, orders: Sequence[int] = (2,)) -> tuple[Group, ...]:
    """The redundant sets, the largest share of variance first."""
    return _of_kind(REDUNDANT, spectrum, orders)


def synergistic(spectrum: Spectrum, orders: Sequence[int] = (2,)) -> tuple[Group, ...]:
    """The synergistic sets, the largest share of variance first."""
    return _of_kind(SYNERGISTIC, spectrum, orders)


def _of_kind(wanted: str, spectrum: Spectrum, orders: Sequence[int]) -> tuple[Group, ...]:
    every = groups(spectrum, orders)
    return tuple(found for found in every if found.kind == wanted)
