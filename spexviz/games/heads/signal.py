"""Signal first: whether a value still means something at its keep-probability; candidates to be players.

Asked before a run is wasted. Where too much is removed at once, a value moves with everything and so with
nothing that a sparse spectrum could say. That shows in pairs of masks of which the second redraws a few
players of the first: the correlation of their values is Σ ρ^k W_k, W_k the share of variance of order k, ρ
the share of players that are not redrawn. Source: noise stability, O'Donnell 2014, §2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spexviz.games.base import Game
from spexviz.games.heads.questions import Ask
from spexviz.masks import ends, leave_one_out_masks

if TYPE_CHECKING:
    from spexviz.games.heads.game import HeadsGame

# ρ: players of a pair that are not drawn anew; a linear value then correlates by .8, one of order 5 by .33
KEPT = 0.8
PAIRS = 24
LEAST = 0.35  # stability below which nothing is left to explain (of 24 pairs the standard error is about .15)


@dataclass(frozen=True)
class Signal:
    """What a probe found: the value's `stability` from −1 to 1 (see above), standard deviation and ends."""

    stability: float
    spread: float
    full: float
    empty: float
    keep: float
    ablations: int

    @property
    def lost(self) -> bool:
        """Whether a run would find next to nothing."""
        reach = max(abs(self.full - self.empty), 1e-9)
        return not self.stability >= LEAST or self.spread < 1e-3 * reach  # "not ≥": NaN is lost too

    def advice(self, game: HeadsGame) -> str:
        """What was found, in a sentence, and what to change where the signal is lost."""
        if not self.lost:
            return (
                f"The value keeps its signal: two masks that share {KEPT:.0%} of what they keep agree "
                f"({self.stability:.2f} of 1, {self.ablations} ablations)."
            )
        remedies = []
        if self.keep < 0.85:
            remedies.append("keep more of them each time, such as 0.9")
        if game.ablation == "zero":
            remedies.append("put the mean in place of removed parts, not zero")
        remedies.append("take fewer layers, or only candidates that matter one by one")
        return (
            f"With {self.keep:.0%} of them kept each time the answer means nothing any more: "
            f"two masks that share {KEPT:.0%} of what they keep hardly agree "
            f"({self.stability:.2f} of 1, {self.ablations} ablations), so no solver would explain much. "
            f"Remedies: {'; '.join(remedies)}."
        )


def probe(game: Game, seed: int = 0, pairs: int = PAIRS, ask: Ask | None = None) -> Signal:
    """What 2 · `pairs` + 2 masks say, drawn at the game's keep-probability.

    `ask`: asked in place of the game (a cache, say).
    """
    ask = ask or game
    n = len(game.players)
    rng = np.random.default_rng([seed, n, pairs])
    # each pair: a mask, and the same one with a share 1 − ρ of its players drawn anew
    ones = rng.random((pairs, n)) < game.keep
    stay = rng.random((pairs, n)) < KEPT
    anew = rng.random((pairs, n)) < game.keep
    twos = np.where(stay, ones, anew)
    full_and_empty = ends(n)[::-1]
    values = np.asarray(ask(np.concatenate([ones, twos, full_and_empty])), dtype=np.float64)

    # their correlation; both halves have the same distribution, so mean and variance are those of all
    drawn = values[: 2 * pairs]
    mean = drawn.mean()
    variance = float(drawn.var())
    stability = float("nan")
    if variance > 0:
        covariance = ((drawn[:pairs] - mean) * (drawn[pairs:] - mean)).mean()
        stability = float(covariance / variance)
    full, empty = values[-2:].tolist()
    return Signal(stability, variance**0.5, full, empty, game.keep, len(values))


def candidates(game: Game, count: int, ask: Ask | None = None) -> tuple[str, ...]:
    """Labels of the `count` players whose removal alone moves the value most, in the order of the players.

    Asks n + 1 ablations.
    """
    ask = ask or game
    values = np.asarray(ask(leave_one_out_masks(len(game.players))), dtype=np.float64)
    moved = np.abs(values[1:] - values[0])  # the first mask is the full one
    strongest = np.argsort(-moved, kind="stable")[:count]
    return tuple(game.players[i] for i in sorted(strongest))
