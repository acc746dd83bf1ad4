"""The Gallery page: every recorded run as a card with its picture; one that is pressed opens at once.

No model is loaded, and no run is read before it is opened.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from spexviz.ui import browser, playlist, recorded, runtime, watch
from spexviz.ui.recorded import Recorded
from spexviz.views.words import plural

INTRO = (
    "Real runs of small open models, recorded with all their settings: each card says what was found and how "
    "far to trust it. Open one, switch words off in it, and see what the model really answers."
)
ALL = "All"
SHOWN = "gallery-shown"  # session_state: the lens whose runs are shown, also while another page is


def page() -> None:
    """The whole page."""
    if (chosen := recorded.pressed()) is not None:
        run = runtime.manager().store.get(recorded.taken_in(chosen))
        if run is not None:
            watch.go_to(run)
            return
    st.title("Gallery", anchor=False)
    st.caption(INTRO)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        shown = _filtered(recorded.all_recorded())
        _present(shown)
    recorded.draw(shown, "gallery-cards", heading=2)


def _present(shown: Sequence[Recorded]) -> None:
    """A button that presents the runs that are shown, one after the other."""
    help_ = "These runs, large, one panel at a time, for people in a room."
    if st.button("Present these", icon=":material/slideshow:", key="gallery-present", help=help_):
        browser.visit(playlist.path([run.key for run in shown]))


def _filtered(runs: Sequence[Recorded]) -> list[Recorded]:
    """Those of the chosen lens, which is called by what its first run leaves out."""
    games: dict[str, str] = {}
    for run in runs:
        if run.game not in games.values():
            games[plural(run.noun).capitalize()] = run.game
    choices = [ALL, *games]
    before = st.session_state.get(SHOWN, ALL)
    picked = st.segmented_control(
        "Show",
        choices,
        default=before if before in choices else ALL,
        required=True,
        key="gallery-lens",
        label_visibility="collapsed",
    )
    st.session_state[SHOWN] = picked
    return [run for run in runs if picked in (None, ALL) or run.game == games[picked]]
