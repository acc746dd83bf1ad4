"""Half precision with the stream of the layers in fp32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.models import hf, residual
from spexviz.models.hf import TransformersModel
from tests.models import tiny

TEXTS = [
    "Review: the film is not bad at all",
    "Review: the film is dull",
    "never",
    "not bad at all really not bad " * 4,
]
ANSWERS = [" positive", " not"]


def values(folder: Path, precision: str) -> np.ndarray:
    return TransformersModel(str(folder), precision=precision).log_probabilities(TEXTS, ANSWERS)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_every_family_keeps_its_stream_and_stays_near_fp32(
    family: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(
        hf, "keep_in_fp32", lambda *given: told.append(residual.keep_in_fp32(*given)) or told[-1]
    )
    folder = tiny.save(tmp_path, family)
    error = np.abs(values(folder, precision) - values(folder, "fp32")).max()
    assert told[0] and 0 < error < 0.3


def test_a_deep_model_loses_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tiny.FAMILIES, "deep", ("LlamaConfig", {**tiny.ROPE, "num_hidden_layers": 24}))
    monkeypatch.setattr("transformers.deep", __import__("transformers").LlamaForCausalLM, raising=False)
    folder = tiny.save(tmp_path, "deep")
    exact, kept, finer = values(folder, "fp32"), values(folder, "bf16"), values(folder, "fp16")
    monkeypatch.setattr(residual, "_NEAR", -1.0)  # as if the family did not allow it
    plain = values(folder, "bf16")
    noise = [float(np.square(found - exact).mean()) for found in (plain, kept, finer)]
    assert noise[0] > 1.5 * noise[1] > 1.5 * 8 * noise[2] > 0, noise


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
    """A family that goes wrong where the stream is in fp32, and only there."""
    import torch
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    with monkeypatch.context() as patch:
        patch.setattr(residual, "_NEAR", -1.0)
        plain = values(folder, "bf16")
    real = LlamaRotaryEmbedding.forward

    def angles(self: Any, states: Any, *given: Any, **named: Any) -> tuple[Any, Any]:
        found = real(self, states, *given, **named)
        return broken(*found) if states.dtype == torch.float32 else found

    monkeypatch.setattr(LlamaRotaryEmbedding, "forward", angles)
    model = TransformersModel(str(folder), precision="bf16")
    first = model.body.layers[0].input_layernorm
    assert first.weight.dtype == torch.bfloat16 and not first._forward_hooks
    np.testing.assert_array_equal(model.log_probabilities(TEXTS, ANSWERS), plain)


def test_one_that_does_not_allow_it_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    monkeypatch.setattr(residual, "_NEAR", -1.0)
    model = TransformersModel(str(folder), precision="bf16")
    kinds = {parameter.dtype for name, parameter in model.body.named_parameters() if name != "norm.weight"}
    assert kinds == {torch.bfloat16} and not model.body.layers[0].input_layernorm._forward_hooks
    # a stream in fp16 can overflow
    assert TransformersModel(str(folder), precision="fp16").precision == "bf16"
    monkeypatch.undo()
    assert TransformersModel(str(folder), precision="bf16").fingerprint != model.fingerprint
