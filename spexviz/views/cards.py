"""Cards of training examples: the data of one component. What is written on a card is hostile text and enters the page as text only.

A card holds one example or the members of a set, each a text or a picture of 8 × 8 pixels, with its label, a
value on a background of the value's colour, and lines of small print. The script reports `select` as a
trigger: {"members": [positions]}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.captions import shown_quality
from spexviz.views.words import upright

JS = resources.files("spexviz.views").joinpath("cards.js").read_text(encoding="utf-8")
CSS = resources.files("spexviz.views").joinpath("cards.css").read_text(encoding="utf-8")
DARKEST = 16.0  # the highest value of a pixel


@dataclass(frozen=True)
class Item:
    """What is shown of one example or group: its text, its label, a remark (such as what was planted), pixels (64 from 0 to 16)."""

    text: str
    label: str = ""
    remark: str = ""
    pixels: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Card:
    """Items and, where there is one, their value;

    `lines`: small print under them; `members`: what a click selects.
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
) -> dict[str, Any]:
    """The component's data, JSON-able.

    `limit`: the value with the full colour, by default the largest; `good`: False fades the colours.
    """
    limit = limit or max((abs(card.value) for card in cards if card.value is not None), default=0.0)
    t = theme.tokens(dark)
    body = {
        "cards": [_card(card, limit, dark) for card in cards],
        "large": large,
        "quality": "good" if good else "poor",
        "colours": {
            name: getattr(t, name) for name in ("ink", "muted", "grid", "surface", "accent", "up", "down")
        },
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return {
        "version": hashlib.sha256(canonical.encode()).hexdigest()[:16],
        "selection": sorted({int(i) for i in selection}),
        **body,
    }


def mattering(explanation: Explanation, items: Sequence[Item], top: int = 8) -> list[Card]:
    """A card for each of the players with the largest main effects, the largest first."""
    effects = explanation.main_effects()
    order = sorted(range(len(effects)), key=lambda i: (-abs(effects[i]), i))[:top]
    return [
        Card((items[i],), float(effects[i]), "main effect", members=(i,))
        for i in order
        if abs(effects[i]) > 1e-9
    ]


def quality_is_good(explanation: Explanation) -> bool:
    """Whether the colours may be shown at full strength."""
    return shown_quality(explanation) != "poor"


def text_twin(cards: Sequence[Card]) -> str:
    """The cards in words."""
    told = []
    for card in cards:
        value = "" if card.value is None else f": {card.what} {theme.number(card.value)}"
        told.append(
            " and ".join(
                f"“{item.text}” ({item.label})" if item.label else f"“{item.text}”" for item in card.items
            )
            + value
        )
    return "; ".join(told)


def _card(card: Card, limit: float, dark: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "items": [_item(item) for item in card.items],
        "lines": [upright(line) for line in card.lines],
        "members": list(card.members),
    }
    if card.value is not None:
        out |= {
            "value": theme.number(card.value),
            "what": card.what,
            "cell": theme.colour(card.value, limit, dark),
        }
    return out


def _item(item: Item) -> dict[str, Any]:
    out: dict[str, Any] = {
        "text": upright(item.text),
        "label": upright(item.label),
        "remark": upright(item.remark),
    }
    if item.pixels is not None:
        out["pixels"] = [round(min(1.0, max(0.0, pixel / DARKEST)), 3) for pixel in item.pixels]
    return out
