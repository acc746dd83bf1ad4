"""Selected: what is known of the selected players, in a few sentences."""

from __future__ import annotations

from spexviz.indices import FIRST_ORDER
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import untouched
from spexviz.views.captions import check_text
from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.index_words import MEAN, named, title_of
from spexviz.views.story import Component, Look, Words
from spexviz.views.theme import interval_text, number, percent
from spexviz.views.words import joined, one, plural

# of the field, that it uses
WORDS = "variance, surrogate, confirmed"


def selected(explanation: Explanation, look: Look) -> Component | Words:
    """What is said of the selected set, or how to select one where something can be clicked."""
    said = sentence(explanation, look)
    if look.still:
        return Words(tuple(filter(None, [said])))
    player = one(explanation.subject.noun)
    hint = f"Click {player}, a set, a node or a table row to follow it through all views."
    terms = explained(explanation.unit, WORDS)
    body = {"hint": hint, "terms": terms, "colours": colours(("ink", "muted", "up"), look.dark)}
    return Component("selected", {**versioned(body, look.selection), "said": said}, said)


def sentence(explanation: Explanation, look: Look) -> str:
    """The selected set: its number, what leaving it out really does, and its check; "" for none."""
    members = look.selection
    if not members:
        return ""
    name = joined(members, names(explanation.players))
    told = [f"{name}: {_number(explanation, look)}"]
    if look.index == MEAN:  # nothing measured stands beside another index
        told.append(_without(explanation, members))
    for check in look.checks(explanation):
        if check.members == members:
            told.append(f"Checked on the model, {check_text(check, explanation.unit)}")
    return " ".join(filter(None, told))


def _number(explanation: Explanation, look: Look) -> str:
    """The value of the set as every view shows it."""
    members = look.selection
    found = look.at(explanation)
    if members not in found.values:
        return _why_none(explanation, look)
    interval = (found.intervals or {}).get(members)
    value = f"{number(found.values[members])} {found.unit} {interval_text(interval)}".rstrip()
    share = percent(found.shares.get(members, 0.0))
    if look.index != MEAN:
        return f"{title_of(found.index)} {value}."
    if len(members) == 1:
        return f"keeping it moves the value by {value} on average; {share} of the variance."
    return f"together they move the value by {value} beyond what their parts do; {share} of the variance."


def _why_none(explanation: Explanation, look: Look) -> str:
    """Why the set has no number: it may be of more players than are shown."""
    nouns = plural(explanation.subject.noun)
    if look.index in FIRST_ORDER and len(look.selection) > 1:
        return f"the {named(look.index)} is of single {nouns} only."
    if len(look.selection) > look.order:
        return f"of more {nouns} than the highest order that is shown."
    return "as a set, nothing was found of it."


def _without(explanation: Explanation, members: Interaction) -> str:
    """Real values without each of them and without all, where the run has asked it; as under the finding."""
    said = untouched.said(explanation, (members,))
    if not said:
        return ""
    return f"Measured: {said}"
