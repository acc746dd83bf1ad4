"""What if some players were switched off? The real answer, beside what was predicted; on every lens.

The real one is what the run itself has asked, or else the ablation cache knows, or else the model says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from spexviz.errors import SpexvizError
from spexviz.masks import Interaction, all_but
from spexviz.results import Explanation
from spexviz.ui import lists, widgets
from spexviz.ui.games import asking, is_loaded, is_refused
from spexviz.ui.panels import View
from spexviz.ui.selection import switch_off
from spexviz.views.tried import PLAIN, Calls, Outcome, tried
from spexviz.views.words import plural

Name = Callable[[int], str]


def panel(view: View) -> None:
    """What is switched off in the pictures, and what the model says then."""
    place = begin(view)
    off, after = view.look.off, None
    if off:
        after = known(view.explanation, off)
    if off and after is None:
        after = asked(view, off)
    show(view, Outcome(off, after=after), place=place)
    listed(view, f"{plural(view.explanation.subject.noun).capitalize()} that are switched off")


def begin(view: View) -> DeltaGenerator:
    """The title, and the place of the answer: over what asks for it."""
    widgets.heading("What if?", key=f"{view.key}-what-if-heading")
    return st.container()


def show(view: View, found: Outcome, calls: Calls = PLAIN, *, place: DeltaGenerator) -> None:
    """The answer. It hears what is switched off in the run's views, and tells the server."""
    shown = tried(view.explanation, found, calls, dark=view.look.dark)
    with place:
        widgets.drawn(shown, f"{view.key}-tried", view.key, press=view.look.press)


def listed(view: View, label: str, name: Name | None = None) -> None:
    """The same choice from a list, for who cannot see the pictures and for players that they do not show."""
    players = view.explanation.players
    with st.expander("Choose from a list"):
        named = name or players.__getitem__
        lists.listed(view.key, label, view.look.off, switch_off, named, len(players))


def known(explanation: Explanation, off: Interaction) -> float | None:
    """The real value without these, where the run has asked it."""
    value = explanation.asked(all_but([off], len(explanation.players)))[0]
    return None if math.isnan(value) else float(value)


def asked(view: View, off: Interaction) -> float | None:
    """What the model says without these, before whatever else it works on; from the cache where that knows.

    None until it is loaded, or asked for, and where this server does not offer it.
    """
    explanation, key = view.explanation, f"{view.key}-off"
    if is_refused(explanation, key):
        return None
    label = "Ask the model (loads it)"
    if not is_loaded(explanation) and not widgets.on_request(label, f"{key}-ask", f"{key}-button"):
        return None
    mask = all_but([off], len(explanation.players))
    try:
        with nullcontext() if is_loaded(explanation) else st.spinner("Loading the model …"):
            return float(asking(explanation, 1)(mask)[0])
    except SpexvizError as error:
        widgets.problem(error, key=f"{key}-error")
        return None
