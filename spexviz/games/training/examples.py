"""Examples to learn from, and a data set of them: some to train on, some held out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property

MISLABELLED = "mislabelled"
PAIR = "pair"  # then the number of a planted pair of near-duplicates


@dataclass(frozen=True)
class Examples:
    """Examples in order.

    `labels`: positions among the classes; `images`: (n, 64) pixels from 0 to 16, or None for texts.
    """

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    sources: tuple[str, ...]
    planted: tuple[str, ...]
    images: Floats | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Data:
    """A data set: examples to train on, held-out ones, the names of the classes.

    `label` is its name in a run's spec.
    """

    label: str
    train: Examples
    test: Examples
    classes: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """Whether the examples are texts, not images."""
        return self.train.images is None

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, those to train on first."""
        return self.train.texts + self.test.texts

    @property
    def images(self) -> Floats | None:
        """(n, 64) pixels of all images, those to train on first; None for texts."""
        train, test = self.train.images, self.test.images
        if train is None or test is None:
            return None
        return np.concatenate([train, test])

    @cached_property
    def fingerprint(self) -> str:
        """Content hash of all that can change a value."""
        both = (self.train, self.test)
        written = [[part.texts, part.labels, part.sources] for part in both]
        content = json.dumps([written, self.classes])
        digest = hashlib.sha256(content.encode())
        for part in both:
            if part.images is not None:
                digest.update(part.images.astype(np.float64).tobytes())
        return digest.hexdigest()[:24]

    def planted_pairs(self) -> dict[int, tuple[int, int]]:
        """{position of a held-out near-copy: the planted pair in the training set that it is a copy of}."""
        members: dict[str, list[int]] = {}
        for i, what in enumerate(self.train.planted):
            if what.startswith(PAIR):
                members.setdefault(what, []).append(i)
        pairs = {}
        for j, what in enumerate(self.test.planted):
            found = members.get(what, [])
            if len(found) == 2:
                pairs[j] = (found[0], found[1])
        return pairs

    def mislabelled(self) -> tuple[int, ...]:
        """Positions of the training examples whose label is known to be wrong."""
        return tuple(i for i, what in enumerate(self.train.planted) if what == MISLABELLED)
