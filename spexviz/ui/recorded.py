"""Recorded runs: real runs that open at once, without a model, from the gallery or from a lens's own page.

`tools/record_runs.py` makes them; their cards are drawn from its index.json alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from spexviz.jobs.store import RECORDED
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.ui import ownership, runtime, widgets
from spexviz.ui.lenses import lenses
from spexviz.views import captions
from spexviz.views.shelf import Cover, shelf

RUNS = ASSETS / "runs"
OPENED = "recorded-opened"  # session_state: the key of the card that was pressed


@dataclass(frozen=True)
class Recorded:
    """One recorded run: title, what it is an example of, what it found, and how far to trust it.

    `level` of trust from 0 to 1; `model`: its title; `ablations`: in all; `players`: how many, each of them a
    `noun`; `thumbnail`: its picture in small; `path`: its file. Finding and trust are what its page says.
    """

    title: str
    finding: str
    trust: str
    ablations: int
    players: int
    noun: str
    path: Path
    about: str = ""
    level: float = 0.0
    model: str = ""
    thumbnail: Mapping[str, Any] | None = None

    @property
    def game(self) -> str:
        """The name of its game."""
        return self.path.parent.name

    @property
    def key(self) -> str:
        """The game and the name of its file: "prompt.never-fails"."""
        return f"{self.game}.{self.path.stem}"

    @property
    def cover(self) -> Cover:
        """Its card."""
        players = f"{self.players}\u00a0{captions.plural(self.noun, self.players)}"
        facts = tuple(filter(None, [self.model, players, f"{self.ablations:,}\u00a0ablations"]))
        return Cover(
            self.key, self.title, self.finding, self.trust, self.level, self.about, facts, self.thumbnail
        )


@cache
def recorded(game: str) -> tuple[Recorded, ...]:
    """The recorded runs of a game, in the order of its index.json; none where it has none."""
    index = RUNS / game / "index.json"
    if not index.exists():
        return ()
    rows = json.loads(index.read_text(encoding="utf-8"))
    return tuple(Recorded(path=index.parent / row.pop("file"), **row) for row in rows)


def all_recorded() -> tuple[Recorded, ...]:
    """Those of every lens, in the order of the navigation."""
    return tuple(one for lens in lenses() for one in recorded(lens.game))


def of_key(key: object) -> Recorded | None:
    """The recorded run of this key, which a browser says; None where there is none."""
    return next((one for one in all_recorded() if one.key == key), None)


def taken_in(one: Recorded) -> str:
    """The id of a recorded run, once the store of this server has it."""
    explanation = Explanation.from_json(one.path.read_text(encoding="utf-8"))
    return runtime.manager().store.insert(explanation, one.title, RECORDED, ownership.user())


def cards(game: str) -> None:
    """The recorded runs of a lens on its own page."""
    found = recorded(game)
    if not found:
        return
    st.header("Recorded runs", anchor=False)
    st.caption(
        "Real runs, with the settings and the ablations that they took; they open at once, and no model is "
        "loaded for it."
    )
    draw(found, f"recorded-{game}")


def draw(shown: Sequence[Recorded], key: str, heading: int = 3) -> None:
    """A card a run, its title a heading of this level; one that is pressed is what `pressed` tells of."""
    covers = [one.cover for one in shown]
    widgets.asking(shelf(covers, heading=heading, dark=widgets.dark()), key, open=_press)


def _press(said: Any) -> None:
    st.session_state[OPENED] = said.get("key") if isinstance(said, Mapping) else None


def pressed() -> Recorded | None:
    """The run whose card was pressed just now."""
    return of_key(st.session_state.pop(OPENED, None))
