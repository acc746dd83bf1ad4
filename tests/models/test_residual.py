"""Half precision with the stream of the layers in fp32."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.models import compared, hf, residual
from spexviz.models.hf import TransformersModel
from spexviz.models.residual import LAST_NORM, NOTHING, WHOLE
from tests.models import tiny, zoo

TEXTS = [
    "Review: the film is not bad at all",
    "Review: the film is dull",
    "never",
    "not bad at all really not bad " * 4,
]
ANSWERS = [" positive", " not"]


def values(folder: Path, precision: str) -> np.ndarray:
    return TransformersModel(str(folder), precision=precision).log_probabilities(TEXTS, ANSWERS)


def remember_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model of all these tests is one model, of which it is remembered what it allows."""
    monkeypatch.setattr(hf, "remembered", lambda key, kind, find: find())


def let_keep(monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    """As if so much were found worth keeping."""
    monkeypatch.setattr(compared, "worth_keeping", lambda *_: kept)
    remember_nothing(monkeypatch)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_every_family_keeps_its_stream_and_stays_near_fp32(
    family: str, precision: str, tmp_path: Path
) -> None:
    folder = tiny.save(tmp_path, family)
    model = TransformersModel(str(folder), precision=precision)
    assert model._allowed.kept == WHOLE and model.precision == precision
    error = np.abs(model.log_probabilities(TEXTS, ANSWERS) - values(folder, "fp32")).max()
    assert 0 < error < 0.3


def test_a_deep_model_loses_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tiny.FAMILIES, "deep", ("LlamaConfig", {**tiny.ROPE, "num_hidden_layers": 24}))
    monkeypatch.setattr("transformers.deep", __import__("transformers").LlamaForCausalLM, raising=False)
    folder = tiny.save(tmp_path, "deep")
    exact, kept, finer = values(folder, "fp32"), values(folder, "bf16"), values(folder, "fp16")
    let_keep(monkeypatch, NOTHING)
    plain = values(folder, "bf16")
    noise = [float(np.square(found - exact).mean()) for found in (plain, kept, finer)]
    assert noise[0] > 1.5 * noise[1] > 1.5 * 8 * noise[2] > 0, noise


@pytest.mark.parametrize("kept", [WHOLE, LAST_NORM, NOTHING])
def test_what_is_tried_is_taken_back(kept: str, tmp_path: Path) -> None:
    """All tensors and hooks are those from before, also where the family refuses what is tried."""
    import torch
    from transformers import AutoModelForCausalLM

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with ExitStack() as undo:
        residual.keep(network.base_model, kept, torch.bfloat16, undo)
        widened = {name for name, tensor in network.state_dict().items() if tensor.dtype == torch.float32}
        assert len(widened) == {WHOLE: 6, LAST_NORM: 1, NOTHING: 0}[kept]
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == before[name].dtype and torch.equal(tensor, before[name])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def other_angles(cos: Any, sin: Any) -> tuple[Any, Any]:
    return sin, cos


def no_numbers(cos: Any, sin: Any) -> tuple[Any, Any]:
    return cos * float("nan"), sin


def refused(cos: Any, sin: Any) -> tuple[Any, Any]:
    raise TypeError("this family takes no such states")


@pytest.mark.parametrize("broken", [other_angles, no_numbers, refused])
def test_the_probe_refuses_a_stream_that_gives_other_values(
    broken: Callable[[Any, Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A family that goes wrong where only the stream is in fp32."""
    import torch
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    with monkeypatch.context() as patch:
        let_keep(patch, LAST_NORM)
        plain = values(folder, "bf16")
    real = LlamaRotaryEmbedding.forward

    def angles(self: Any, states: Any, *given: Any, **named: Any) -> tuple[Any, Any]:
        found = real(self, states, *given, **named)
        return broken(*found) if states.dtype == torch.float32 and self._forward_hooks else found

    monkeypatch.setattr(LlamaRotaryEmbedding, "forward", angles)
    remember_nothing(monkeypatch)
    model = TransformersModel(str(folder), precision="bf16")
    first = model.body.layers[0].input_layernorm
    assert first.weight.dtype == torch.bfloat16 and not first._forward_hooks
    np.testing.assert_array_equal(model.log_probabilities(TEXTS, ANSWERS), plain)
    assert "farther from those in fp32" in model.remarks[0]


def test_a_stream_that_is_only_a_little_wrong_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By less than a tenth, which was let pass when it was compared in half precision."""
    import torch
    from transformers.models.llama.modeling_llama import LlamaRMSNorm

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    real = LlamaRMSNorm.forward

    def slightly_off(self: Any, states: Any) -> Any:
        found = real(self, states)
        return found * 1.03 if states.dtype == torch.float32 and self._forward_hooks else found

    with monkeypatch.context() as patch:
        patch.setattr(LlamaRMSNorm, "forward", slightly_off)
        remember_nothing(patch)
        model = TransformersModel(str(folder), precision="bf16")
    assert model._allowed.kept == LAST_NORM


@pytest.mark.parametrize("kept", [LAST_NORM, NOTHING])
def test_one_that_does_not_allow_it_is_left_as_it_was(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    with monkeypatch.context() as patch:
        let_keep(patch, kept)
        model = TransformersModel(str(folder), precision="bf16")
        kinds = {
            parameter.dtype for name, parameter in model.body.named_parameters() if name != "norm.weight"
        }
        assert kinds == {torch.bfloat16} and not model.body.layers[0].input_layernorm._forward_hooks
        last = {LAST_NORM: torch.float32, NOTHING: torch.bfloat16}[kept]
        assert model.body.norm.weight.dtype == last
        # a stream in fp16 can overflow
        assert TransformersModel(str(folder), precision="fp16").precision == "bf16"
    assert TransformersModel(str(folder), precision="bf16").fingerprint != model.fingerprint


@pytest.mark.parametrize("family", ["XGLMForCausalLM", "OpenAIGPTLMHeadModel", "BartForCausalLM"])
def test_bf16_stands_for_fp16_in_buffers_too(family: str, tmp_path: Path) -> None:
    folder = zoo.save(tmp_path, family)
    exact, found = values(folder, "fp32"), values(folder, "fp16")
    assert 0 < np.abs(found - exact).max() < 0.3
