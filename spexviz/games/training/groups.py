"""What one player is: an example, or the examples of a label, a source or a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from spexviz.errors import GameError
from spexviz.games.training.examples import Data
from spexviz.kit.arrays import Floats, Positions

PLAYER_NAMES = {
    "example": "Single examples",
    "label": "All of a label",
    "source": "All of a source",
    "cluster": "Clusters of similar ones",
}
PLAYERS = {
    "example": "Each training example is a player.",
    "label": "All examples of a label are one player.",
    "source": "All examples of a source are one player (the column source of the data).",
    "cluster": "Examples with similar features are one player (k-means).",
}
MOST_PLAYERS = 1_000
LABEL = 160  # characters of a player's label
LABEL_OF_CLUSTER = 40  # of the example that stands for it


def check_players(data: Data, kind: str) -> None:
    """Raise GameError for a kind of player that these data have none of, or too many."""
    examples = len(data.train)
    if kind == "source" and len(set(data.train.sources)) < 2:
        raise GameError("These data name no sources: choose examples, labels or clusters as players.")
    if kind == "example" and examples > MOST_PLAYERS:
        raise GameError(
            f"{examples:,} training examples are more than {MOST_PLAYERS:,} players: "
            "choose clusters, sources or labels."
        )


def each_group(group: Positions) -> tuple[Positions, ...]:
    """The positions of the examples of each group, from the group (n,) of each example."""
    return tuple(np.flatnonzero(group == g) for g in np.unique(group))


def numbered(names: Sequence[str]) -> Positions:
    """(n,) names as numbers, in alphabetical order."""
    _, numbers = np.unique(np.array(names), return_inverse=True)
    return numbers


def kmeans(points: Floats, clusters: int, seed: int) -> Positions:
    """(n,) the cluster of each point, by scikit-learn; fewer clusters where points repeat."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    # n_init is a number or "auto": without stubs its type is that of the default
    model = KMeans(clusters, n_init=4, random_state=seed)  # pyright: ignore[reportArgumentType]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # that there are fewer
        model.fit(points)
    return np.asarray(model.labels_, dtype=np.intp)


def group_name(data: Data, kind: str, first: int) -> str:
    """What a group is called, by the first of its examples."""
    train = data.train
    if kind == "source":
        return train.sources[first] or "no source"
    label = data.classes[train.labels[first]]
    if kind == "label" and label:
        return label
    return f"like “{short(train.texts[first], LABEL_OF_CLUSTER)}”"


def short(text: str, length: int = LABEL) -> str:
    """A text in one line of at most so many characters."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rstrip() + "…"
