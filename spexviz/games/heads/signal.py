"""Signal first: whether a game's value still means something at its keep-probability, asked before a run is wasted; candidates.

Where too much is removed at once, a value moves with everything and so with nothing that a sparse spectrum
could say. That shows in pairs of masks of which the second redraws a few players of the first: the
correlation of their values is Σ ρ^k W_k, W_k the share of variance of order k, ρ the share of players that
are not redrawn. Source: noise stability, O'Donnell 2014, §2.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spexviz.games.base import Game
from spexviz.masks import Masks, Values, ends, leave_one_out_masks

if TYPE_CHECKING:
    from spexviz.games.heads.game import HeadsGame

# ρ: players of a pair that are not drawn anew; a linear value then correlates by .8, one of order 5 by .33
KEPT = 0.8
PAIRS = 24
LEAST = 0.35  # stability below which nothing is left to explain (of 24 pairs the standard error is about .15)


@dataclass(frozen=True)
class Signal:
    """What a probe found:

    `stability` of the value from −1 to 1 (see above), its standard deviation, and the two ends.
    """

    stability: float
    spread: float
    full: float
    empty: float
    keep: float
    ablations: int

    @property
    def lost(self) -> bool:
        """Whether a run would find next to nothing."""
        return not self.stability >= LEAST or self.spread < 1e-3 * max(abs(self.full - self.empty), 1e-9)

    def advice(self, game: HeadsGame) -> str:
        """What was found, in a sentence, and what to change where the signal is lost."""
        if not self.lost:
            return f"The value keeps its signal: two masks that share {KEPT:.0%} of their players agree ({self.stability:.2f} of 1, {self.ablations} ablations)."
        remedies = []
        if self.keep < 0.85:
            remedies.append("keep each player with probability 0.9")
        if game.ablation == "zero":
            remedies.append("put the mean in place of removed parts, not zero")
        remedies.append("take fewer layers, or candidates chosen by leave-one-out")
        return (
            f"At a keep-probability of {self.keep:g} the value has lost its signal: two masks that share {KEPT:.0%} of their players hardly agree "
            f"({self.stability:.2f} of 1, {self.ablations} ablations), so no solver would explain much. Remedies: {'; '.join(remedies)}."
        )


def probe(
    game: Game, seed: int = 0, pairs: int = PAIRS, ask: Callable[[Masks], Values] | None = None
) -> Signal:
    """Ask 2 · `pairs` + 2 masks drawn at the game's keep-probability;

    `ask` in place of the game (a cache, say).
    """
    n, keep = len(game.players), game.keep
    rng = np.random.default_rng([seed, n, pairs])
    one = rng.random((pairs, n)) < keep
    two = np.where(rng.random((pairs, n)) < KEPT, one, rng.random((pairs, n)) < keep)
    values = np.asarray((ask or game)(np.concatenate([one, two, ends(n)[::-1]])), dtype=np.float64)
    first, second = values[:pairs], values[pairs : 2 * pairs]
    middle, variance = values[: 2 * pairs].mean(), float(values[: 2 * pairs].var())
    stability = (
        float(((first - middle) * (second - middle)).mean() / variance) if variance > 0 else float("nan")
    )
    return Signal(stability, variance**0.5, float(values[-2]), float(values[-1]), keep, len(values))


def candidates(game: Game, count: int, ask: Callable[[Masks], Values] | None = None) -> tuple[str, ...]:
    """Labels of the `count` players whose removal alone moves the value most, in the order of the players: n + 1 ablations."""
    n = len(game.players)
    values = np.asarray((ask or game)(leave_one_out_masks(n)), dtype=np.float64)
    strongest = np.argsort(-np.abs(values[1:] - values[0]), kind="stable")[:count]
    return tuple(game.players[i] for i in sorted(strongest))
