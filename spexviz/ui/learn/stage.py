"""Stage: what stands beside a lesson: panels of a recorded run, as on its own page, and pieces of ours.

No model is asked: what is shown is what the run has recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.ui import address, depth, panels, result, what_if, widgets
from spexviz.ui.learn import book, pieces
from spexviz.ui.learn.pieces import Piece
from spexviz.ui.lenses import lens_of
from spexviz.ui.panels import View
from spexviz.ui.selection import off, select, selected, switch_off
from spexviz.views.cards import Item
from spexviz.views.findings import usual_order
from spexviz.views.index_words import READINGS
from spexviz.views.lesson import Lesson, Step
from spexviz.views.stories import TEXT, glance, story
from spexviz.views.story import Action, Look
from spexviz.views.tried import Outcome
from spexviz.views.words import plural

CONTROLS = "Controls"  # what a lesson calls the controls of index, order, and sets
WORDS = "The words"  # and the text alone


def key_of(run: str) -> str:
    """What the views of a recorded run are called here: they share a selection, and what is switched off."""
    return f"learn-{run.replace('.', '-')}"


def look_at(run: str) -> Look:
    """How a recorded run is looked at."""
    explanation, key = book.run_of(run), key_of(run)
    n = len(explanation.players)
    first = Look(depth=depth.depth(), dark=widgets.dark(), order=usual_order(explanation))
    look = replace(first, selection=selected(key, n), off=off(key, n))
    index = address.chosen(key, "index", list(READINGS), look.index)
    order = address.chosen(key, "order", range(1, 6), look.order)
    return replace(look, index=index, order=order, top=address.chosen(key, "sets", address.TOPS, look.top))


def first_look(run: str, step: Step) -> Look:
    """How it is looked at when the step begins."""
    explanation = book.run_of(run)
    first = Look(depth=depth.depth(), dark=widgets.dark(), order=usual_order(explanation))
    begin = step.begin
    return replace(
        first,
        index=begin.get("index", first.index),
        order=begin.get("order", first.order),
        top=begin.get("sets", first.top),
        selection=begin.get("selected", ()),
        off=begin.get("off", ()),
    )


def set_up(run: str, look: Look) -> None:
    """Have the run looked at so."""
    key = key_of(run)
    for name, value in (("index", look.index), ("order", look.order), ("sets", look.top)):
        address.choose(key, name, value)
    select(key, look.selection)
    switch_off(key, look.off)


def begin() -> None:
    """A step begins: nothing was tried or done yet."""
    pieces.begin()


def tried(look: Look) -> frozenset[Interaction]:
    """All that was switched off since the step began, and now."""
    return pieces.try_out({look.off})


def did() -> frozenset[str]:
    """What the pieces have reported since the step began."""
    return pieces.reported()


def draw(lesson: Lesson, step: Step, settle: Callable[[Look], None]) -> None:
    """All that stands beside a step, in its order. `settle`: called with how the run is looked at."""
    run = lesson.run_of(step)
    explanation, key = book.run_of(run), key_of(run)
    lens = lens_of(explanation.spec.game_name)
    items = lens.items(explanation) if lens else ()

    def settled(explanation: Explanation, look: Look, key: str) -> None:
        settle(look_at(run))

    actions = {**(lens.actions if lens else {}), panels.WHAT_IF: _recorded}
    known = result.drawn_by(actions, items, settled)
    told = _told(explanation, items)
    switches = any(_switches(panel) for name in step.show for panel in told.get(name, ()))
    for name in step.show:
        view = View(explanation, look_at(run), key)
        if name == CONTROLS:
            widgets.index_controls(explanation, key, "researcher")
        elif name in pieces.PIECES:
            pieces.PIECES[name](Piece(view, step.given, tried(view.look)))
        else:
            for panel in told[name]:
                panels.draw(panel, view, known)
    if not switches:  # what answers a switch settles by itself, as often as it is drawn
        settle(look_at(run))


def _told(explanation: Explanation, items: Sequence[Item]) -> dict[str, list[panels.Panel]]:
    """The panels of a run by their titles, and its text without a list of sets."""
    told: dict[str, list[panels.Panel]] = {}
    for panel in story(explanation, items):
        told.setdefault(panel.title, []).append(panel)
    if explanation.subject.text is not None:
        told[WORDS] = [panel for panel in glance(explanation) if panel.title == TEXT]
    return told


def _switches(panel: panels.Panel) -> bool:
    return panel.make == Action(panels.WHAT_IF)


def _recorded(view: View) -> None:
    """What is switched off, and what the run has recorded of it; no model is asked."""
    found = Outcome(view.look.off, after=what_if.known(view.explanation, view.look.off))
    what_if.show(view, found, place=what_if.begin(view))
    what_if.listed(view, f"{plural(view.explanation.subject.noun).capitalize()} that are switched off")
