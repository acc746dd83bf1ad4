"""Packed texts get the values of the plain forward.

Where they would not, or memory runs out, the model finds another way by itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.errors import ModelError
from spexviz.kit.pace import Pace
from spexviz.models import packed, prefixes
from spexviz.models.hf import TransformersModel
from tests.models import tiny

TEXTS = [
    "Review: the film is not bad",
    "Review: the film is dull",
    "never",
    "Review: the film is not bad at all",
    "Review:",
    "",
    "bad " * 30,
]
ANSWERS = [" positive", " not bad at all", " not dull"]


@pytest.fixture(scope="module", params=tiny.FAMILIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel(
        str(tiny.save(tmp_path_factory.mktemp(request.param), request.param)), precision="fp32"
    )


def plainly(model: TransformersModel, texts: list[str] = TEXTS) -> np.ndarray:
    """The values without packing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "packing", None)
        return model.log_probabilities(texts, ANSWERS)


def test_every_family_is_packed_and_gets_the_values_of_the_plain_forward(model: TransformersModel) -> None:
    assert model.packing is not None
    wanted = plainly(model)
    np.testing.assert_allclose(model.log_probabilities(TEXTS, ANSWERS), wanted, atol=2e-4)
    np.testing.assert_allclose(plainly(model), wanted, atol=1e-6)  # a packed call leaves no trace
    assert wanted.std() > 0.1


def test_small_batches_and_long_texts(model: TransformersModel, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = plainly(model)
    monkeypatch.setattr(model, "batch_tokens", 12)
    np.testing.assert_allclose(model.log_probabilities(TEXTS, ANSWERS), wanted, atol=2e-4)
    monkeypatch.setattr(model.packing, "longest", 9)  # as a sliding window of 9 tokens would have it
    monkeypatch.setattr(model.packing, "states", None)
    np.testing.assert_allclose(model.log_probabilities(TEXTS, ANSWERS), wanted, atol=2e-4)


def test_the_length_that_a_sliding_window_allows(model: TransformersModel) -> None:
    window = getattr(model.network.config, "sliding_window", None)
    assert model.packing.longest == (window or 2**31)


@pytest.fixture
def llama(tiny_llama: Path) -> TransformersModel:
    return TransformersModel(str(tiny_llama), precision="fp32")


def everything(module: Any, query: Any, key: Any, value: Any, mask: Any, **_: Any) -> Any:
    """An attention that looks at other texts, as a family that ignores the interface would."""
    import torch

    out = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    return out.transpose(1, 2), None


def refused(*_: Any, **__: Any) -> Any:
    raise TypeError("this family takes no such argument")


def counted_on(texts: Any) -> prefixes.Layout:
    """A layout whose positions count on from text to text, as if all were one."""
    tree = prefixes.layout(texts)
    return replace(tree, positions=list(range(len(tree))))


def put_elsewhere(module: Any, inputs: tuple, output: Any) -> Any:
    """What the last layer makes of the nodes that are read, each at the place of another."""
    whole = put_back(module, inputs, output)
    return None if whole is None else whole.roll(1, dims=1)


put_back = packed._put_back
BROKEN = [
    ("_attention", everything),
    ("_attention", refused),
    ("layout", counted_on),
    ("_put_back", put_elsewhere),
]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(("name", "broken"), BROKEN)
def test_the_probe_refuses_a_packing_that_gives_other_values(
    tiny_llama: Path, name: str, broken: Any, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = TransformersModel(str(tiny_llama), precision=precision)
    assert whole.packing is not None
    monkeypatch.setattr(packed, name, broken)
    other = TransformersModel(str(tiny_llama), precision=precision)
    assert other.packing is None and not other.body.layers[-1].mlp._forward_hooks
    np.testing.assert_array_equal(other.log_probabilities(TEXTS, ANSWERS), plainly(whole))


@pytest.mark.parametrize(
    "message", [None, "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"]
)
def test_out_of_memory_halves_the_batch_and_goes_on(
    llama: TransformersModel, message: str | None, monkeypatch: Any
) -> None:
    import torch

    wanted, real, sizes = llama.log_probabilities(TEXTS, ANSWERS), llama._logs, []

    def tight(sequences: list, *rest: Any) -> np.ndarray:
        sizes.append(len(sequences))
        if len(sequences) > 2:
            raise RuntimeError(message) if message else torch.OutOfMemoryError("CUDA out of memory")
        return real(sequences, *rest)

    before = llama.batch_tokens
    monkeypatch.setattr(llama, "_logs", tight)
    np.testing.assert_allclose(llama.log_probabilities(TEXTS, ANSWERS), wanted, atol=2e-4)
    assert max(sizes) > 2 and llama.batch_tokens < before
    sizes.clear()
    llama.log_probabilities(TEXTS, ANSWERS)
    assert max(sizes) <= 2  # learnt for the next call


def test_out_of_memory_with_one_text_says_what_to_do(llama: TransformersModel, monkeypatch: Any) -> None:
    import torch

    def never(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(llama, "_logs", never)
    with pytest.raises(ModelError, match=r"no memory left.*shorten the prompt"):
        llama.log_probabilities(TEXTS, ANSWERS)
    monkeypatch.setattr(llama, "_logs", refused)
    with pytest.raises(TypeError, match="no such argument"):
        llama.log_probabilities(TEXTS, ANSWERS)


def test_a_rate_is_measured_on_a_real_forward(llama: TransformersModel) -> None:
    assert llama._rate(128) > 0


def test_pace_forgets_slowly_and_leaves_out_the_first_call() -> None:
    pace = Pace()
    pace.note(100, 60.0)
    assert pace.seconds(100) is None
    pace.note(100, 2.0)
    assert pace.seconds(50) == pytest.approx(1.0)
    for _ in range(10):
        pace.note(10_000, 100.0)
    assert pace.seconds(100) == pytest.approx(1.0, rel=0.01)


def test_a_model_knows_what_a_call_takes_and_the_memory_it_needs(llama: TransformersModel) -> None:
    assert llama.seconds(TEXTS) is None
    llama.log_probabilities(TEXTS, ANSWERS)
    llama.log_probabilities(TEXTS, ANSWERS)
    once, twice = llama.seconds(TEXTS), llama.seconds(TEXTS * 2)
    assert once == twice > llama.seconds(TEXTS[:1]) > 0
    assert llama.memory > sum(p.numel() * 4 for p in llama.network.parameters())
