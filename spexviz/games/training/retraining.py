"""Real retrainings beside a run on training data: without a set, what-if, removal curves, harmful examples.

Nothing is predicted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spexviz.games.training.game import TrainingGame
from spexviz.kit.arrays import Floats, Positions
from spexviz.masks import Interaction, Values, all_but, leave_one_out_masks

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
DRAWS = 20  # random orders beside the curve


@dataclass(frozen=True)
class Without:
    """Changes of the value when each member alone (in order), and all of a set, are left out of the whole training set."""

    members: Interaction
    alone: tuple[float, ...]
    together: float


@dataclass(frozen=True)
class Removal:
    """A removal curve: values after leaving out a share of the players. `random`: (draws, shares)."""

    shares: tuple[float, ...]
    ordered: Values
    random: Floats


def without(game: TrainingGame, sets: Sequence[Interaction]) -> tuple[Without, ...]:
    """Retrain without each set and each of its members; one batch."""
    asked = dict.fromkeys([(), *((i,) for members in sets for i in members), *sets])
    values = dict(zip(asked, game(all_but(list(asked), len(game.players))), strict=True))
    change = lambda members: float(values[members] - values[()])
    return tuple(Without(members, tuple(change((i,)) for i in members), change(members)) for members in sets)


def what_if(
    game: TrainingGame,
    leave_out: Sequence[int] = (),
    relabel: Mapping[int, int] | None = None,
    duplicate: Sequence[int] = (),
) -> tuple[float, float]:
    """Real values before and after: players left out, their examples relabelled ({player: class}), or kept twice."""
    weights = np.ones((1, len(game.examples.train)))
    for players, weight in ((duplicate, 2.0), (leave_out, 0.0)):
        for player in players:
            weights[:, game.members[player]] = weight
    labels = {int(i): other for player, other in (relabel or {}).items() for i in game.members[player]}
    return float(game.retrain(np.ones_like(weights))[0]), float(game.retrain(weights, labels)[0])


def leave_one_out(game: TrainingGame) -> Values:
    """(n,) effect of keeping each player on the whole training set: the value with all minus that without it; n + 1 retrainings."""
    values = game(leave_one_out_masks(len(game.players)))
    return values[0] - values[1:]


def harmful(game: TrainingGame, effects: Values) -> Positions:
    """Players by the harm that keeping them does, worst first, from their effects on the value."""
    return np.argsort(effects if game.higher_is_better else -np.asarray(effects), kind="stable")


def precision_at(ranking: Sequence[int], truth: Sequence[int], k: int) -> float:
    """Share of the first k that are true."""
    return len(set(map(int, ranking[:k])) & set(map(int, truth))) / k


def removal(
    game: TrainingGame,
    order: Sequence[int],
    seed: int = 0,
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
) -> Removal:
    """Values as a growing share of the players is left out, in this order and in random ones; every point is a retraining."""
    n = len(game.players)
    rng = np.random.default_rng([seed, 0x9A])
    orders = [np.asarray(order), *(rng.permutation(n) for _ in range(draws))]
    sets = [tuple(map(int, one[: round(share * n)])) for one in orders for share in shares]
    values = game(all_but(sets, n)).reshape(len(orders), len(shares))
    return Removal(tuple(shares), values[0], values[1:])
