"""Rivals on a page: other solvers on the ablations of a run, and what each would have said of the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from spexviz.jobs.rivals import Rivals
from spexviz.results import Explanation
from spexviz.ui import pairs, widgets
from spexviz.ui.panels import View
from spexviz.ui.selection import selected
from spexviz.views import rivals
from spexviz.views.beside import picture
from spexviz.views.cards import Item
from spexviz.views.rivals import OWN, Named
from spexviz.views.scale import Scale

EVERY = 1.0  # seconds between two looks at the fits


def asked(view: View, items: Sequence[Item] = ()) -> None:
    """On request every other solver, fitted on the same ablations, one by one."""
    if not st.session_state.get(_open(view)):
        st.button(
            "Compare all solvers",
            icon=":material/leaderboard:",
            key=f"{view.key}-compare-button",
            help="Fits every other solver on the ablations already paid for; the model is not asked again.",
            on_click=_set,
            args=(view, True),
        )
        return
    fits = _rivals(view.key, view.explanation)
    going = bool(fits.current)
    st.fragment(_list, run_every=EVERY if going else None)(view, fits, items, going)


def _open(view: View) -> str:
    return f"{view.key}-compare"


def _shown(view: View) -> str:
    """Where the session keeps the solver whose sets are shown."""
    return f"{view.key}-rival"


def _set(view: View, is_open: bool) -> None:
    """Open the list, or close it; what it has found stays, what was to come is not fitted any more."""
    st.session_state[_open(view)] = is_open
    st.session_state.pop(_shown(view), None)
    if not is_open:
        fits = _rivals(view.key, view.explanation)
        if fits.current:
            fits.close()
            _rivals.clear(view.key, view.explanation)


def _list(view: View, fits: Rivals, items: Sequence[Item], going: bool) -> None:
    """The list so far, what is being fitted, and the sets of the solver that was clicked."""
    if not st.session_state.get(_open(view)) or (going and not fits.current):
        st.rerun()  # closed, or nothing is to come: nobody needs to look any more
    if selected(view.key, len(view.explanation.players)) != view.look.selection:
        st.rerun()  # the run's other views follow what was clicked here
    found = fits.found
    named = Named(view.explanation, found, pairs.titles())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        widgets.heading("The same ablations, other solvers", key=f"{view.key}-rivals-heading")
        st.button(
            "Close", icon=":material/close:", key=f"{view.key}-close", on_click=_set, args=(view, False)
        )
    _progress(fits)
    chosen = st.session_state.get(_shown(view), OWN)
    shown = rivals.listed(named, chosen=chosen, dark=view.look.dark)
    widgets.asking(shown, f"{view.key}-rivals", open=_choosing(view))
    widgets.note(_said_of_all(view.explanation, fits), kind="quiet", key=f"{view.key}-rivals-said")
    other = next((one for one in found if one.spec.solver_name == chosen), None)
    if other is not None:
        _of_one(view, named, other, items)


def _choosing(view: View) -> Callable[[Any], None]:
    """What a click does: show the sets of a solver, by the browser's word, which is looked at first."""

    def clicked(said: Any) -> None:
        name = (said or {}).get("key")
        if isinstance(name, str):
            st.session_state[_shown(view)] = name

    return clicked


def _progress(fits: Rivals) -> None:
    current, done, total = fits.current, fits.done, len(fits.solvers)
    if current:
        text = (
            f"Fitting {pairs.titles()[current]}, {fits.seconds:.0f} s so far ({done} of {total} are done) …"
        )
        st.progress(done / total, text=text)


def _said_of_all(own: Explanation, fits: Rivals) -> str:
    said = rivals.rests_on(own)
    if fits.left_out:
        titles = pairs.titles()
        names = ", ".join(titles[name] for name in fits.left_out)
        said += f" Left out, since they cannot work with these masks: {names}."
    return f"{said} Click a solver to see what it would have said."


def _of_one(view: View, named: Named, other: Explanation, items: Sequence[Item]) -> None:
    """What one would have said: a sentence, and its sets on the text in the colours of the run's own."""
    key = f"{view.key}-rival-{other.spec.solver_name}"
    widgets.note(rivals.said(named, other), key=f"{key}-said", kind="strip")
    st.button(
        "Back to the run's own",
        icon=":material/undo:",
        key=f"{view.key}-rival-back",
        on_click=st.session_state.pop,
        args=(_shown(view), None),
    )
    scale = Scale.of(view.look.at(view.explanation), view.look.at(other))
    none = f"{named.title(other)} names no sets."
    widgets.drawn(picture(other, view.look, scale, items, none), f"{key}-picture", view.key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _rivals(run_id: str, _explanation: Explanation) -> Rivals:
    return Rivals(_explanation)
