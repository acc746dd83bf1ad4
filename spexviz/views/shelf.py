"""Shelf: runs as cards, each with its picture in small and what it found: the data of one component.

The script reports `open` as a trigger: {"key": …} of the card that was pressed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.kit.names import upright
from spexviz.views import theme
from spexviz.views.component import colours, versioned
from spexviz.views.story import Component

_COLOURS = ("ink", "muted", "grid", "surface", "accent", "up", "down", "page")


@dataclass(frozen=True)
class Cover:
    """What a run's card shows.

    `key`: by which the script names it; `about`: what it is an example of; `trust`: how far to trust it, with
    its `level` from 0 to 1; `facts`: small print, such as the model; `picture`: as `thumbnail` makes it.
    """

    key: str
    title: str
    finding: str
    trust: str
    level: float
    about: str = ""
    facts: tuple[str, ...] = ()
    picture: Mapping[str, Any] | None = None


def shelf(covers: Sequence[Cover], *, heading: int = 3, dark: bool = False) -> Component:
    """The cards in their order, as many beside each other as there is room for.

    `heading`: the level of their titles.
    """
    body: dict[str, Any] = {"cards": [_card(cover) for cover in covers]}
    body["heading"] = heading
    body["colours"] = colours(_COLOURS, dark) | {"cells": theme.palette(dark)}
    said = " ".join(f"{cover.title}: {cover.finding}" for cover in covers)
    return Component("shelf", versioned(body, ()), said)


def _card(cover: Cover) -> dict[str, Any]:
    return {
        "key": cover.key,
        "about": upright(cover.about),
        "title": upright(cover.title),
        "finding": upright(cover.finding),
        "trust": upright(cover.trust),
        "level": round(cover.level, 2),
        "facts": [upright(fact) for fact in cover.facts],
        "picture": cover.picture,
    }
