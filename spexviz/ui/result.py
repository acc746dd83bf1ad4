"""An explanation on a page: its story, looked at in one way by all of its panels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from spexviz.analysis.leading import MOST_ORDER
from spexviz.results import Explanation, Subject
from spexviz.results.preview import Preview
from spexviz.ui import address, ask, browser, depth, measure, panels, rivals, takeaway, what_if, widgets
from spexviz.ui.panels import Draw, View
from spexviz.ui.selection import off, selected
from spexviz.views import question, strip
from spexviz.views.cards import Item
from spexviz.views.findings import usual_order
from spexviz.views.index_words import READINGS
from spexviz.views.large import BRIEF
from spexviz.views.stories import story
from spexviz.views.story import DEPTHS, Component, Look

ACTIONS = ("rivals", "measure", "ask", panels.WHAT_IF)  # that every run has
Settle = Callable[[Explanation, Look, str], None]
"""What puts a look at the run of a key into the address."""


def show(
    explanation: Explanation,
    key: str,
    actions: Mapping[str, Draw] | None = None,
    items: Sequence[Item] = (),
) -> None:
    """All panels of the run, the controls of what they show, and the way out (JSON, CSV, link).

    `key`: the run's id, since runs of the same spec may hold different numbers. `actions`: what the lens can
    ask the model; `items`: what it knows of its players beyond their names.
    """
    explanation = with_answers(explanation, key)
    told = story(explanation, items)
    first = looked(explanation, key)
    known = drawn_by(actions or {}, items, _settle)
    if first.brief:
        panels.draw_all(told, View(explanation, first, key, BRIEF), known)
        takeaway.draw(explanation, first, key, items)
        return
    top = [panel for panel in told if panel.room == "top"]
    panels.draw_all(top, View(explanation, first, key), known)
    pictures = st.container()
    place = st.container()
    if first.depth != "anyone":  # who changes much has the controls over the pictures
        pictures, place = place, pictures
    with place:
        look = _controls(explanation, first, key)
    rest = [panel for panel in told if panel.room != "top"]
    shown = [panel for panel in rest if panel.room != "more"]
    with pictures:
        panels.draw_all(shown, View(explanation, look, key), known)
    more = [panel for panel in rest if panel.room == "more"]
    panels.draw_all(more, View(explanation, look, key), known)
    takeaway.draw(explanation, look, key, items)


def with_answers(explanation: Explanation, key: str) -> Explanation:
    """The run with what was asked of it since."""
    return ask.with_checked(measure.with_measured(explanation, key), key)


def looked(explanation: Explanation, key: str) -> Look:
    """How this visitor looks at the run, as far as it is not chosen by its controls."""
    n = len(explanation.players)
    look = dataclasses.replace(depth.look(), dark=widgets.dark(), order=usual_order(explanation))
    return dataclasses.replace(look, selection=selected(key, n), off=off(key, n))


def as_chosen(explanation: Explanation, look: Look, key: str, top: int) -> Look:
    """The look with what the controls of the run were set to; `top`: sets where that was not chosen."""
    index = "mean"
    if look.depth == "researcher":
        index = address.chosen(key, "index", list(READINGS), index)
    order = address.chosen(key, "order", range(1, MOST_ORDER + 1), look.order)
    found = explanation.interactions(index, min(order, len(explanation.players)))
    most = address.chosen(key, "sets", address.TOPS, top)
    return dataclasses.replace(look, index=found.index, order=found.order, top=most)


def drawn_by(actions: Mapping[str, Draw], items: Sequence[Item], settle: Settle) -> dict[str, Draw]:
    """What draws the actions of a run's panels; `settle`: called when a switch has changed the look."""
    known = {
        "rivals": partial(rivals.asked, items=items),
        "measure": measure.ask,
        "ask": ask.panel,
        panels.WHAT_IF: what_if.panel,
        **actions,
    }
    return {**known, panels.WHAT_IF: partial(_tried, known[panels.WHAT_IF], settle)}


def so_far(explanation: Explanation, key: str, items: Sequence[Item], top: Any) -> None:
    """What a run that goes on has found until now: nothing can be clicked or asked yet.

    `top`: the place of the question, where it has stood from the beginning.
    """
    look = Look(top=6, depth=depth.depth(), dark=widgets.dark(), still=True)
    view = View(explanation, look, key)
    asked, *found = (panel for panel in story(explanation, items) if panel.early)
    with top:
        panels.draw(asked, view, {})
    panels.draw_all(found, view, {})


def beginning(subject: Subject, preview: Preview | None, key: str, top: Any) -> None:
    """What is asked, and the text, in its first colours where there are some: before anything is found.

    `top`: the place of the question.
    """
    shown = question.asked(subject, widgets.dark())
    with top:
        widgets.drawn(shown, f"{key}-asked", key, still=True)
    if subject.text is not None and subject.spans:
        effects = preview.effects if preview else None
        data = strip.preview(subject, effects, dark=widgets.dark())
        widgets.drawn(Component("strip", data), f"{key}-strip", key, still=True)


def _controls(explanation: Explanation, look: Look, key: str) -> Look:
    """What the panels show, as it was chosen above them; changing it never asks the model."""
    found, top = widgets.index_controls(explanation, key, look.depth)
    return dataclasses.replace(look, index=found.index, order=found.order, top=top)


@st.fragment
def _tried(draw: Draw, settle: Settle, view: View) -> None:
    """What a switch changes reruns alone: the answer, and the address."""
    look = dataclasses.replace(view.look, off=off(view.key, len(view.explanation.players)))
    draw(dataclasses.replace(view, look=look))
    settle(view.explanation, look, view.key)


def _settle(explanation: Explanation, look: Look, key: str) -> None:
    """Put what differs from what everybody sees at first into the address.

    For whom it is told is also named where it is as at first, but not as this visitor's runs are.
    """
    words = said(explanation, look)
    address.keep(key, words)
    browser.settle({address.RUN: key}, words, address.NAMES)


def said(explanation: Explanation, look: Look, top: int = Look.top) -> dict[str, str]:
    """What an address says of a look: {name: value} of what is not as everybody sees the run at first.

    `top`: sets that are shown at first.
    """
    everybody = DEPTHS[0]
    told = depth.own() if look.told == everybody else everybody
    return address.words(look, Look(order=usual_order(explanation), top=top), told)
