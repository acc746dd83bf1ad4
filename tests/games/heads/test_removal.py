"""Removal keeps what the spectrum says, beside its rivals; the probe tells a lost signal from a kept one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from spexviz import Linear, ProxySPEX, SyntheticGame, explain
from spexviz.games.heads.removal import kept, subsets
from spexviz.games.heads.signal import candidates, probe
from spexviz.masks import Masks, Values

PAIR = SyntheticGame("3*x0*x1 + 2*x2 + 1.9*x3 + 0.1*x4 + 0*x11")  # x0 and x1 only together


@dataclass(frozen=True)
class Judge:
    """Three questions, each the game and something of its own."""

    game: SyntheticGame = PAIR

    def by_question(self, masks: Masks) -> np.ndarray:
        return self.game(masks)[:, None] + np.array([0.0, 0.5, -0.5])


@pytest.fixture(scope="module")
def run() -> object:
    return explain(PAIR, ProxySPEX(max_order=2), 300)


def test_the_spectrum_keeps_the_pair_and_is_never_worse(run) -> None:
    found = {one.method: one for one in kept(run, Judge(), 2, ask=PAIR, n_best=20)}
    assert set(found) == {"spectrum", "LASSO", "best of N", "random"}
    assert all((one.masks.sum(1) == 2).all() for one in found.values())
    assert (
        found["spectrum"].masks[0, :2].all()
        or found["spectrum"].values.mean() >= PAIR(found["LASSO"].masks)[0]
    )
    mean, low, high = found["spectrum"].against(found["random"])
    assert low <= mean <= high and low > 0
    low, high = found["spectrum"].interval
    assert low <= found["spectrum"].values.mean() <= high


def test_without_asking_again_best_of_n_is_among_the_run_s_own_masks(run) -> None:
    best = subsets(run, 5)["best of N"][0]
    known = np.concatenate([run.sample.masks, run.held_out.masks])
    assert best.sum() <= 5 and (known == best).all(1).any()
    allowed = known.sum(1) <= 5
    assert PAIR(best[None])[0] == pytest.approx(PAIR(known[allowed]).max(), abs=1e-9)


@dataclass(frozen=True)
class Loud:
    """Means something while most players are kept; noise of very high order below that."""

    keep: float = 0.5
    ablation: str = "zero"
    unit: str = "units"
    fingerprint: str = "loud"

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(f"p{i}" for i in range(80))

    def __call__(self, masks: Masks) -> Values:
        smooth = masks[:, :10].sum(1).astype(float)
        chaos = np.cos(masks @ (np.arange(80) ** 2 + 1.0))
        return np.where(masks.mean(1) > 0.75, 5.0 + smooth, 0.0) + chaos * np.where(
            masks.mean(1) > 0.75, 0.2, 1.0
        )


def test_the_probe_warns_where_the_signal_is_lost_and_names_remedies() -> None:
    lost, fine = probe(Loud()), probe(Loud(keep=0.9))
    assert lost.lost and not fine.lost
    assert lost.ablations == 50 and lost.full > 10
    for remedy in ("0.9", "mean", "fewer layers"):
        assert remedy in lost.advice(Loud())
    assert "keeps its signal" in fine.advice(Loud(keep=0.9))


def test_the_probe_lets_interactions_pass() -> None:
    assert not probe(SyntheticGame("2*x0*x1*x2 + x3*x4 + x5 + 0*x20")).lost


def test_candidates_are_the_strongest_one_by_one() -> None:
    assert candidates(PAIR, 3) == tuple(PAIR.players[i] for i in (0, 1, 2)) or set(candidates(PAIR, 3)) <= {
        PAIR.players[i] for i in range(4)
    }
    assert candidates(replace(PAIR), 12) == PAIR.players


def test_linear_and_spectrum_agree_where_nothing_interacts() -> None:
    game = SyntheticGame("3*x0 + 2*x1 + x2 + 0*x7")
    found = subsets(explain(game, Linear(), 100), 3)
    np.testing.assert_array_equal(found["spectrum"][0], found["LASSO"][0])
    assert found["spectrum"][0, :3].all()
