"""Runs: everything that was asked on this machine; open, delete, undo, take in a file."""

import pandas as pd
import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.jobs.store import ASKED, FROM_FILE, QUEUED, RECORDED
from spexviz.results import Explanation
from spexviz.ui import ownership, routes, runtime, watch, widgets
from spexviz.views import captions

FROM = {ASKED: "measured here", FROM_FILE: "from a file", RECORDED: "recorded"}

st.title("Runs", anchor=False)
if ownership.listed() is not None:
    st.caption("What this browser started or opened; runs of others are opened by their address only.")
store = runtime.manager().store
runs = store.list(user=ownership.listed())

for number, notice in enumerate(runtime.manager().notices):  # a damaged file was set aside
    widgets.problem(notice, key=f"notice-{number}")
if unreadable := store.unreadable(user=ownership.listed()):
    with st.expander(
        f"{len(unreadable)} {captions.plural('run', len(unreadable))} cannot be shown",
        icon=":material/warning:",
    ):
        for run_id, title, reason in unreadable:
            told = f"{title or run_id}: its settings cannot be read by this version of spexviz. {reason}"
            widgets.note(told, kind="strip", key=f"unreadable-{run_id}")

if deleted := st.session_state.get("deleted-run"):
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.text("The run was deleted; its ablations stay in the cache.")
        if st.button("Undo", icon=":material/undo:"):
            store.restore(st.session_state.pop("deleted-run"))
            st.rerun()

if not runs:
    st.info("No runs yet. Start one on the Explore page, or open a run's JSON file below.")
else:
    table = pd.DataFrame(
        {
            "Run": [run.title for run in runs],
            "Lens": [routes.lens_name(run.spec) for run in runs],
            "State": [run.state for run in runs],
            "Numbers": [FROM[run.origin] for run in runs],
            "Model": [routes.model_name(run.spec) for run in runs],
            "Solver": [run.spec.solver_name for run in runs],
            "Budget": [run.spec.budget for run in runs],
            "Ablations": [f"{run.done:,} / {run.total:,}" for run in runs],
            "Started": pd.to_datetime([run.created for run in runs], unit="s"),
        }
    )
    st.caption("Select a run to open or delete it.")
    picked = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="single-row", key="runs-table"
    )
    rows = [row for row in picked.selection.rows if row < len(runs)]
    chosen = runs[rows[0]] if rows else None
    active = chosen is not None and chosen.active
    with st.container(horizontal=True):
        opened = st.button("Open", type="primary", disabled=chosen is None, icon=":material/open_in_new:")
        cancelled = st.button("Cancel", disabled=not active, icon=":material/stop:")
        deleted = st.button("Delete", disabled=chosen is None or active, icon=":material/delete:")
    if chosen is not None and chosen.state == QUEUED:
        st.caption(watch.waiting(chosen.id))
    if chosen is not None and opened:
        watch.go_to(chosen)
    if chosen is not None and cancelled:
        runtime.manager().cancel(chosen.id)
        st.rerun()
    if chosen is not None and deleted:
        store.delete(chosen.id)
        st.session_state["deleted-run"] = chosen.id
        st.rerun()

upload = st.file_uploader(
    "Open a run's JSON file",
    type="json",
    max_upload_size=25,
    help="Made by “Run as JSON” or by spexviz explain --out.",
)
if upload is not None:
    try:
        explanation = Explanation.from_json(upload.getvalue().decode("utf-8", "replace"))
        uploaded = store.get(store.insert(explanation, routes.title_of(explanation), user=ownership.user()))
    except SpexvizError as error:
        widgets.problem(error, key="upload-error")
    else:
        if uploaded is not None:
            watch.go_to(uploaded)
