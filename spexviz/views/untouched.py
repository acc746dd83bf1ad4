"""Untouched: what was really measured on the input itself, with all of it kept and without some of it.

Never predicted: what the run has not asked is not said.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from spexviz.analysis.relations import Relations, relations
from spexviz.kit.arrays import Bools
from spexviz.kit.names import plain
from spexviz.masks import Interaction, all_but, all_masks
from spexviz.results import Explanation
from spexviz.results.subject import NUMBER, Subject
from spexviz.spectrum import Spectrum
from spexviz.views.voice import Voice


def measured(explanation: Explanation, members: Interaction) -> Relations | None:
    """A set seen from its members at the full input, all measured; None where some of it was not asked."""
    subsets = all_masks(len(members))
    removed = [_chosen(members, ~row) for row in subsets]
    values = explanation.asked(all_but(removed, len(explanation.players)))
    if np.isnan(values).any():
        return None
    places = tuple(range(len(members)))
    found = relations(Spectrum.exact(values), places, exact=True)
    told = [replace(one, player=members[one.player]) for one in found.members]
    return replace(found, members=tuple(told))


def effect(explanation: Explanation, members: Interaction) -> float:
    """The discrete derivative of a set at the full input, in `unit`; NaN where some of it was not asked.

    Of one player: the value with it, less the value without it.
    """
    subsets = all_masks(len(members))
    removed = [_chosen(members, row) for row in subsets]
    values = explanation.asked(all_but(removed, len(explanation.players)))
    signs = (-1.0) ** subsets.sum(1)
    return float(signs @ values)


def _chosen(members: Interaction, row: Bools) -> Interaction:
    return tuple(np.array(members)[row].tolist())


def said(explanation: Explanation, sets: tuple[Interaction, ...]) -> str:
    """ "positive: 81 %; without “never” 38 %, without “fails” 12 %, without both 55 %." of these sets.

    Each member of a set alone, then all of them; only what was asked. "" where nothing was.
    """
    parts = []
    told: set[Interaction] = set()
    for members in sets:
        if part := _without(explanation, members, told):
            parts.append(part)
    if not parts:
        return ""
    subject = explanation.subject
    value = _value(subject, explanation.ends[1])
    if subject.scale.kind == NUMBER:
        whole = f"Everything kept: {value}"
    else:
        whole = f"{plain(subject.scale.answers[0].strip())}: {value}"
    return f"{'; '.join([whole, *parts])}."


def _without(explanation: Explanation, members: Interaction, told: set[Interaction]) -> str:
    """What is known without each member of a set, and without all; `told` grows by what is said."""
    removed: list[Interaction] = [(i,) for i in members]
    if len(members) > 1:
        removed.append(members)
    values = explanation.asked(all_but(removed, len(explanation.players)))
    parts = []
    alone = 0  # members whose value stands before that of all
    for out, value in zip(removed, values.tolist(), strict=True):
        if out in told or math.isnan(value):
            continue
        told.add(out)
        name = Voice.of(explanation).name_all(out)
        if len(out) > 1 and alone == len(members):
            name = _all(len(members))
        alone += len(out) == 1
        parts.append(f"without {name} {_value(explanation.subject, value)}")
    return ", ".join(parts)


def _all(count: int) -> str:
    if count == 2:
        return "both"
    return f"all {count}"


def _value(subject: Subject, value: float) -> str:
    """A value by the scale: a probability, or a number with its unit."""
    return subject.scale.say_first(value, plain(subject.unit))
