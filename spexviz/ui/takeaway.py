"""Take it with you: what a run leaves the app as: a report, its numbers, code, a citation, a link."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import streamlit as st

from spexviz import views
from spexviz.errors import SpexvizError
from spexviz.jobs.store import Run
from spexviz.results import Explanation, Spent
from spexviz.run import notebook
from spexviz.ui import address, browser, embedding, runtime, widgets
from spexviz.views.cards import Item
from spexviz.views.cite import bibtex, run_in_words
from spexviz.views.document import Chapter, report
from spexviz.views.story import Look

MOST_SETS = 1_000  # of a CSV file


def draw(explanation: Explanation, look: Look, key: str, items: Sequence[Item] = ()) -> None:
    """The row, under all else; `look`: how the run is looked at, which report and link keep."""
    name = f"spexviz-{key}"
    widgets.heading(
        "Take it with you",
        "The report is one file that opens without a network, to send or to print. A picture or a table "
        "alone is saved by the words under it.",
        key=f"{key}-take",
    )
    with st.container(horizontal=True):
        st.download_button(
            "Report",
            lambda: _report(explanation, look, key, items),
            f"{name}.html",
            "text/html",
            key=f"{key}-report",
            icon=":material/article:",
            on_click="ignore",
        )
        st.download_button(
            "Run as JSON",
            explanation.to_json,
            f"{name}.json",
            "application/json",
            key=f"{key}-json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Sets as CSV",
            lambda: views.csv(look.at(explanation), MOST_SETS, look.checks(explanation)),
            f"{name}.csv",
            "text/csv",
            key=f"{key}-csv",
            icon=":material/table:",
            on_click="ignore",
        )
        with st.popover("Notebook code", icon=":material/code:"):
            _code(explanation, key)
        with st.popover("How to cite", icon=":material/format_quote:"):
            st.caption("Beside every number of it stands what was asked:")
            st.code(run_in_words(explanation), language=None, wrap_lines=True)
            st.caption("BibTeX of spexviz and of the papers it builds on:")
            st.code(bibtex(), language=None, wrap_lines=True)
        with st.popover("Link and settings", icon=":material/link:"):
            _link(explanation, look, key)


def report_of(runs: Sequence[Run]) -> str:
    """The report of finished runs of the store, each as everybody sees it at first."""
    store = runtime.manager().store
    found = [(run, store.result(run.id)) for run in runs]
    return report(*(Chapter(one, run.title, when=run.created) for run, one in found if one is not None))


def _report(explanation: Explanation, look: Look, key: str, items: Sequence[Item]) -> str:
    run = runtime.manager().store.get(key)
    shown = dataclasses.replace(look, off=())
    title, when = (run.title, run.created) if run else ("", None)
    return report(Chapter(explanation, title, items, when, shown))


def _code(explanation: Explanation, key: str) -> None:
    """The run as Python, which a cell of a notebook takes as it is."""
    try:
        code = notebook.code(explanation.spec)
    except SpexvizError as error:
        widgets.problem(f"This run cannot be written as code. {error}", key=f"{key}-no-code")
        return
    st.caption("Asks for the same run again, with the same settings:")
    st.code(code, language="python", wrap_lines=True)


def _link(explanation: Explanation, look: Look, key: str) -> None:
    """The address of what is seen, and what was asked, to the letter."""
    st.caption("This address shows what you see now, in any browser that reaches this server:")
    browser.copy_link(address.query(key, look), f"{key}-link")
    embedding.offer(key)
    st.caption("What was asked:")
    st.code(explanation.spec.to_json(), language=None, wrap_lines=True)
    widgets.note(f"{_spent(explanation.spent)}.", kind="quiet", key=f"{key}-spent")
    if explanation.precision:
        st.caption(f"The model computed in {explanation.precision}.")


def _spent(spent: Spent) -> str:
    """What a run took, in time and ablations."""
    asked = f"{spent.seconds.get('ablations', 0):.1f} s for the model's answers"
    fitted = f"{spent.seconds.get('fits', 0):.1f} s for the fits"
    if "folds" in spent.seconds:
        fitted += f" and {spent.seconds['folds']:.1f} s for those that grade them"
    said = f"{asked}, {fitted}, {spent.cached:,} ablations known from before"
    if spent.compared:
        said += f"; {spent.compared:,} more to compare with full precision"
    return said
