"""Scene: which sets and players a graph shows, where they stand, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spexviz.indices import Interactions
from spexviz.kit.cached import cached_property
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views.index_words import checks_of, has_larger, has_sets, singles
from spexviz.views.oval import Spot, middles, ring
from spexviz.views.trust import quality

MOST = 200  # sets drawn at most
_FADE = {"good": 1.0, "fair": 0.8, "poor": 0.4}


@dataclass(frozen=True)
class Known:
    """What there is to draw from, of a run or of interactions alone."""

    found: Interactions
    noun: str
    fade: float  # of all sets: how far the fit can be trusted
    checks: Mapping[Interaction, Check]
    larger: bool = False  # whether there are sets above the order that was asked

    @cached_property
    def effects(self) -> list[float]:
        """The value of each player by itself."""
        return singles(self.found)

    @cached_property
    def limit(self) -> float:
        """The size of the largest of them, which has the full colour."""
        return max(map(abs, self.effects), default=0.0)

    @property
    def is_poor(self) -> bool:
        """Whether the fit explains too little for its sets to be read."""
        return self.fade == _FADE["poor"]

    @property
    def has_none(self) -> bool:
        """Whether sets of two or more were asked for, and none was found of any order."""
        return self.found.order > 1 and not self.larger and not has_sets(self.found)

    @classmethod
    def of(cls, source: Explanation | Interactions, index: str, order: int) -> Known:
        """`index`, `order`: of the interactions of a run."""
        if isinstance(source, Interactions):
            return cls(source, noun="player", fade=1.0, checks={})
        found = source.interactions(index, order)
        fade = _FADE[quality(source)]
        checks = checks_of(source, found.index)
        return cls(found, source.subject.noun, fade, checks, has_larger(source, found.order))


@dataclass(frozen=True)
class Scene:
    """What is drawn, and where: `players` at their `spots`, the sets `shown` at their `middles`."""

    known: Known
    shown: Interactions
    players: list[int]
    spots: Mapping[int, Spot]
    middles: Mapping[Interaction, Spot]
    label: Sequence[str]
    selected: Interaction
    dark: bool

    @classmethod
    def of(cls, known: Known, top: int, selection: Sequence[int], dark: bool) -> Scene:
        """The `top` sets and their players; the players alone where there is no set."""
        count = max(0, min(int(top), MOST))
        shown = known.found.top(count, include_singletons=False)
        players = {i for members in shown.values for i in members}
        if not players:
            alone = known.found.top(top)
            players = {members[0] for members in alone.values if len(members) == 1}
        in_order = sorted(players)
        spots = ring(in_order)
        places = middles(list(shown.values), spots)
        label = names(known.found.players, 16)
        selected = sorted({int(i) for i in selection})
        return cls(known, shown, in_order, spots, places, label, tuple(selected), dark)

    def fade(self, members: Interaction) -> float:
        """How much of its colour a set keeps: less where the fit is poor, little beside a selection."""
        if self.is_lit(members):
            return self.known.fade
        return self.known.fade * 0.18

    def is_lit(self, members: Interaction) -> bool:
        """Whether nothing is selected, or this set, or the one selected player is in it."""
        if not self.selected or members == self.selected:
            return True
        return len(self.selected) == 1 and self.selected[0] in members

    def is_contradicted(self, members: Interaction) -> bool:
        """Whether checking the set on the real model has contradicted it."""
        check = self.known.checks.get(members)
        return check is not None and check.verdict == "contradicted"

    def interval(self, members: Interaction) -> tuple[float, float] | None:
        """The interval of the set's value, where there are any."""
        if self.shown.intervals is None:
            return None
        return self.shown.intervals[members]
