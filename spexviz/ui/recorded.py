"""Recorded runs: real runs that open from a lens's page at once, without a model.

`tools.record_runs.py` makes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from spexviz.jobs.store import RECORDED
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.ui import ownership, runtime, watch, widgets
from spexviz.views import captions

RUNS = ASSETS / "runs"
COLUMNS = 2


@dataclass(frozen=True)
class Recorded:
    """One recorded run: title, what it found, how far to trust it, ablations in all, players, and its file.

    Finding and trust are what its page says.
    """

    title: str
    finding: str
    trust: str
    ablations: int
    players: int
    noun: str
    path: Path


@cache
def recorded(game: str) -> tuple[Recorded, ...]:
    """The recorded runs of a game, in the order of its index.json; none where it has none."""
    index = RUNS / game / "index.json"
    if not index.exists():
        return ()
    rows = json.loads(index.read_text(encoding="utf-8"))
    return tuple(Recorded(path=index.parent / row.pop("file"), **row) for row in rows)


def cards(game: str) -> None:
    """A card a recorded run; its button takes the run into the store and opens it here."""
    found = recorded(game)
    if not found:
        return
    st.header("Recorded runs", anchor=False)
    st.caption(
        "Real runs, with the settings and the ablations that they took; they open at once, and no model is "
        "loaded for it."
    )
    for start in range(0, len(found), COLUMNS):
        row = found[start : start + COLUMNS]
        for column, one in zip(st.columns(COLUMNS), row, strict=False):
            with column.container(border=True, height="stretch"):
                _card(one, key=f"recorded-{game}-{one.path.stem}")


def _card(one: Recorded, key: str) -> None:
    widgets.note(one.title, kind="title", key=f"{key}-title")
    widgets.note(one.finding, kind="plain", key=f"{key}-finding")
    nouns = captions.plural(one.noun)
    widgets.note(one.trust, kind="quiet", key=f"{key}-trust")
    st.caption(f"{one.players} {nouns} · {one.ablations:,} ablations")
    if st.button("Open", key=key, icon=":material/open_in_new:"):
        watch.open_run(taken_in(one))
        st.rerun()


def taken_in(one: Recorded) -> str:
    """The id of a recorded run, once the store of this server has it."""
    explanation = Explanation.from_json(one.path.read_text(encoding="utf-8"))
    return runtime.manager().store.insert(explanation, one.title, RECORDED, ownership.user())
