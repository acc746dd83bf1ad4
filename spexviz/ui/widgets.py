"""The widgets that pages are made of.

Text from users enters the page only as text: components, st.text, dataframes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import streamlit as st
from streamlit.components.v2 import component

from spexviz.analysis.leading import MOST_ORDER
from spexviz.indices import FIRST_ORDER, Interactions
from spexviz.kit.paths import ASSETS
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.run import cost
from spexviz.ui import address
from spexviz.ui.selection import hearing, switch_off, ticking, triggered
from spexviz.ui.sentences import PROBLEM as PROBLEM
from spexviz.ui.sentences import heading as heading
from spexviz.ui.sentences import note as note
from spexviz.ui.sentences import problem as problem
from spexviz.views import cards as cards_of
from spexviz.views import rows, theme
from spexviz.views.component import COMPONENTS, script, style
from spexviz.views.findings import usual_order
from spexviz.views.glossary import help_of
from spexviz.views.index_words import READINGS, asks
from spexviz.views.large import PAGE, Size, enlarged
from spexviz.views.story import Component, Depth, Look, Press, Table
from spexviz.views.words import plural

Then = Callable[[Any], None]
T = TypeVar("T")
_COMPONENTS = {name: component(f"spexviz_{name}", css=style(name), js=script(name)) for name in COMPONENTS}


def dark() -> bool:
    """Whether this browser shows the dark theme."""
    return st.context.theme.type == "dark"


def on_request(label: str, flag: str, key: str, icon: str | None = None) -> bool:
    """Whether something that takes its time was asked for; a button that asks for it, while it was not.

    What was asked for once stays so for the rest of the session.
    """
    if not st.session_state.get(flag):
        st.button(label, icon=icon, key=key, on_click=st.session_state.__setitem__, args=(flag, True))
    return bool(st.session_state.get(flag))


def drawn(
    shown: Component,
    key: str,
    run_key: str,
    *,
    still: bool = False,
    switches: bool = False,
    press: Press = "look",
    **then: Then,
) -> None:
    """A component of ours by its data; a click in it selects players of the run with this key.

    `still`: nothing in it can be clicked yet; `switches`: players can be switched off, since the page says
    what the model answers then; `press`: what a press on one does at first; `then`: see `asking`.
    """
    clicked = hearing(run_key, key, triggered)
    switched = hearing(run_key, key, lambda state: triggered(state, "off"), switch_off)
    # the views of a run are linked in the browser
    data = {**shown.data, "run": run_key or None, "still": still, "switches": switches, "press": press}
    on = {"on_select_change": clicked, "on_off_change": switched, **_hearing(key, then)}
    _COMPONENTS[shown.name](key=key, data=data, **on)


def cards(found: Sequence[cards_of.Card], key: str, *, large: bool = False) -> None:
    """Cards that select nothing."""
    _COMPONENTS["cards"](key=key, data=cards_of.data(found, dark=dark(), large=large))


def clickable(figure: Any, key: str, run_key: str, size: Size = PAGE) -> None:
    """A Plotly figure whose points hold the members of a set as `customdata`; a click on one selects them.

    `size`: where it differs from that of a page.
    """
    clicked = ticking(run_key, key)
    _figure(figure, key, size, on_select=clicked, selection_mode="points")


def chart(figure: Any, key: str, size: Size = PAGE) -> None:
    """A Plotly figure in the page's theme, with its text twin for screen readers."""
    _figure(figure, key, size)


def _figure(figure: Any, key: str, size: Size, **more: Any) -> None:
    """A figure under its title, as text that wraps: in it this would be cut where room is short.

    Both can be saved as one picture. `more` goes to the chart.
    """
    place = f"{key}-figure"
    with st.container(key=place):
        title, *small = theme.untitled(figure) or [""]
        if title:
            heading(title, *small, key=f"{key}-heading")
        large = enlarged(figure, size)
        st.plotly_chart(large, theme=None, key=key, config=PLOTLY, alt=text_twin(figure), **more)
        data = {"version": place, "of": place, "title": title or "figure"}
        _COMPONENTS["chart"](key=f"{key}-saver", data=data)


def table(shown: Table, label: str, key: str, run_key: str, selection: Interaction = ()) -> None:
    """Rows, linked with the other views of the run with this key; selecting one selects what it stands for.

    `run_key`: "" for rows that select nothing.
    """
    selects = bool(run_key and shown.members)
    data = rows.data(shown, label, selects=selects, selection=selection, dark=dark())
    drawn(Component("rows", data), key, run_key)


def openable(shown: Table, label: str, key: str, listed: rows.Listed, opened: Then, marked: Then) -> None:
    """Rows of which a click opens one, and of which several may be marked.

    `opened`, `marked`: called with what the browser says: the key of a row, the keys of those marked. It is
    to be looked at before it is believed.
    """

    def heard(name: str, part: str, then: Then) -> Callable[[], None]:
        return lambda: then(((st.session_state.get(key) or {}).get(name) or {}).get(part))

    data = rows.data(shown, label, listed=listed, dark=dark())
    open_, mark = heard("open", "key", opened), heard("mark", "keys", marked)
    _COMPONENTS["rows"](key=key, data=data, on_open_change=open_, on_mark_change=mark)


def asking(shown: Component, key: str, **then: Then) -> None:
    """A component that asks for something by triggers of these names.

    Each is called with what the browser says, which is to be looked at before it is believed.
    """

    _COMPONENTS[shown.name](key=key, data=dict(shown.data), **_hearing(key, then))


def _hearing(key: str, then: Mapping[str, Then]) -> dict[str, Any]:
    """What a component calls when one of its triggers has something to say."""

    def heard(name: str, call: Then) -> Callable[[], None]:
        return lambda: call((st.session_state.get(key) or {}).get(name))

    return {f"on_{name}_change": heard(name, call) for name, call in then.items()}


def one_of(label: str, choices: Sequence[T], key: str, **more: Any) -> T:
    """One of at least one choice, at first the first; where there is no other, nothing is drawn.

    `more` goes to the widget.
    """
    first = choices[0]
    if len(choices) == 1:
        return first
    chosen = st.segmented_control(label, choices, default=first, required=True, key=key, **more)
    return first if chosen is None else chosen


def text_twin(figure: Any) -> str:
    """What a figure shows, in words."""
    meta = figure.layout.meta or {}
    return str(meta.get("text", ""))[:4000]


PLOTLY = {"displaylogo": False, "displayModeBar": False, "responsive": True}


def index_controls(
    explanation: Explanation, key: str, depth: Depth = "researcher"
) -> tuple[Interactions, int]:
    """Order and number of sets, for researchers the index too; changing them never asks the model.

    For anyone they stand in a fold.
    """
    place: Any = st.container()
    if depth == "anyone":
        place = st.expander("More or fewer sets")
    with place:
        columns = st.columns([2, 2, 2] if depth == "researcher" else [2, 2])
        index = "mean"
        if depth == "researcher":
            index = columns[0].selectbox(
                "Index",
                list(READINGS),
                format_func=lambda name: READINGS[name].label,
                help=help_of("Index", "How the value of a set is defined. Every view then shows this index."),
                **_kept(key, "index", list(READINGS), "mean"),
            )
        order = _order(explanation, key, columns[-2], index in FIRST_ORDER)
        most = _kept(key, "sets", address.TOPS, Look().top)
        top = columns[-1].slider("Sets shown", address.TOPS[0], address.TOPS[-1], **most)
    found = explanation.interactions(index, order)
    if asked := asks(found):
        note(asked, kind="quiet", key=f"{key}-asks")
    return found, int(top)


def _orders(explanation: Explanation) -> list[int]:
    """The highest orders that can be chosen."""
    return list(range(1, max(1, min(MOST_ORDER, len(explanation.players))) + 1))


def _order(explanation: Explanation, key: str, place: Any, unused: bool) -> int:
    """The highest order of the sets shown. `unused`: the index is of single players only."""
    orders = _orders(explanation)
    first = usual_order(explanation)
    nouns = plural(explanation.subject.noun)
    picked = place.segmented_control(
        "Highest order",
        orders,
        required=True,
        disabled=unused,
        help=help_of(
            "Highest order",
            f"1 shows single {nouns} only. It chooses what is listed; the mean effect of a set is the same "
            "whatever is listed beside it.",
        ),
        **_kept(key, "order", orders, first),
    )
    return int(picked or first)


def _kept(run_id: str, name: str, possible: Sequence[Any], first: Any) -> dict[str, Any]:
    """How a control holds what is chosen for a run, by its address or by the control itself."""
    key = f"{run_id}-{name}"
    value = address.chosen(run_id, name, possible, first)
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def changed() -> None:
        address.choose(run_id, name, st.session_state[key])

    return {"key": key, "on_change": changed}


@cache
def examples() -> tuple[dict[str, Any], ...]:
    """The example prompts in assets/examples.json."""
    return tuple(json.loads((ASSETS / "examples.json").read_text(encoding="utf-8")))


def duration(seconds: float | None) -> str:
    """ "about 40 s", "about 3 min"."""
    if seconds is None:
        return "an unknown time"
    return f"about {cost.duration(seconds)}"
