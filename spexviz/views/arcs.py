"""Arcs: the top sets drawn between their players; data of one component, all but clicks in the browser.

Players stand in reading order on one axis, heads in the rows of their layers. A pair is an arc; every larger
set is one node that is tied to its members (a triple is one object, never three pairs). The script draws as
many of the sets as can be read and says how many there are. It reports `select` as a trigger: {"members":
[positions]}; an empty list clears the selection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spexviz.indices import Interactions
from spexviz.kit.arrays import Ints
from spexviz.kit.cached import cached_property
from spexviz.kit.names import names, plain
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views import theme
from spexviz.views.board import in_words, places
from spexviz.views.captions import check_text
from spexviz.views.component import colours, versioned
from spexviz.views.embed import run_key
from spexviz.views.glossary import explained
from spexviz.views.index_words import (
    MEAN,
    READINGS,
    UNSIGNED,
    asks,
    checks_of,
    has_larger,
    has_sets,
    named,
    no_sets,
    singles,
)
from spexviz.views.story import Component
from spexviz.views.strip import drawn_set
from spexviz.views.theme import clear_sign, listed, number
from spexviz.views.trust import quality
from spexviz.views.words import isolated, joined, plural

__all__ = ["data", "graph", "in_text"]

MOST = 24  # sets, more than which nobody can follow
_LETTERS = 72  # of a label: two lines
_FULL = 400  # letters of a name where it is told
_COLOURS = ("page", "ink", "muted", "grid", "surface", "up", "down", "accent")


def graph(
    source: Explanation | Interactions,
    top: int = 12,
    *,
    index: str = MEAN,
    order: int = 3,
    dark: bool = False,
    selection: Sequence[int] = (),
) -> Component:
    """The `top` sets of two or more players (by share of variance) and their members; a notebook shows it.

    `index`, `order`: used for an Explanation; Interactions come with theirs. `selection`: members of the
    selected set, or one player.
    """
    if isinstance(source, Interactions):
        explanation, found = None, source
    else:
        explanation, found = source, source.interactions(index, order)
    shown = data(explanation, found, top=top, dark=dark, selection=selection)
    if explanation is not None:
        shown["run"] = run_key(explanation)
    return Component("arcs", shown, in_text(explanation, found, top))


def data(
    explanation: Explanation | None,
    interactions: Interactions,
    *,
    top: int = 12,
    dark: bool = False,
    selection: Sequence[int] = (),
    more: str = "in the table",
) -> dict[str, Any]:
    """The component's data, JSON-able; `version` changes with all of it but `selection`.

    `explanation`: the run that the interactions are of; None for interactions alone. `top`: sets of order ≥ 2
    shown, at most MOST. `selection`: positions of the selected set's members; `more`: where the other sets
    are.
    """
    known = _Known(explanation, interactions)
    shown = interactions.top(max(0, min(int(top), MOST)), include_singletons=False)
    body: dict[str, Any] = {"kind": "row" if known.where is None else "layers"}
    body["noun"] = known.noun
    body["unit"] = interactions.unit
    body["index"] = named(interactions.index)
    body["asks"] = asks(interactions)
    body["title"] = _title(known, len(shown))
    body["total"] = sum(1 for members, value in interactions.values.items() if len(members) > 1 and value)
    body["more"] = more
    body["none"] = "" if len(shown) else no_sets(interactions, known.noun, known.larger)
    body["legend"] = _legend(interactions.index)
    body["quality"] = known.quality
    body["players"] = _players(known, shown, top)
    body["sets"] = _sets(known, shown)
    body["colours"] = _colours(dark)
    body["terms"] = explained(body["index"], body["unit"], body["asks"])
    return versioned(body, selection)


def in_text(explanation: Explanation | None, interactions: Interactions, top: int = 12) -> str:
    """The same in words."""
    known = _Known(explanation, interactions)
    label = names(interactions.players)
    shown = interactions.top(top, include_singletons=False)
    name = named(interactions.index)
    alone = len(shown) == 0
    if alone and top > 0:
        shown = interactions.top(top)
    sets = listed((joined(members, label), value) for members, value in shown)
    if not alone:
        return f"The strongest interactions ({name}, {interactions.unit}): {sets}."
    text = no_sets(interactions, known.noun, known.larger)
    if sets:
        text += f" The strongest {plural(known.noun)} ({name}, {interactions.unit}): {sets}."
    return text


@dataclass(frozen=True)
class _Known:
    """What there is to draw from, of a run or of interactions alone."""

    run: Explanation | None
    found: Interactions

    @cached_property
    def noun(self) -> str:
        """What one player is."""
        return "player" if self.run is None else self.run.subject.noun

    @cached_property
    def quality(self) -> str:
        """How far the fit can be trusted."""
        return "good" if self.run is None else quality(self.run)

    @cached_property
    def checks(self) -> Mapping[Interaction, Check]:
        """What was checked on the model, by set."""
        return {} if self.run is None else checks_of(self.run, self.found.index)

    @cached_property
    def larger(self) -> bool:
        """Whether there are sets above the order that was asked."""
        return self.run is not None and has_larger(self.run, self.found.order)

    @cached_property
    def where(self) -> Ints | None:
        """(n, 2) layer and place in it of each player; None where they stand in a row."""
        return None if self.run is None else places(self.run)

    @cached_property
    def full(self) -> tuple[str, ...]:
        """Each player's name where it is told."""
        if self.where is not None and self.run is not None:
            return in_words(self.run)
        return tuple(plain(player, _FULL) for player in self.found.players)


def _title(known: _Known, sets: int) -> str:
    if sets == 0 and known.found.order > 1 and not known.larger and not has_sets(known.found):
        if len(known.found.top(1)) == 0:
            return "Nothing found"
        return "No interactions found"
    if sets == 0:
        return f"Single {plural(known.noun)}"
    if known.quality == "poor":
        return "Guesses, not to be read"
    return "What acts together"


def _legend(index: str) -> dict[str, str]:
    """What the two colours say: a word each, or a sentence where that does not do."""
    reading = READINGS[index]
    if reading.sets == READINGS[MEAN].sets:
        return {"up": "raises", "down": "lowers"}
    return {"said": reading.sets}


def _players(known: _Known, shown: Interactions, top: int) -> list[dict[str, Any]]:
    """Those of the sets shown, in order; the strongest players alone where there is no set."""
    players = {i for members in shown.values for i in members}
    if not players:
        players = {members[0] for members in known.found.top(top).values if len(members) == 1}
    label = names(known.found.players, _LETTERS)
    effects = singles(known.found)
    limit = max(map(abs, effects), default=0.0)
    made = []
    for i in sorted(players):
        effect = effects[i]
        player: dict[str, Any] = {"p": i, "t": isolated(label[i]), "said": number(effect)}
        player["cell"] = theme.level(effect, limit)
        if known.found.index not in UNSIGNED:
            player["sign"] = clear_sign(effect, limit)
        if known.full[i] != label[i]:
            player["full"] = isolated(known.full[i])
        if known.where is not None:
            player["layer"], player["x"] = known.where[i].tolist()
        made.append(player)
    return made


def _sets(known: _Known, shown: Interactions) -> list[dict[str, Any]]:
    """One entry for each set, the strongest first; "check" says what its check found."""
    label = [isolated(name) for name in names(known.found.players)]
    sets = []
    for members in shown.values:
        drawn = drawn_set(members, shown, label)
        check = known.checks.get(members)
        if check is not None:
            drawn["c"] = check.verdict
            drawn["check"] = check_text(check, shown.unit)
        sets.append(drawn)
    return sets


def _colours(dark: bool) -> dict[str, Any]:
    return colours(_COLOURS, dark) | {"onMark": theme.tokens(dark).on_mark, "cells": theme.palette(dark)}
