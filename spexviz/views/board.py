"""Board: where each player's square stands in a grid of layers × heads, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from spexviz.analysis.sets import by_size
from spexviz.indices import Interactions
from spexviz.kit.arrays import Ints
from spexviz.kit.cached import cached_property
from spexviz.kit.names import names
from spexviz.results import Explanation
from spexviz.views.index_words import singles

TALL = 10  # rows, more than which are many


@dataclass(frozen=True)
class Square:
    """One player: its place in its layer, the row of the layer, its value with its rank by size.

    `name`: where it is, in words.
    """

    player: int
    label: str
    name: str
    x: int
    y: int
    effect: float
    rank: int  # 1 for the largest


@dataclass(frozen=True)
class Board:
    """All squares in the order of the players; `layers`: from the lowest row up, those that have players.

    `full`: the size of an effect that has the full colour; by default that of the largest.
    """

    squares: list[Square]
    layers: list[int]
    columns: int
    full: float = 0.0

    @cached_property
    def holes(self) -> list[tuple[int, int]]:
        """The places (x, y) where no player is, row by row."""
        taken = {(square.x, square.y) for square in self.squares}
        rows = product(range(len(self.layers)), range(self.columns))
        return [(x, y) for y, x in rows if (x, y) not in taken]

    @cached_property
    def limit(self) -> float:
        """The size of an effect that has the full colour; 1 where all are 0."""
        if self.full:
            return self.full
        sizes = [abs(square.effect) for square in self.squares]
        return max(sizes, default=0.0) or 1.0

    @classmethod
    def of(cls, explanation: Explanation, found: Interactions) -> Board:
        """The board of a run with these values; without places, all players stand in one row."""
        where = places(explanation)
        if where is None:
            n = len(explanation.players)
            where = np.zeros((n, 2), dtype=int)
            where[:, 1] = np.arange(n)
        layers = sorted(set(where[:, 0].tolist()))
        columns = int(where[:, 1].max(initial=0)) + 1
        effects = singles(found)
        ranks = _ranks(effects)
        label = names(explanation.players)
        name = in_words(explanation)
        squares = []
        for i, (layer, x) in enumerate(where.tolist()):
            y = layers.index(layer)
            squares.append(Square(i, label[i], name[i], x, y, effects[i], ranks[i]))
        return cls(squares, layers, columns)


def places(explanation: Explanation) -> Ints | None:
    """(n, 2) layer and place in it of each player; None for a run without them."""
    layout = explanation.subject.layout
    if layout is None or layout.ndim != 2 or layout.shape[1] != 2:
        return None
    return layout.astype(int)


def is_tall(explanation: Explanation) -> bool:
    """Whether the board has many rows."""
    where = places(explanation)
    return where is not None and len(set(where[:, 0].tolist())) > TALL


def in_words(explanation: Explanation) -> tuple[str, ...]:
    """Where each player is: "layer 12, head 3" for heads, its name for others."""
    where = places(explanation)
    if where is None or explanation.subject.noun != "head":
        return names(explanation.players)
    return tuple(f"layer {layer}, head {head}" for layer, head in where.tolist())


def named_after(explanation: Explanation, player: int) -> str:
    """What the name of a head says: "L0.H2 is head 2 of layer 0; …"; "" where names are no places."""
    where = places(explanation)
    label = names(explanation.players)[player]
    if where is None or explanation.subject.noun != "head":
        return ""
    layer, head = where[player].tolist()
    if label != f"L{layer}.H{head}":
        return ""
    return f"{label} is head {head} of layer {layer}; layers and heads are counted from 0."


def _ranks(effects: list[float]) -> list[int]:
    """Each player's rank by size of effect, from 1; of equal ones the first player comes first."""
    ranks = [0] * len(effects)
    for rank, i in enumerate(by_size(effects), 1):
        ranks[i] = rank
    return ranks
