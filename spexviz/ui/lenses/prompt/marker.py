"""Marks of the prompt's form: pieces that are players, or never removed, marked on the prompt itself.

They are kept in the session with the text that they were made on; when that changes they are carried over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.prompt import marks
from spexviz.games.prompt.scripts import Span
from spexviz.games.prompt.segments import segment
from spexviz.kit.names import plain
from spexviz.ui import widgets
from spexviz.views.marker import marker, text_id

PLAYERS, KEPT = "spans", "protected"  # what marks are for: the settings of a game
_LABELS = {PLAYERS: "Pieces that are removed, each as one", KEPT: "Pieces that are never removed"}
_EVERY = {
    PLAYERS: {"words": "Mark every word", "sentences": "Mark every sentence"},
    KEPT: {},
}
_TOLD = 3  # marks named that have no place any more


def ranges(use: str, text: str) -> tuple[Span, ...]:
    """The marks of this use on the text that is asked now."""
    held = _held(use)
    if held["text"] != text:
        found, lost = marks.moved(held["ranges"], held["text"], text)
        held |= {"text": text, "ranges": found, "said": _said_of(lost)}
        st.session_state[_key(use)] = held
    return held["ranges"]


def draw(use: str, text: str) -> tuple[Span, ...]:
    """The text to mark pieces on, with what has become of marks; the marks."""
    found = ranges(use, text)
    if not text.strip():
        return found
    held = _held(use)
    shown = marker(text, found, _LABELS[use], every=_EVERY[use], serial=held["serial"], dark=widgets.dark())
    hear = {name: partial(heard, use, name) for name in _TAKEN}
    widgets.asking(shown, f"form-marker-{use}", **hear)
    if held["said"]:
        widgets.note(held["said"], key=f"form-marker-{use}-said")
    return found


def fill(text: str, settings: Mapping[str, Any]) -> None:
    """Put the marks of a game into the form."""
    for use in (PLAYERS, KEPT):
        _keep(use, text, settings.get(use) or ())


def heard(use: str, name: str, report: Any) -> None:
    """Take a report of the browser: of the text that stands here, and in its form; else say why not."""
    held = _held(use)
    if not isinstance(report, Mapping) or report.get("of") != text_id(held["text"]):
        return  # of a text that has gone
    serial = report.get("serial")
    if type(serial) is int and 0 <= serial < 2**53:
        held["serial"] = serial
    try:
        held |= {"ranges": _TAKEN[name](held["text"], report), "said": ""}
    except SpexvizError as error:
        held["said"] = str(error)
    st.session_state[_key(use)] = held


def _marked(text: str, report: Mapping[str, Any]) -> tuple[Span, ...]:
    return marks.checked(text, report.get("ranges"))


def _every(text: str, report: Mapping[str, Any]) -> tuple[Span, ...]:
    """Every word or sentence. Raises GameError for a text that has none."""
    what = report.get("what")
    split = what if isinstance(what, str) and what in _EVERY[PLAYERS] else "words"
    return segment(text, split).spans


_TAKEN = {"mark": _marked, "every": _every}  # reports by the names of their triggers


def _keep(use: str, text: str, found: Sequence[Span]) -> None:
    held = _held(use)
    spans = tuple((int(start), int(stop)) for start, stop in found)
    # newer than what a browser shows
    st.session_state[_key(use)] = held | {
        "text": text,
        "ranges": spans,
        "serial": held["serial"] + 1,
        "said": "",
    }


def _held(use: str) -> dict[str, Any]:
    """What the session keeps of a use: the text, its marks, the last report, what is to be said."""
    first = {"text": "", "ranges": (), "serial": 0, "said": ""}
    return {**first, **st.session_state.get(_key(use), {})}


def _key(use: str) -> str:
    return f"form-marks-{use}"


def _said_of(lost: Sequence[str]) -> str:
    """That marks are gone with their text; "" where none is."""
    if not lost:
        return ""
    named = ", ".join(f"“{plain(piece, 30)}”" for piece in lost[:_TOLD])
    more = " and others" if len(lost) > _TOLD else ""
    marks_ = "Your mark on" if len(lost) == 1 else "Your marks on"
    return f"{marks_} {named}{more} had no clear place in the changed prompt: mark it again."
