"""Pieces: what can stand beside a lesson and is no panel of a run, by the name that a lesson's file gives it.

A piece is a function that draws, given a `Piece`; it may `report` that something was done in it, which a step can wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from spexviz.ui.panels import View

_DID = "learn-did"  # session_state: what was reported since the step began


@dataclass(frozen=True)
class Piece:
    """What a piece is drawn from: the run and how it is looked at, and what the step's file gives it."""

    view: View
    given: Mapping[str, Any]


Draw = Callable[[Piece], None]
PIECES: dict[str, Draw] = {}


def report(what: str) -> None:
    """Something was done that a step may wait for."""
    st.session_state[_DID] = reported() | {what}


def reported() -> frozenset[str]:
    """What was, since the step began."""
    return st.session_state.get(_DID, frozenset())


def begin() -> None:
    """A step begins: nothing was done yet."""
    st.session_state.pop(_DID, None)
