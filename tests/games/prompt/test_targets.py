"""Targets: what an answer is to a model, and which spelling of it is meant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from spexviz.errors import ModelError
from spexviz.games.prompt.targets import reading, spellings
from spexviz.models import toy
from spexviz.models.base import LanguageModel, Span


class Spelt(LanguageModel):
    """A model whose tokens are these words with these probabilities; other letters are tokens too."""

    kind = "spelt"
    label = "spelt"
    fingerprint = "spelt-0123456789ab"
    context = 100
    words: ClassVar[dict[str, float]] = {
        " positive": 0.4,
        "positive": 1e-4,
        " Positive": 0.1,
        " ban": 0.02,
        "ana": 0.5,
        "Mary": 0.3,
        " Mary": 0.2,
    }

    def encode(self, text: str) -> list[int]:
        return [start for start, _ in self.token_spans(text)]

    def token_spans(self, text: str) -> list[Span]:
        spans: list[Span] = []
        start = 0
        while start < len(text):
            known = [word for word in self.words if text.startswith(word, start)]
            stop = start + max(map(len, known), default=1)
            spans.append((start, stop))
            start = stop
        return spans

    def chat(self, text: str, turns: Sequence[object] = ()) -> str:
        raise ModelError("no")

    def greedy(self, text: str, tokens: int) -> str:
        return " positive"

    def log_probabilities(self, texts, answers, hidden=None):
        def log(answer: str) -> float:
            tokens = [answer[a:b] for a, b in self.token_spans(answer)]
            return math.fsum(math.log(self.words.get(token, 1e-6)) for token in tokens)

        return np.array([[log(answer) for answer in answers] for _ in texts])


MODEL = Spelt()


def test_a_token_that_is_meant_stands_as_it_is() -> None:
    found = reading(MODEL, "It is:", " positive", single=True)
    assert found.is_token and found.probability == pytest.approx(0.4) and found.better is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("positive", " positive"), ("Positive", " Positive"), (" POSITIVE", " positive")]
)
def test_a_missing_space_or_another_capital_is_put_right(typed: str, meant: str) -> None:
    found = reading(MODEL, "It is:", typed, single=True)
    assert found.better is not None and found.better.text == meant
    assert found.better.probability == pytest.approx(Spelt.words[meant])


def test_what_is_nearly_as_likely_may_be_meant() -> None:
    assert reading(MODEL, "It is", " Mary", single=True).better is None
    # a capital more changes what is asked: it must be far likelier
    assert reading(MODEL, "It is", " Positive", single=True).better is None


def test_several_tokens_offer_the_whole_and_the_first() -> None:
    found = reading(MODEL, "It is", " banana", single=True)
    assert (found.count, found.is_token, found.better) == (2, False, None)
    assert found.probability == pytest.approx(0.01) and found.first is not None
    assert found.first.text == " ban" and found.first.probability == pytest.approx(0.02)
    whole = reading(MODEL, "It is", " banana", single=False)
    assert whole.count == 2 and whole.better is None


def test_spellings_hold_what_was_typed_first() -> None:
    assert spellings(" McX")[0] == " McX" and {"McX", " mcx", "mcx"} <= set(spellings(" McX"))
    assert spellings(" ") == (" ", "  ")


def test_labels_are_found_but_for_space_and_capital() -> None:
    model = toy.ToyModel()
    assert reading(model, "good", " positive", single=True).is_token
    other = reading(model, "good", "Positive", single=True)
    assert not other.is_token and other.better is not None and other.better.text == " positive"
    assert reading(model, "good", "banana", single=True).better is None
