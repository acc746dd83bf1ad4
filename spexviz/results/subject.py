"""Subject: what was ablated, in words and places, and how its value is said; all that views know of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.kit.spans import merged

NUMBER, ODDS, LOG_PROBABILITY = "number", "log-odds", "log-probability"
_ANSWERS = {NUMBER: 0, ODDS: 2, LOG_PROBABILITY: 1}  # how many each scale has
_NOUN = re.compile(r"[a-z]{1,20}( [a-z]{1,20})?\Z")


@dataclass(frozen=True)
class Scale:
    """How a value is said, by its kind.

    "log-odds" of two answers as a probability between these two, "log-probability" of one as a probability,
    else a number.

    >>> Scale("log-odds", (" positive", " negative")).say(1.6, "log-odds (nats)")
    '“positive” 83 %, “negative” 17 %'
    >>> Scale().say(0.25, "margin")
    '0.25 margin'
    """

    kind: str = NUMBER
    answers: tuple[str, ...] = ()
    better: int = 0

    def __post_init__(self) -> None:
        if len(self.answers) != _ANSWERS.get(self.kind):
            raise ValueError("a scale is log-odds of two answers, the log-probability of one, or a number")
        if self.better not in (-1, 0, 1):
            raise ValueError("a number is better where it is more (1), where it is less (-1), or neither (0)")

    def say(self, value: float, unit: str) -> str:
        """The value in words; `unit`: of a number."""
        chance = self.chance(value)
        if chance is None:
            return f"{_digits(value)} {unit}"
        chances = (chance, 1.0 - chance)
        parts = []
        for answer, share in zip(self.answers, chances, strict=False):
            parts.append(f"“{answer.strip()}” {_percent(share)}")
        return ", ".join(parts)

    def say_first(self, value: float, unit: str) -> str:
        """The value in words, of its first answer alone and without its name: "83 %"; `unit`: of a number."""
        chance = self.chance(value)
        if chance is None:
            return self.say(value, unit)
        return _percent(chance)

    def say_likelier(self, value: float, unit: str) -> str:
        """The value in words, of two answers the likelier alone: "“negative”, 71 %"; `unit`: of a number."""
        chance = self.chance(value)
        if chance is None:
            return self.say(value, unit)
        answer = self.answers[0]
        if self.kind == ODDS and chance < 0.5:
            answer, chance = self.answers[1], 1.0 - chance
        return f"“{answer.strip()}”, {_percent(chance)}"

    def chance(self, value: float) -> float | None:
        """The probability of the first answer, of log-odds between the two; None for a number."""
        if self.kind == NUMBER:
            return None
        if self.kind == ODDS:  # 1/(1 + e^−value), in a form that cannot overflow
            return (1.0 + math.tanh(value / 2.0)) / 2.0
        return math.exp(min(0.0, value))


@dataclass(frozen=True)
class Subject:
    """What was ablated, and all that views know of it.

    `noun`: what one player is, for sentences: "word", "head", "example"; `title`: of its lens; `text`,
    `spans`: where each player stands in a text, if there is one; `layout` (n, k): positions of the players,
    if any; `remarks`: what must be known of the values, in sentences; `scale`: how a value is said. `model`:
    its name, if there is one; `question`: what is measured, in words, such as "how much more likely …";
    `before`, `after`: what stands around the text whenever it is asked. Raises ValueError where these do not
    fit together.
    """

    players: tuple[str, ...]
    unit: str
    noun: str = "player"
    title: str = ""
    text: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    layout: Floats | None = None
    remarks: tuple[str, ...] = ()
    scale: Scale = Scale()
    model: str = ""
    question: str = ""
    before: str = ""
    after: str = ""

    def __post_init__(self) -> None:
        n = len(self.players)
        text = self.text or ""
        if not n:
            raise ValueError("it has no players")
        if not _NOUN.match(self.noun):  # it stands in sentences of ours, which are not all escaped
            raise ValueError("its noun is not a word in small letters, such as “word”")
        within_text = all(0 <= start <= end <= len(text) for start, end in self.spans)
        if len(self.spans) not in (0, n) or not within_text:
            raise ValueError("its spans are not one for each player within the text")
        if self.layout is not None and not _is_layout(self.layout, n):
            raise ValueError("its layout is not one row of finite numbers for each player")
        if not isinstance(self.scale, Scale):
            raise ValueError("its scale is no Scale of spexviz.results")
        around = (self.model, self.question, self.before, self.after)
        refuse_half_characters(*self.players, self.unit, self.title, text, *self.remarks, *around)

    @property
    def itself(self) -> str:
        """What is measured beside all fits, in words: "the text itself", "the leading heads themselves"."""
        if self.text is not None:
            return "the text itself"
        return f"the leading {self.noun}s themselves"

    def say(self, value: float) -> str:
        """A value in words."""
        return self.scale.say(value, self.unit)

    @property
    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The text in pieces, in order, and whether each is taken apart: what has words in no player is not.

        >>> Subject(("bad",), "nats", text="Not bad, they said.", spans=((4, 7),)).pieces
        (('Not ', False), ('bad', True), (', they said.', False))
        """
        text = self.text or ""
        found = [("", True)]
        edges = [0, *chain.from_iterable(merged(self.spans)), len(text)]
        for i, (start, stop) in enumerate(pairwise(edges)):
            piece = text[start:stop]
            is_kept = bool(self.spans) and i % 2 == 0 and any(map(str.isalnum, piece))
            if is_kept == found[-1][1]:
                found.append((piece, not is_kept))
            else:
                found[-1] = (found[-1][0] + piece, not is_kept)
        return tuple(one for one in found if one[0])


def refuse_half_characters(*texts: str) -> None:
    """Raise ValueError for what is no text, or has half a character: it cannot be stored or shown."""
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{text!r:.40} is no text")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"the text {text!a:.40} holds half a character (a lone surrogate)") from None


def _is_layout(layout: Floats, n: int) -> bool:
    """Whether this is a row of finite numbers for each of n players."""
    if layout.ndim != 2 or len(layout) != n:
        return False
    return bool((np.abs(layout) < 1e9).all())


def _digits(value: float) -> str:
    """Three significant digits, a 0 at the end where it is rounded to one, with a minus as wide as a plus.

    >>> [_digits(value) for value in (0.25, 0.2201, -0.6431, 0.0, 120.4)]
    ['0.25', '0.220', '−0.643', '0', '120']
    """
    text = f"{value:.3g}"
    if not math.isclose(float(text), value, rel_tol=1e-9):
        text = f"{value:#.3g}".removesuffix(".")
    return text.replace("-", "−")


def _percent(share: float) -> str:
    """A probability, near 0 and near 1 with the digits that say how near.

    >>> [_percent(share) for share in (0.81, 0.0012, 0.99984, 1e-9, 1.0)]
    ['81 %', '0.12 %', '99.98 %', 'less than 0.0001 %', '100 %']
    """
    if 0.0 < share < 1e-6:
        return "less than 0.0001 %"
    if share < 0.005:
        return f"{100 * share:.2g} %"
    if 0.995 < share < 1.0:
        missing = 100 * (1.0 - share)
        digits = min(4, -math.floor(math.log10(missing)))
        return f"{100 * share:.{digits}f} %"
    return f"{100 * share:.0f} %"
