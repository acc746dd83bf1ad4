"""TrainingGame: the examples of a training set are the players, and the value is what a learner retrained on those kept then does."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from spexviz.errors import AblationError, GameError
from spexviz.games.base import Asking, Game
from spexviz.games.training import data as datasets
from spexviz.games.training import features
from spexviz.games.training.data import Data
from spexviz.games.training.learners import LEARNERS
from spexviz.games.training.learners.base import Learner
from spexviz.kit.arrays import Floats, Positions
from spexviz.kit.options import check, option
from spexviz.kit.pace import Pace
from spexviz.masks import Masks, Values


def _named(choices: Mapping[str, str], between: str = " ") -> str:
    """The choices and what they mean, for help that names them."""
    return between.join(f"{name}: {meaning}" for name, meaning in choices.items())


@dataclass(frozen=True)
class Value:
    """What is measured after a retraining, whether more of it is better, and whether it looks at the query alone."""

    summary: str
    higher_is_better: bool
    about_query: bool


VALUES = {
    "margin": Value(
        "Score of the query's label above the best other one: positive where the learner is right.",
        True,
        True,
    ),
    "logit": Value("Log-odds of the query's label, from a softmax over the learner's scores.", True, True),
    "loss": Value("Loss on the query: cross-entropy in nats, squared error for ridge.", False, True),
    "accuracy": Value("Share of the held-out examples that the learner gets right.", True, False),
    "test loss": Value("Mean loss on the held-out examples: less coarse than their accuracy.", False, False),
}
PLAYERS = {
    "example": "Each training example is a player.",
    "label": "All examples of a label are one player.",
    "source": "All examples of a source are one player (the column source of the data).",
    "cluster": "Examples with similar features are one player (k-means).",
}
MOST_PLAYERS, MOST_CLUSTERS, MOST_COMPONENTS, LABEL = 1_000, 200, 256, 160
VALUE_CHOICES = {name: value.summary for name, value in VALUES.items()}
_PACES: dict[str, Pace] = {}
_training = threading.Lock()


@dataclass(frozen=True)
class TrainingGame(Game):
    """Which training examples, together, make a model answer as it does: each mask retrains `learner` on the examples kept.

    `data`: "reviews", "digits", an uploaded file's name, or a Data. `query`: position of a held-out example,
    or a text with its true label as `answer`; not looked at by the values accuracy and test loss. `players`:
    what is left out as one piece. Features are frozen: pixels, or the mean-pooled last hidden states of
    `encoder` on `components` principal directions of all training texts, and a constant. `penalty`: L2 on all
    weights, the constant's too. `seed`: of the network and the clusters; the run's seed is another.
    Raises GameError for settings that do not exist or fit together, on first use where data or encoder cannot
    be had.
    """

    name: ClassVar[str] = "training"
    title: ClassVar[str] = "Training data"

    data: str | Data = option(
        "reviews", "Data", f"{' or '.join(datasets.NAMES)}, or the name of a file that was uploaded."
    )
    query: int | str = option(
        0,
        "Which held-out example",
        "What the retrained models are asked. Redundant examples show for a query that is near them.",
    )
    learner: str = option("ridge", "Learner", choices={name: one.summary for name, one in LEARNERS.items()})
    value: str = option("margin", "What to look at", _named(VALUE_CHOICES), choices=VALUE_CHOICES)
    players_are: str = option("example", "Players are", choices=PLAYERS, what="kind of player")
    answer: str = option("", "Its true label", "The label that is right for your text.")
    clusters: int = option(
        32, "Clusters", "Where players are clusters.", low=2, high=MOST_CLUSTERS, what="number of clusters"
    )
    penalty: float = option(0.3, "Penalty", "L2, on all weights of the learner.", low=1e-6, high=1e6)
    encoder: str = option(
        "minilm", "Features", f"{_named(features.ENCODERS, '; ')}.", choices=features.ENCODERS
    )
    components: int = option(
        64,
        "Components kept",
        "Principal directions of the features.",
        low=1,
        high=MOST_COMPONENTS,
        what="number of components",
    )
    seed: int = option(
        0, "Seed of network and clusters", "The run's own seed is another.", low=0, high=2**32 - 1
    )

    def __post_init__(self) -> None:
        check(self, GameError)
        if (
            not isinstance(self.query, int | str)
            or isinstance(self.query, bool)
            or not isinstance(self.answer, str)
        ):
            raise GameError(
                f"The query is the position of a held-out example, or a text with its answer, not {self.query!r:.40}."
            )
        if not isinstance(self.data, str | Data):
            raise GameError("The data is the name of a data set or a Data of spexviz.games.training.data.")

    @cached_property
    def examples(self) -> Data:
        """The data itself.

        Raises GameError where it cannot be had, or does not fit the query or the players.
        """
        data = datasets.load(self.data) if isinstance(self.data, str) else self.data
        if isinstance(self.query, str) and self.about_query:
            if (
                not self.query.strip()
                or len(self.query) > datasets.MOST_LETTERS
                or data.train.images is not None
            ):
                raise GameError(
                    f"A query of your own is a text of 1 to {datasets.MOST_LETTERS:,} characters, for data that are texts."
                )
            if self.answer not in data.classes:
                raise GameError(
                    f"The true label of the query must be one of: {', '.join(data.classes)}, not {self.answer!r:.40}."
                )
        elif self.about_query and not 0 <= self.query < len(data.test):  # type: ignore[operator]
            raise GameError(
                f"There are {len(data.test)} held-out examples: choose a query from 0 to {len(data.test) - 1}."
            )
        if self.players_are == "source" and len(set(data.train.sources)) < 2:
            raise GameError("These data name no sources: choose examples, labels or clusters as players.")
        if self.players_are == "example" and len(data.train) > MOST_PLAYERS:
            raise GameError(
                f"{len(data.train):,} training examples are more than {MOST_PLAYERS:,} players: choose clusters, sources or labels."
            )
        return data

    @property
    def method(self) -> Learner:
        """How it learns."""
        return LEARNERS[self.learner]

    @property
    def about_query(self) -> bool:
        """Whether the value looks at the query alone."""
        return VALUES[self.value].about_query

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is a better model."""
        return VALUES[self.value].higher_is_better

    @property
    def noun(self) -> str:
        return "example" if self.players_are == "example" else "group"

    @property
    def unit(self) -> str:
        if self.value in ("margin", "accuracy"):
            return self.value
        what = "squared error" if self.method.squared_loss else "nats"
        return "log-odds (nats)" if self.value == "logit" else f"{self.value} ({what})"

    @cached_property
    def members(self) -> tuple[Positions, ...]:
        """The training examples of each player, by position."""
        data = self.examples
        if self.players_are == "example":
            return tuple(np.arange(len(data.train))[:, None])
        if self.players_are == "cluster":
            group = kmeans(self._features[0][:, :-1], min(self.clusters, len(data.train)), self.seed)
        elif self.players_are == "label":
            group = np.array(data.train.labels)
        else:
            group = np.unique(np.array(data.train.sources), return_inverse=True)[1]
        return tuple(np.flatnonzero(group == g) for g in np.unique(group))

    @cached_property
    def players(self) -> tuple[str, ...]:
        data = self.examples
        if self.players_are == "example":
            return tuple(_short(text) for text in data.train.texts)
        names = []
        for rows in self.members:
            first = int(rows[0])
            what = {
                "label": data.classes[data.train.labels[first]],
                "source": data.train.sources[first] or "no source",
            }.get(self.players_are)
            names.append(f"{what or f'like “{_short(data.train.texts[first], 40)}”'} ({len(rows)})")
        return tuple(names)

    @cached_property
    def fingerprint(self) -> str:
        data = self.examples
        frozen = (
            "pixels"
            if data.train.images is not None
            else [features.encoder_id(self.encoder), self.components]
        )
        asked = [self.query, self.answer if isinstance(self.query, str) else ""] if self.about_query else None
        group = [
            self.players_are,
            *([self.clusters, "scikit-learn"] if self.players_are == "cluster" else []),
        ]
        parts = [
            self.method.version,
            data.fingerprint,
            frozen,
            asked,
            self.learner,
            self.value,
            group,
            float(self.penalty),
            self.seed,
        ]
        return (
            "training-" + hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        )

    @cached_property
    def _features(self) -> tuple[Floats, Floats]:
        """Features of the training examples and of what is asked, each with a constant of 1:

        (n, d + 1), (t, d + 1).
        """
        data = self.examples
        if data.train.images is not None:
            # a mean square length of about 1
            found = np.concatenate([data.train.images, data.test.images]) / 16.0 / np.sqrt(10.0)
        else:
            own = [self.query] if isinstance(self.query, str) and self.about_query else []
            raw = features.embed([*data.train.texts, *data.test.texts], self.encoder)
            raw = np.concatenate([raw, features.embed(own, self.encoder)]) if own else raw
            found = features.project(raw, len(data.train), self.components)
        found = np.concatenate([found, np.ones((len(found), 1))], axis=1)
        n = len(data.train)
        return found[:n], found[n:]

    @cached_property
    def asked(self) -> tuple[Floats, Positions]:
        """Features and true labels of what the value looks at: the query alone, or all held-out examples."""
        data, tests = self.examples, self._features[1]
        if not self.about_query:
            return tests[: len(data.test)], np.array(data.test.labels)
        if isinstance(self.query, str):
            return tests[-1:], np.array([data.classes.index(self.answer)])
        return tests[self.query : self.query + 1], np.array([data.test.labels[self.query]])

    @property
    def ready(self) -> bool:
        """Whether a retraining needs no encoder to be loaded first: pixels, or features that are on the disk."""
        if "_features" in self.__dict__ or self.examples.train.images is not None:
            return True
        own = [[self.query]] if isinstance(self.query, str) and self.about_query else []
        texts = [[*self.examples.train.texts, *self.examples.test.texts], *own]
        return all(features.known(one, self.encoder) for one in texts)

    def seconds(self, masks: Masks) -> float | None:
        """What so many retrainings take here, learnt from the calls so far; None before the second."""
        return _PACES[self.learner].seconds(self._work(len(masks))) if self.learner in _PACES else None

    def asking(self) -> Asking:
        return Asking(self.seconds)

    def _work(self, subsets: int) -> float:
        return subsets * len(self.examples.train) / 100

    def __call__(self, masks: Masks) -> Values:
        masks = np.asarray(masks, dtype=bool)
        weights = np.empty((len(masks), len(self.examples.train)))
        for player, rows in enumerate(self.members):
            weights[:, rows] = masks[:, player, None]
        return self.retrain(weights)

    def retrain(self, weights: Floats, relabel: Mapping[int, int] | None = None) -> Values:
        """Values (b,) after retraining with `weights` (b, examples): 0 left out, 1 kept, 2 doubled;

        `relabel`: {example: other class}.
        """
        labels = np.array(self.examples.train.labels)
        for example, other in (relabel or {}).items():
            labels[example] = other
        tests, truth = self.asked
        with _training:  # one at a time: each uses all the cores it may
            start = time.perf_counter()
            found = self.method.scores(
                self._features[0],
                labels,
                len(self.examples.classes),
                np.asarray(weights, dtype=np.float64),
                tests,
                float(self.penalty),
                self.seed,
            )
            _PACES.setdefault(self.learner, Pace()).note(
                self._work(len(weights)), time.perf_counter() - start
            )
        values = measured(found, truth, self.value, squared=self.method.squared_loss)
        if not np.isfinite(values).all():
            raise AblationError(
                f"The {self.learner} gave no finite value for a subset of the training data: raise the penalty."
            )
        return values


def measured(scores: Floats, truth: Positions, value: str, squared: bool = False) -> Values:
    """Values (b,) of scores (b, tests, classes) with the true classes (tests,), meaned over the tests;

    `squared`: which loss.
    """
    right = np.take_along_axis(scores, truth[None, :, None], axis=2)[..., 0]
    if value in ("loss", "test loss"):
        if squared:
            return ((scores - np.eye(scores.shape[2])[truth]) ** 2).sum(2).mean(1)
        return (_logsumexp(scores) - right).mean(1)
    others = np.where(np.arange(scores.shape[2]) == truth[:, None], -np.inf, scores)
    if value == "logit":
        return (right - _logsumexp(others)).mean(1)
    margin = right - others.max(2)
    return margin.mean(1) if value == "margin" else (margin > 0).mean(1)


def kmeans(points: Floats, clusters: int, seed: int) -> Positions:
    """(n,) the cluster of each point, by scikit-learn; fewer clusters where points repeat."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # that there are fewer
        return KMeans(clusters, n_init=4, random_state=seed).fit(points).labels_.astype(np.intp)


def _logsumexp(scores: Floats) -> Floats:
    top = scores.max(2)
    return top + np.log(np.exp(scores - top[..., None]).sum(2))


def _short(text: str, length: int = LABEL) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def describe_query(game: TrainingGame) -> tuple[str, str]:
    """The query's text and its true label; two empty texts for a value over all held-out examples."""
    data: Any = game.examples
    if not game.about_query:
        return "", ""
    if isinstance(game.query, str):
        return game.query, game.answer
    return data.test.texts[game.query], data.classes[data.test.labels[game.query]]
