"""Panels: each panel of a story drawn on a page by what it makes.

What is shown is decided in `views/stories.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import streamlit as st

from spexviz.results import Explanation
from spexviz.ui import widgets
from spexviz.ui.sentences import heading, words
from spexviz.views.large import PAGE, Size
from spexviz.views.story import Action, Component, Look, Panel, Table, Words, told_by


@dataclass(frozen=True)
class View:
    """What an action is drawn from: the run, how it is looked at, and the key of the run for its widgets.

    `size`: of figures.
    """

    explanation: Explanation
    look: Look
    key: str
    size: Size = PAGE


Draw = Callable[[View], None]
WHAT_IF = "what-if"  # the action that answers what is switched off


def draw_all(panels: Sequence[Panel], view: View, actions: Mapping[str, Draw]) -> None:
    """The panels in order: those beside each other in pairs, those for more in tabs at the end."""
    told = [panel for panel in told_by(panels, view.look) if _is_here(panel, actions)]
    for room, in_room in groupby(told, key=lambda panel: panel.room):
        if room == "beside":
            _draw_pairs(list(in_room), view, actions)
        elif room == "more":
            _draw_tabs(list(in_room), view, actions)
        else:
            for panel in in_room:
                draw(panel, view, actions)


def _is_here(panel: Panel, actions: Mapping[str, Draw]) -> bool:
    """Whether the page can draw it: an action that its lens does not know is left out."""
    return not isinstance(panel.make, Action) or panel.make.name in actions


def _draw_pairs(panels: Sequence[Panel], view: View, actions: Mapping[str, Draw]) -> None:
    for start in range(0, len(panels), 2):
        pair = panels[start : start + 2]
        if len(pair) == 1:
            draw(pair[0], view, actions)
            continue
        for column, panel in zip(st.columns(2), pair, strict=True):
            with column:
                draw(panel, view, actions)


def _draw_tabs(panels: Sequence[Panel], view: View, actions: Mapping[str, Draw]) -> None:
    """A tab a title."""
    titles = list(dict.fromkeys(panel.title for panel in panels))
    tabs = dict(zip(titles, st.tabs(titles), strict=True))
    for panel in panels:
        with tabs[panel.title]:
            draw(panel, view, actions)


def draw(panel: Panel, view: View, actions: Mapping[str, Draw]) -> None:
    """One panel, by what it makes."""
    shown = panel.make(view.look)
    kind = type(shown).__name__.lower()  # a tab may hold several panels of its title
    key = f"{view.key}-{_slug(panel.title)}-{kind}"
    selects = panel.selects and not view.look.still
    if isinstance(shown, Action):
        actions[shown.name](view)
    elif isinstance(shown, Words):
        words(shown, key)
    elif isinstance(shown, Component):
        _heading(panel, shown, key)
        look, switches = view.look, WHAT_IF in actions
        widgets.drawn(shown, key, view.key, still=look.still, switches=switches, press=look.press)
    elif isinstance(shown, Table):
        run_key = view.key if selects else ""
        widgets.table(shown, panel.title, key, run_key, view.look.selection)
    elif selects:
        widgets.clickable(shown, key, view.key, view.size)
    else:
        widgets.chart(shown, key, view.size)


def _heading(panel: Panel, shown: Component, key: str) -> None:
    """The title over a component, where it bears none itself: its own, or that of its panel."""
    title = shown.title
    if panel.is_titled:
        title = panel.title
    if title:
        heading(title, shown.subtitle, key=f"{key}-heading")


def _slug(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())
