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
    """Changes of the value when members of a set are left out of the whole training set.

    `alone`: each by itself, in order; `together`: all of them.
    """

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
    each_alone = [(i,) for members in sets for i in members]
    asked = list(dict.fromkeys([(), *each_alone, *sets]))
    values = game(all_but(asked, len(game.players)))
    change = {}
    for left_out, value in zip(asked, values, strict=True):
        change[left_out] = float(value - values[0])
    found = []
    for members in sets:
        alone = tuple(change[i,] for i in members)
        found.append(Without(members, alone, change[members]))
    return tuple(found)


def what_if(
    game: TrainingGame,
    leave_out: Sequence[int] = (),
    relabel: Mapping[int, int] | None = None,
    duplicate: Sequence[int] = (),
) -> tuple[float, float]:
    """Real values before and after a change.

    Players left out, their examples relabelled ({player: class}), or kept twice.
    """
    whole = np.ones((1, len(game.examples.train)))
    weights = whole.copy()
    for player in duplicate:
        weights[:, game.members[player]] = 2.0
    for player in leave_out:
        weights[:, game.members[player]] = 0.0
    labels: dict[int, int] = {}
    for player, other in (relabel or {}).items():
        for example in game.members[player]:
            labels[int(example)] = other
    before = game.retrain(whole)
    after = game.retrain(weights, labels)
    return float(before[0]), float(after[0])


def leave_one_out(game: TrainingGame) -> Values:
    """(n,) effect of keeping each player: the value with the whole training set minus that without it.

    n + 1 retrainings.
    """
    values = game(leave_one_out_masks(len(game.players)))
    return values[0] - values[1:]


def harmful(game: TrainingGame, effects: Values) -> Positions:
    """Players (n,) by the harm that keeping them does, worst first, from their effects (n,) on the value."""
    benefits = np.asarray(effects)
    if not game.higher_is_better:
        benefits = -benefits
    return np.argsort(benefits, kind="stable")


def precision_at(ranking: Sequence[int] | Positions, truth: Sequence[int], k: int) -> float:
    """Share of the first k of a ranking (n,) that are true."""
    first = set(map(int, ranking[:k]))
    found = first.intersection(map(int, truth))
    return len(found) / k


def removal(
    game: TrainingGame,
    order: Sequence[int] | Positions,
    seed: int = 0,
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
) -> Removal:
    """Values as a growing share of the players is left out, in this order (n,) and in random ones.

    Every point is a retraining.
    """
    n = len(game.players)
    rng = np.random.default_rng([seed, 0x9A])
    at_random = [rng.permutation(n) for _ in range(draws)]
    counts = [round(share * n) for share in shares]
    sets = []
    for one in (order, *at_random):
        players = [int(player) for player in one]
        for count in counts:
            sets.append(tuple(players[:count]))
    values = game(all_but(sets, n))
    by_order = values.reshape(1 + draws, len(counts))
    return Removal(tuple(shares), by_order[0], by_order[1:])
