"""Pieces: what can stand beside a lesson and is no panel of a run, by the name that a lesson's file gives it.

A piece is a function that draws, given a `Piece`; it may `report` that something was done in it, which a step can wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from spexviz.masks import Interaction
from spexviz.ui import widgets
from spexviz.ui.learn import book
from spexviz.ui.panels import View
from spexviz.views.four import four
from spexviz.views.methods import methods

_DID = "learn-did"  # session_state: what was reported since the step began


@dataclass(frozen=True)
class Piece:
    """What a piece is drawn from: the run and how it is looked at, and what the step's file gives it.

    `tried`: all that was switched off since the step began.
    """

    view: View
    given: Mapping[str, Any]
    tried: Collection[Interaction]


Draw = Callable[[Piece], None]


def _four(piece: Piece) -> None:
    view = piece.view
    look = view.look
    shown = four(
        view.explanation, tuple(piece.given["pair"]), look.off, piece.tried, look.depth, dark=look.dark
    )
    widgets.heading(shown.title, key=f"{view.key}-four-heading")
    widgets.drawn(shown, f"{view.key}-four", view.key, switches=True)


def _scores(piece: Piece) -> None:
    view, given = piece.view, piece.given
    found = book.file_of("same-masks.json")[given["of"]]["methods"]
    worth = bool(given.get("r2"))
    shown = methods(view.explanation, found, given["methods"], worth=worth, dark=view.look.dark)
    widgets.heading(shown.title, key=f"{view.key}-scores-heading")
    widgets.drawn(shown, f"{view.key}-scores", view.key, switches=True)


PIECES: dict[str, Draw] = {"Four masks": _four, "Scores": _scores}


def report(what: str) -> None:
    """Something was done that a step may wait for."""
    st.session_state[_DID] = reported() | {what}


def reported() -> frozenset[str]:
    """What was, since the step began."""
    return st.session_state.get(_DID, frozenset())


def begin() -> None:
    """A step begins: nothing was done yet."""
    st.session_state.pop(_DID, None)
