"""Own: a form for games of other packages (kit/plugins.py), made of their options; there if there are any.

Their runs open on the page of the first lens, as all do whose game has none.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from spexviz.games.base import Game
from spexviz.kit import flags, plugins
from spexviz.kit.options import options
from spexviz.kit.registry import offered
from spexviz.ui import run_form, runtime, starting, watch
from spexviz.ui.fields import Fields
from spexviz.ui.lenses import lens_of

ENTRY = ("own", "Games", ":material/extension:")  # in the navigation


def games() -> dict[str, type[Game]]:
    """{name: class} of the games of other packages whose settings can be typed."""
    found: dict[str, Any] = offered("spexviz.games")
    return {
        name: kind
        for name, kind in found.items()
        if plugins.is_foreign(kind) and flags.typeable(kind) and lens_of(name) is None
    }


def page() -> None:
    """The form of one of them."""
    st.title("Games of other packages", anchor=False)
    st.caption(
        "What another package takes apart, by its own rules; runs, proof and pictures are as everywhere."
    )
    kinds = games()
    if not kinds:
        st.info("No package that brings a game is installed where the server runs.")
        return
    name = st.selectbox("Game", list(kinds), format_func=lambda one: kinds[one].title, key="own-game")
    kind = kinds[name]
    fields = Fields(f"own-{name}", kind)
    fields.begin()
    game = run_form.made(kind, fields.draw_all(options(kind)))
    solver, seed = run_form.solver_and_seed()
    sliding, place = run_form.last_row()
    budget, chosen = run_form.budget_and_options(solver, sliding)
    request = run_form.ready(game, solver, budget, seed, chosen)
    if run_form.explain_button(request, place) and request is not None:
        run_id = starting.submitted(request, kind.title)
        run = runtime.manager().store.get(run_id) if run_id else None
        if run is not None:
            watch.go_to(run)
