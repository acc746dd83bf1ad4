"""Limits: what is said of a run whose values hardly tell, or whose sets share what they carry."""

from __future__ import annotations

import numpy as np

from spexviz.kit.cached import kept
from spexviz.metrics import constant
from spexviz.results import Explanation
from spexviz.views.theme import percent
from spexviz.views.words import plural

FEW = 16  # masks that differ from all others, below which they are said to be rare
MANY, CARRIES = 50, 0.05  # equal terms, and share of the variance, from which sets are said to be spread out


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


@kept
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
        f"What the sets carry ({share} of the variance) is spread out over many small sets: "
        "which of them are real is not certain."
    )
