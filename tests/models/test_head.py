"""The head of a causal model gives the logits that its own forward pass gives, in every column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.errors import ModelError
from spexviz.models.hf import TransformersModel
from tests.models import tiny
from tests.models.test_hf import ANSWERS, TEXTS, naive

OWN = [
    "Gemma2ForCausalLM",
    "CohereForCausalLM",
    "GraniteForCausalLM",
    "BertLMHeadModel",
    "FalconH1ForCausalLM",
]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("family", ["LlamaForCausalLM", "OPTForCausalLM", *OWN])
def test_a_head_that_is_more_than_a_linear_map_is_the_models_own(
    family: str, precision: str, tmp_path: Path
) -> None:
    folder = tiny.save(tmp_path, family)
    model = TransformersModel(str(folder), precision=precision)
    wanted = [[naive(folder, text, answer) for answer in ANSWERS] for text in TEXTS]
    near = 2e-4 if precision == "fp32" else 0.3
    np.testing.assert_allclose(model.log_probabilities(TEXTS, ANSWERS), wanted, atol=near)
    assert model._head.is_linear == (family not in OWN)
    assert any("more than one linear map" in remark for remark in model.remarks) == (family in OWN)


def only_one_column(head: Any, inputs: tuple, output: Any) -> Any:
    """A head that is linear but for one token of its vocabulary."""
    output = output.clone()
    output[..., 7] = 2 * output[..., 7] - 1
    return output


def test_one_other_column_is_seen_and_kept(tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import LlamaForCausalLM

    plain = TransformersModel(str(tiny_llama), precision="fp32")
    real = LlamaForCausalLM.__init__

    def built(self: Any, config: Any) -> None:
        real(self, config)
        self.lm_head.register_forward_hook(only_one_column)

    monkeypatch.setattr(LlamaForCausalLM, "__init__", built)
    model = TransformersModel(str(tiny_llama), precision="fp32")
    states = torch.randn(2, 3, 32)
    assert not model._head.is_linear and model.fingerprint != plain.fingerprint
    wanted = only_one_column(None, (), plain.logits(states))
    torch.testing.assert_close(model.logits(states), wanted)


def test_a_head_that_cannot_be_had_apart_is_refused(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that looks at the tokens themselves, beside the states."""
    from transformers import LlamaForCausalLM

    real = LlamaForCausalLM.forward

    def forward(self: Any, input_ids: Any, **given: Any) -> Any:
        output = real(self, input_ids=input_ids, **given)
        output.logits = output.logits + input_ids[..., None]
        return output

    monkeypatch.setattr(LlamaForCausalLM, "forward", forward)
    with pytest.raises(ModelError, match=r"apart from its body.*choose another"):
        TransformersModel(str(tiny_llama), precision="fp32")
