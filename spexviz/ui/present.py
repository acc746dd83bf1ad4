"""The presenter: runs shown to people in a room, large, one panel at a time, by keys or buttons.

What is shown is the story of each run, drawn as on its page. Where one is stands in the address
(`ui/playlist.py`); the steps themselves are made in the browser (`views/stepper.js`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.jobs.store import Run
from spexviz.results import Explanation
from spexviz.ui import address, browser, panels, playlist, recorded, result, routes, runtime, widgets
from spexviz.ui.lenses import lens_of
from spexviz.ui.panels import View
from spexviz.ui.playlist import Place
from spexviz.views.component import versioned
from spexviz.views.large import Size
from spexviz.views.steps import Step, steps
from spexviz.views.stories import story
from spexviz.views.story import Action, Component, Look, Panel, Words

TOP, FEW = 6, 3  # sets: what can be read from the last row, and beside what is switched off
BUTTON = "present"  # the key of the button that leads here
# No sidebar, and letters that grow with the window; components of ours take their size from the variable.
STYLE = """<style>
:root:root { font-size: SIZE; }
[data-testid="stMain"] * { --st-base-font-size: 1rem; }
[data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stExpandSidebarButton"] { display: none; }
.stMainBlockContainer {
  display: flex;
  flex-direction: column;
  justify-content: safe center;
  min-height: 100dvh;
  max-width: none;
  padding: max(64px, 8vh) max(16px, 4vw) max(76px, 11vh);
}
.stMainBlockContainer > [data-testid="stVerticalBlock"] { flex: none; }
@media (max-width: 768px) {
  .stMainBlockContainer { padding-top: 72px; justify-content: start; }
  [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  [data-testid="stColumn"] { min-width: 100%; }
}
</style>"""
SIZES = {  # of letters: of sentences alone, of a picture, of one in which something is switched off
    "said": "clamp(18px, min(2.5vw, 4vh), 56px)",
    "shown": "clamp(16px, min(1.7vw, 2.5vh), 34px)",
    "tried": "clamp(16px, min(1.5vw, 2.2vh), 30px)",
}
TALL = "squares"  # the component
SCALES = (1.0, 1.25, 1.5, 1.75, 2.0)  # of figures, by the window
_SCALE = "present-scale"  # session_state
NOTHING = "This address names no run: choose some on the Runs page, and press Present there."
GONE = "This run is not on this machine: it was deleted, or comes from elsewhere."
UNFINISHED = "This run has not found anything yet: open its page to watch it."


@dataclass(frozen=True)
class Shown:
    """A run of the playlist as it stands: its name, its steps, what draws a step, and how it is looked at."""

    title: str
    steps: tuple[Step, ...] = ()
    draw: Callable[[Step, Place], None] | None = None
    said: str = ""  # why there is nothing to show
    leave: str = "/"


def page() -> None:
    """The whole page."""
    place = playlist.arrive(st.query_params)
    shown = _shown(place)
    titles = [step.title for step in shown.steps] or [shown.title]
    at = min(place.at, len(titles)) or len(titles)
    place = replace(place, at=at)
    st.html(STYLE.replace("SIZE", SIZES[_kind(shown, at)]))
    _stepper(place, shown, titles)
    if shown.draw is None:
        widgets.note(shown.said, kind="strip", key="present-nothing")
        return
    shown.draw(shown.steps[at - 1], place)


def _kind(shown: Shown, at: int) -> str:
    """What a step is, by which its letters are as large as they can be."""
    if shown.draw is None:
        return "said"
    panels_ = shown.steps[at - 1].panels
    if _tries(panels_):
        return "tried"
    return "said" if all(_is_said(panel.make(Look())) for panel in panels_) else "shown"


def _tries(shown: Sequence[Panel]) -> bool:
    """Whether players are switched off there."""
    return Action(panels.WHAT_IF) in [panel.make for panel in shown]


def _is_said(made: object) -> bool:
    return isinstance(made, Words) or (isinstance(made, Component) and made.name == "question")


def _shown(place: Place) -> Shown:
    """The run at a place, or why it cannot be shown."""
    run = _run(place.run)
    if not playlist.has_stepped():
        address.arrive(run.id if run else None)
    if run is None:
        return Shown("Nothing to present", said=GONE if place.runs else NOTHING)
    leave = routes.address(run.spec, run.id)
    try:
        found = runtime.manager().store.result(run.id)
    except SpexvizError as error:
        return Shown(run.title, said=f"The result of this run cannot be read. {error}", leave=leave)
    if found is None or run.active:
        return Shown(run.title, said=UNFINISHED, leave=leave)
    return _told(run, result.with_answers(found, run.id), leave)


def _run(name: str) -> Run | None:
    """The run of a name; a recorded one is taken in as its card does."""
    store = runtime.manager().store
    one = recorded.of_key(name)
    if one is None:
        return store.get(name) if name else None
    kept = f"presented-{name}"
    run = store.get(st.session_state.get(kept, ""))
    if run is None:
        st.session_state[kept] = recorded.taken_in(one)
        run = store.get(st.session_state[kept])
    return run


def _told(run: Run, found: Explanation, leave: str) -> Shown:
    """The steps of a run, and what draws one."""
    lens = lens_of(run.spec.game_name)
    items = lens.items(found) if lens else ()
    first = result.looked(found, run.id)
    actions = lens.actions if lens else {}

    def draw(step: Step, place: Place) -> None:
        scale = st.session_state.get(_SCALE, SCALES[2])
        tries = _tries(step.panels)
        look = result.as_chosen(found, first, run.id, FEW if tries else TOP)

        def settle(explanation: Explanation, look: Look, key: str) -> None:
            browser.settle(
                place.words(), result.said(explanation, look, FEW if tries else TOP), address.NAMES
            )

        known = result.drawn_by(actions, items, settle)
        view = View(found, look, run.id, Size.for_a_room(scale))
        places = _places(step.panels, view)
        for panel in step.panels:
            with places[panel.make == Action(panels.WHAT_IF)]:
                panels.draw(panel, view, known)
        if not tries:  # that settles by itself
            settle(found, look, run.id)

    told = steps(story(found, items), first, (*result.ACTIONS, *actions))
    return Shown(run.title, told, draw, leave=leave)


def _places(shown: Sequence[Panel], view: View) -> Sequence[Any]:
    """Where panels stand, and where what is switched off is answered: beside a picture that is tall."""
    made = [panel.make(view.look) for panel in shown]
    if _tries(shown) and any(isinstance(one, Component) and one.name == TALL for one in made):
        return st.columns([2, 3], gap="large")
    return [st.container()] * 2


def _stepper(place: Place, shown: Shown, titles: Sequence[str]) -> None:
    """The heading, the buttons and the keys."""
    given = {name: st.query_params.get(name) for name in playlist.NAMES}
    body = {
        "words": place.words(),
        "given": {} if playlist.has_stepped() else given,
        "names": {"show": playlist.SHOW, "at": playlist.AT},
        "last": playlist.LAST,
        "kept": list(address.NAMES),
        "of_a_run": list(playlist.OF_A_RUN),
        "titles": list(titles),
        "title": shown.title,
        "at": place.at,
        "show": place.show,
        "scale": st.session_state.get(_SCALE, SCALES[2]),
        "runs": max(1, len(place.runs)),
        "leave": shown.leave,
    }
    widgets.asking(Component("stepper", versioned(body, ())), "stepper", step=playlist.step, size=_size)


def _size(said: Any) -> None:
    """Keep how large figures are in this window."""
    scale = said.get("scale") if isinstance(said, dict) else None
    if scale in SCALES:
        st.session_state[_SCALE] = float(scale)


def button(run: Run) -> None:
    """On the page of a run: a button, or P, that presents it as it is looked at there."""
    browser.press("p", BUTTON)
    if st.button("Present", icon=":material/slideshow:", key=BUTTON, help="Large, one panel at a time (P)"):
        browser.visit(playlist.path([run.id], address.kept(run.id)))
