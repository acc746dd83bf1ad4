"""Lens: one game's page. What differs between the lenses is in a `Lens`; the page around it is drawn here.

    LENS = Lens("heads", "heads", "Heads", ":material/grid_view:", 1, "Which heads work together?",
                "Switch …", form, prefill, title, actions={"what-if": what_if})
    page(LENS)

A lens is a folder of `lenses/` whose `__init__` offers its LENS, and a page of two lines. The form starts a
run with `start`; the rest (address, navigation, watching, ending, resuming, showing, recorded runs) follows
by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.jobs import store as states
from spexviz.results import Explanation
from spexviz.run.plan import Request
from spexviz.ui import (
    address,
    browser,
    deeper,
    depth,
    present,
    recorded,
    repeat,
    result,
    routes,
    runtime,
    starting,
    watch,
    widgets,
)
from spexviz.ui.deeper import zoom
from spexviz.ui.panels import Draw
from spexviz.ui.repeat import Repeating
from spexviz.ui.watch import Items
from spexviz.views.cards import Item


def _no_more(explanation: Explanation) -> Sequence[Item]:
    """What a lens knows of its players that knows their names only."""
    return ()


@dataclass(frozen=True)
class Lens:
    """What a page needs to know of its game.

    `game`: the game's name; `page`: its path in the address and the name of its file in pages/; `entry`,
    `icon`, `position`: in the navigation. `title`, `intro`: sentences over the form, by us, not by users;
    `form()` draws the form and calls `start`; `prefill(request)` puts a run's settings back into it;
    `called(game)` is the title of a run. What a run shows is said in `views/stories.py`; `actions`: {name:
    draw} of what there asks the model; `items(explanation)`: what is known of the players beyond their names.
    `plainly`: what it is for, on the home page, to somebody outside the field; by default the intro.
    `repeating`: what of a run can be another when it is repeated. `loads_model`: the first model is loaded in
    the background.
    """

    game: str
    page: str
    entry: str
    icon: str
    position: int
    title: str
    intro: str
    form: Callable[[], None]
    prefill: Callable[[Request], None]
    called: Callable[[Any], str]
    actions: Mapping[str, Draw] = field(default_factory=dict)
    items: Items = _no_more
    repeating: Repeating = field(default_factory=Repeating)
    loads_model: bool = False
    plainly: str = ""

    def shows(self, run: states.Run) -> bool:
        """Whether a run is of its game; one of a game without a lens opens on the first page too."""
        return run.spec.game_name == self.game


def page(lens: Lens) -> None:
    """The whole page: form and recorded runs, or the run that the address names, in whatever state it is."""
    # No st.stop() here: after it Streamlit keeps the fragments of the page before, and one of them, still
    # polling, draws where its place is gone ("Bad delta path index"): the whole page turns white.
    if (chosen := recorded.pressed()) is not None:
        watch.open_run(recorded.taken_in(chosen))
        st.rerun()  # the shell has begun the form, and is to begin the run
    run_id = watch.current_run_id()
    run = runtime.manager().store.get(run_id) if run_id else None
    address.arrive(run.id if run else None)
    if run is None:
        st.title(lens.title, anchor=False)
        _ask(lens, missing=bool(run_id or st.query_params.get("run")))
    elif routes.page_of(run.spec) != lens.page:
        watch.go_to(run, instead=True)  # an address typed by hand, or made before this game had a page
    else:
        watch.remember(run.id, lens.page)
        _head(lens, run)
        if run.active:
            watch.progress(run, lens.items)
        else:
            _answer(lens, run)


def start(request: Request, title: str) -> None:
    """Start the run, or find the same one, and open it; the reason where it cannot be started."""
    run_id = starting.submitted(request, title)
    if run_id is not None:
        watch.open_run(run_id)
        st.rerun()


def _ask(lens: Lens, missing: bool) -> None:
    """The form, with a warning when the address names a run that is not here."""
    if missing:
        st.warning(
            "This address names a run that is not on this machine: it was deleted, or comes from elsewhere. "
            "Start a new one below."
        )
        watch.open_run(None)
    widgets.note(lens.intro, kind="quiet", key=f"{lens.page}-intro")
    _last_run(lens)
    lens.form()
    recorded.cards(lens.game)
    if lens.loads_model:
        runtime.warm(models.configured()[0])


def _last_run(lens: Lens) -> None:
    """The way to the run that this visitor has had here last."""
    run = watch.last(lens.page)
    if run is None:
        return
    goes_on = "still running" if run.active else run.state
    with st.container(horizontal=True, vertical_alignment="center"):
        widgets.note(f"Your last run: “{run.title}” · {goes_on}", kind="quiet", key="last-run")
        st.button("Open it", type="tertiary", key="open-last-run", on_click=watch.open_run, args=(run.id,))


def _head(lens: Lens, run: states.Run) -> None:
    """The run's title, for whom it is told, and the way back to the form."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        widgets.note(run.title, kind="title", key=f"title-{run.id}", level=1)
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            depth.switch()
            if run.has_result and not run.active:
                present.button(run)
            if st.button("New run", icon=":material/add:", type="secondary"):
                _back_to_form(lens, run)
                st.rerun()
    if run.imported:
        widgets.note(watch.ORIGINS[run.origin], kind="quiet", key=f"origin-{run.id}")
    zoom.whence(run)


def _on(lens: Lens, run: states.Run) -> None:
    """What can be done next with a run that is not being worked on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if lens.shows(run):
            repeat.buttons(run, lens.repeating, lens.called)
        else:
            repeat.buttons(run, Repeating(), lambda game: run.title)


def _back_to_form(lens: Lens, run: states.Run) -> None:
    """Open the form with the settings of a run of its own."""
    if lens.shows(run):
        _prefill(lens, run)
    watch.open_run(None)


def _prefill(lens: Lens, run: states.Run) -> None:
    """The run's settings in the form, unless they are a file's that no game can have."""
    with suppress(SpexvizError):
        lens.prefill(Request.of(run.spec))


def _ended(run: states.Run) -> str:
    """Its state, unless the message begins with it, and the message."""
    state = run.state.capitalize()
    if run.message.startswith(state):
        return run.message
    return f"{state}. {run.message}"


def _answer(lens: Lens, run: states.Run) -> None:
    """How a run ended, if it is not done, and what it found."""
    store = runtime.manager().store
    try:
        explanation = store.result(run.id)
    except SpexvizError as error:
        widgets.problem(f"The result of this run cannot be read. {error}", key=f"unreadable-{run.id}")
        return
    run = store.get(run.id) or run  # a damaged result makes it one to resume
    if run.state in (states.CANCELLED, states.INTERRUPTED, states.FAILED):
        with st.container(border=True):
            widgets.note(_ended(run), key=f"ended-{run.id}")
            with st.container(horizontal=True):
                if run.state == states.FAILED and lens.shows(run):  # tried again as it is, it may fail again
                    st.button(
                        "Change the settings",
                        type="primary",
                        key=f"change-{run.id}",
                        on_click=_back_to_form,
                        args=(lens, run),
                    )
                watch.resume_button(run)
    watch.follow(run)
    browser.tell(run.id, watch.told(run), is_end=True)
    if explanation is None:
        watch.early(run, st.container())
    elif lens.shows(run):
        actions = {"deeper": deeper.draw, **lens.actions}
        result.show(explanation, run.id, actions, lens.items(explanation))
    else:
        result.show(explanation, run.id)  # a game without a page of its own
    _on(lens, run)
