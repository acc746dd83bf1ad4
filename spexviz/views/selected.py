"""Selected: what is known of the selected players, in a few sentences."""

from __future__ import annotations

import math

from spexviz.kit.names import names
from spexviz.masks import Interaction, all_but
from spexviz.results import Explanation
from spexviz.views.captions import check_text
from spexviz.views.index_words import MEAN, title_of
from spexviz.views.story import Look, Words
from spexviz.views.theme import interval_text, number, percent
from spexviz.views.words import joined, one


def selected(explanation: Explanation, look: Look) -> Words:
    """The selected set: its number, what leaving it out really does, and its check; or how to select one."""
    members = look.selection
    if not members:
        player = one(explanation.subject.noun)
        return Words((f"Click {player}, a set, a node or a table row to follow it through all views.",))
    name = joined(members, names(explanation.players))
    told = [f"{name}: {_number(explanation, look)}"]
    if look.index == MEAN:  # nothing measured stands beside another index
        told.append(_without(explanation, members))
    for check in look.checks(explanation):
        if check.members == members:
            told.append(f"Checked on the model, {check_text(check, explanation.unit)}")
    return Words((" ".join(filter(None, told)),))


def _number(explanation: Explanation, look: Look) -> str:
    """The value of the set as every view shows it."""
    members = look.selection
    found = look.at(explanation)
    if members not in found.values:
        return "as a set, nothing was found of it."
    interval = (found.intervals or {}).get(members)
    value = f"{number(found.values[members])} {found.unit} {interval_text(interval)}".rstrip()
    share = percent(found.shares.get(members, 0.0))
    if look.index != MEAN:
        return f"{title_of(found.index)} {value}."
    if len(members) == 1:
        return f"keeping it moves the value by {value} on average; {share} of the variance."
    return f"together they move the value by {value} beyond what their parts do; {share} of the variance."


def _without(explanation: Explanation, members: Interaction) -> str:
    """The real value without the set, where the run has asked it."""
    (value,) = explanation.asked(all_but([members], len(explanation.players))).tolist()
    if not math.isfinite(value):
        return ""
    say = explanation.subject.say
    return f"Measured: {say(explanation.ends[1])}; without {_them(members)} {say(value)}."


def _them(members: Interaction) -> str:
    return "it" if len(members) == 1 else "them"
