"""What a model is asked: what it may attend to, what stands before a text and between its words."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import GameError
from spexviz.games.prompt.game import MASKINGS, VALUES, PromptGame
from spexviz.games.prompt.segments import SPLITS
from spexviz.masks import all_masks
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec
from tests.models import tiny

REVIEW = "Review: {}\nSentiment (positive or negative):"
PROMPT = "It is good.\nNever dull! Bad."
MODELS = ["toy", pytest.param("bundled", marks=pytest.mark.model)]
EXTRA = {"regex": {"pattern": r"\w+"}, "spans": {"spans": ((0, 5), (6, 11), (12, 23))}}
KINDS = list(itertools.product(SPLITS, MASKINGS, VALUES))


def test_attention_is_refused_where_the_answer_is_read_off_a_word_that_can_be_hidden(
    tiny_llama: Path, tmp_path: Path
) -> None:
    def game(last: str, **more: Any) -> PromptGame:
        settings = {"target": " good", "contrast": " bad", "masking": "attention", **more}
        return PromptGame(str(tiny_llama), f"the film is {last}", **settings)

    with pytest.raises(GameError, match="let the template go on after"):
        game("good").check()
    with pytest.raises(GameError, match="protect that part"):
        game("good", split="tokens")(np.zeros((1, 5), bool))
    # where it goes on, or the last word is no player, nothing of the hidden words is left in the value
    values = [game(last, template="{} is")(np.zeros((1, 4), bool))[0] for last in ("good", "dull")]
    assert values[0] == pytest.approx(values[1], abs=1e-6)
    game("good", protected=((12, 16),)).check()
    with pytest.raises(GameError, match="let the template go on after"):
        game("good", chat=False, template="not {}", value="log-probability").check()


@pytest.fixture(scope="module")
def beginning_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama whose tokeniser sets a token before each text."""
    return tiny.let_begin(tiny.save(tmp_path_factory.mktemp("beginning-llama")))


def test_a_text_begins_as_the_tokeniser_lets_it(beginning_llama: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    own = AutoModelForCausalLM.from_pretrained(beginning_llama)
    tokenizer = AutoTokenizer.from_pretrained(beginning_llama)
    good, bad = (tokenizer(answer, add_special_tokens=False)["input_ids"][0] for answer in (" good", " bad"))
    game = PromptGame(str(beginning_llama), "the film is not bad", "{} is", target=" good", contrast=" bad")
    masks = all_masks(5)

    def wanted(special: bool) -> list[float]:
        found = []
        for text in game.texts(masks):
            ids = tokenizer(text, add_special_tokens=special, return_tensors="pt")["input_ids"]
            logits = own(input_ids=ids).logits[0, -1]
            found.append(float(logits[good] - logits[bad]))
        return found

    with torch.inference_mode():
        with_it, without = wanted(True), wanted(False)
    precise = replace(game, model=models.load(str(beginning_llama)).at_full_precision())
    np.testing.assert_allclose(precise(masks), with_it, atol=1e-3)
    before = replace(precise, beginning="none")
    np.testing.assert_allclose(before(masks), without, atol=1e-3)
    assert np.abs(np.subtract(with_it, without)).max() > 0.05
    assert precise.fingerprint != before.fingerprint
    assert precise.remarks == () and "was left out here" in before.remarks[0]
    assert precise.tokens(masks) == before.tokens(masks) + len(masks)
    # a text that begins so already, and a chat template, get no second one
    typed = replace(precise, template="<|end|>{} is")
    np.testing.assert_allclose(typed(masks), with_it, atol=1e-3)
    # hidden parts stand one token further on
    hidden = replace(precise, masking="attention")(masks)
    assert hidden[-1] == pytest.approx(with_it[-1], abs=1e-3) and hidden.std() > 0.01


def test_a_tokeniser_that_sets_nothing_changes_nothing(tiny_llama: Path) -> None:
    game = PromptGame(str(tiny_llama), "not bad", target=" good", contrast=" bad")
    before = replace(game, beginning="none")
    assert game.asked_model is game.language_model and before.remarks == ()
    assert game.fingerprint == before.fingerprint


def test_a_spec_without_white_space_means_one_space_as_it_did() -> None:
    old = {"name": "prompt", "model": "toy", "prompt": "not  so\nbad", "template": "{}"}
    spec = RunSpec(old, {"name": "linear"}, 8)
    game = Request.of(spec).game
    assert isinstance(game, PromptGame) and game.space == "one"
    assert game.texts(np.ones((1, 3), bool)) == ["not so bad"]
    assert game.fingerprint == "prompt-09490b1dec83d83fc050b5a5"
    assert Request.of(spec).spec.id == "e7b3f0eb6e4447e4"
    assert "space" not in Request.of(spec).spec.game
    assert RunSpec.of(replace(game, space="typed"), Linear(), 8).game["space"] == "typed"
    # where nothing but single spaces was typed the two ways ask the same, and share their ablations
    plain = PromptGame("toy", "not so bad")
    assert plain.fingerprint == replace(plain, space="one").fingerprint


# ---- with the bundled model ----
