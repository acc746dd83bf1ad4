"""Voice: how what a player does is said, by what is measured; and how players are named in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spexviz.kit.cached import cached_property
from spexviz.kit.names import names, plain
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.results.subject import LOG_PROBABILITY, ODDS, Subject
from spexviz.views.words import isolated, plural

UNIT_WORDS = 3  # a unit of more words would hide what the sentence says
_LONG = 40  # letters of a name


@dataclass(frozen=True)
class Voice:
    """How the value of a subject rises and falls, in words for anyone, and what its players are called.

    `brief`: its unit was said before.
    """

    subject: Subject
    brief: bool = False

    @classmethod
    def of(cls, explanation: Explanation) -> Voice:
        """The voice of a run."""
        return cls(explanation.subject)

    def again(self) -> Voice:
        """The same where the unit has been said."""
        return replace(self, brief=True)

    def moves(self, sign: float, many: bool = False) -> str:
        """ "pushes towards “positive”", "makes “Paris” likelier", "raises the value (margin)".

        `many`: of more than one.
        """
        scale = self.subject.scale
        ending = "s"
        if many:
            ending = ""
        if scale.kind == ODDS:
            if ending:
                ending = "es"
            return f"push{ending} {self._towards(sign)}"
        if scale.kind == LOG_PROBABILITY:
            return f"make{ending} {_said(scale.answers[0])} {_likelier(sign)}"
        if scale.better:
            return f"{_helps(sign * scale.better)}{ending} the model{self._unit}"
        return f"{_verb(sign)}{ending} the value{self._unit}"

    def but(self, sign: float) -> str:
        """The same after `moves` of the other sign: "towards “negative”", "less likely", "lowers it"."""
        scale = self.subject.scale
        if scale.kind == ODDS:
            return self._towards(sign)
        if scale.kind == LOG_PROBABILITY:
            return _likelier(sign)
        if scale.better:
            return f"{_helps(sign * scale.better)}s it"
        return f"{_verb(sign)}s it"

    def _towards(self, sign: float) -> str:
        answer, other = self.subject.scale.answers
        if sign < 0:
            answer = other
        return f"towards {_said(answer)}"

    @cached_property
    def _unit(self) -> str:
        """ " (test loss, nats)"; "" for none, or a long one."""
        unit = plain(self.subject.unit).replace(" (", ", ").rstrip(")")
        is_long = len(unit.split()) > UNIT_WORDS
        if self.brief or is_long or self.subject.unit in ("", "value"):
            return ""
        return f" ({unit})"

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return names(self.subject.players, _LONG)

    def name(self, player: int) -> str:
        """ "“never”"."""
        return f"“{isolated(self._names[player])}”"

    def name_all(self, members: Interaction | Sequence[int]) -> str:
        """ "“never” and “fails”", "“a”, “b” and “c”"."""
        *first, last = map(self.name, members)
        if not first:
            return last
        return f"{', '.join(first)} and {last}"

    def called(self, members: Interaction) -> str:
        """ "the word “never”", "the words “never” and “fails”"; of more the names alone."""
        if len(members) > 2:
            return self.name_all(members)
        noun = plural(self.subject.noun, len(members))
        return f"the {noun} {self.name_all(members)}"


def _said(answer: str) -> str:
    return f"“{isolated(plain(answer.strip(), 24))}”"


def _likelier(sign: float) -> str:
    if sign < 0:
        return "less likely"
    return "likelier"


def _helps(good: float) -> str:
    return "help" if good > 0 else "harm"


def _verb(sign: float) -> str:
    if sign < 0:
        return "lower"
    return "raise"
