"""Watching a run: a page looks for news, and is drawn anew where there is some.

While the run is active its bar looks every second; a run that can be resumed, here or in another tab, is
looked at less often, and one that is done, recorded or from a file never. A look costs a hundredth of a
second, a picture a seventh: thirty visitors look at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.jobs import manager as jobs
from spexviz.jobs.store import (
    CANCELLED,
    CANCELLING,
    DONE,
    FAILED,
    FROM_FILE,
    INTERRUPTED,
    QUEUED,
    RECORDED,
    Run,
)
from spexviz.results import Explanation, Subject
from spexviz.run.plan import Request
from spexviz.run.preview import FIRST
from spexviz.spec import is_run_id
from spexviz.ui import address, browser, ownership, result, routes, runtime, widgets
from spexviz.ui.visitor import visitor
from spexviz.views import captions
from spexviz.views.cards import Item

Items = Callable[[Explanation], Sequence[Item]]
"""What a lens knows of a run's players beyond their names."""

EVERY, SELDOM = 1.0, 3.0  # seconds between two looks at a run that is active, and at one that may be again
SAID = {  # what is read out of a run that is not being worked on
    QUEUED: "The run waits for its turn.",
    CANCELLING: "The run is being cancelled.",
    DONE: "The run is done.",
    CANCELLED: "The run was cancelled.",
    FAILED: "The run has failed.",
    INTERRUPTED: "The run was interrupted.",
}
QUARTERS = ("", "a quarter done", "half done", "three quarters done")
LATE = 3.0  # seconds after the expected end from which a run is said to take longer
ORIGINS = {  # what is said over the numbers that this server has not measured
    FROM_FILE: "Opened from a file: its numbers are the file's, not measured by this server. To have it "
    "measured here, start a New run.",
    RECORDED: "Recorded with spexviz: its numbers were measured then, not by this server. To have it "
    "measured here, start a New run.",
}


def current_run_id() -> str | None:
    """The run that the address names, if it can be one's: an address is untrusted."""
    given = st.query_params.get(address.RUN)
    return given if is_run_id(given) else None


def remember(run_id: str, page: str) -> None:
    """The run that a page shows is the last that this session has had there."""
    st.session_state[_key(page)] = run_id


def last(page: str) -> Run | None:
    """The last run that this session has had on a page; None for none, or one that was deleted."""
    run_id = st.session_state.get(_key(page))
    return runtime.manager().store.get(run_id) if run_id else None


def open_run(run_id: str | None) -> None:
    """Make a run the one that this page and its address show, as a step of history; None for the form."""
    address.leave()
    if run_id:
        st.query_params.from_dict({address.RUN: run_id})
    elif address.RUN in st.query_params:
        st.query_params.clear()


def go_to(run: Run, *, instead: bool = False) -> None:
    """Leave another page for the page of this run's lens, with the run open; the rest of the script goes on.

    `instead`: that other page is none of this run's, and Back does not lead to it.
    """
    address.leave()
    to = routes.address(run.spec, run.id)
    others = {name: st.query_params[name] for name in address.NAMES if name in st.query_params}
    if instead and others:
        to += f"&{urlencode(others)}"
    browser.visit(to, instead=instead)


def _key(page: str) -> str:
    """Where a session keeps the last run of a page: its own for each lens."""
    return f"run-{page}"


def resume_button(run: Run) -> None:
    """Go on with a run that had ended early, or why this server cannot.

    For one from a file another run begins, and is opened. Done in a callback: a click is not lost when the
    page is being redrawn just then.
    """
    if not ownership.may_change(run):
        widgets.note(ownership.NOT_YOURS, kind="strip", key=f"not-yours-{run.id}")
        return
    problem = f"resume-error-{run.id}"

    def go_on() -> None:
        st.session_state.pop(problem, None)
        try:
            going = runtime.manager().resume(run.id, visitor())
        except SpexvizError as error:
            st.session_state[problem] = str(error)
        else:
            if going != run.id:
                open_run(going)

    reason = jobs.refusal(run.spec)
    if reason:
        widgets.note(f"It cannot be resumed here. {reason}", kind="strip", key=f"refused-{run.id}")
        return
    help_ = "Everything measured so far is re-used."
    if run.imported:
        help_ = "Begins a run of its own, measured by this server: nothing is taken from the file."
    label, look = ("Try again", "secondary") if run.state == FAILED else ("Resume", "primary")
    st.button(label, type=look, help=help_, key=f"resume-{run.id}", on_click=go_on)
    if problem in st.session_state:
        widgets.note(st.session_state[problem], kind="strip", key=f"{problem}-note")


def progress(run: Run, items: Items) -> None:
    """The question, bar, ETA, Cancel, and what was found so far; as long as the run is active."""
    top = st.container()
    bar(run.id, run.version)
    found = runtime.manager().store.result(run.id) if run.has_result else None
    if found is None:
        early(run, top)
        return
    result.so_far(found, f"partial-{run.id}", items(found), top)


def early(run: Run, top: Any) -> None:
    """What stands in the place of the pictures while there is no result: the text, and its first colours.

    `top`: the place of the question.
    """
    preview = runtime.manager().store.preview(run.id) if run.has_preview else None
    subject = preview.subject if preview else subject_of(run)
    if subject is not None:
        result.beginning(subject, preview, f"early-{run.id}", top)
    if not run.active:
        st.caption("It ended before anything could be told: resume it, or start it again.")
    elif preview is None:
        said = (
            f"The first colours come after {FIRST} ablations; you may close this page and come back by its "
            "address."
        )
        widgets.note(said, kind="quiet", key=f"early-{run.id}-said")
    else:
        st.caption("First colours: they will still change. Numbers come with the first fit.")


def subject_of(run: Run) -> Subject | None:
    """What a run ablates, so far as its settings tell it; None where a model had to be loaded for that."""
    with suppress(SpexvizError, OSError, ValueError), models.without_loading():
        return _subject(run.spec.id, run)
    return None


@st.cache_resource(max_entries=64, show_spinner=False)
def _subject(spec_id: str, _run: Run) -> Subject:
    return Request.of(_run.spec).subject


def told(run: Run) -> str:
    """What is read out of a run: it changes with its phase, and with each quarter of its way."""
    if run.state in SAID:
        return SAID[run.state]
    said = f"The run: {run.phase or 'starting'}"
    quarter = min(3, 4 * run.done // max(1, run.total))
    if quarter:
        said += f", {QUARTERS[quarter]}"
    return f"{said}."


def follow(run: Run) -> None:
    """Look now and then whether a run that has ended goes on, or has ended otherwise, by another tab."""
    if run.state != DONE and not run.imported:
        _look(run.id, run.state, run.version)


@st.fragment(run_every=SELDOM)
def _look(run_id: str, state: str, version: int) -> None:
    if runtime.manager().store.stands(run_id) != (state, version):
        st.rerun()


@st.fragment(run_every=EVERY)
def bar(run_id: str, version: int, share: int = 6) -> None:
    """Where the run stands; draws the page anew when it ends, or has more to show than at this `version`.

    `share`: how much wider it is than its button.
    """
    run = runtime.manager().store.get(run_id)
    if run is None or not run.active or run.version != version:
        st.rerun()
    browser.tell(run_id, told(run))
    left, right = st.columns([share, 1], vertical_alignment="center")
    left.progress(min(1.0, run.done / max(1, run.total)), text=where(run))
    if ownership.may_change(run):
        right.button(
            "Cancel",
            key=f"cancel-{run_id}",
            width="stretch",
            disabled=run.state == "cancelling",
            on_click=runtime.manager().cancel,
            args=(run_id,),
        )
    else:
        widgets.note(ownership.NOT_YOURS, kind="strip", key=f"not-yours-{run_id}")


def where(run: Run) -> str:
    """What an active run does, how far it is, and how long it still takes."""
    if run.state == QUEUED:
        return waiting(run.id)
    if run.state == "cancelling":
        return "Cancelling once the model has answered what it was just asked; that is kept …"
    if run.phase == jobs.LOADS:
        return f"Loading the model, {run.since_told:.0f} s so far …"
    said = [f"{run.phase.capitalize() or 'Starting'} …"]
    if run.done:
        said = [f"{run.done:,} of {run.total:,} ablations"]
        if run.phase != "ablations":
            said.append(run.phase)
    if run.phase != jobs.WAITS:
        if run.rate:
            said.append(f"{run.rate:,.0f}/s")
        said.append(to_go(run))
    return " · ".join(filter(None, said))


def to_go(run: Run) -> str:
    """How long a run still takes, in words; "" where that is not known."""
    if run.eta is None:
        return ""
    if run.eta >= 1.0:
        return f"{widgets.duration(run.eta)} to go"
    return "longer than expected" if run.late > LATE else "nearly done"


def waiting(run_id: str) -> str:
    """Where a run stands that has not begun, and about how long it waits."""
    place = runtime.manager().place(run_id)
    if place is None:  # of another server process, or just beginning
        return "Waiting for its turn …"
    if not place.ahead:
        return "Waiting for its turn: it is next …"
    said = f"Waiting for its turn: {place.ahead} {captions.plural('run', place.ahead)} before it"
    if place.seconds is not None:
        said += f", {widgets.duration(place.seconds)}"
    return f"{said}. Visitors take turns …"
