"""A toy language model for tests and lessons: a few word weights and negation, no download, no torch.

It answers " positive" or " negative"; a negator turns the next opinion word round, so two words act together
exactly as in a real model, and every interaction can be checked by hand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.spans import merged, overlaps
from spexviz.models.base import LanguageModel, Span, Turn, messages

WEIGHTS = {
    "good": 1.0,
    "great": 1.5,
    "fun": 1.0,
    "impress": 1.0,
    "glad": 1.0,
    "bad": -1.0,
    "boring": -1.5,
    "dull": -1.0,
    "fails": -1.5,
    "worst": -2.0,
}
NEGATORS = {"not", "never", "no", "hardly"}
_WORD = re.compile(r"\S+")


ANSWERS = (" positive", " negative")


class ToyModel(LanguageModel):
    """Log-odds of " positive" = Σ word weights; a negator flips the sign of the next word that has one."""

    kind: ClassVar[str] = "toy"
    context = 2048
    answers = ANSWERS
    mask_token = "[MASK]"  # a word like any other that has no weight

    def __init__(self, name: str = "toy"):
        self.label = name
        content = (sorted(WEIGHTS.items()), sorted(NEGATORS))
        digest = hashlib.sha256(repr(content).encode()).hexdigest()
        self.fingerprint = f"toy-{digest[:12]}"

    @staticmethod
    def accepts(name: str) -> bool:
        return name == "toy"

    def encode(self, text: str) -> list[int]:
        return [int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") for word in text.split()]

    def token_spans(self, text: str) -> list[Span]:
        return [match.span() for match in _WORD.finditer(text)]

    def chat(self, text: str, turns: Sequence[Turn] = ()) -> str:
        said = [f"{one['role'].capitalize()}: {one['content']}\n" for one in messages(text, turns)]
        return "".join(said) + "Answer:"

    def greedy(self, text: str, tokens: int) -> str:
        return " positive" if self._score(text, ()) > 0 else " negative"

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        unknown = [answer for answer in answers if answer not in ANSWERS]
        if unknown:
            raise ModelError(
                f'The toy model answers only " positive" and " negative", not {unknown[0]!r}: '
                "choose one of these, or another model."
            )
        pieces = hidden or [()] * len(texts)
        scores = [self._score(text, pieces[i]) for i, text in enumerate(texts)]
        signs = np.array([1.0 if answer == " positive" else -1.0 for answer in answers])
        odds = np.array(scores, dtype=np.float64)[:, None] * signs
        return -np.logaddexp(0.0, -odds)  # log σ(odds)

    def seconds(self, texts: Sequence[str]) -> float:
        """What asking these texts takes: next to nothing."""
        return 1e-5 * len(texts)

    @staticmethod
    def _score(text: str, hidden: Sequence[Span]) -> float:
        """Log-odds of " positive", by the words that are not hidden."""
        removed = merged(hidden)
        score = 0.0
        sign = 1.0
        for match in _WORD.finditer(text):
            if overlaps((match.start(), match.start() + 1), removed):
                continue
            word = match.group().strip(".,;:!?\"'").lower()
            if word in NEGATORS:
                sign = -sign
            elif word in WEIGHTS:
                score += sign * WEIGHTS[word]
                sign = 1.0
        return score
