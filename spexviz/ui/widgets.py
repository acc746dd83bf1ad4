"""The widgets that pages are made of.

Text from users enters the page only as text: components, st.text, dataframes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from spexviz import views
from spexviz.indices import INDICES, Interactions
from spexviz.kit.paths import ASSETS
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.run import cost
from spexviz.views import cards as cards_of
from spexviz.views import strip, theme


@dataclass(frozen=True)
class View:
    """What a picture is drawn from: the run, what was chosen above it, and a prefix for widgets' keys."""

    explanation: Explanation
    interactions: Interactions
    top: int
    key: str


Draw = Callable[[View], None]
SELECTION = "selection"  # session_state: sorted positions of the selected set, () for none

_note = component(
    "spexviz_note",
    css="""
    .note {
      font-family: var(--st-font);
      color: var(--st-text-color);
      line-height: 1.45;
      overflow-wrap: anywhere;
    }
    .note p { margin: 0; }
    .headline p { font-size: 1.15rem; font-weight: 600; }
    .title p { font-weight: 600; }
    .plain p { font-size: 0.9rem; opacity: 0.85; }
    .strip {
      border-left: 4px solid var(--edge);
      background: var(--st-secondary-background-color);
      border-radius: 6px;
      padding: 0.5rem 0.8rem;
    }
    .strip p { font-size: 0.9rem; }
    """,
    js="""
    export default function ({ parentElement, data }) {
      let box = parentElement.querySelector(".note");
      if (!box) { box = document.createElement("div"); parentElement.append(box); }
      box.className = `note ${data.kind}`;
      box.setAttribute("role", data.kind === "strip" ? "note" : "paragraph");
      box.style.setProperty("--edge", data.edge);
      box.replaceChildren(...data.lines.map((line) => {
        const p = document.createElement("p");
        p.textContent = line;
        return p;
      }));
    }
    """,
)
_strip = component("spexviz_strip", css=strip.CSS, js=strip.JS)
_cards = component("spexviz_cards", css=cards_of.CSS, js=cards_of.JS)


def dark() -> bool:
    """Whether this browser shows the dark theme."""
    return st.context.theme.type == "dark"


def note(*lines: str, kind: str = "plain", key: str, edge: str = "transparent") -> None:
    """Sentences that may hold a user's words; kind "headline", "title", "plain" or "strip"."""
    _note(key=key, data={"lines": list(lines), "kind": kind, "edge": edge})


def problem(error: Exception | str, key: str) -> None:
    """Why something cannot be done, and the remedy."""
    note(str(error), kind="strip", key=key, edge="#c0562b")


def on_request(label: str, flag: str, key: str, icon: str | None = None) -> bool:
    """Whether something that takes its time was asked for; a button that asks for it, while it was not.

    What was asked for once stays so for the rest of the session.
    """
    if not st.session_state.get(flag):
        st.button(label, icon=icon, key=key, on_click=st.session_state.__setitem__, args=(flag, True))
    return bool(st.session_state.get(flag))


def honesty_strip(explanation: Explanation, key: str) -> None:
    """What this is, how good, what it cost: always above the figures."""
    tokens = theme.tokens(dark())
    edges = {"good": tokens.accent, "fair": tokens.muted, "poor": tokens.up}
    edge = edges[views.quality(explanation)]
    note(views.honesty(explanation), kind="strip", key=key, edge=edge)


def select(members: Sequence[int]) -> None:
    """The one writer of the selection that every view shows."""
    st.session_state[SELECTION] = tuple(sorted({int(i) for i in members}))


def selection(explanation: Explanation) -> tuple[int, ...]:
    """The selected players of this run."""
    return tuple(i for i in st.session_state.get(SELECTION, ()) if i < len(explanation.players))


def _selecting(key: str, members_in: Callable[[Any], Any]) -> Callable[[], None]:
    """What a click does on the widget of this key: select the members that `members_in` reads in its state.

    The state is the browser's word, so it is looked at before it is believed.
    """

    def clicked() -> None:
        members = members_in(st.session_state.get(key))
        if isinstance(members, list | tuple):
            select([i for i in members if isinstance(i, int)])

    return clicked


def _triggered(state: Any) -> Any:
    """The members that a component of ours reports; None where it has nothing to report."""
    selected = (state or {}).get("select") or {}
    return selected.get("members")


def _pointed_at(state: Any) -> Any:
    """The `customdata` of the point that was clicked in a figure; none where the selection was taken back."""
    points = (state or {}).get("selection", {}).get("points", [])
    for point in points:
        return point.get("customdata")
    return ()


def text_strip(explanation: Explanation, interactions: Interactions, top: int, key: str) -> None:
    """The token heatmap over the text, with the top sets under it; a click selects."""
    data = strip.data(explanation, interactions, top=top, dark=dark(), selection=selection(explanation))
    _strip(key=key, data=data, on_select_change=_selecting(key, _triggered))


def cards(
    found: Sequence[cards_of.Card],
    key: str,
    *,
    selection: Sequence[int] = (),
    large: bool = False,
    good: bool = True,
) -> None:
    """Cards of training examples; a click on one that has members selects them."""
    data = cards_of.data(found, dark=dark(), selection=selection, large=large, good=good)
    _cards(key=key, data=data, on_select_change=_selecting(key, _triggered))


def graph(explanation: Explanation, interactions: Interactions, top: int, key: str) -> None:
    """The interaction graph; a click on a set or player selects it."""
    figure = views.graph(
        explanation,
        top=top,
        index=interactions.index,
        order=interactions.order,
        dark=dark(),
        selection=selection(explanation),
    )
    clickable(figure, key)


def clickable(figure: Any, key: str) -> None:
    """A Plotly figure whose points hold the members of a set as `customdata`; a click on one selects them."""
    clicked = _selecting(key, _pointed_at)
    st.plotly_chart(
        figure,
        theme=None,
        key=key,
        on_select=clicked,
        selection_mode="points",
        config=PLOTLY,
        alt=text_twin(figure),
    )


def chart(figure: Any, key: str) -> None:
    """A Plotly figure in the page's theme, with its text twin for screen readers."""
    st.plotly_chart(figure, theme=None, key=key, config=PLOTLY, alt=text_twin(figure))


def table(interactions: Interactions, top: int, key: str, checks: Sequence[Check] = ()) -> None:
    """The sets as a table; selecting a row selects the set everywhere."""
    shown = interactions.top(top)
    members = [m for m, _ in shown]

    def in_row(state: Any) -> Interaction:
        rows = (state or {}).get("selection", {}).get("rows", [])
        for row in rows:
            return members[row] if row < len(members) else ()
        return ()

    st.dataframe(
        views.table(interactions, top, checks).rename(columns={"members": "set"}),
        hide_index=True,
        key=key,
        on_select=_selecting(key, in_row),
        selection_mode="single-row",
        height="auto",
        column_config=_columns(interactions),
    )


def _columns(interactions: Interactions) -> dict[str, Any]:
    """How the columns of `views.table` are shown; None hides one."""
    text = st.column_config.TextColumn
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "set": text("Set", width="large"),
        "order": number("Order", width="small"),
        "value": number("Value", help=f"{interactions.index}, in {interactions.unit}", format="%+.3f"),
        "low": None,
        "high": None,
        "share": number("Share of variance", format="percent"),
        "check": text("Check", help="Whether further ablations of the model bear the set out"),
        "measured": number(
            "Measured",
            help="Average effect on the model over this run's random masks; for uniform ones to be compared "
            "with the set's BII",
            format="%+.3f",
        ),
    }
    if interactions.intervals:
        columns["low"] = number("Low (90 %)", format="%+.3f")
        columns["high"] = number("High (90 %)", format="%+.3f")
    return columns


def text_twin(figure: Any) -> str:
    """What a figure shows, in words."""
    meta = figure.layout.meta or {}
    return str(meta.get("text", ""))[:4000]


PLOTLY = {"displaylogo": False, "displayModeBar": False, "responsive": True}


def index_controls(explanation: Explanation, key: str) -> tuple[Interactions, int]:
    """Index, order and number of sets; changing them never asks the model."""
    left, middle, right = st.columns([2, 2, 2], vertical_alignment="bottom")
    names = list(INDICES)
    index = left.selectbox(
        "Index",
        names,
        index=names.index("FBII"),
        key=f"{key}-index",
        help="How the value of a set is defined.",
    )
    most = max(1, min(5, len(explanation.players)))
    orders = list(range(1, most + 1))
    default = min(3, most)
    order = middle.segmented_control(
        "Highest order", orders, default=default, key=f"{key}-order", required=True
    )
    top = right.slider("Sets shown", 3, 40, 12, key=f"{key}-top")
    found = explanation.interactions(index, int(order or default))
    st.caption(" ".join([INDICES[index], *found.remarks]))
    return found, int(top)


@cache
def examples() -> tuple[dict[str, Any], ...]:
    """The example prompts in assets/examples.json."""
    return tuple(json.loads((ASSETS / "examples.json").read_text(encoding="utf-8")))


def duration(seconds: float | None) -> str:
    """ "about 40 s", "about 3 min"."""
    if seconds is None:
        return "an unknown time"
    return f"about {cost.duration(seconds)}"
