"""Fast paths are compared in fp32 with one text alone, and what was found is remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.errors import ModelError
from spexviz.models import hf, packed
from spexviz.models.fastpath import in_fp32, made_up
from spexviz.models.hf import TransformersModel
from spexviz.models.residual import WHOLE
from tests.models import tiny

TEXTS = [
    "Review: the film is not bad",
    "Review: the film is dull",
    "never",
    "",
    "Review: the film is not bad at all",
]
ANSWERS = [" positive", " not bad at all"]


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("family", tiny.RECURRENT)
def test_a_recurrent_model_is_not_packed_and_no_neighbour_changes_a_value(
    family: str, precision: str, tmp_path: Path
) -> None:
    model = TransformersModel(str(tiny.save(tmp_path / "model", family)), precision=precision)
    together = model.log_probabilities(TEXTS, ANSWERS)
    alone = np.concatenate([model.log_probabilities([text], ANSWERS) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=2e-4 if precision == "fp32" else 0.05)
    assert model.packing is None and any("padded batches" in remark for remark in model.remarks)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("family", ["LlamaForCausalLM", "GPT2LMHeadModel", "MambaForCausalLM"])
def test_a_body_in_half_precision_computes_in_fp32_and_is_itself_again(
    family: str, precision: str, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    folder = tiny.save(tmp_path / "model", family)
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    half = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval().float()
    ids = torch.tensor([made_up(400, 12)])
    before = {name: tensor.clone() for name, tensor in half.state_dict().items()}
    with torch.no_grad():
        with in_fp32(half.base_model):
            states = half.base_model(input_ids=ids).last_hidden_state
        torch.testing.assert_close(states, whole.base_model(input_ids=ids).last_hidden_state)
    for name, tensor in half.state_dict().items():
        assert tensor.dtype == before[name].dtype and torch.equal(tensor, before[name])
    assert not any(module._forward_hooks for module in half.modules())


def a_little_of_the_neighbours(
    module: Any, query: Any, key: Any, value: Any, *rest: Any, **named: Any
) -> Any:
    """Attention of packed texts through which a little of the texts before goes on."""
    out, weights = attention(module, query, key, value, *rest, **named)
    return out + 0.002 * out.cumsum(1), weights


attention = packed._attention


def test_a_leak_that_rounding_would_hide_is_seen(tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(packed, "_attention", a_little_of_the_neighbours)
        assert TransformersModel(str(tiny_llama), precision="bf16").packing is None
        patch.setattr(hf, "remembered", lambda key, kind, find: hf.Allowed(True, True, True, WHOLE))
        assert TransformersModel(str(tiny_llama), precision="bf16").packing is not None  # as it was


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_was_found_is_remembered_for_this_model_alone(
    precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []
    real = hf.allowed
    monkeypatch.setattr(hf, "allowed", lambda *given: found.append(real(*given)) or found[-1])
    llama = tiny.save(tmp_path / "llama")
    mamba = tiny.save(tmp_path / "mamba", "MambaForCausalLM")
    packings = [
        TransformersModel(str(folder), precision=precision).packing for folder in (llama, mamba, llama, mamba)
    ]
    assert [packing is not None for packing in packings] == [True, False, True, False]
    assert [one.packed for one in found] == [True, False]
    for file in (tmp_path / "home" / "compared").iterdir():
        file.write_text('{"packed": 1')
    assert TransformersModel(str(llama), precision=precision).packing is not None
    assert len(found) == 3  # what cannot be read is found again


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_model_whose_tokens_look_ahead_is_refused(
    precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tiny.FAMILIES, "BertLMHeadModel", ("BertConfig", tiny.BERT))
    folder = tiny.save(tmp_path / "model", "BertLMHeadModel")
    with pytest.raises(ModelError, match=r"come after.*is_decoder"):
        TransformersModel(str(folder), precision=precision)


def test_a_model_that_gives_other_values_in_a_batch_is_asked_one_text_at_a_time(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where tokens of all texts compete for the same experts."""
    from transformers.models.llama.modeling_llama import LlamaMLP

    real = LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", lambda self, states: real(self, states) / len(states))
    model = TransformersModel(str(tiny_llama), precision="bf16")
    together = model.log_probabilities(TEXTS, ANSWERS)
    alone = np.concatenate([model.log_probabilities([text], ANSWERS) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)
    assert model.packing is None and any("asked alone" in remark for remark in model.remarks)
