from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.executors.local import LocalExecutor
from spexviz.ablate.runner import Progress, Runner
from spexviz.errors import AblationError, Cancelled
from spexviz.games.base import Asking, Game
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import Masks, Values, keys, uniform_masks
from spexviz.models.toy import ToyModel


@dataclass
class Counting(Game):
    """A game that notes every mask it is asked."""

    n: int = 10
    bad: bytes | None = None
    asked: list[bytes] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    fingerprint: str = "counting"
    unit: str = "value"
    call_masks: int = 0

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(f"x{i}" for i in range(self.n))

    def asking(self) -> Asking:
        return Asking(call_masks=self.call_masks)

    def __call__(self, masks: Masks) -> Values:
        self.asked += keys(masks)
        self.sizes.append(len(masks))
        return np.array(
            [np.nan if key == self.bad else mask.sum() for key, mask in zip(keys(masks), masks, strict=True)],
            dtype=np.float64,
        )


MASKS = uniform_masks(10, 100, 0)


def test_values_in_order_and_in_chunks() -> None:
    game, told = Counting(), []
    runner = Runner(game, total=110, report=told.append, chunk=32)
    assert (runner(MASKS) == MASKS.sum(1)).all()
    assert game.sizes == [32, 32, 32, 4] and game.asked == keys(MASKS)
    assert [progress.done for progress in told] == [32, 64, 96, 100] and {
        progress.total for progress in told
    } == {110}
    assert told[-1].rate > 0 and told[-1].eta > 0 and told[-1].cached == 0


def test_a_game_that_fills_a_gpu_is_asked_more_at_once() -> None:
    """As many masks as pay, by the tokens that its model takes in one call; never fewer than a chunk."""
    game, plain = Counting(), Counting()
    game.call_masks = 80
    Runner(game)(MASKS), Runner(plain)(MASKS)
    assert game.sizes == [80, 20] and plain.sizes == [32, 32, 32, 4]
    game.call_masks, game.sizes = 3, []
    Runner(game)(MASKS)
    assert game.sizes == [32, 32, 32, 4]


def test_what_a_call_takes_by_the_length_of_the_prompt() -> None:
    model = ToyModel()
    assert PromptGame(model, "never fails to impress").call_masks == 0
    model.call_tokens = 1000
    game = PromptGame(model, "never fails to impress")
    assert game.call_masks == 1000 // model.length(game.wrap(game.prompt)) > 10
    assert LocalExecutor().chunk(game) == max(32, game.call_masks)


def test_eta_before_the_first_measurement() -> None:
    assert Progress(0, 10, 0, 0.0, "").eta is None
    assert Progress(4, 10, 0, 2.0, "").eta == 3.0


def test_nothing_is_asked_twice() -> None:
    game, cache = Counting(), MemoryCache()
    Runner(game, cache)(MASKS[:70])
    again = Runner(game, cache)
    assert (again(MASKS) == MASKS.sum(1)).all()
    assert sorted(game.asked) == sorted(keys(MASKS)) and again.cached == 70
    other = Counting(fingerprint="another")
    Runner(other, cache)(MASKS)
    assert len(other.asked) == 100  # another game's values never answer


def test_cancel_between_chunks_keeps_what_is_done() -> None:
    game, cache, cancel = Counting(), MemoryCache(), threading.Event()
    runner = Runner(
        game, cache, 100, lambda progress: cancel.set() if progress.done >= 20 else None, cancel, chunk=10
    )
    with pytest.raises(Cancelled, match="20 of 100"):
        runner(MASKS)
    assert game.sizes == [10, 10]
    resumed = Runner(game, cache, chunk=10)
    resumed(MASKS)
    assert resumed.cached == 20 and len(game.asked) == len(set(game.asked)) == 100


@pytest.mark.parametrize("where", [0, 45, 99])
def test_nan_stops_with_the_mask_and_keeps_the_chunks_before(where: int) -> None:
    game, cache = Counting(bad=keys(MASKS)[where]), MemoryCache()
    shown = "".join("1" if keep else "0" for keep in MASKS[where])
    with pytest.raises(AblationError, match=shown):
        Runner(game, cache, chunk=10)(MASKS)
    known = np.isfinite(cache.get("counting", MASKS))
    assert known.sum() == where // 10 * 10 and known[: known.sum()].all()


def test_a_game_of_the_wrong_shape_is_an_error() -> None:
    class Wrong(Counting):
        def __call__(self, masks: Masks) -> Values:
            return np.zeros((len(masks), 2))

    with pytest.raises(AblationError, match=r"shape \(32, 2\) for 32 masks: let it return one number a mask"):
        Runner(Wrong())(MASKS)
