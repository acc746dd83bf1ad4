"""An answer is scored by the tokens that it has behind a text, and one that was written by those written."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from spexviz.errors import GameError, ModelError
from spexviz.games.heads.game import HeadsGame
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import all_masks
from spexviz.models.base import Written
from spexviz.models.continued import ids_behind
from spexviz.models.hf import TransformersModel
from tests.models import tiny

TEMPLATE = "Review: {} Sentiment:"


@pytest.fixture(scope="module")
def marking(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    """A model whose tokeniser marks the beginnings of words."""
    folder = tiny.mark_words(tiny.save(tmp_path_factory.mktemp("marking")))
    return TransformersModel(str(folder), precision="fp32")


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    """A model that writes at random, bytes of cut characters too."""
    return TransformersModel(str(tiny.save(tmp_path_factory.mktemp("writing"))), precision="fp32")


def by_hand(model: TransformersModel, before: Sequence[int], after: Sequence[int]) -> float:
    """Σ log p(token | everything before it), from all logits of one forward pass of the network."""
    import torch

    with model.lock, torch.inference_mode():
        logits = model.network(input_ids=torch.tensor([[*before, *after]])).logits[0].double()
    logs = torch.log_softmax(logits, dim=-1)
    return sum(float(logs[len(before) - 1 + i, token]) for i, token in enumerate(after))


def test_a_word_is_scored_by_the_token_that_goes_on(marking: TransformersModel) -> None:
    text = "Review: not bad Sentiment:"
    marked = marking.tokenizer.convert_tokens_to_ids("▁positive")
    before = marking.encode(text)
    assert marking.encode(text + " positive") == [*before, marked] and len(marking.encode(" positive")) == 2
    value = marking.log_probabilities([text], [" positive", " not bad"])[0]
    behind = marking.encode(text + " not bad")[len(before) :]
    np.testing.assert_allclose(
        value, [by_hand(marking, before, [marked]), by_hand(marking, before, behind)], atol=2e-4
    )
    assert marking.answer_length(" positive", text) == 1 and marking.column(" positive", text) == marked


def test_log_odds_of_words_that_a_tokeniser_marks(marking: TransformersModel) -> None:
    game = PromptGame(marking, "the film is bad", TEMPLATE, " positive", " negative")
    masks = all_masks(4)
    one, other = (marking.tokenizer.convert_tokens_to_ids(token) for token in ("▁positive", "▁negative"))
    asked = [marking.encode(text) for text in game.texts(masks)]
    wanted = [by_hand(marking, ids, [one]) - by_hand(marking, ids, [other]) for ids in asked]
    np.testing.assert_allclose(game(masks), wanted, atol=4e-4)
    heads = HeadsGame(marking, "Review: the film is", " not", " bad", layers=[1])
    whole = heads(np.ones((1, len(heads.players)), bool))[0]
    ids = marking.encode("Review: the film is")
    tokens = [marking.tokenizer.convert_tokens_to_ids(token) for token in ("▁not", "▁bad")]
    assert whole == pytest.approx(
        by_hand(marking, ids, tokens[:1]) - by_hand(marking, ids, tokens[1:]), abs=4e-4
    )


def test_the_hint_is_a_space_more_or_a_space_less(marking: TransformersModel) -> None:
    more = PromptGame(marking, "the film is bad", TEMPLATE, "positive", " negative")
    with pytest.raises(GameError, match=r"Did you mean ' positive', with a leading space\?"):
        more(all_masks(4))
    less = PromptGame(marking, "the film is bad", TEMPLATE, " positive", "  negative")
    with pytest.raises(GameError, match=r"Did you mean ' negative', without the leading space\?"):
        less(all_masks(4))
    with pytest.raises(ModelError, match=r"Did you mean ' positive', with a leading space\?"):
        marking.column("positive", "Sentiment:")


def test_texts_that_are_read_otherwise_have_answers_of_their_own(marking: TransformersModel) -> None:
    texts = ["not", "", "never bad", "not bad "]
    found = ids_behind(marking._encode_all, texts, [" bad", "ly"])
    alone = [tuple(marking.encode(answer)) for answer in (" bad", "ly")]
    for text, ids in zip(texts, found, strict=True):
        own = marking.encode(text)
        for answer, tokens, by_itself in zip((" bad", "ly"), ids, alone, strict=True):
            goes_on = marking.encode(text + answer) == [*own, *tokens]
            assert goes_on or tokens == by_itself
    table = marking.log_probabilities(texts, [" bad", "ly"])
    singly = [marking.log_probabilities([text], [" bad", "ly"])[0] for text in texts]
    np.testing.assert_allclose(table, singly, atol=2e-4)
    assert len({ids[0] for ids in found}) > 1


def plainly_greedy(model: TransformersModel, text: str, tokens: int) -> list[int]:
    """The most likely tokens, one forward pass of the network each."""
    import torch

    ids = model.encode(text)
    count = len(ids)
    with model.lock, torch.inference_mode():
        for _ in range(tokens):
            ids.append(int(model.network(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[count:]


@pytest.mark.parametrize("kind", ["marking", "writing"])
def test_the_end_of_a_long_text_decides(kind: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(kind)
    sentence = "the film is not bad at all: naïve, dull; never fails to impress 😀 — really"
    words = sentence.split(" ")
    texts = [" ".join(words[i:] + words[:i] + words[j:]) for i in range(13) for j in range(13)]
    for text, ids in zip(texts, ids_behind(model._encode_all, texts, [" not bad", "!"]), strict=True):
        for answer, tokens in zip((" not bad", "!"), ids, strict=True):
            own = model.encode(text)
            whole = model.encode(text + answer)
            goes_on = whole[: len(own)] == own
            assert list(tokens) == (whole[len(own) :] if goes_on else model.encode(answer))


PROMPTS = ["not bad", "the film is", "really", "dull never 😀", "naïve", "good boring", "impress all"]


def test_the_models_own_answer_is_scored_as_it_was_written(writing: TransformersModel) -> None:
    cut = again = 0
    for prompt in PROMPTS:
        for tokens in (2, 5, 8):
            game = PromptGame(writing, prompt, "{} —", value="greedy", answer_tokens=tokens)
            ids = plainly_greedy(writing, f"{prompt} —", tokens)
            if 0 in ids:  # it ended
                continue
            (answer,) = game.answers
            cut += answer.endswith("\ufffd")
            again += writing.encode(answer) != ids
            masks = all_masks(len(game.players))
            wanted = [by_hand(writing, writing.encode(text), ids) for text in game.texts(masks)]
            np.testing.assert_allclose(game(masks), wanted, atol=5e-4)
            assert writing.answer_length(answer) == tokens
    assert cut > 2 and again > 2


def test_what_was_written_keeps_its_tokens_in_copies() -> None:
    answer = Written("caf\ufffd", [5, 7])
    for other in (pickle.loads(pickle.dumps(answer)), copy.copy(answer), copy.deepcopy([answer])[0]):
        assert isinstance(other, Written) and (other, other.ids) == ("caf\ufffd", (5, 7))


@pytest.mark.model
def test_the_bundled_models_answer_that_ends_inside_a_character(bundled: Any) -> None:
    """It goes on with the same rare character, which takes several tokens."""
    cut = 0
    for tokens in (1, 2, 3, 4, 5):
        game = PromptGame(bundled, "𝔞𝔟 𝔞𝔟 𝔞𝔟 𝔞𝔟", value="greedy", answer_tokens=tokens)
        (answer,) = game.answers
        assert isinstance(answer, Written)
        cut += answer.endswith("\ufffd") and bundled.encode(answer) != list(answer.ids)
        wanted = by_hand(bundled, bundled.encode(game.prompt), answer.ids)
        assert float(game(np.ones((1, 4), bool))[0]) == pytest.approx(wanted, abs=0.5)
    assert cut
