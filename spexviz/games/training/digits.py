"""The data set "digits": images of scikit-learn, with near-duplicates and wrong labels planted among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spexviz.errors import GameError
from spexviz.games.training.examples import MISLABELLED, PAIR, Data, Examples
from spexviz.kit.arrays import Floats

SEED = 7
CLASSES = 10
OF_A_CLASS = 18  # to train on; the first of each class has a near-copy
HELD_OF_A_CLASS = 5
WRONG = 10  # examples with a wrong label


def digits() -> Data:
    """18 digits of each class and a near-copy of one of each; 10 of the others get a wrong label.

    The same for ever: every draw below is from one seed, in this order.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise GameError(
            "The digits come with scikit-learn, which is not installed: "
            "`pip install scikit-learn`, or choose other data."
        ) from None
    pixels, classes = load_digits(return_X_y=True)
    rng = np.random.default_rng(SEED)
    chosen = _chosen(classes, rng)
    base = chosen[:, :OF_A_CLASS].ravel()
    held = chosen[:, OF_A_CLASS:].ravel()
    twins = pixels[chosen[:, 0]]

    # the first of each class has a near-copy, so its label stays right
    wrong = rng.permutation([i for i in range(len(base)) if i % OF_A_CLASS])[:WRONG]
    labels = classes[base].copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, CLASSES, WRONG)) % CLASSES

    pairs = [f"{PAIR} {c}" for c in range(CLASSES)]
    planted = [""] * len(base)
    planted[::OF_A_CLASS] = pairs
    for i in wrong:
        planted[i] = MISLABELLED

    near_train = _near(twins, rng)
    near_test = _near(twins, rng)
    train = _images(
        np.concatenate([pixels[base], near_train]), [*labels, *range(CLASSES)], [*planted, *pairs]
    )
    test = _images(
        np.concatenate([near_test, pixels[held]]),
        [*range(CLASSES), *classes[held]],
        [*pairs, *[""] * len(held)],
    )
    return Data("digits", train, test, tuple("0123456789"))


def _chosen(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(10, 23) positions of the images that are used, a row for each class."""
    each = [rng.permutation(np.flatnonzero(classes == c)) for c in range(CLASSES)]
    return np.array([one[: OF_A_CLASS + HELD_OF_A_CLASS] for one in each])


def _near(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Copies of images whose ink is a little darker or lighter."""
    change = rng.integers(-1, 2, pixels.shape) * (pixels > 0)
    return np.clip(pixels + change, 0, 16)


def _images(pixels: Floats, labels: Sequence[int], planted: Sequence[str]) -> Examples:
    names = tuple(f"digit {int(c)}, no. {i}" for i, c in enumerate(labels, 1))
    sources = ("",) * len(names)
    return Examples(names, tuple(int(c) for c in labels), sources, tuple(planted), pixels)
