"""A finished (or half-finished) explanation on a page: linked views, one selection, honesty first."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from spexviz import views
from spexviz.indices import Interactions
from spexviz.masks import Interaction
from spexviz.results import Explanation, Fidelity, Spent
from spexviz.run.compare import compare, rivals
from spexviz.ui import routes, widgets
from spexviz.ui.widgets import Draw, View
from spexviz.views import captions


def text(view: View) -> None:
    """The picture of a prompt: its text, with the top sets as combs."""
    widgets.text_strip(view.explanation, view.interactions, view.top, key=f"{view.key}-strip")


def show(
    explanation: Explanation,
    key: str,
    picture: Draw = text,
    sections: Sequence[Draw] = (),
    more_tabs: Sequence[tuple[str, Draw]] = (),
) -> None:
    """Finding, honesty strip, controls, picture, graph, fidelity, table, and the way out (JSON, CSV, link).

    `key`: the run's id, since runs of the same spec may hold different numbers. `picture`, `sections` under
    the graph and `more_tabs` beside the table are the lens's own.
    """
    default = explanation.interactions("FBII", min(3, len(explanation.players)))
    widgets.note(views.finding(explanation, default), kind="headline", key=f"{key}-finding")
    widgets.honesty_strip(explanation, key=f"{key}-honesty")
    interactions, top = widgets.index_controls(explanation, key)
    view = View(explanation, interactions, top, key)
    picture(view)
    _selected(explanation, interactions, key)
    left, right = st.columns([6, 5])
    with left:
        widgets.graph(explanation, interactions, top, key=f"{key}-graph")
    with right:
        _fidelity(explanation, key)
    for draw in sections:
        draw(view)
    own_titles = [title for title, _ in more_tabs]
    titles = ["Sets as a table", *own_titles, "From nothing to everything", "Model against surrogate"]
    sets, *own, steps, residuals = st.tabs(titles)
    for tab, (_, draw) in zip(own, more_tabs, strict=True):
        with tab:
            draw(view)
    with sets:
        widgets.table(interactions, max(top, 30), key=f"{key}-table", checks=explanation.checks)
    with steps:
        widgets.chart(views.path(explanation, dark=widgets.dark()), key=f"{key}-path")
    with residuals:
        if explanation.proof.exact:
            st.info("All masks were measured: there is nothing left to predict.")
        else:
            widgets.chart(views.residuals(explanation, dark=widgets.dark()), key=f"{key}-residuals")
    _ways_out(explanation, interactions, key)


def _fidelity(explanation: Explanation, key: str) -> None:
    """The fidelity curve; on request with every other solver, fitted on the same ablations."""
    asked = f"{key}-compare"
    extra: tuple[Fidelity, ...] = ()
    if st.session_state.get(asked):
        with st.spinner("Fitting the other solvers on these ablations …"):
            extra = _rivals(key, explanation)
    widgets.chart(views.fidelity_curve(explanation, dark=widgets.dark(), extra=extra), key=f"{key}-curve")
    if extra:
        st.caption("Each solver with its default settings, on the same ablations, scored on the same masks.")
    elif not explanation.proof.exact and explanation.complete:
        st.button(
            "Compare all solvers",
            icon=":material/compare_arrows:",
            key=f"{key}-compare-button",
            help="Fits every other solver on the ablations already paid for; the model is not asked again.",
            on_click=st.session_state.__setitem__,
            args=(asked, True),
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _rivals(run_id: str, _explanation: Explanation) -> tuple[Fidelity, ...]:
    return tuple(compare(_explanation, rivals(_explanation)))


def _selected(explanation: Explanation, interactions: Interactions, key: str) -> None:
    chosen = widgets.selection(explanation)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not chosen:
            one = captions.one(explanation.subject.noun)
            st.caption(f"Click {one}, a set, a node or a table row to follow it through all views.")
            return
        widgets.note(_of_set(explanation, interactions, chosen), key=f"{key}-selected")
        st.button("Clear selection", on_click=widgets.select, args=((),), key=f"{key}-clear")


def _of_set(explanation: Explanation, interactions: Interactions, members: Interaction) -> str:
    """What is known of one set: its value, what leaving it out does, and its check on the model."""
    said = f"{interactions.label(members)}: "
    value = interactions.values.get(members)
    if value is not None:
        said += f"{interactions.index} {views.theme.number(value)} {explanation.unit}. "
    said += captions.removal(explanation, members)
    for check in explanation.checks:
        if check.members == members:
            return f"{said} Checked on the model, {captions.check_text(check, explanation.unit)}"
    return said


def _ways_out(explanation: Explanation, interactions: Interactions, key: str) -> None:
    name = f"spexviz-{key}"
    with st.container(horizontal=True):
        st.download_button(
            "Run as JSON",
            explanation.to_json,
            f"{name}.json",
            "application/json",
            on_click="ignore",
            key=f"{key}-json",
            icon=":material/download:",
        )
        st.download_button(
            "Sets as CSV",
            lambda: views.csv(interactions, 1_000, explanation.checks),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            key=f"{key}-csv",
            icon=":material/table:",
        )
        with st.popover("Link and settings", icon=":material/link:"):
            st.caption("This address opens the run again, in any browser that reaches this server:")
            st.code(routes.address(explanation.spec, key), language=None)
            st.caption("What was asked:")
            st.code(explanation.spec.to_json(), language="json", wrap_lines=True)
            st.caption(f"{_spent(explanation.spent)}.")
            if explanation.precision:
                st.caption(f"The model computed in {explanation.precision}.")


def _spent(spent: Spent) -> str:
    """What a run took, in time and ablations."""
    asked = f"{spent.seconds.get('ablations', 0):.1f} s in ablations"
    fitted = f"{spent.seconds.get('fits', 0):.1f} s in fits"
    if "folds" in spent.seconds:
        fitted += f" and {spent.seconds['folds']:.1f} s in fits without a fold"
    said = f"{asked}, {fitted}, {spent.cached:,} ablations from the cache"
    if spent.compared:
        said += f"; {spent.compared:,} more to compare with full precision"
    return said
