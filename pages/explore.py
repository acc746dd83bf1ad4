"""Explore: choose a model and a prompt, watch the run, see which words act together."""

import streamlit as st

from spexviz import models
from spexviz.jobs import store as states
from spexviz.ui import prompt_form, result, runtime, watch, widgets

st.title("Which words act together?", anchor=False)
run_id = watch.current_run_id()
run = runtime.manager().store.get(run_id) if run_id else None


def ask(missing: bool) -> None:
    """The form, with a warning when the address names a run that is not here."""
    if missing:
        st.warning("This address names a run that is not on this machine: it was deleted, or comes from elsewhere. Start a new one below.")
        watch.open_run(None)
    st.caption(
        "Remove some words, watch the answer, a few hundred times: spexviz finds the sets of words that explain it, "
        "and says how far to trust them. Choose an example or type your own prompt."
    )
    prompt_form.form()
    runtime.warm(models.configured()[0])


def head(run: states.Run) -> None:
    """What was asked, and the way back to the form."""
    with st.container(horizontal=True, vertical_alignment="center"):
        widgets.note(run.title, kind="plain", key=f"title-{run.id}")
        if st.button("New run", icon=":material/add:", type="secondary"):
            prompt_form.prefill(run.spec)
            watch.open_run(None)
            st.rerun()


def answer(run: states.Run) -> None:
    """How a run ended, if it is not done, and what it found."""
    if run.state in (states.CANCELLED, states.INTERRUPTED, states.FAILED):
        with st.container(border=True):
            widgets.note(f"{run.state.capitalize()}. {run.message}", key=f"ended-{run.id}")
            label = "Try again" if run.state == states.FAILED else "Resume"
            watch.resume_button(run.id, label)
    explanation = runtime.manager().store.result(run.id)
    if explanation is None:
        st.info("No picture yet: the first one comes after 64 ablations.")
    else:
        result.show(explanation, key=run.id)


# No st.stop() here: after it Streamlit keeps the fragments of the page before, and one of them, still polling, draws where its place
# is gone ("Bad delta path index"): the whole page turns white.
if run is None:
    ask(missing=bool(run_id or st.query_params.get("run")))
else:
    head(run)
    if run.active:
        watch.progress(run.id)
    else:
        answer(run)
