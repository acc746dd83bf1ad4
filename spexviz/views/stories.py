"""Stories: which panels tell a run, in which order, for each lens; one list for all that shows a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from spexviz.results import Explanation
from spexviz.views import arcs, strip, untouched
from spexviz.views.board import is_tall, named_after
from spexviz.views.cards import Item
from spexviz.views.energy import energy
from spexviz.views.examples import groups, mattering
from spexviz.views.fidelity import fidelity_curve, residuals
from spexviz.views.findings import told
from spexviz.views.indices_of import all_indices
from spexviz.views.path import DOWN, UP, path, way_of
from spexviz.views.question import block
from spexviz.views.selected import selected, sentence
from spexviz.views.squares import squares
from spexviz.views.story import (
    Action,
    Component,
    Depth,
    Look,
    Panel,
    Shown,
    Table,
    Words,
    without_actions,
)
from spexviz.views.table import sets
from spexviz.views.trust import quality, trust

__all__ = ["cell", "glance", "story"]

ROWS = 30  # of the table, at least
PICTURE = 6  # the place on one page of the picture of the players
SETS, QUALITY, ERRORS, INDICES, HARM = (
    "Sets as a table",
    "How good is it, and what did it cost?",
    "Model against surrogate",
    "The selected set in all indices",
    "Which examples do harm?",
)
ASKED = "What was asked"
FOUND, TEXT, WHAT_IF, TOGETHER = "What was found", "The text", "What if?", "What acts together"
ASK = Panel("Try it", Action("ask"))
TABS = (HARM, SETS, UP, DOWN)
PARTS, MATTERING = "The parts", "What matters most"  # pictures that switch, as the text does
_WHAT_IF = Panel(WHAT_IF, Action("what-if"), early=True, brief=7)  # under them


def story(explanation: Explanation, items: Sequence[Item] = ()) -> tuple[Panel, ...]:
    """The panels of a run in order.

    `items`: what is shown of each player where it is more than its name, such as an example with its label.
    """
    picture = _PICTURES.get(explanation.spec.game_name, _of_text)
    pictures = picture(explanation, items)
    more = [panel for panel in pictures if panel.room == "more"] + _more(explanation)
    pictures = [panel for panel in pictures if panel.room != "more"]
    deeper = Panel("Go deeper", Action("deeper"))
    panels = [*_top(explanation), *pictures, deeper, *sorted(more, key=_tab)]
    if explanation.complete:
        return tuple(panels)
    return tuple(panel for panel in panels if panel.early)


def glance(explanation: Explanation) -> tuple[Panel, ...]:
    """What tells a run of a text at one glance: its finding, its words, what if, what acts together.

    The words stand alone, without a list of the sets.
    """
    shown = (FOUND, TEXT, WHAT_IF, TOGETHER)
    panels = {panel.title: panel for panel in story(explanation) if panel.title in shown}
    panels[TEXT] = replace(panels[TEXT], make=partial(_words_alone, explanation))
    sets = partial(_arcs, explanation, more="in the whole run")
    panels[TOGETHER] = replace(panels[TOGETHER], make=sets)
    return tuple(panels.values())


def cell(explanation: Explanation, rows: int) -> tuple[Panel, ...]:
    """What tells a run in a cell of a notebook: the question, the finding, trust, its picture, a short table.

    `rows`: sets in the table.
    """
    pictures = _PICTURES.get(explanation.spec.game_name, _of_text)(explanation, ())
    shown = [*_top(explanation), *(panel for panel in pictures if panel.brief == PICTURE)]
    if not explanation.complete:
        shown = [panel for panel in shown if panel.early]

    def table(look: Look) -> Table:
        return sets(explanation, look.at(explanation), rows)

    return without_actions([*shown, Panel(SETS, table, "more")])


def _tab(panel: Panel) -> int:
    """Where a panel of the rest stands among the tabs; those without a place keep their order behind."""
    if panel.title in TABS:
        return TABS.index(panel.title)
    return len(TABS)


def _top(explanation: Explanation) -> list[Panel]:
    """What was asked, what was found, and how far to trust it."""
    lacking = []
    if explanation.measured is None:
        lacking.append(Panel("What was not measured", Action("measure"), "top"))
    return [
        Panel(ASKED, partial(block, explanation), "top", early=True, brief=1),
        Panel(FOUND, partial(_found, explanation), "top", brief=3),
        *lacking,
        Panel("How far to trust it", partial(_trusted, explanation), "top", early=True, brief=5),
    ]


def _found(explanation: Explanation, look: Look) -> Words:
    """The finding in plain words, real values under it, and the numbers behind it in a fold."""
    found = told(explanation)
    lines = [" ".join(found.sentences), untouched.said(explanation, found.sets)]
    if found.sets:  # names of heads are read nowhere before
        lines.append(named_after(explanation, found.sets[0][0]))
    more = found.numbers
    if explanation.measured is not None:
        everything = untouched.said(explanation, explanation.measured.without)
        more += tuple(filter(None, [everything]))
    if look.depth == "researcher":
        more += found.terms
    is_open = look.depth != "anyone"
    return Words(tuple(filter(None, lines)), "headline", "How do we know?", more, is_open)


def _trusted(explanation: Explanation, look: Look) -> Words:
    return trust(explanation)


def _of_text(explanation: Explanation, items: Sequence[Item]) -> list[Panel]:
    """A text with its sets, or players in a row where there is no text."""
    return [
        Panel(TEXT, partial(_strip, explanation), early=True, selects=True, brief=PICTURE),
        replace(_WHAT_IF, part_of=TEXT),
        ASK,
        *_pair(explanation),
    ]


def _of_heads(explanation: Explanation, items: Sequence[Item]) -> list[Panel]:
    """Layers × heads beside their sets, where a head looks, how much acts alone, what can be switched off."""
    together, way = _pair(explanation)
    beside, under = together, way
    if is_tall(explanation):  # as the way is
        beside, under = way, together
    return [
        _selected(explanation, PARTS),
        Panel(PARTS, partial(_grid, explanation), "beside", early=True, selects=True, brief=PICTURE),
        beside,
        replace(_WHAT_IF, part_of=PARTS),
        Panel("Where it looks", Action("attention")),
        replace(under, room="picture"),
        Panel("What acts alone, and what together", partial(_energy, explanation), least="analyst"),
        ASK,
        Panel("What can go?", Action("removal")),
    ]


def _mattering(explanation: Explanation, items: Sequence[Item]) -> Panel:
    make = partial(mattering, explanation, items)
    return Panel(MATTERING, make, early=True, selects=True, is_titled=True, brief=PICTURE)


def _of_training(explanation: Explanation, items: Sequence[Item]) -> list[Panel]:
    """The examples that matter, sets of them, what leaving some out does, and which do harm.

    Which do harm is the question of a run that is about no single query; else it is among the rest.
    """
    together, way = _pair(explanation)
    harm = Panel(HARM, Action("removal"))
    panels = [
        Panel("The query", Action("query"), "top", part_of=ASKED, brief=2),
        _selected(explanation, MATTERING),
        _mattering(explanation, items),
        replace(_WHAT_IF, part_of=MATTERING),
        *groups(explanation, items),
        replace(together, room="picture"),
        ASK,
    ]
    if explanation.subject.before:
        return [*panels, replace(harm, room="more"), replace(way, room="more")]
    return [*panels[:4], harm, *panels[4:], replace(way, room="more")]


_PICTURES: Mapping[str, Callable[[Explanation, Sequence[Item]], list[Panel]]] = {
    "heads": _of_heads,
    "training": _of_training,
}


def _pair(explanation: Explanation) -> list[Panel]:
    """The sets as arcs, which nobody is shown who would take guesses for findings, and the path."""
    least: Depth = "analyst" if quality(explanation) == "poor" else "anyone"
    return [
        Panel(TOGETHER, partial(_arcs, explanation), "beside", least, selects=True),
        Panel(way_of(explanation), partial(_path, explanation), "beside", selects=True, brief=4),
    ]


def _more(explanation: Explanation) -> list[Panel]:
    """For those who want the numbers."""
    panels = [
        *_guesses(explanation),
        Panel(SETS, partial(_table, explanation), "more", selects=True),
        Panel(QUALITY, partial(_curve, explanation), "more", early=True),
    ]
    panels.append(Panel(QUALITY, Action("rivals"), "more"))
    if not explanation.proof.exact:
        panels.append(Panel(ERRORS, partial(_residuals, explanation), "more", "analyst"))
    return [*panels, Panel(INDICES, partial(_in_all_indices, explanation), "more", "researcher")]


def _guesses(explanation: Explanation) -> list[Panel]:
    """What stands over the table where its numbers cannot be relied on."""
    if quality(explanation) != "poor":
        return []
    said = Words(("These are guesses: the fit explains too little for any of them to be relied on.",))
    return [Panel(SETS, lambda look: said, "more")]


def _selected(explanation: Explanation, picture: str) -> Panel:
    return Panel("Selected", partial(selected, explanation), selects=True, part_of=picture)


def _strip(explanation: Explanation, look: Look) -> Component:
    # for anyone no guesses: the colours are faint, and the sets are left out
    top = 0 if look.depth == "anyone" and quality(explanation) == "poor" else look.top
    return text_with_sets(explanation, look, top)


def _words_alone(explanation: Explanation, look: Look) -> Component:
    return text_with_sets(explanation, look, 0, none=None)


def text_with_sets(explanation: Explanation, look: Look, top: int, **more: Any) -> Component:
    """The text with at most `top` sets under it, and what is known of the selected players.

    `more` goes to `strip.data`.
    """
    found = look.at(explanation)
    more |= {"dark": look.dark, "selection": look.selection, "said": sentence(explanation, look)}
    data = strip.data(explanation, found, top=top, **more)
    said = data["said"]
    return Component("strip", data, f"{arcs.in_text(explanation, found, look.top)} {said}".rstrip())


def _grid(explanation: Explanation, look: Look) -> Component:
    chosen = {"top": look.top, "dark": look.dark, "selection": look.selection}
    return squares(explanation, look.at(explanation), **chosen)


def _energy(explanation: Explanation, look: Look) -> Shown:
    return energy(explanation, dark=look.dark)


def _arcs(explanation: Explanation, look: Look, **more: Any) -> Component:
    found = look.at(explanation)
    more |= {"top": look.top, "dark": look.dark, "selection": look.selection}
    data = arcs.data(explanation, found, **more)
    return Component("arcs", data, arcs.in_text(explanation, found, look.top))


def _path(explanation: Explanation, look: Look) -> Shown:
    return path(explanation, dark=look.dark, selection=look.selection)


def _curve(explanation: Explanation, look: Look) -> Shown:
    return fidelity_curve(explanation, dark=look.dark)


def _residuals(explanation: Explanation, look: Look) -> Shown:
    return residuals(explanation, dark=look.dark)


def _table(explanation: Explanation, look: Look) -> Table:
    return sets(explanation, look.at(explanation), max(look.top, ROWS))


def _in_all_indices(explanation: Explanation, look: Look) -> Shown:
    """The selected set by every index, or how to select one."""
    if not look.selection and look.still:
        return Words(())
    if not look.selection:
        return Words(("Select a set to see its value by every index, with what each of them asks.",))
    return all_indices(explanation, look.selection, look.order)
