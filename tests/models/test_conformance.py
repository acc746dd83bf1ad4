"""One suite for every backend that can be had here: a new file in spexviz/models is tested without a word."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import ModelError
from spexviz.models.base import LanguageModel
from spexviz.models.served import ServedModel

TEXTS = ["Review: not bad\nSentiment:", "Review: dull\nSentiment:", "Review: not bad\nSentiment:", "Review: \nSentiment:", "good " * 40]
ANSWERS = [" positive", " negative"]
SERVED = [pytest.param(name, marks=pytest.mark.model) for name in ("llamacpp:bundled", "endpoint:real")]


@pytest.fixture(params=["toy", pytest.param("bundled", marks=pytest.mark.model), "tiny", *SERVED])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    name = request.param if request.param != "tiny" else request.getfixturevalue("tiny_llama")
    if name == "endpoint:real":
        request.getfixturevalue("real_endpoint")
    return models.load(str(name))


def test_a_table_of_finite_log_probabilities(model: LanguageModel) -> None:
    table = model.log_probabilities(TEXTS, ANSWERS)
    assert table.shape == (5, 2) and table.dtype == np.float64
    assert np.isfinite(table).all() and (table < 0).all() and (np.exp(table).sum(1) <= 1 + 1e-6).all()
    assert model.log_probabilities([], ANSWERS).shape == (0, 2)
    assert model.log_probabilities(TEXTS, ANSWERS[:1]).shape == (5, 1)


def test_the_same_text_gets_the_same_answer_in_one_call_and_in_two(model: LanguageModel) -> None:
    table = model.log_probabilities(TEXTS, ANSWERS)
    assert (table[0] == table[2]).all()
    assert (model.log_probabilities(TEXTS, ANSWERS) == table).all()
    np.testing.assert_array_equal(model.log_probabilities(TEXTS, ANSWERS[::-1]), table[:, ::-1])


def test_hidden_pieces_change_the_answer(model: LanguageModel) -> None:
    text = "Review: the film is boring\nSentiment:"
    at = text.index("boring")
    if isinstance(model, ServedModel):
        with pytest.raises(ModelError, match="masking delete"):
            model.log_probabilities([text], ANSWERS, [[(at, at + 6)]])
        return
    shown, hidden, none = (model.log_probabilities([text], ANSWERS, [pieces])[0] for pieces in ([], [(at, at + 6)], [(at, at)]))
    assert (shown != hidden).any()
    np.testing.assert_allclose(shown, none, atol=0.02)


def test_tokens_and_their_places(model: LanguageModel) -> None:
    text = "not bad, really — naïve 😀"
    spans = model.token_spans(text)
    assert len(spans) == len(model.encode(text)) > 3
    assert all(0 <= a <= b <= len(text) for a, b in spans) and spans == sorted(spans)
    assert model.encode("") == []


def test_what_a_model_says_of_itself(model: LanguageModel) -> None:
    assert isinstance(model.label, str) and isinstance(model.kind, str) and model.context > 100
    assert model.fingerprint.split("-")[0] in ("toy", "hf", "llamacpp", "endpoint") and model.fingerprint == type(model)(model.label).fingerprint
    assert models.load(model.label) is model and models.is_loaded(model.label)
    assert models.backends()[model.kind] is type(model)


def test_greedy_is_the_same_twice(model: LanguageModel) -> None:
    answer = model.greedy("Review: not bad\nSentiment:", 3)
    assert answer == model.greedy("Review: not bad\nSentiment:", 3) and isinstance(answer, str)


def test_an_answer_that_the_model_cannot_give(model: LanguageModel) -> None:
    with pytest.raises(ModelError, match=r"longer|choose"):
        model.log_probabilities(TEXTS, [""])
