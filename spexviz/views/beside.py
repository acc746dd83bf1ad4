"""Beside: the picture of a run as it stands beside that of another one, both on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from spexviz.results import Explanation
from spexviz.views import arcs, cards, strip
from spexviz.views.board import places
from spexviz.views.cards import Card, Item
from spexviz.views.scale import Scale
from spexviz.views.squares import squares
from spexviz.views.story import Component, Look

MOST_CARDS = 6


def picture(
    explanation: Explanation,
    look: Look,
    scale: Scale | None = None,
    items: Sequence[Item] = (),
    none: str = "",
) -> Component:
    """The text with its sets, the grid of parts, or what matters most of what is neither.

    `items`: what is shown of each player where it is more than its name, such as an example with its label;
    `none`: what is said where there is no set.
    """
    found = look.at(explanation)
    about = {"dark": look.dark, "selection": look.selection}
    if places(explanation) is not None:
        return squares(explanation, found, top=look.top, scale=scale, **about)
    if len(items) == len(explanation.players):
        made = cards.mattering(explanation, items, MOST_CARDS, index=look.index, order=look.order)
        return _of_cards(explanation, made, look, scale)
    data = strip.data(explanation, found, top=look.top, scale=scale, none=none, **about)
    return Component("strip", data, arcs.in_text(explanation, found, look.top))


def _of_cards(explanation: Explanation, made: Sequence[Card], look: Look, scale: Scale | None) -> Component:
    limit = scale.colour if scale else 0.0
    good = cards.quality_is_good(explanation)
    data = cards.data(made, dark=look.dark, selection=look.selection, good=good, limit=limit)
    return Component("cards", data, cards.text_twin(made))
