"""The Runs page: all that was asked on this machine, to be found, opened, renamed, deleted, taken in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.jobs.store import RECORDED, Run
from spexviz.kit.names import upright
from spexviz.results import Explanation
from spexviz.spec import is_run_id
from spexviz.ui import (
    browser,
    ownership,
    pairs,
    playlist,
    routes,
    run_rows,
    runtime,
    takeaway,
    watch,
    widgets,
)
from spexviz.ui.lenses import lenses
from spexviz.ui.said import said
from spexviz.ui.starting import TITLE
from spexviz.views.words import plural

MOST = 500  # runs that are listed
TELL = 0.3  # seconds in which a visit tells of runs that nobody has told of; the rest follows
# session_state
OPENED, MARKED, RENAMED, PROBLEM = "runs-opened", "runs-marked", "runs-renamed", "runs-problem"
TAKEN = "runs-taken"  # the file that was taken in
PAIR = "runs-pair"  # the two that are to be compared
PLAYLIST = "runs-playlist"  # those that are to be presented
MARK = (
    "Click a run to open it. Mark runs with the boxes beside them to compare, present, rename, cancel or "
    "delete them, or to put them into one report."
)
NO_RUN = "“{}” holds no run: choose the file that “Run as JSON” or spexviz explain --out has made."


def page() -> None:
    """The whole page."""
    if (opened := _opened()) is not None:
        watch.go_to(opened)
        return
    if (pair := st.session_state.pop(PAIR, None)) is not None:
        pairs.go(*pair)
        return
    if (names := st.session_state.pop(PLAYLIST, None)) is not None:
        browser.visit(playlist.path(names))
        return
    st.title("Runs", anchor=False)
    if ownership.listed() is not None:
        st.caption("What this browser started or opened; runs of others are opened by their address only.")
    runs, unreadable = runtime.manager().store.sorted_out(MOST, ownership.listed())
    _notices(unreadable)
    _undo()
    if not runs:
        st.info("No runs yet. Start one on the Explore page, or open a run's JSON file below.")
    else:
        _list(runs)
    _take_in()


def _opened() -> Run | None:
    """The run that was clicked, by the browser's word."""
    run_id = st.session_state.pop(OPENED, None)
    if not isinstance(run_id, str) or not is_run_id(run_id):
        return None
    return runtime.manager().store.get(run_id)


def _notices(unreadable: Sequence[tuple[str, str, str]]) -> None:
    """What a person should know of the files, and of runs that cannot be shown."""
    for number, notice in enumerate(runtime.manager().notices):  # a damaged file was set aside
        widgets.problem(notice, key=f"notice-{number}")
    if not unreadable:
        return
    label = f"{len(unreadable)} {plural('run', len(unreadable))} cannot be shown"
    with st.expander(label, icon=":material/warning:"):
        for run_id, title, reason in unreadable:
            told = f"{title or run_id}: its settings cannot be read by this version of spexviz. {reason}"
            widgets.note(told, kind="strip", key=f"unreadable-{run_id}")


def _undo() -> None:
    """What was deleted last, and a button that brings it back; the store knows it, so a reload keeps it."""
    store = runtime.manager().store
    deleted = store.deleted(ownership.listed())
    if not deleted:
        return
    count = len(deleted)
    were = "The run was deleted; its" if count == 1 else f"{count} runs were deleted; their"
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.text(f"{were} measured answers are kept, in case they are asked for again.")
        st.button("Undo", icon=":material/undo:", key="runs-undo", on_click=store.restore, args=deleted)


def _list(runs: Sequence[Run]) -> None:
    """The runs that are looked for, and what can be done with those that are marked."""
    shown = _filtered(runs)
    known = said(runtime.manager().store, shown, TELL)
    ids = {run.id for run in shown}
    marked = [run_id for run_id in st.session_state.get(MARKED, ()) if run_id in ids]
    st.session_state[MARKED] = tuple(marked)  # what is not seen is not marked
    _actions([run for run in shown if run.id in marked])
    table, listed = run_rows.table(shown, known), run_rows.listed(shown, known, marked)
    widgets.openable(table, "Runs", "runs-table", listed, _open, _mark)
    if len(runs) == MOST:
        st.caption(f"The newest {MOST} are listed; an older one is opened by its address.")
    untold = sum(run.has_result and not run.active and run.id not in known for run in shown)
    active = [run.id for run in shown if run.active]
    if active or untold:
        _news(active, _stands(active), time.monotonic())


def _filtered(runs: Sequence[Run]) -> list[Run]:
    """Those of the chosen lens; recorded runs, which were only opened, on request."""
    recorded = [run for run in runs if run.origin == RECORDED]
    names = {routes.lens_name(run.spec) for run in runs}
    known = [lens.entry for lens in lenses()]
    entries = [*(name for name in known if name in names), *sorted(names.difference(known))]
    shown = list(runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(entries) > 1:
            picked = st.pills("Lens", entries, key="runs-lens", label_visibility="collapsed")
            shown = [run for run in shown if picked in (None, routes.lens_name(run.spec))]
        if 0 < len(recorded) < len(runs):
            label = f"Show {len(recorded)} recorded {plural('run', len(recorded))} that were opened"
            if not st.toggle(label, key="runs-recorded"):
                shown = [run for run in shown if run.origin != RECORDED]
    return shown


def _open(run_id: Any) -> None:
    st.session_state[OPENED] = run_id


def _mark(run_ids: Any) -> None:
    if isinstance(run_ids, list | tuple):
        st.session_state[MARKED] = tuple(one for one in run_ids if isinstance(one, str))


def _actions(marked: Sequence[Run]) -> None:
    """Buttons for the marked runs; those that are off say why."""
    active = [run for run in marked if run.active]
    with st.container(horizontal=True, vertical_alignment="center"):
        _rename(marked)
        st.button(
            "Compare",
            icon=":material/compare_arrows:",
            disabled=len(marked) != 2,
            on_click=st.session_state.__setitem__,
            args=(PAIR, tuple(run.id for run in marked)),
        )
        _present(marked)
        st.button("Cancel", icon=":material/stop:", disabled=not active, on_click=_cancel, args=(active,))
        found = [run for run in marked if run.has_result and not run.active]
        st.download_button(
            "Report",
            lambda: takeaway.report_of(found),
            "spexviz-report.html",
            "text/html",
            key="runs-report",
            icon=":material/article:",
            disabled=not found,
            on_click="ignore",
        )
        off = not marked or bool(active)
        st.button("Delete", icon=":material/delete:", disabled=off, on_click=_delete, args=(marked,))
    st.caption(_why(marked, active))
    if PROBLEM in st.session_state:
        widgets.problem(st.session_state.pop(PROBLEM), key="runs-problem")
    for run in active:
        widgets.note(f"{run.title}: {watch.where(run)}", kind="quiet", key=f"where-{run.id}")


def _present(marked: Sequence[Run]) -> None:
    """A button for the marked runs, in the list's order; for all recorded ones while none is marked."""
    shown = [run.id for run in marked if run.has_result and not run.active]
    label, help_ = "Present", "Large, one panel at a time, from one run to the next."
    if not marked:
        shown = list(playlist.gallery())
        label, help_ = "Present the gallery", "All recorded runs, large, one panel at a time."
    st.button(
        label,
        icon=":material/slideshow:",
        help=help_,
        disabled=not shown,
        key="runs-present",
        on_click=st.session_state.__setitem__,
        args=(PLAYLIST, tuple(shown)),
    )


def _why(marked: Sequence[Run], active: Sequence[Run]) -> str:
    """What is marked, and why not all can be done with it."""
    if not marked:
        return MARK
    said = [f"{len(marked)} {plural('run', len(marked))} marked."]
    if len(marked) > 1:
        said.append("Mark one alone to rename it, two to compare them.")
    if active:
        said.append("What is still going is cancelled before it can be deleted.")
    else:
        said.append("Nothing of it is going, so there is nothing to cancel.")
    return " ".join(said)


def _cancel(runs: Sequence[Run]) -> None:
    for run in filter(ownership.may_change, runs):
        runtime.manager().cancel(run.id)


def _delete(runs: Sequence[Run]) -> None:
    """All of them, or none: the page then says why."""
    chosen = [run for run in runs if ownership.may_change(run)]
    try:
        runtime.manager().store.delete(*(run.id for run in chosen))
    except SpexvizError as error:
        st.session_state[PROBLEM] = str(error)
        return
    st.session_state[MARKED] = ()


def _rename(marked: Sequence[Run]) -> None:
    """A field for another title, where one run is marked."""
    if len(marked) != 1:
        st.button("Rename", icon=":material/edit:", disabled=True)
        return
    (run,) = marked
    field = f"rename-{run.id}"
    renamed = st.session_state.get(RENAMED, 0)  # another key, and it is closed

    def save() -> None:
        title = " ".join(upright(st.session_state[field]).split())
        if title and ownership.may_change(run):
            runtime.manager().store.rename(run.id, title[:TITLE])
            st.session_state[RENAMED] = renamed + 1

    with (
        st.popover("Rename", icon=":material/edit:", key=f"{field}-{renamed}"),
        st.form(f"{field}-form", border=False),
    ):
        st.text_input("Title", run.title, max_chars=TITLE, key=field)
        st.form_submit_button("Save", type="primary", on_click=save)


def _stands(run_ids: Sequence[str]) -> list[tuple[str, int, int]]:
    """Where runs stand: what changes when there is something else to show."""
    runs = map(runtime.manager().store.get, run_ids)
    return [(run.state, run.version, run.done) for run in runs if run is not None]


@st.fragment(run_every=watch.SELDOM)
def _news(active: Sequence[str], seen: Sequence[tuple[str, int, int]], drawn: float) -> None:
    """Draw the page anew when a run goes on, and while there are some that nobody has told of."""
    has_waited = time.monotonic() - drawn > TELL
    if _stands(active) != seen or (not active and has_waited):
        st.rerun()


def _take_in() -> None:
    """A run's file, opened as a run of its own."""
    upload = st.file_uploader(
        "Open a run's JSON file",
        max_upload_size=25,
        help="Made by “Run as JSON” or by spexviz explain --out.",
    )
    if upload is None or st.session_state.get(TAKEN) == upload.file_id:
        return
    store = runtime.manager().store
    try:
        explanation = Explanation.from_json(upload.getvalue().decode("utf-8", "replace"))
        taken = store.get(store.insert(explanation, routes.title_of(explanation), user=ownership.user()))
    except SpexvizError as error:
        widgets.problem(f"{NO_RUN.format(upload.name)} {error}", key="upload-error")
        return
    if taken is not None:
        st.session_state[TAKEN] = upload.file_id  # the page may be drawn again before the browser has left it
        watch.go_to(taken)
