"""Alignment: which players of one run are those of another, by their labels in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from spexviz.kit.cached import cached_property
from spexviz.kit.names import bare, plain
from spexviz.masks import Interaction
from spexviz.results import Subject

_LETTERS = 400  # of a label that are compared


@dataclass(frozen=True)
class Alignment:
    """`matched`: {player of A: player of B}; of `replaced` ones, players of A, another word stands in B.

    `first`, `second`: how many players A and B have.
    """

    matched: Mapping[int, int]
    replaced: frozenset[int]
    first: int
    second: int

    @classmethod
    def of(cls, a: Subject, b: Subject) -> Alignment:
        """Equal labels in order; in a text also words that stand where as many others stood."""
        ours, theirs = _labels(a), _labels(b)
        matched: dict[int, int] = {}
        replaced: set[int] = set()
        texts = a.text is not None and b.text is not None
        for kind, start, end, start_b, end_b in SequenceMatcher(None, ours, theirs, False).get_opcodes():
            is_other = texts and kind == "replace" and end - start == end_b - start_b
            if kind == "equal" or is_other:
                matched.update(zip(range(start, end), range(start_b, end_b), strict=True))
            if is_other:
                replaced.update(range(start, end))
        return cls(matched, frozenset(replaced), len(ours), len(theirs))

    def there(self, members: Interaction) -> Interaction | None:
        """The set of B that a set of A is; None where B lacks one of its players."""
        if not all(i in self.matched for i in members):
            return None
        return tuple(sorted(self.matched[i] for i in members))

    @cached_property
    def back(self) -> Alignment:
        """The same as B sees it."""
        inverse = {j: i for i, j in self.matched.items()}
        replaced = frozenset(self.matched[i] for i in self.replaced)
        return Alignment(inverse, replaced, self.second, self.first)

    @cached_property
    def lacking(self) -> tuple[int, ...]:
        """The players of A that B lacks."""
        return tuple(i for i in range(self.first) if i not in self.matched)

    @cached_property
    def differing(self) -> tuple[int, ...]:
        """The players of A that B lacks, or has another one for."""
        return tuple(sorted({*self.lacking, *self.replaced}))


def _labels(subject: Subject) -> Sequence[str]:
    """What is compared: of words neither the case nor the points at their edges."""
    return [bare(plain(player, _LETTERS)).casefold() for player in subject.players]
