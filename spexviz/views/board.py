"""Board: where each player's square stands in a grid of layers × heads, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.analysis.sets import by_size
from spexviz.indices import Interactions
from spexviz.kit.arrays import Ints
from spexviz.kit.cached import cached_property
from spexviz.kit.names import names
from spexviz.results import Explanation
from spexviz.views.index_words import singles

CELL, WIDTH, HEIGHT = 42, 500, 700  # pixels: of a square at most, and of all of them


@dataclass(frozen=True)
class Square:
    """One player: its place in its layer, the row of the layer, its value with its rank by size."""

    player: int
    label: str
    x: int
    y: int
    effect: float
    rank: int  # 1 for the largest


@dataclass(frozen=True)
class Board:
    """All squares in the order of the players; `layers`: from the lowest row up, those that have players."""

    squares: list[Square]
    layers: list[int]
    columns: int

    @cached_property
    def size(self) -> float:
        """Pixels of a square and the gap beside it."""
        fitting = min(CELL, WIDTH / self.columns, HEIGHT / len(self.layers))
        return max(12.0, fitting)

    @cached_property
    def limit(self) -> float:
        """The size of the largest effect, which has the full colour; 1 where all are 0."""
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
        squares = []
        for i, (layer, x) in enumerate(where.tolist()):
            y = layers.index(layer)
            squares.append(Square(i, label[i], x, y, effects[i], ranks[i]))
        return cls(squares, layers, columns)


def places(explanation: Explanation) -> Ints | None:
    """(n, 2) layer and place in it of each player; None for a run without them."""
    layout = explanation.subject.layout
    if layout is None or layout.ndim != 2 or layout.shape[1] != 2:
        return None
    return layout.astype(int)


def _ranks(effects: list[float]) -> list[int]:
    """Each player's rank by size of effect, from 1; of equal ones the first player comes first."""
    ranks = [0] * len(effects)
    for rank, i in enumerate(by_size(effects), 1):
        ranks[i] = rank
    return ranks
