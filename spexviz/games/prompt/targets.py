"""Targets: what an answer is to a model where it stands after a text, and which spelling of it is meant.

" positive", "positive" and "Positive" are three tokens, and all but one of them are next to impossible after
most texts: looked at by mistake, their values say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from spexviz.errors import ModelError
from spexviz.models.base import LanguageModel, Likely

# times as likely another spelling must be, else either may be meant: one that differs in its space only, and
# one in its capital too
_CLEARLY, _FAR = 2.0, 10.0


@dataclass(frozen=True)
class Reading:
    """An answer as a model reads it.

    `count`: its tokens; `probability`: of the whole answer, None where the model cannot give it; `better`:
    another spelling that is clearly likelier, or the only one that can be read; `first`: its first token,
    where it has several and that one can be read.
    """

    answer: str
    count: int
    probability: float | None
    better: Likely | None = None
    first: Likely | None = None

    @property
    def is_token(self) -> bool:
        """Whether log-odds can read it."""
        return self.count == 1 and self.probability is not None


def spellings(answer: str) -> tuple[str, ...]:
    """The answer with and without its leading space, in small letters, with a capital, and as it is.

    >>> spellings("positive")
    ('positive', ' positive', 'Positive', ' Positive')
    """
    bare = answer.strip() or answer
    words = dict.fromkeys([bare, bare.lower(), bare[:1].upper() + bare[1:]])
    return tuple(dict.fromkeys([answer, *(space + word for word in words for space in ("", " "))]))


def reading(model: LanguageModel, text: str, answer: str, *, single: bool) -> Reading:
    """How a model reads an answer after a text; `single`: only one token will do.

    Raises ModelError where it cannot be asked.
    """
    if model.answers:
        return _of_a_label(model, text, answer)
    counts = {one: _count(model, one, text) for one in spellings(answer)}
    own = counts[answer]
    tried = [one for one, count in counts.items() if 0 < count <= (1 if single else max(own, 1))]
    first = _first_piece(model, text, answer) if own != 1 else ""
    asked = list(dict.fromkeys([*tried, *filter(None, [first, answer if own else ""])]))
    found = _asked(model, text, asked)
    probability = found.get(answer)
    needed = probability if probability is not None and not (single and own != 1) else 0.0
    better = _better(answer, needed, [Likely(one, found[one]) for one in tried if one != answer])
    count = own or len(model.encode(answer))
    return Reading(answer, count, probability, better, Likely(first, found[first]) if first else None)


def _better(answer: str, probability: float, others: Sequence[Likely]) -> Likely | None:
    """The spelling that is meant: rather one with the same letters than one with another capital."""

    def likeliest(than: float, same: bool) -> Likely | None:
        found = [
            one for one in others if one.probability >= than and (one.text.strip() == answer.strip()) is same
        ]
        return max(found, key=lambda one: one.probability, default=None)

    spaced = likeliest(_CLEARLY * probability, same=True)
    if spaced is not None:
        probability = spaced.probability
    return likeliest(_FAR * probability, same=False) or spaced


def _of_a_label(model: LanguageModel, text: str, answer: str) -> Reading:
    found = {one.text: one for one in model.likeliest(text, len(model.answers or ()))}
    if answer in found:
        return Reading(answer, 1, found[answer].probability)
    alike = [one for label, one in found.items() if label.strip().lower() == answer.strip().lower()]
    return Reading(answer, 0, None, alike[0] if alike else None)


def _count(model: LanguageModel, answer: str, text: str) -> int:
    """Tokens of an answer, 0 for one that cannot be given."""
    with suppress(ModelError):
        return model.answer_length(answer, text)
    return 0


def _first_piece(model: LanguageModel, text: str, answer: str) -> str:
    """The first token of an answer of several, "" where it is none of its own or not known."""
    with suppress(ModelError):
        whole = text + answer
        if model.blank:
            text, whole = "", answer
        starts = [whole[a:b] for a, b in model.token_spans(whole) if a >= len(text)]
        if starts and starts[0] and answer.startswith(starts[0]) and _count(model, starts[0], text) == 1:
            return starts[0]
    return ""


def _asked(model: LanguageModel, text: str, answers: Sequence[str]) -> dict[str, float]:
    """{answer: probability}."""
    if not answers:
        return {}
    (logs,) = model.log_probabilities([text], answers)
    return {answer: math.exp(log) for answer, log in zip(answers, logs, strict=True)}
