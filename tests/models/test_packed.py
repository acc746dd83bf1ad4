"""Packed texts get the values of the plain forward.

Where they would not, or memory runs out, the model finds another way by itself.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.errors import ModelError
from spexviz.kit.pace import Pace
from spexviz.models import packed
from spexviz.models.batches import PADDED, batches, is_out_of_memory, tuned
from spexviz.models.hf import TransformersModel
from spexviz.models.packed import layout
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


def some_texts(seed: int, count: int = 40) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [[7, 7, *np.flatnonzero(rng.random(12) < 0.5).tolist(), 9] for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_a_prefix_tree_has_one_node_for_each_beginning(seed: int) -> None:
    texts = sorted(some_texts(seed))
    tree = layout(texts)
    assert [[tree.ids[node] for node in path] for path in tree.paths] == texts
    assert all([tree.positions[node] for node in path] == list(range(len(path))) for path in tree.paths)
    assert (
        len(tree)
        == len({tuple(text[:end]) for text in texts for end in range(1, len(text) + 1)})
        < sum(map(len, texts))
    )


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("tokens", [1, 30, 100, 10_000])
def test_batches_hold_every_text_once_and_say_what_they_compute(tokens: int, is_packed: bool) -> None:
    texts, extra = some_texts(3), 2
    found = list(batches(texts, tokens, is_packed, extra))
    assert sorted(i for rows, _ in found for i in rows) == list(range(len(texts)))
    for rows, cost in found:
        ended = [[*texts[i], *[-1 - place for place in range(extra)]] for i in rows]
        longest = max(map(len, ended))
        assert cost == (
            len(layout(ended)) + _shared_ends(texts, rows, extra) if is_packed else len(rows) * longest
        )
        assert len(rows) == 1 or (cost <= tokens and len(rows) * longest <= PADDED * tokens)
    assert len(found) == (1 if tokens == 10_000 else len(texts) if tokens == 1 else len(found))


def _shared_ends(texts: list, rows: list[int], extra: int) -> int:
    """A text that is asked twice is counted with its end twice: `log_probabilities` asks none twice."""
    return extra * sum(texts[a] == texts[b] for a, b in pairwise(rows))


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


@pytest.mark.parametrize("attention", [everything, refused])
def test_a_family_that_gives_other_values_is_not_packed(
    tiny_llama: Path, llama: TransformersModel, attention: Any, monkeypatch: Any
) -> None:
    wanted = llama.log_probabilities(TEXTS, ANSWERS)
    monkeypatch.setattr(packed, "_attention", attention)
    other = TransformersModel(str(tiny_llama), precision="fp32")
    assert other.packing is None and not other.body.layers[-1].mlp._forward_hooks
    np.testing.assert_allclose(other.log_probabilities(TEXTS, ANSWERS), wanted, atol=2e-4)


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


def test_the_size_of_a_batch_is_found_by_doubling() -> None:
    import torch

    rates = {1: 10.0, 2: 19.0, 4: 30.0, 8: 31.0, 16: 99.0}
    assert (
        tuned(rates.__getitem__, 1, 16) == 4
        and tuned(rates.__getitem__, 1, 2) == 2
        and tuned(rates.__getitem__, 8, 8) == 8
    )

    def small(tokens: int) -> float:
        if tokens > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return float(tokens)

    assert tuned(small, 1, 64) == 2
    with pytest.raises(KeyError):
        tuned(rates.__getitem__, 16, 64)
    assert not is_out_of_memory(RuntimeError("shapes do not match")) and not is_out_of_memory(
        ValueError("can't allocate memory")
    )


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
