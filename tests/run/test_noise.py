"""The noise of reduced precision is measured against fp32, and a run that it would spoil falls back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spexviz.ablate import executors
from spexviz.ablate.cache import MemoryCache
from spexviz.errors import AblationError, ModelError
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import keys, uniform_masks
from spexviz.models import loaded
from spexviz.models.hf import TransformersModel
from spexviz.results import Explanation
from spexviz.run import noise as precision
from spexviz.run import pipeline
from spexviz.run.noise import known, settle, share
from spexviz.solvers.auto import Auto
from spexviz.solvers.linear import Linear

PROMPT = "never dull not bad at all really good"


def game(folder: Path, name: str) -> PromptGame:
    model = TransformersModel(str(folder), precision=name)
    return PromptGame(model, PROMPT, "Review: {}\nSentiment:", value="log-probability", target=" positive")


def test_the_share_of_noise_by_hand() -> None:
    exact = np.array([0.0, 2.0, 0.0, 2.0])
    assert share(exact + 5.0, exact) == 0.0  # a common offset is no noise
    assert share(exact + np.array([0.1, 0.1, -0.1, -0.1]), exact) == pytest.approx(0.01)
    assert (
        share(exact * 0, exact) == 1.0
        and share(np.ones(3), np.ones(3)) == 0.0
        and share(np.arange(3.0), np.ones(3)) == 1.0
    )


def test_bf16_is_measured_and_kept_while_it_is_good_enough(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = game(tiny_llama, "bf16")
    masks = uniform_masks(len(quick.players), 64, 0)
    monkeypatch.setattr(precision, "LIMIT", 1.0)
    kept, found = settle(quick, masks)
    exact = game(tiny_llama, "fp32")
    assert kept is quick and found.name == "bf16" and "bf16" in found.text
    assert (
        found.noise == pytest.approx(share(quick(masks[:16]), exact(masks[:16])), rel=0.05)
        and 0 < found.noise < 1
    )
    # held while somebody uses it: one copy
    assert quick.at_full_precision().language_model is quick.at_full_precision().language_model
    assert quick.fingerprint != exact.fingerprint


def test_above_the_limit_the_run_falls_back_and_says_so(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "LIMIT", 0.0)
    result = pipeline.explain(game(tiny_llama, "bf16"), Linear(), budget=64)
    wanted = pipeline.explain(game(tiny_llama, "fp32"), Linear(), budget=64)
    # those that were compared came in another batch
    np.testing.assert_allclose(result.sample.values, wanted.sample.values, rtol=1e-6)
    assert "since rounding to bf16 would cost" in result.precision and result.noise == 0.0
    assert "only rounding" in wanted.precision and wanted.noise == 0.0
    again = Explanation.from_json(result.to_json())
    assert again.precision == result.precision and again.noise == 0.0


def test_what_was_measured_once_is_not_asked_again(tiny_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "LIMIT", 1.0)
    quick, cache = game(tiny_llama, "bf16"), MemoryCache()
    first = pipeline.explain(quick, Linear(), budget=64, cache=cache)
    monkeypatch.setattr(
        PromptGame, "at_full_precision", lambda self: pytest.fail("the model in fp32 is loaded again")
    )
    monkeypatch.setattr(PromptGame, "__call__", lambda self, masks: pytest.fail("a mask is asked again"))
    again = pipeline.explain(quick, Linear(), budget=64, cache=cache)
    assert again.noise == first.noise > 0 and again.precision == first.precision


def test_without_memory_for_fp32_the_noise_is_unknown(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "room", lambda device: 1000)
    quick = game(tiny_llama, "bf16")
    kept, found = settle(quick, uniform_masks(len(quick.players), 16, 0))
    assert kept is quick and found.noise is None and "not measured" in found.text


def test_fp32_that_does_not_fit_after_all_is_no_error(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    quick = game(tiny_llama, "bf16")

    def full(self: object, device: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.nn.Module, "to", full)
    with pytest.raises(ModelError, match="take a smaller model"):
        TransformersModel(str(tiny_llama))
    kept, found = settle(quick, uniform_masks(len(quick.players), 16, 0))
    assert kept is quick and found.noise is None


def test_fp32_and_games_without_a_precision_are_asked_nothing(tiny_llama: Path) -> None:
    assert known(game(tiny_llama, "fp32")).noise == 0.0 and known(PromptGame("toy", PROMPT)) is None
    assert known(game(tiny_llama, "bf16")).noise is None


@pytest.mark.parametrize(
    "prompt", [PROMPT + " and never boring", "never dull not bad"], ids=["sampled", "exact"]
)
def test_the_first_picture_comes_before_the_model_in_fp32(
    prompt: str, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "LIMIT", 1.0)
    told: list[str] = []
    reference = PromptGame.at_full_precision
    monkeypatch.setattr(
        PromptGame, "at_full_precision", lambda self: told.append("fp32 is loaded") or reference(self)
    )
    one = replace(game(tiny_llama, "bf16"), prompt=prompt)
    result = pipeline.explain(one, Linear(), budget=128, partial=lambda so_far: told.append(so_far.precision))
    assert (
        told[:2] == ["bf16; what rounding costs is not measured yet", "fp32 is loaded"]
        and told.count("fp32 is loaded") == 1
    )
    assert all("compared with fp32 on 16 masks" in one or "on 8 masks" in one for one in told[2:])
    assert result.noise > 0 and result.spent.compared == 16


@pytest.mark.parametrize("limit", [0.0, 1.0], ids=["falls back to fp32", "stays in bf16"])
def test_long_texts_are_compared_after_the_first_colours_with_the_same_numbers(
    limit: float, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "LIMIT", limit)
    asked: Counter[str] = Counter()
    ask = PromptGame.__call__

    def noted(self: PromptGame, masks: np.ndarray) -> np.ndarray:
        asked[self.precision] += len(masks)
        return ask(self, masks)

    monkeypatch.setattr(PromptGame, "__call__", noted)
    long = replace(game(tiny_llama, "bf16"), prompt=PROMPT + " and never boring")
    late = pipeline.explain(long, Auto(), budget=128, cache=MemoryCache())
    asked_late = dict(asked)
    asked.clear()
    monkeypatch.setattr(precision, "LONG", 2)  # tokens
    told: list[str] = []
    early = pipeline.explain(
        long, Auto(), budget=128, cache=MemoryCache(), progress=lambda progress: told.append(progress.phase)
    )
    first = told.index("comparing bf16 with fp32")
    assert not any(phase.startswith("fitting") for phase in told[:first])
    assert early.precision == late.precision and early.fidelity.r2 == late.fidelity.r2
    np.testing.assert_array_equal(early.sample.values, late.sample.values)
    if limit == 0.0:
        assert asked["bf16"] == 34 < asked_late["bf16"], "the two ends, and the first colours"
        assert asked["fp32"] == asked_late["fp32"]
    else:
        assert asked == asked_late


@pytest.mark.parametrize("limit", [0.0, 1.0], ids=["falls back to fp32", "stays in bf16"])
def test_a_run_that_is_killed_and_resumed_asks_nothing_twice(
    limit: float, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the moment.

    Only the chunk in flight is asked again, in either precision, and the numbers are the same.
    """
    monkeypatch.setattr(precision, "LIMIT", limit)
    monkeypatch.setattr(executors, "CHUNK", 16)
    asked: Counter[tuple[str, bytes]] = Counter()
    calls, ask, die_at = [0], PromptGame.__call__, [10**9]

    def noted(self: PromptGame, masks: np.ndarray) -> np.ndarray:
        asked.update((self.fingerprint, key) for key in keys(masks))
        calls[0] += 1
        if calls[0] == die_at[0]:
            raise AblationError("killed")
        return ask(self, masks)

    monkeypatch.setattr(PromptGame, "__call__", noted)
    long = replace(game(tiny_llama, "bf16"), prompt=PROMPT + " and never boring")
    whole = pipeline.explain(long, Linear(), budget=128)
    assert max(asked.values()) == 1 and len({name for name, _ in asked}) == 2
    for moment in range(1, calls[0] + 1, 3):
        asked.clear()
        cache, calls[0], die_at[0] = MemoryCache(), 0, moment
        try:
            pipeline.explain(long, Linear(), budget=128, cache=cache)
        except AblationError:  # in the comparison it counts as an overflow
            die_at[0] = 10**9
            again = pipeline.explain(long, Linear(), budget=128, cache=cache)
            np.testing.assert_array_equal(again.sample.values, whole.sample.values)
            assert again.precision == whole.precision
        assert sum(count - 1 for count in asked.values()) <= 16
