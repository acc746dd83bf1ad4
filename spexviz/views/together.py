"""Together: one sentence on a set, by what each of its members does with the others and without them.

Each member is judged by itself. Where all are alike it is said of all, else of the one member for which it is
clearest, and of that one only.
"""

from __future__ import annotations

from dataclasses import dataclass

from spexviz.analysis.relations import Kind, Member, Relations
from spexviz.masks import Interaction
from spexviz.views.voice import Voice

TOLD: tuple[Kind, ...] = ("turned round", "needs", "stands in for")  # of unlike members, which is told first
PART = 0.5  # of its larger effect: where the others change less of it, a member needs them only in part
SMALL = 0.25  # where they change less than this, two players mostly add up


@dataclass(frozen=True)
class Set:
    """A set of two or more, seen from its members. `value`: its mean effect."""

    members: Interaction
    relations: Relations
    value: float
    voice: Voice

    @property
    def sentence(self) -> str:
        """In small letters at its start and without a full stop: "the words “a” and “b” together …"."""
        kinds = self.relations.kinds
        is_mixed = any(map(self._is_weakened, self.relations.members))
        if kinds <= {"add up", None}:
            return self._acting()
        if len(kinds) > 1 or is_mixed:
            return self._of_one(self.clearest)
        if "turned round" in kinds:
            return self._all_turned()
        if "needs" in kinds:
            return self._all_need()
        return self._all_stand_in()

    @property
    def clearest(self) -> Member:
        """The member that is told of where they are unlike."""
        kind = min(self.relations.kinds, key=_rank)
        alike = [one for one in self.relations.members if one.kind == kind]
        return max(alike, key=lambda one: abs(one.with_others.value - one.without_others.value))

    @property
    def told(self) -> frozenset[int]:
        """The members of whom the sentence says something: all where they are alike, else one."""
        if len(self.relations.kinds) == 1:
            return frozenset(self.members)
        return frozenset({self.clearest.player})

    def kinds_of(self, players: frozenset[int]) -> frozenset[Kind | None]:
        """The kinds of these members."""
        return frozenset(one.kind for one in self.relations.members if one.player in players)

    @property
    def clause(self) -> str:
        """Of a pair whose players have both been named: "the two add up", "“a” needs “b”"."""
        kinds = self.relations.kinds
        if None in kinds:
            return ""
        if kinds == {"add up"}:
            return "the two add up"
        if max(map(_changed, self.relations.members)) < SMALL:
            return "the two mostly add up"
        if len(kinds) > 1:
            return self._head(self.clearest)
        if "turned round" in kinds:
            return "each turns the other round"
        if "needs" in kinds:
            return f"each needs the other{self._in_part}"
        return f"one can stand in for the other{self._in_part}"

    @property
    def _called(self) -> str:
        return self.voice.called(self.members)

    @property
    def _is_pair(self) -> bool:
        return len(self.members) == 2

    def _pair_or_more(self, pair: str, more: str) -> str:
        if self._is_pair:
            return pair
        return more

    @property
    def says_all(self) -> bool:
        """Whether the sentence says what all of them together do."""
        kinds = self.relations.kinds
        return kinds <= {"needs", "stands in for"} and len(kinds) == 1 and bool(self._sign)

    @property
    def _sign(self) -> int:
        return self.relations.together.sign

    def _all_turned(self) -> str:
        there = {one.with_others.sign for one in self.relations.members}
        said = f"{self._called} turn {self._pair_or_more('each other', 'one another')} round"
        if len(there) > 1:
            return said
        (sign,) = there
        beside = self._pair_or_more("beside the other", "beside the others")
        without = self._pair_or_more("without it", "without them")
        return f"{said}: each {self.voice.moves(sign)} {beside}, but {self.voice.but(-sign)} {without}"

    def _all_need(self) -> str:
        need = self._pair_or_more("each needs the other", "each needs the others") + self._in_part
        if not self._sign:
            return f"{self._called} act together: {need}"
        return f"{self._called} together {self.voice.moves(self._sign, many=True)}: {need}"

    def _all_stand_in(self) -> str:
        stand_in = self._pair_or_more("one can stand in for the other", "any one can stand in for the others")
        stand_in += self._in_part
        if not self._sign:
            return f"of {self._called}, {stand_in}"
        both = self._pair_or_more("both", "all")
        return f"{self._called} {both} {self.voice.moves(self._sign, many=True)}, and {stand_in}"

    @property
    def _in_part(self) -> str:
        if min(map(_changed, self.relations.members)) < PART:
            return ", in part"
        return ""

    def _acting(self) -> str:
        """Where all that is clear is that both together are not the sum of the two."""
        each_other = self._pair_or_more("each other", "one another")
        both = self._pair_or_more("both", "all of them")
        apart = self._pair_or_more("each apart", "fewer of them")
        moves = self.voice.moves(self.value)
        return f"{self._called} act on {each_other}: having {both} {moves}, compared with {apart}"

    def _of_one(self, member: Member) -> str:
        return f"{self._head(member)}: {self._ground(member)}"

    def _head(self, member: Member) -> str:
        name = self.voice.name(member.player)
        others = self.voice.name_all(self._others(member))
        if member.kind == "needs":
            return f"{name} needs {others}"
        if member.kind == "stands in for":
            if self._is_weakened(member):
                return f"{others} {self._pair_or_more('weakens', 'weaken')} {name}"
            return f"{name} can stand in for {others}"
        if self._is_pair:
            return f"{others} turns round what {name} does"
        return f"{name} is turned round by {others}"

    def _ground(self, member: Member) -> str:
        """What the member does with the others, or without them."""
        it = "it"
        if (member.kind == "turned round" and self._is_pair) or self._is_weakened(member):
            it = self.voice.name(member.player)
        there, gone = member.with_others, member.without_others
        them = self._pair_or_more("it", "them")
        if member.kind == "turned round":
            moves = f"{it} {self.voice.moves(there.value)}"
            return f"{moves} beside {them}, but {self.voice.but(gone.value)} without {them}"
        if self._is_pair:
            them = self.voice.name_all(self._others(member))
        if member.kind == "needs":
            return f"{it} {self.voice.moves(there.value)} above all beside {them}"
        return f"{it} {self.voice.moves(gone.value)} above all without {them}"

    def _others(self, member: Member) -> tuple[int, ...]:
        return tuple(i for i in self.members if i != member.player)

    def _is_weakened(self, member: Member) -> bool:
        """Whether it does less with the others, which push the other way: they do not do the same thing."""
        if member.kind != "stands in for":
            return False
        rest = sum(one.without_others.value for one in self.relations.members if one is not member)
        return rest * member.without_others.value < 0


def _changed(member: Member) -> float:
    """The share of its larger effect by which the others change what a member does; from 0 to 2."""
    there, gone = member.with_others.value, member.without_others.value
    return abs(there - gone) / (max(abs(there), abs(gone)) or 1.0)


def _rank(kind: Kind | None) -> int:
    if kind in TOLD:
        return TOLD.index(kind)
    return len(TOLD)
