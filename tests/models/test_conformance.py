"""One suite for every backend that can be had here: a new file in spexviz/models is tested without a word."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import ModelError
from spexviz.models.base import LanguageModel, OpenModel, opened
from spexviz.models.encoder import EncoderModel
from spexviz.models.hf import TransformersModel
from spexviz.models.machine import PRECISIONS, SETTING
from spexviz.models.parts import Parts
from spexviz.models.served import ServedModel
from tests.models import tiny

NAMES = {  # of each backend, what can be had in a test; a backend without a line here fails the last test
    "toy": ["toy"],
    "bundled": [pytest.param("bundled", marks=pytest.mark.model)],
    "hf": ["LlamaForCausalLM"],
    "classifier": tiny.CLASSIFIERS,
    "masked-lm": tiny.MASKED,
    "llamacpp": [pytest.param("llamacpp:bundled", marks=pytest.mark.model)],
    "endpoint": [pytest.param("endpoint:real", marks=pytest.mark.model)],
}
TEXTS = [
    "Review: not bad\nSentiment:",
    "Review: dull\nSentiment:",
    "Review: not bad\nSentiment:",
    "Review: \nSentiment:",
    "good " * 40,
]


TINY = [name for names in NAMES.values() for name in names if isinstance(name, str) and "For" in name]
AS_THEY_COME = [name for names in NAMES.values() for name in names if name not in TINY]


@pytest.fixture(
    scope="module",
    params=[*AS_THEY_COME, *(f"{name} {precision}" for name in TINY for precision in ("fp32", "bf16"))],
)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LanguageModel]:
    """Each backend; the tiny checkpoints in either precision, on every processor."""
    name, _, precision = request.param.partition(" ")
    if name == "endpoint:real":
        request.getfixturevalue("real_endpoint")
    with pytest.MonkeyPatch.context() as patch:
        if precision:
            patch.setenv(SETTING, precision)
            save = tiny.save if name in tiny.FAMILIES else tiny.save_encoder
            name = str(save(tmp_path_factory.mktemp("model") / name, name))
        yield models.load(name)


@pytest.fixture
def texts(model: LanguageModel) -> list[str]:
    return [text + (model.blank or "") for text in TEXTS]


@pytest.fixture
def answers(model: LanguageModel) -> list[str]:
    return list((model.answers or (" positive", " negative"))[:2])


def test_a_table_of_finite_log_probabilities(
    model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    table = model.log_probabilities(texts, answers)
    assert table.shape == (5, 2) and table.dtype == np.float64
    assert np.isfinite(table).all() and (table < 0).all() and (np.exp(table).sum(1) <= 1 + 1e-6).all()
    assert model.log_probabilities([], answers).shape == (0, 2)
    assert model.log_probabilities(texts, answers[:1]).shape == (5, 1)


def test_the_same_text_gets_the_same_answer_in_one_call_and_in_two(
    model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    table = model.log_probabilities(texts, answers)
    assert (table[0] == table[2]).all()
    assert (model.log_probabilities(texts, answers) == table).all()
    np.testing.assert_array_equal(model.log_probabilities(texts, answers[::-1]), table[:, ::-1])


def test_hidden_pieces_change_the_answer(model: LanguageModel, answers: list[str]) -> None:
    text = "Review: the film is boring\nSentiment:" + (model.blank or "")
    at = text.index("boring")
    if isinstance(model, ServedModel):
        with pytest.raises(ModelError, match="masking delete"):
            model.log_probabilities([text], answers, [[(at, at + 6)]])
        return
    shown, hidden, none = (
        model.log_probabilities([text], answers, [pieces])[0] for pieces in ([], [(at, at + 6)], [(at, at)])
    )
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
    assert (
        re.fullmatch(r"[a-z-]+-[0-9a-f]{12,}", model.fingerprint)
        and model.fingerprint == type(model)(model.label).fingerprint
    )
    assert models.load(model.label) is model and models.is_loaded(model.label)
    assert models.backends()[model.kind] is type(model)


def test_greedy_is_the_same_twice_and_can_be_asked_for(model: LanguageModel, texts: list[str]) -> None:
    answer = model.greedy(texts[0], 3)
    assert answer == model.greedy(texts[0], 3) and isinstance(answer, str)
    assert model.answers is None or answer in model.answers
    if model.answers or model.blank:
        assert (
            model.answer_length(answer) == 1 and np.isfinite(model.log_probabilities(texts, [answer])).all()
        )


def test_the_likeliest_can_be_given_as_answers_with_these_probabilities(
    model: LanguageModel, texts: list[str]
) -> None:
    found = model.likeliest(texts[0], 5)
    words, probabilities = [one.text for one in found], [one.probability for one in found]
    assert probabilities == sorted(probabilities, reverse=True) and len(set(words)) == len(words) <= 5
    assert len(words) == min(5, len(model.answers or range(5)))
    assert all(0 < one <= 1 for one in probabilities)
    assert [model.answer_length(word, texts[0]) for word in words] == [1] * len(words)
    asked = np.exp(model.log_probabilities(texts[:1], words)[0])
    np.testing.assert_allclose(asked, probabilities, rtol=1e-3, atol=1e-5)
    if not model.answers:  # nothing that can be asked is likelier
        assert asked[0] >= np.exp(model.log_probabilities(texts[:1], [" the"])[0, 0])
    assert model.likeliest(texts[0], 5) == found and model.likeliest(texts[0], 1) == found[:1]


def test_an_answer_is_counted_in_tokens_or_is_one_label(model: LanguageModel, answers: list[str]) -> None:
    assert [model.answer_length(answer) for answer in answers] == [1, 1]


def test_an_answer_that_the_model_cannot_give(model: LanguageModel, texts: list[str]) -> None:
    with pytest.raises(ModelError, match=r"longer|choose"):
        model.log_probabilities(texts, [""])


def test_the_mask_token_is_one_token(model: LanguageModel) -> None:
    for token in {model.mask_token, model.blank} - {None}:
        (one,) = model.encode(token)
        assert model.encode(f"not {token} bad").count(one) == 1


def test_every_attribute_of_the_base_is_there_with_its_type(model: LanguageModel) -> None:
    hints = typing.get_type_hints(LanguageModel)
    assert {"label", "context", "answers", "precision", "memory", "call_tokens", "pace"} <= hints.keys()
    for name, hint in hints.items():
        is_union = typing.get_origin(hint) in (typing.Union, types.UnionType, typing.ClassVar)
        kinds = typing.get_args(hint) if is_union else (hint,)
        allowed = tuple(typing.get_origin(one) or one for one in kinds)
        assert isinstance(getattr(model, name), allowed), f"{name} is {getattr(model, name)!r}, not {hint}"


def test_what_it_says_of_precision_and_pace(
    model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    exact = model.at_full_precision()
    assert (model.precision is None and exact is None) or (
        model.precision in PRECISIONS and exact.precision == "fp32"
    )
    assert (exact is model) == (model.precision == "fp32")
    for _ in range(2):  # the first call is not counted
        model.log_probabilities(texts, answers)
    seconds = model.seconds(texts)
    assert seconds is None or seconds > 0
    assert seconds is not None or model.pace is None
    assert all(isinstance(remark, str) for remark in model.remarks)


def test_models_of_transformers_are_open_and_no_others(
    model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    assert (
        isinstance(model, OpenModel)
        == isinstance(model, TransformersModel | EncoderModel)
        == models.can_be_opened(model.label)
    )
    if not isinstance(model, OpenModel):
        for ask in (opened, Parts):
            with pytest.raises(
                ModelError,
                match=f"The parts of {model.label} cannot be reached: choose a model of transformers, such "
                "as bundled",
            ):
                ask(model)
        return
    import torch

    assert opened(model) is model and model.batch_tokens >= 1 and model.pace is not None
    assert set(model.body.parameters()) <= set(model.network.parameters())
    inputs = {key: torch.tensor([ids], device=model.device) for key, ids in model.inputs_of(texts[0]).items()}
    with model.lock, torch.inference_mode():
        table = model.read_batch(inputs)
    assert table.dtype == torch.float32 and len(table) == 1
    found = [float(table[0, model.column(answer)]) for answer in answers]
    np.testing.assert_allclose(found, model.log_probabilities(texts[:1], answers)[0], atol=0.02)
    assert model.text_of(model.encode("not bad")) == "not bad"
    assert model.parts is model.parts and model.parts.model is model and model.parts.layers


def test_a_name_that_nobody_has_is_left_to_loading() -> None:
    assert (
        models.can_be_opened("nobody/has-this")
        and not models.can_be_opened("endpoint:none")
        and not models.can_be_opened("llamacpp:none.gguf")
    )


def test_a_backend_without_a_needed_method_cannot_be_made() -> None:
    class Half(LanguageModel):
        kind = "half"

    with pytest.raises(TypeError, match="log_probabilities"):
        Half()


def test_every_backend_is_here() -> None:
    assert set(models.backends()) == set(NAMES)
