"""The Compare page: two runs beside each other, chosen by their address: `?a=…&b=…`.

Anybody can have written an address: what it names is a run or nothing. A run that goes on is shown as it is,
and the comparison is drawn once both have found something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.jobs import store as states
from spexviz.jobs.store import Run
from spexviz.results import Explanation
from spexviz.spec import is_run_id
from spexviz.ui import depth, measure, ownership, pairs, panels, routes, runtime, watch, widgets
from spexviz.ui.lenses import lens_of
from spexviz.ui.panels import View
from spexviz.ui.selection import select, selected
from spexviz.views import compared, question
from spexviz.views.beside import picture
from spexviz.views.compared import Compared
from spexviz.views.differences import differences
from spexviz.views.findings import usual_order
from spexviz.views.scale import Scale
from spexviz.views.stories import story
from spexviz.views.story import Action, Look

SIDES = (compared.A, compared.B)
MOST = 200  # runs to choose from
INTRO = (
    "Two prompts that differ in a word, two models, targets, ways of removing, seeds or solvers: what is the "
    "same in both, and what is not."
)
GONE = (
    "This address names a run that is not on this machine: it was deleted, or comes from elsewhere. Choose "
    "another one above."
)


@dataclass(frozen=True)
class Side:
    """One of the two runs, as it is called here, with what it has found."""

    name: str
    run: Run
    found: Explanation | None


def page() -> None:
    """The whole page."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Compare two runs", anchor=False)
        depth.switch()
    runs = [runtime.manager().store.get(run_id) if run_id else None for run_id in pairs.given()]
    _pickers(runs)
    one, other = runs
    reason = _refused(runs)
    if reason or one is None or other is None:
        widgets.note(reason, kind="strip", key="compare-refused")
        return
    sides = [Side(name, run, _result(run)) for name, run in zip(SIDES, (one, other), strict=True)]
    found, found_other = (side.found for side in sides)
    if found is None or found_other is None or one.active or other.active:
        for column, side in zip(st.columns(2, gap="large"), sides, strict=True):
            with column:
                _so_far(side)
    else:
        _compared(sides, found, found_other)


def _refused(runs: Sequence[Run | None]) -> str:
    """Why there is nothing to compare, and what to do; "" where there is."""
    named = [bool(st.query_params.get(name)) for name in pairs.NAMES]
    if any(is_named and run is None for is_named, run in zip(named, runs, strict=True)):
        return GONE
    one, other = runs
    if one is None or other is None:
        return f"{INTRO} Choose two runs above."
    if one.id == other.id:
        return "A and B are the same run: choose another one for one of them."
    if one.spec.game_name != other.spec.game_name:
        lenses = " and ".join(routes.lens_name(run.spec) for run in (one, other))
        return (
            f"These runs ask different things ({lenses}), so nothing of them matches: choose two of one kind."
        )
    return ""


def _result(run: Run) -> Explanation | None:
    """What a run has found; None where there is nothing that can be read."""
    try:
        found = runtime.manager().store.result(run.id)
    except SpexvizError as error:
        widgets.problem(f"The result of “{run.title}” cannot be read. {error}", key=f"unreadable-{run.id}")
        return None
    return None if found is None else measure.with_measured(found, run.id)


# ---- which runs --------------------------------------------------------------------------------------------


def _pickers(runs: Sequence[Run | None]) -> None:
    """A field for each side, and a button that swaps them."""
    listed = runtime.manager().store.sorted_out(MOST, ownership.listed())[0]
    columns = st.columns([3, 3, 1.2], vertical_alignment="bottom")
    for column, side, name, run, other in zip(columns, SIDES, pairs.NAMES, runs, runs[::-1], strict=False):
        known = {one.id: one for one in (run, *listed) if one is not None}
        kind = None if other is None else other.spec.game_name
        options = [one.id for one in known.values() if one is run or kind in (None, one.spec.game_name)]
        key = f"compare-{name}"
        st.session_state[key] = run.id if run else None
        column.selectbox(
            f"Run {side}",
            options,
            format_func=lambda run_id, known=known: pairs.called(known[run_id]),
            index=None,
            placeholder="Choose a run",
            key=key,
            on_change=_choose,
        )
    swapped = tuple(run.id if run else None for run in reversed(runs))
    columns[2].button(
        "Swap", icon=":material/swap_horiz:", on_click=pairs.show, args=swapped, disabled=None in runs
    )


def _choose() -> None:
    """The address follows the fields, as one step of history."""
    chosen = [st.session_state.get(f"compare-{name}") for name in pairs.NAMES]
    pairs.show(*(one if is_run_id(one) else None for one in chosen))


# ---- while one goes on, or has found nothing ---------------------------------------------------------------


def _so_far(side: Side) -> None:
    """Where a run stands, and what is known of it so far."""
    run, found = side.run, side.found
    _head(side)
    if run.active:
        watch.bar(run.id, run.version, share=3)
    elif run.state != states.DONE:
        said = (
            f"{run.message or run.state.capitalize()} Open it to go on with it, or choose another run above."
        )
        widgets.note(said, kind="strip", key=f"ended-{run.id}")
    watch.follow(run)
    if found is None:
        watch.early(run, st.container())
    else:
        _asked(side, found, ())
        _picture(side, found, Look(top=6, dark=widgets.dark(), still=True), None)


# ---- both --------------------------------------------------------------------------------------------------


def _compared(sides: Sequence[Side], a: Explanation, b: Explanation) -> None:
    """What differs in words, both with their findings, both pictures, and the differences set by set."""
    order = max(usual_order(a), usual_order(b))
    look = Look(order=order, depth=depth.depth(), dark=widgets.dark())
    both = Compared(a, b, look)
    key = f"pair-{sides[0].run.id}-{sides[1].run.id}"
    _follow(sides, both, key)
    widgets.note(differences(a, b, pairs.titles()), kind="headline", key=f"{key}-differs")
    marks = (both.alignment.differing, both.alignment.back.differing)
    for column, side, found, marked in zip(st.columns(2, gap="large"), sides, (a, b), marks, strict=True):
        with column:
            _head(side)
            _asked(side, found, marked)
            _told(side, found, look)
    _agreement(both, key)
    subtitle = "One range of colours and bars for both: what is paler is less."
    if both.scale is None:
        subtitle = f"Each has colours of its own, since {both.refused}."
    widgets.heading("Both pictures", subtitle, key=f"{key}-pictures")
    for column, side, found in zip(st.columns(2, gap="large"), sides, (a, b), strict=True):
        with column:
            widgets.note(side.name, kind="title", key=f"{side.run.id}-side", level=3)
            chosen = selected(side.run.id, len(found.players))
            _picture(side, found, replace(look, selection=chosen), both.scale)
    _set_by_set(both, key)


def _agreement(both: Compared, key: str) -> None:
    """How far the runs agree, in sentences."""
    widgets.heading("How far they agree", key=f"{key}-agree")
    widgets.note(*compared.agreement(both), key=f"{key}-agreement")
    if more := compared.unmatched(both):
        widgets.note(*more, kind="quiet", key=f"{key}-unmatched")


def _set_by_set(both: Compared, key: str) -> None:
    """The differences of the strongest sets, or why there are none."""
    if both.refused:
        said = f"Not set against each other set by set: {both.refused}."
        widgets.note(said, kind="strip", key=f"{key}-not")
        return
    widgets.heading("Set by set", f"The strongest sets of either, in {both.a.unit}.", key=f"{key}-sets")
    chosen = selected(key, len(both.a.players))
    widgets.table(compared.set_by_set(both), "Differences set by set", f"{key}-rows", key, chosen)


def _follow(sides: Sequence[Side], both: Compared, key: str) -> None:
    """A set that was clicked in the table is selected in both runs, as far as they have it."""
    chosen = selected(key, len(both.a.players))
    if st.session_state.get(f"{key}-followed", ()) == chosen:
        return
    st.session_state[f"{key}-followed"] = chosen
    select(sides[0].run.id, chosen)
    select(sides[1].run.id, both.alignment.there(chosen) or ())


# ---- one of them -------------------------------------------------------------------------------------------


def _head(side: Side) -> None:
    """The run's side and title, what it was made with, and the way to its own page."""
    run = side.run
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        widgets.note(f"{side.name} · {run.title}", kind="title", key=f"title-{run.id}", level=2)
        opened = st.button("Open", type="tertiary", icon=":material/open_in_new:", key=f"open-{run.id}")
    if opened:
        watch.go_to(run)


def _asked(side: Side, found: Explanation, marked: Sequence[int]) -> None:
    """What was asked, with the words that the other one has not, and what the model answers."""
    shown = question.block(found, Look(dark=widgets.dark()), marked)
    widgets.drawn(shown, f"{side.run.id}-asked", side.run.id, still=True)


def _told(side: Side, found: Explanation, look: Look) -> None:
    """The finding, and how far to trust it, as on the run's own page."""
    told = [panel for panel in story(found) if panel.room == "top" and not isinstance(panel.make, Action)]
    for panel in told[1:]:  # the first is what was asked
        panels.draw(panel, View(found, look, side.run.id), {})


def _picture(side: Side, found: Explanation, look: Look, scale: Scale | None) -> None:
    lens = lens_of(side.run.spec.game_name)
    items = () if lens is None else lens.items(found)
    shown = picture(found, look, scale, items)
    widgets.drawn(shown, f"{side.run.id}-picture", side.run.id, still=look.still)
