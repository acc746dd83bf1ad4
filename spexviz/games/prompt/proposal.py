"""Proposal: the split with which to begin, by the script, the length and the lines of a text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from spexviz.games.prompt.scripts import is_unspaced
from spexviz.games.prompt.segments import COARSER, segment

MOST_PLAYERS = 120  # up to which words are shown, and told apart by the usual budgets
_FEWEST_LINES = 4
# what lines of one build begin with: a bullet, a number, a label, or a text and what it becomes
_BUILDS = {
    "bullet": re.compile(r"\s*[-*•–]\s"),
    "number": re.compile(r"\s*\(?[0-9]{1,3}[.)]\s"),
    "label": re.compile(r"\s*([^\W\d_][\w '/-]{0,30}):"),
    "becomes": re.compile(r".+(?:=>|->|→)"),
}


@dataclass(frozen=True)
class Proposal:
    """A split to begin with, how many players it gives, and why, in a sentence without its full stop."""

    split: str
    count: int
    why: str


def proposed(text: str, split: str = "words") -> Proposal | None:
    """The split to begin with where it is another than `split`; None where that will do.

    >>> proposed("这部电影很好").split
    'boundaries'
    >>> proposed("Q: sour A: lemon\\n" * 4)
    Proposal(split='lines', count=4, why='This text has 4 lines of one build')
    >>> proposed("not bad " * 100 + ".\\n" + "Really. " * 9).split
    'sentences'

    By its script where no spaces stand between words; lines where these are of one build (examples, lists);
    sentences, then lines, then paragraphs, where the split gives more than 120 players.
    """
    if not text.strip():
        return None
    fine = "boundaries" if is_unspaced(text) else "words"
    words = _count(text, fine)
    if split == "words" and words <= MOST_PLAYERS and fine != split:
        return Proposal(fine, words, "This text has no spaces between its words")
    if split not in ("words", "boundaries", "sentences"):
        return None
    lines = _count(text, "lines")
    if split != "sentences" and lines <= MOST_PLAYERS and _is_of_one_build(text):
        return Proposal("lines", lines, f"This text has {lines} lines of one build")
    now = _count(text, split) if split == "sentences" else words
    if now <= MOST_PLAYERS:
        return None
    return _coarser(text, split, now)


def _coarser(text: str, split: str, now: int) -> Proposal | None:
    """Sentences, lines or paragraphs, the first that are few enough; where none are, the fewest."""
    noun = "sentences" if split == "sentences" else "words"
    why = f"This text has {now:,} {noun}"
    found = [(name, _count(text, name)) for name in COARSER]
    found = [(name, count) for name, count in found if 2 <= count < now]
    for name, count in found:
        if count <= MOST_PLAYERS:
            return Proposal(name, count, why)
    if not found:
        return None
    name, count = min(found, key=lambda one: one[1])
    return Proposal(name, count, why)


def _count(text: str, split: str) -> int:
    return len(segment(text, split))


def _is_of_one_build(text: str) -> bool:
    """Whether two thirds of the lines, of four at least, begin as another of them does."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < _FEWEST_LINES:
        return False
    builds = Counter(filter(None, map(_build, lines)))
    alike = sum(count for count in builds.values() if count > 1)
    return 3 * alike >= 2 * len(lines)


def _build(line: str) -> str:
    """What a line begins with: a kind of mark, or its label; "" for neither."""
    for name, pattern in _BUILDS.items():
        found = pattern.match(line)
        if found:
            return found[1].lower() if name == "label" else name
    return ""
