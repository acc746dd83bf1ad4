"""TrainingGame: the examples of a training set are the players.

The value is what a learner retrained on those kept then does.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spexviz.errors import AblationError, GameError
from spexviz.games.asked import quoted
from spexviz.games.base import Asking, Game, hashed
from spexviz.games.training import data as datasets
from spexviz.games.training import features
from spexviz.games.training.data import Data
from spexviz.games.training.groups import (
    PLAYER_NAMES,
    PLAYERS,
    check_players,
    each_group,
    group_name,
    kmeans,
    numbered,
    short,
)
from spexviz.games.training.learners import LEARNERS
from spexviz.games.training.learners.base import Learner
from spexviz.games.training.values import VALUE_NAMES, VALUES, measured
from spexviz.kit.arrays import Floats, Positions
from spexviz.kit.cached import cached_property
from spexviz.kit.options import check, option
from spexviz.kit.pace import Pace
from spexviz.masks import Masks, Values
from spexviz.results.subject import Scale


def _named(choices: Mapping[str, str], between: str = " ") -> str:
    """The choices and what they mean, for help that names them."""
    return between.join(f"{name}: {meaning}" for name, meaning in choices.items())


MOST_CLUSTERS, MOST_COMPONENTS = 200, 256
LEARNER_CHOICES = {name: learner.summary for name, learner in LEARNERS.items()}
VALUE_CHOICES = {name: value.summary for name, value in VALUES.items()}
_PACES: dict[str, Pace] = {}
_training = threading.Lock()


@dataclass(frozen=True)
class TrainingGame(Game):
    """Which training examples, together, make a model answer as it does.

    Each mask retrains `learner` on the examples kept. `data`: "reviews", "digits", an uploaded file's name,
    or a Data. `query`: position of a held-out example, or a text with its true label as `answer`; not looked
    at by the values accuracy and test loss. `players`: what is left out as one piece. Features are frozen:
    pixels, or the mean-pooled last hidden states of `encoder` on `components` principal directions of all
    training texts, and a constant. `penalty`: L2 on all weights, the constant's too. `seed`: of the network
    and the clusters; the run's seed is another.
    Raises GameError for settings that do not exist or fit together, on first use where data or encoder cannot
    be had.
    """

    name: ClassVar[str] = "training"
    title: ClassVar[str] = "Training data"
    path_adds: ClassVar[bool] = False

    data: str | Data = option(
        "reviews", "Data", f"{' or '.join(datasets.NAMES)}, or the name of a file that was uploaded."
    )
    query: int | str = option(
        0,
        "Which held-out example",
        "What the retrained models are asked. Redundant examples show for a query that is near them.",
    )
    learner: str = option("ridge", "Learner", choices=LEARNER_CHOICES)
    value: str = option("margin", "What to look at", choices=VALUE_CHOICES, called=VALUE_NAMES)
    players_are: str = option(
        "example", "Split into", choices=PLAYERS, called=PLAYER_NAMES, what="kind of player"
    )
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
        is_query = isinstance(self.query, int | str) and not isinstance(self.query, bool)
        if not is_query or not isinstance(self.answer, str):
            raise GameError(
                "The query is the position of a held-out example, or a text with its answer, "
                f"not {self.query!r:.40}."
            )
        if not isinstance(self.data, str | Data):
            raise GameError("The data is the name of a data set or a Data of spexviz.games.training.data.")

    @cached_property
    def examples(self) -> Data:
        """The data itself.

        Raises GameError where it cannot be had, or does not fit the query or the players.
        """
        data = self.data
        if isinstance(data, str):
            data = datasets.load(data)
        if self.about_query:
            datasets.check_query(data, self.query, self.answer)
        check_players(data, self.players_are)
        return data

    @property
    def preparing(self) -> str:
        """What comes before the first retraining, unless the features are at hand."""
        if self.ready:
            return ""
        return "reading the texts with the encoder"

    @property
    def method(self) -> Learner:
        """How it learns."""
        return LEARNERS[self.learner]

    @property
    def about_query(self) -> bool:
        """Whether the value looks at the query alone."""
        return VALUES[self.value].about_query

    @property
    def scale(self) -> Scale:
        """A number, of which more is better, or less."""
        return Scale(better=1 if self.higher_is_better else -1)

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is a better model."""
        return VALUES[self.value].higher_is_better

    @property
    def noun(self) -> str:
        """What one player is, for sentences."""
        return "example" if self.players_are == "example" else "group"

    @property
    def unit(self) -> str:
        """Of a value: of a margin, an accuracy, log-odds or a loss."""
        if self.value in ("margin", "accuracy"):
            return self.value
        if self.value == "logit":
            return "log-odds (nats)"
        loss = "squared error" if self.method.squared_loss else "nats"
        return f"{self.value} ({loss})"

    @property
    def model_title(self) -> str:
        """What is retrained, and on what."""
        on = "pixels"
        if self.examples.is_text:
            on = f"frozen features ({self.encoder})"
        return f"{self.learner} learner on {on}"

    @property
    def question(self) -> str:
        """What is measured after each retraining, in words."""
        data = self.examples
        _, label = describe_query(self)
        thing = "picture"
        if data.is_text:
            thing = "text"
        return VALUES[self.value].said.format(label=quoted(label), thing=thing, held_out=len(data.test))

    @property
    def before(self) -> str:
        """The query, where the value looks at one."""
        text, _ = describe_query(self)
        return text

    @cached_property
    def members(self) -> tuple[Positions, ...]:
        """The training examples of each player: positions (k,), n of them."""
        if self.players_are == "example":
            return tuple(np.arange(len(self.examples.train))[:, None])
        return each_group(self._group_of_each())

    def _group_of_each(self) -> Positions:
        """(n,) the group of each training example."""
        train = self.examples.train
        if self.players_are == "label":
            return np.array(train.labels)
        if self.players_are == "source":
            return numbered(train.sources)
        with_constant, _ = self._features
        return kmeans(with_constant[:, :-1], min(self.clusters, len(train)), self.seed)

    @cached_property
    def players(self) -> tuple[str, ...]:
        data = self.examples
        if self.players_are == "example":
            return tuple(short(text) for text in data.train.texts)
        names = []
        for rows in self.members:
            name = group_name(data, self.players_are, int(rows[0]))
            names.append(f"{name} ({len(rows)})")
        return tuple(names)

    @cached_property
    def fingerprint(self) -> str:
        data = self.examples
        frozen: object = "pixels"
        if data.is_text:
            frozen = [features.encoder_id(self.encoder), self.components]
        asked = None
        if self.about_query:
            asked = [self.query, self.answer if isinstance(self.query, str) else ""]
        group: list[object] = [self.players_are]
        if self.players_are == "cluster":
            group += [self.clusters, "scikit-learn"]
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
        if self.value == "accuracy":
            parts.append("ties share")  # they counted as wrong before
        return hashed("training", json.dumps(parts))

    @property
    def _own_texts(self) -> list[str]:
        """The query, where it is a text of the user's that the value looks at."""
        if isinstance(self.query, str) and self.about_query:
            return [self.query]
        return []

    @cached_property
    def _features(self) -> tuple[Floats, Floats]:
        """Features of the training examples and of what is asked, each with a constant of 1:

        (n, d + 1), (t, d + 1).
        """
        data = self.examples
        n = len(data.train)
        images = data.images
        if images is not None:
            # a mean square length of about 1
            found = images / 16.0 / np.sqrt(10.0)
        else:
            raw = features.embed(data.texts, self.encoder)
            if self._own_texts:
                own = features.embed(self._own_texts, self.encoder)
                raw = np.concatenate([raw, own])
            found = features.project(raw, n, self.components)
        constant = np.ones((len(found), 1))
        found = np.concatenate([found, constant], axis=1)
        return found[:n], found[n:]

    @cached_property
    def asked(self) -> tuple[Floats, Positions]:
        """Features (q, d) and true labels (q,) of what the value looks at: the query, or all held out."""
        data = self.examples
        _, tests = self._features
        labels = np.array(data.test.labels)
        if not self.about_query:
            return tests[: len(labels)], labels
        if isinstance(self.query, str):
            answer = data.classes.index(self.answer)
            return tests[-1:], np.array([answer])
        one = slice(self.query, self.query + 1)
        return tests[one], labels[one]

    @property
    def ready(self) -> bool:
        """Whether a retraining needs no encoder to be loaded first: pixels, or features on the disk."""
        data = self.examples
        if "_features" in self.__dict__ or not data.is_text:
            return True
        if not features.known(data.texts, self.encoder):
            return False
        return not self._own_texts or features.known(self._own_texts, self.encoder)

    def seconds(self, masks: Masks) -> float | None:
        """Seconds of retraining for masks (b, n), learnt from the calls so far; None before the second."""
        pace = _PACES.get(self.learner)
        if pace is None:
            return None
        return pace.seconds(self._work(len(masks)))

    def asking(self) -> Asking:
        return Asking(self.seconds)

    def _work(self, subsets: int) -> float:
        return subsets * len(self.examples.train) / 100

    def __call__(self, masks: Masks) -> Values:
        masks = np.asarray(masks, dtype=bool)
        examples = len(self.examples.train)
        weights = np.empty((len(masks), examples))
        for player, rows in enumerate(self.members):
            weights[:, rows] = masks[:, player, None]
        return self.retrain(weights)

    def retrain(self, weights: Floats, relabel: Mapping[int, int] | None = None) -> Values:
        """Values (b,) after retraining with `weights` (b, examples): 0 left out, 1 kept, 2 doubled.

        `relabel`: {example: other class}. Whichever the learner, without an example it has learnt nothing:
        all classes score 0, so they tie. Raises AblationError where a learner gives no number.
        """
        data = self.examples
        labels = np.array(data.train.labels)
        for example, other in (relabel or {}).items():
            labels[example] = other
        train, _ = self._features
        tests, truth = self.asked
        weights = np.asarray(weights, dtype=np.float64)
        penalty = float(self.penalty)
        with _training:  # one at a time: each uses all the cores it may
            start = time.perf_counter()
            scores = self.method.scores(train, labels, len(data.classes), weights, tests, penalty, self.seed)
            taken = time.perf_counter() - start
            scores[~weights.any(1)] = 0.0
            pace = _PACES.setdefault(self.learner, Pace())
            pace.note(self._work(len(weights)), taken)
        values = measured(scores, truth, self.value, squared=self.method.squared_loss)
        if not np.isfinite(values).all():
            raise AblationError(
                f"The {self.learner} gave no finite value for a subset of the training data: "
                "raise the penalty."
            )
        return values


def describe_query(game: TrainingGame) -> tuple[str, str]:
    """The query's text and its true label; two empty texts for a value over all held-out examples."""
    if not game.about_query:
        return "", ""
    if isinstance(game.query, str):
        return game.query, game.answer
    data = game.examples
    return data.test.texts[game.query], data.classes[data.test.labels[game.query]]
