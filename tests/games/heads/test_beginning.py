"""What stands before a text whose parts of the model are removed: what its tokeniser sets, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz import HeadsGame, models
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec
from tests.models import tiny

PROMPT = "Review: the film is not bad at all"


@pytest.fixture(scope="module")
def beginning_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama whose tokeniser sets a token before each text."""
    return tiny.let_begin(tiny.save(tmp_path_factory.mktemp("beginning-llama")))


def by_hand(folder: Path, special: bool, removed: slice) -> float:
    """Log-odds of "b" against "d" with some inputs of the last layer's output map at zero."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    def without(_: Any, inputs: tuple) -> tuple:
        states = inputs[0].clone()
        states[..., removed] = 0.0
        return (states, *inputs[1:])

    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(PROMPT, add_special_tokens=special, return_tensors="pt")["input_ids"]
    hook = network.model.layers[-1].self_attn.o_proj.register_forward_pre_hook(without)
    with torch.inference_mode():
        logits = network(input_ids=ids).logits[0, -1]
    hook.remove()
    target, contrast = (tokenizer(answer, add_special_tokens=False)["input_ids"][0] for answer in "bd")
    return float(logits[target] - logits[contrast])


def test_a_prompt_begins_as_the_tokeniser_lets_it(beginning_llama: Path) -> None:
    model = models.load(str(beginning_llama)).at_full_precision()
    assert model is not None
    before = HeadsGame(model, PROMPT, "b", "d", layers=[1], ablation="zero", beginning="none")
    assert len(before.inputs[0]["input_ids"]) == model.length(PROMPT)  # and what it found stays without
    game = replace(before, beginning="tokeniser")
    heads = len(game.players)
    width = model.network.config.hidden_size // heads
    masks = np.array([[True] * heads, [True] * (heads - 1) + [False]])
    last = slice((heads - 1) * width, None)
    for asked, special in ((game, True), (before, False)):
        wanted = [by_hand(beginning_llama, special, slice(0, 0)), by_hand(beginning_llama, special, last)]
        np.testing.assert_allclose(asked(masks), wanted, atol=1e-4)
    assert abs(game(masks) - before(masks)).max() > 0.01
    assert game.fingerprint != before.fingerprint
    assert game.remarks == () and "was left out here" in before.remarks[0]
    tokens, _ = game.attention(1)
    assert tokens == ["<|end|>", *before.attention(1)[0]]


def test_references_begin_so_too(beginning_llama: Path) -> None:
    model = models.load(str(beginning_llama)).at_full_precision()
    game = HeadsGame(model, PROMPT, "b", "d", layers=[1], ablation="mean")
    start = model.beginning[0]
    assert [one["input_ids"][0] for one in game._references] == [start] * len(game._references)


def test_a_spec_without_a_beginning_means_none_as_it_did() -> None:
    old = {"name": "heads", "model": "bundled", "prompt": "The keys are", "target": " on", "contrast": " in"}
    request = Request.of(RunSpec(old, {"name": "linear"}, 8))
    game = request.game
    assert isinstance(game, HeadsGame) and game.beginning == "none"
    assert request.spec.id == "4fd8d5596af086b8" and "beginning" not in request.spec.game
    assert RunSpec.of(replace(game, beginning="tokeniser"), Linear(), 8).game["beginning"] == "tokeniser"


def test_a_tokeniser_that_sets_nothing_changes_nothing(tiny_llama: Path) -> None:
    game = HeadsGame(str(tiny_llama), PROMPT, "b", "d", layers=[1])
    before = replace(game, beginning="none")
    assert game.asked_model is game.language_model and before.remarks == ()
    assert game.fingerprint == before.fingerprint
