"""Cards of training examples: the data of one component. What stands on a card is hostile: it stays text.

A card holds one example or the members of a set, each a text or a picture of 8 × 8 pixels, with its label, a
value on a background of the value's colour, and lines of small print. The script reports `select` as a
trigger: {"members": [positions]}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.analysis.sets import by_size
from spexviz.kit.names import upright
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.captions import check_text
from spexviz.views.component import colours, versioned
from spexviz.views.index_words import MEAN, checks_of, named, singles
from spexviz.views.theme import number, percent
from spexviz.views.trust import quality

_COLOURS = ("ink", "muted", "grid", "surface", "accent", "up", "down")
DARKEST = 16.0  # the highest value of a pixel


@dataclass(frozen=True)
class Item:
    """What is shown of one example or group: its text and label.

    `remark`: such as what was planted; `pixels`: 64, from 0 to 16.
    """

    text: str
    label: str = ""
    remark: str = ""
    pixels: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Card:
    """Items and, where there is one, their value.

    `what`: what the value is; `lines`: small print under them; `members`: what a click selects.
    """

    items: tuple[Item, ...]
    value: float | None = None
    what: str = ""
    lines: tuple[str, ...] = ()
    members: Interaction = ()


def data(
    cards: Sequence[Card],
    *,
    dark: bool = False,
    selection: Sequence[int] = (),
    limit: float = 0.0,
    large: bool = False,
    good: bool = True,
    tools: str = "",
) -> dict[str, Any]:
    """The component's data, JSON-able.

    `limit`: the value with the full colour, by default the largest; `good`: False fades the colours; `tools`:
    what a player is called, where the bar that says what a press does is to stand over them.
    """
    values = [card.value for card in cards if card.value is not None]
    limit = limit or max(map(abs, values), default=0.0)
    shown = "poor"
    if good:
        shown = "good"
    body = {
        "cards": [_card(card, limit, dark) for card in cards],
        "large": large,
        "tools": tools,
        "quality": shown,
        "colours": colours(_COLOURS, dark),
    }
    return versioned(body, selection)


def mattering(
    explanation: Explanation, items: Sequence[Item], top: int = 8, *, index: str = MEAN, order: int = 3
) -> list[Card]:
    """A card for each of the players with the largest values, the largest first.

    `index`, `order`: of the values; the mean effect by default.
    """
    found = explanation.interactions(index, order)
    effects = singles(found)
    cards = []
    for i in by_size(effects)[:top]:
        if abs(effects[i]) > 1e-9:
            cards.append(Card((items[i],), effects[i], named(found.index), members=(i,)))
    return cards


def of_set(
    explanation: Explanation,
    items: Sequence[Item],
    members: Interaction,
    lines: Sequence[str] = (),
    *,
    index: str = MEAN,
    order: int = 3,
) -> Card:
    """A card for a set: its value, its members' own and its share of the variance, its check on the model.

    `lines`: further small print, such as what was retrained. `index`, `order`: of the values.
    """
    found = explanation.interactions(index, max(order, len(members)))
    alone = ", ".join(number(found[(i,)]) for i in members)
    share = percent(found.shares.get(members, 0.0))
    print_ = [f"Each on its own {alone}; the set carries {share} of the variance", *lines]
    check = checks_of(explanation, found.index).get(members)
    if check is not None:
        print_.append(f"Checked, {check_text(check, found.unit)}")
    shown = tuple(items[i] for i in members)
    what = named(found.index)
    value: float | None = found[members]
    if found.order < len(members):
        what, value = f"the {what} is of single ones", None
    elif found.index == MEAN:
        what = "beyond what its parts do"
    return Card(shown, value, what, tuple(print_), members)


def quality_is_good(explanation: Explanation) -> bool:
    """Whether the colours may be shown at full strength."""
    return quality(explanation) != "poor"


def text_twin(cards: Sequence[Card]) -> str:
    """The cards in words."""
    return "; ".join(map(_card_text, cards))


def _card_text(card: Card) -> str:
    text = " and ".join(map(_item_text, card.items))
    if card.value is not None:
        text += f": {card.what} {number(card.value)}"
    return text


def _item_text(item: Item) -> str:
    text = f"“{item.text}”"
    if item.label:
        text += f" ({item.label})"
    return text


def _card(card: Card, limit: float, dark: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"members": list(card.members)}
    written["items"] = [_item(item) for item in card.items]
    written["lines"] = [upright(line) for line in card.lines]
    if card.value is not None:
        written["value"] = number(card.value)
        written["what"] = card.what
        written["cell"] = theme.colour(card.value, limit, dark)
    return written


def _item(item: Item) -> dict[str, Any]:
    written: dict[str, Any] = {"text": upright(item.text)}
    written["label"] = upright(item.label)
    written["remark"] = upright(item.remark)
    if item.pixels is not None:
        written["pixels"] = [_blackness(pixel) for pixel in item.pixels]
    return written


def _blackness(pixel: float) -> float:
    """How dark a pixel is drawn, from 0 to 1."""
    share = pixel / DARKEST
    return round(min(1.0, max(0.0, share)), 3)
