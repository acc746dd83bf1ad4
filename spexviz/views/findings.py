"""Findings: sentences on which set is the strongest, what it carries, and what removing its members does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from spexviz.indices import Interactions
from spexviz.kit.arrays import Bools
from spexviz.kit.names import names
from spexviz.masks import Interaction, all_but
from spexviz.metrics import constant
from spexviz.results import Explanation
from spexviz.views.theme import crosses_zero, interval_text, number, percent
from spexviz.views.words import joined, plural

FEW = 16  # masks that differ from all others, below which they are said to be rare
MANY, CARRIES = 50, 0.05  # equal terms, and share of the variance, from which sets are said to be spread out
SLIGHT = 0.01  # share of variance of the strongest set below which the players act mostly one by one


def finding(explanation: Explanation, interactions: Interactions) -> str:
    """One or two sentences on the strongest set: its share, its value, and what removing its members does."""
    head = headline(explanation, interactions)
    members = strongest(interactions)
    if members is None or never_changed(explanation) or _apart(interactions, members):
        return head
    return f"{head} {removal(explanation, members)}"


def never_changed(explanation: Explanation) -> str:
    """What is said of a run whose values are all equal, so that no fit and no budget helps; "" for others.

    What shows in a share 3/m of masks is met by m of them with 95 % (the rule of three, Hanley & Lippman-Hand
    1983).
    """
    seen = [explanation.sample.values, explanation.held_out.values, explanation.ends]
    if not constant(np.concatenate(seen)):
        return ""
    count = len(explanation.sample) + len(explanation.held_out)
    value = explanation.subject.say(explanation.ends[1])
    said = f"The value never changed: {value} for all {count:,} masks, so there is nothing to explain."
    if not explanation.proof.exact:
        said += f" What shows in fewer than about {percent(3 / count)} of the masks cannot be seen."
    nouns = plural(explanation.subject.noun)
    return f"{said} Look at another value, or at other {nouns}."


def rare(explanation: Explanation) -> str:
    """What is said where few of the masks asked differ from all others: the fit rests on these; else ""."""
    values = np.concatenate([explanation.sample.values, explanation.held_out.values])
    if explanation.proof.exact or constant(values):
        return ""
    usual = np.median(values)
    differ = int((np.abs(values - usual) > 1e-9 * np.abs(values).max()).sum())
    if differ >= FEW:
        return ""
    count = len(values)
    return (
        f"All but {differ} of the {count:,} masks have the same value, so all rests on these few, R² too, "
        f"and what shows in fewer than about {percent(3 / count)} of the masks cannot be seen."
    )


def spread(explanation: Explanation) -> str:
    """What is said where the sets share what they carry among many small terms of about one size; else ""."""
    spectrum = explanation.spectrum
    energy = spectrum.values**2
    sets = energy[spectrum.orders > 1]
    carried = float(sets.sum())
    if explanation.proof.exact or carried < CARRIES * spectrum.energy() or not carried:
        return ""
    alike = carried**2 / float((sets**2).sum())  # of so many equal terms
    if alike < MANY:
        return ""
    share = percent(carried / spectrum.energy())
    return (
        f"What the sets carry ({share} of the variance) is spread out over many small terms: "
        "which of them are real is not certain."
    )


def headline(explanation: Explanation, interactions: Interactions) -> str:
    """The first sentence of the finding: which set is the strongest, its share, and its value."""
    unchanged = never_changed(explanation)
    if unchanged:
        return unchanged
    members = strongest(interactions)
    if members is None:
        return _no_set(explanation, interactions)
    carries = _carries(explanation, interactions, members)
    alone = _apart(interactions, members)
    if not alone:
        return f"{carries}."
    nouns = plural(explanation.subject.noun)
    return (
        f"The {nouns} act mostly one by one: {percent(alone)} of the variance is theirs alone. "
        f"Of the sets, {carries}."
    )


def _no_set(explanation: Explanation, interactions: Interactions) -> str:
    """What is said where no set of two or more has a value."""
    noun = explanation.subject.noun
    nouns = plural(noun)
    for members, value in interactions.top(1):
        if len(members) == 1:
            name = names(explanation.players)[members[0]]
            return (
                f"No interaction stands out: the {nouns} act one by one. "
                f"The strongest is “{name}” with {number(value)} {explanation.unit}."
            )
    return f"Nothing stands out: no {noun} or set of {nouns} moves the value."


def _carries(explanation: Explanation, interactions: Interactions, members: Interaction) -> str:
    """The set's share of the variance, its value and how certain its sign is, without a full stop."""
    name = joined(members, names(explanation.players))
    share = interactions.shares.get(members, math.nan)
    text = f"{name} carries {percent(share)} of the variance"
    value = interactions.values[members]
    interval = (interactions.intervals or {}).get(members)
    if len(members) > 1 and math.isfinite(value):
        moves = f"{number(value)} {interval_text(interval)}".rstrip()
        text += f": together they move the {explanation.unit} by {moves}"
        text += f" beyond what they do apart ({interactions.index})"
    if crosses_zero(interval):
        text += ", but the interval crosses 0, so the sign is not certain"
    return text


def _apart(interactions: Interactions, members: Interaction) -> float:
    """The players' own share of variance, where it is most and the strongest set has next to none; else 0."""
    shares = interactions.shares
    alone = sum(share for term, share in shares.items() if len(term) == 1)
    if shares.get(members, 1.0) < SLIGHT and alone > 0.5:
        return alone
    return 0.0


def strongest(interactions: Interactions) -> Interaction | None:
    """The first set of two or more players in rank order, if any has a value other than 0."""
    for members, value in interactions.top(50, include_singletons=False):
        if abs(value) > 1e-9:
            return members
    return None


def by_size(effects: Sequence[float]) -> list[int]:
    """The players, the one with the largest effect first; of equal ones in their order."""
    return sorted(range(len(effects)), key=lambda i: -abs(effects[i]))


def removal(explanation: Explanation, members: Interaction) -> str:
    """What removing the members from the full input does to the value: each alone, then all together.

    Real values where these masks were asked, else the surrogate's; the sentence says which.
    """
    first, *others = members
    removed: list[Interaction] = [(i,) for i in members]
    if others:
        removed.append(members)
    changes, measured = removal_changes(explanation, removed)
    source = "by the surrogate"
    if measured:
        source = "measured"

    shown = names(explanation.players)
    text = f"Removing “{shown[first]}” alone changes the {explanation.unit} by {number(changes[0])}"
    if not others:
        return f"{text} ({source})."
    for i, change in zip(others, changes[1:-1], strict=True):
        text += f", “{shown[i]}” by {number(change)}"
    together = f"all {len(members)}"
    if len(members) == 2:
        together = "both"
    text += f", {together} by {number(changes[-1])}"
    return f"{text} ({source}): {_relation(changes)}."


def removal_changes(explanation: Explanation, removed: list[Interaction]) -> tuple[list[float], bool]:
    """Change of the value when each set is removed from the full input, and whether all were measured."""
    n = len(explanation.players)
    masks = all_but(removed, n)
    found = [_asked(explanation, mask) for mask in masks]
    real = [value for value in found if value is not None]
    if len(real) == len(removed):
        full = explanation.ends[1]
        return [value - full for value in real], True
    everything = all_but([()], n)
    full = explanation.spectrum(everything)[0]
    changes = explanation.spectrum(masks) - full
    return changes.tolist(), False


def _asked(explanation: Explanation, mask: Bools) -> float | None:
    """The real value of a mask that the run has asked, else None."""
    if not mask.any():
        return explanation.ends[0]
    for sample in (explanation.sample, explanation.held_out):
        same = (sample.masks == mask).all(axis=1)
        rows = np.flatnonzero(same)
        if len(rows):
            return float(sample.values[rows[0]])
    return None


def _relation(changes: list[float]) -> str:
    """How the change of all compares with the sum of the changes alone (the last entry is all together)."""
    total = sum(changes[:-1])
    together = changes[-1]
    scale = max(map(abs, changes))
    if scale < 1e-9:
        return "none of it changes anything on the full input"
    parts = f"the sum of the parts ({number(total)})"
    if abs(together - total) < 0.15 * scale:
        return f"about {parts}, so on the full input they add up"
    if abs(together) > abs(total) and together * total >= 0:
        return f"more than {parts}, so they work together"
    if together * total < 0:
        return f"not {parts} but the opposite, so they work together"
    return f"less than {parts}, so they work together: each needs the rest"
