"""Examples: the training examples that matter, and the sets of them that act together, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from spexviz.analysis import redundancy
from spexviz.analysis.redundancy import Group
from spexviz.kit.arrays import Floats
from spexviz.kit.names import plain
from spexviz.results import Explanation
from spexviz.views import cards, untouched
from spexviz.views.cards import Card, Item
from spexviz.views.index_words import MEAN
from spexviz.views.story import Component, Look, Panel, Table
from spexviz.views.theme import number

__all__ = ["groups", "harmful", "mattering"]

TOP, SETS = 6, 3  # cards of examples; of sets of a kind
LEAST = 0.002  # share of the variance below which a set is not worth a card
EFFECT, ALONE, NOTE = "Mean effect", "Left out alone", "Note"
KINDS = {
    redundancy.REDUNDANT: "One can stand in for the other",
    redundancy.SYNERGISTIC: "Only together",
}


def mattering(explanation: Explanation, items: Sequence[Item], look: Look) -> Component:
    """The players with the largest effects, the largest first."""
    shown = _items(explanation, items)
    made = cards.mattering(explanation, shown, TOP, index=look.index, order=look.order)
    return _component(explanation, made, look, tools=explanation.subject.noun)


def groups(explanation: Explanation, items: Sequence[Item]) -> list[Panel]:
    """A panel for each kind of sets of two and three that the run has found."""
    effects = explanation.interactions("mean", 3)
    found = []
    for group in redundancy.groups(explanation.spectrum):
        says_the_same = effects[group.members] * group.joint > 0
        if group.share >= LEAST and says_the_same:
            found.append(group)
    panels = []
    for kind, title in KINDS.items():
        chosen = [group for group in found if group.kind == kind][:SETS]
        if chosen:
            make = partial(_sets, explanation, items, chosen)
            panels.append(Panel(title, make, selects=True, is_titled=True))
    return panels


def harmful(
    explanation: Explanation, items: Sequence[Item], players: Sequence[int], alone: Floats | None = None
) -> Table:
    """The players that do harm, the worst first: their mean effect and, where it is known, leave-one-out.

    `alone` (n,): the real value of everything less the value without each.
    """
    effects = explanation.main_effects()
    noun = explanation.subject.noun.capitalize()
    columns = {noun: "", "Label": "", EFFECT: "Average effect of keeping it, by the surrogate"}
    numbers = {EFFECT: tuple(float(effects[i]) for i in players)}
    if alone is not None:
        columns[ALONE] = "Really retrained: the value with everything, less the value without this one"
        numbers[ALONE] = tuple(float(alone[i]) for i in players)
    if any(item.remark for item in items):
        columns[NOTE] = ""
    rows = []
    for row, i in enumerate(players):
        said = {noun: plain(items[i].text, 120), "Label": items[i].label, NOTE: items[i].remark}
        said |= {name: number(column[row]) for name, column in numbers.items()}
        rows.append({name: said[name] for name in columns})
    return Table(tuple(rows), tuple((i,) for i in players), columns, numbers)


def _sets(explanation: Explanation, items: Sequence[Item], found: Sequence[Group], look: Look) -> Component:
    shown = _items(explanation, items)
    made = [_card(explanation, shown, group, look) for group in found]
    return _component(explanation, made, look)


def _card(explanation: Explanation, shown: Sequence[Item], group: Group, look: Look) -> Card:
    """A set with its value, what its members do alone, and what the model does without them."""
    lines = []
    told = untouched.said(explanation, (group.members,))
    if told and look.index == MEAN:  # nothing measured stands beside another index
        lines.append(f"Measured: {told}")
    chosen = {"index": look.index, "order": look.order}
    return cards.of_set(explanation, shown, group.members, lines, **chosen)


def _items(explanation: Explanation, items: Sequence[Item]) -> tuple[Item, ...]:
    """What is shown of each player: its name where nothing else is known."""
    if len(items) == len(explanation.players):
        return tuple(items)
    return tuple(map(Item, explanation.players))


def _component(explanation: Explanation, made: Sequence[Card], look: Look, *, tools: str = "") -> Component:
    good = cards.quality_is_good(explanation)
    data = cards.data(made, dark=look.dark, selection=look.selection, good=good, tools=tools)
    return Component("cards", data, cards.text_twin(made))
