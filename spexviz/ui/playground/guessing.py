"""Guessing: who wants to guess first asks the function by hand, names sets, and is told how good that was."""

from __future__ import annotations

import secrets

import numpy as np
import streamlit as st

from spexviz.analysis.recovery import Recovery
from spexviz.kit.names import names
from spexviz.kit.numerals import number
from spexviz.masks import Interaction, set_of
from spexviz.run.playground import Function, Truth, guessed
from spexviz.ui import widgets
from spexviz.ui.playground import settings
from spexviz.ui.playground.presets import at_random
from spexviz.views import recovered
from spexviz.views.words import joined, plural

_STATE = "playground-guesses"  # session_state: the function that is guessed, the sets, whether it is over
MOST = 20  # guesses
_PICKED, _KEPT = "playground-picked", "playground-asked"  # widgets


def is_over(function: Function) -> bool:
    """Whether the answer may be shown."""
    return _state(function)["over"]


def guess(truth: Truth, index: str) -> Recovery | None:
    """What was guessed of the function, held to it; None where nothing was."""
    sets = _state(truth.function)["sets"]
    return guessed(truth, sets, index) if sets else None


def said(truth: Truth, index: str) -> str:
    """How good the guess was."""
    sets = _state(truth.function)["sets"]
    found = guessed(truth, sets, index)
    return recovered.guess_said(found, truth.values(index), sets, names(truth.function.players))


def again(function: Function) -> None:
    """Hide the answer, and forget what was guessed."""
    st.session_state[_STATE] = {"of": repr(function), "sets": [], "over": False}


def ask(function: Function) -> None:
    """The function without its answer: what it gives for any input, and the sets that somebody names."""
    subject = function.subject
    noun = subject.noun
    label = names(function.players)
    widgets.heading(f"Which {plural(noun)} act together?", key="playground-guess-heading")
    widgets.note(
        "The function is hidden. Ask it with this and that, and name the sets that you think are in it.",
        key="playground-hidden",
    )
    kept = st.pills(
        f"Ask it yourself: which {plural(noun)} are there?",
        range(len(label)),
        format_func=label.__getitem__,
        selection_mode="multi",
        key=_KEPT,
    )
    widgets.note(_answered(function, kept or ()), key="playground-answered", kind="strip")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            "A set that you think acts together",
            range(len(label)),
            format_func=label.__getitem__,
            key=_PICKED,
            placeholder=f"Choose {plural(noun)}",
        )
        st.button(
            "Add this guess", icon=":material/add:", key="playground-add", on_click=_add, args=(function,)
        )
    sets = _state(function)["sets"]
    told = "; ".join(joined(members, label) for members in sets)
    widgets.note(f"Your guesses: {told}" if sets else "No guess yet.", key="playground-guesses-said")
    with st.container(horizontal=True):
        st.button("Show the answer", type="primary", key="playground-show", on_click=_end, args=(function,))
        st.button("Another, at random", icon=":material/casino:", key="playground-random", on_click=_surprise)


def _answered(function: Function, kept: tuple[int, ...] | list[int]) -> str:
    """What the function gives for one input."""
    n = len(function.players)
    mask = np.zeros((1, n), dtype=bool)
    there = sorted(i for i in kept if i < n)
    mask[0, there] = True
    value = number(float(function.game(mask)[0]), signed=False)
    label = names(function.players)
    if not there:
        return f"With nothing there it gives {value}."
    return f"With only {', '.join(f'“{label[i]}”' for i in there)} it gives {value}."


def _state(function: Function) -> dict:
    """Of this function; a guess of another one is forgotten."""
    if st.session_state.get(_STATE, {}).get("of") != repr(function):
        again(function)
    return st.session_state[_STATE]


def _add(function: Function) -> None:
    n = len(function.players)
    picked = [i for i in st.session_state.get(_PICKED, ()) if i < n]
    sets: list[Interaction] = _state(function)["sets"]
    if picked and (members := set_of(picked, n)) not in sets:
        sets.append(members)
        del sets[:-MOST]
    st.session_state[_PICKED] = []


def _surprise() -> None:
    settings.begin_with(at_random(secrets.randbits(32)))


def _end(function: Function) -> None:
    _state(function)["over"] = True
