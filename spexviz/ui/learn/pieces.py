"""Pieces: what can stand beside a lesson and is no panel of a run, by the name that a lesson's file gives it.

A piece is a function that draws, given a `Piece`; it may `report` that something was done in it, which a step
can wait for. What it computes is computed, and kept for the next visitor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from spexviz.masks import Interaction
from spexviz.ui import widgets
from spexviz.ui.learn import book, sparse
from spexviz.ui.panels import View
from spexviz.views.bins import bins
from spexviz.views.four import four
from spexviz.views.growth import told
from spexviz.views.methods import methods
from spexviz.views.passing import passing
from spexviz.views.story import Component
from spexviz.views.two_ways import recovered

_DID = "learn-did"  # session_state: what was reported since the step began
_TURN = "learn-turn"  # session_state: how many steps have begun
_TRIED = "learn-tried"  # session_state: what was switched off since then
_KNOWN = ("single", "peeled", "passed", "grown", "trees")


@dataclass(frozen=True)
class Piece:
    """What a piece is drawn from: the run and how it is looked at, and what the step's file gives it.

    `tried`: all that was switched off since the step began.
    """

    view: View
    given: Mapping[str, Any]
    tried: Collection[Interaction]


Draw = Callable[[Piece], None]


def report(what: str) -> None:
    """Something was done that a step may wait for."""
    st.session_state[_DID] = reported() | {what}


def reported() -> frozenset[str]:
    """What was, since the step began."""
    return st.session_state.get(_DID, frozenset())


def try_out(offs: Collection[Interaction]) -> frozenset[Interaction]:
    """These were switched off, each by itself; all that was since the step began."""
    st.session_state[_TRIED] = st.session_state.get(_TRIED, frozenset()) | frozenset(offs)
    return st.session_state[_TRIED]


def begin() -> None:
    """A step begins: nothing was tried or done yet."""
    for name in (_DID, _TRIED):
        st.session_state.pop(name, None)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _reporting(shown: Component, key: str) -> None:
    """A component that reports what was done in it, as the browser says."""

    def heard(said: Any) -> None:
        what = said.get("what") if isinstance(said, dict) else None
        if what in _KNOWN:
            report(what)

    widgets.asking(shown, key, did=heard)


def _four(piece: Piece) -> None:
    """The four masks of two players; `given`: the pair, and whether all are `known` from the beginning."""
    view, look, pair = piece.view, piece.view.look, tuple(piece.given["pair"])
    every = {(), (pair[0],), (pair[1],), pair}
    visited = every if piece.given.get("known") else piece.tried
    shown = four(view.explanation, pair, look.off, visited, look.depth, dark=look.dark)
    widgets.heading(shown.title, key=f"{view.key}-four-heading")

    def seen(said: Any) -> None:
        """All four, as the browser says: who is faster than the server has passed some of them unheard."""
        if isinstance(said, Mapping) and said.get("all") is True:
            try_out(every)

    shown = replace(shown, data={**shown.data, "turn": st.session_state.get(_TURN, 0)})
    widgets.drawn(shown, f"{view.key}-four", view.key, switches=True, seen=seen)


def _growth(piece: Piece) -> None:
    """How many masks there are of how many words."""
    first, asked = 6, int(piece.given["until"])
    chosen = st.slider("Words of the text", 2, 60, first, key="learn-growth")
    lines = told(chosen)
    widgets.note(lines[0], kind="headline", key="learn-growth-said")
    widgets.note(*lines[1:], key="learn-growth-more")
    if chosen >= asked and "grown" not in reported():
        report("grown")
        st.rerun()


def _passing(piece: Piece) -> None:
    widgets.heading("Masked texts, and what the model said to each", key="learn-passing-heading")
    _reporting(passing(piece.view.explanation, dark=piece.view.look.dark), "learn-passing")


def _bins(piece: Piece) -> None:
    title = "A known function of eight players, A to H"
    widgets.heading(
        title, "Its five sets, their numbers, and the bins into which they fall", key="learn-bins-heading"
    )
    _reporting(bins(sparse.peeling(), dark=piece.view.look.dark), "learn-bins")


def _two_ways(piece: Piece) -> None:
    """The same function by peeling and by trees."""
    few, enough = piece.given["masks"]
    label = "Masks for the trees"
    masks = st.segmented_control(label, [few, enough], default=few, required=True, key="learn-trees")
    found = {
        f"Peeling, {sparse.peeling().masks} masks": sparse.by_peeling(),
        f"Trees, {masks} masks": sparse.by_trees(int(masks)),
    }
    scores = {name: sparse.explained(sets) for name, sets in found.items()}
    shown = recovered(dict(sparse.TRUTH.coefficients), found, scores, sparse.peeling().name)
    widgets.heading("What either way has found", *shown.lines, key="learn-trees-heading")
    widgets.table(shown.table, "What either way has found", "learn-trees-table", "")
    if masks == enough and "trees" not in reported():
        report("trees")
        st.rerun()


def _scores(piece: Piece) -> None:
    """What `given["methods"]` say of each word of `given["of"]`; `r2`: with how much they explain."""
    view, given = piece.view, piece.given
    found = book.file_of("same-masks.json")[given["of"]]["methods"]
    worth = bool(given.get("r2"))
    shown = methods(view.explanation, found, given["methods"], worth=worth, dark=view.look.dark)
    widgets.heading(shown.title, key=f"{view.key}-scores-heading")
    widgets.drawn(shown, f"{view.key}-scores", view.key, switches=True)


PIECES: dict[str, Draw] = {
    "Four masks": _four,
    "How many masks": _growth,
    "Passing masks": _passing,
    "Bins": _bins,
    "Two ways": _two_ways,
    "Scores": _scores,
}
