"""The data set "digits": images of scikit-learn, with near-duplicates and wrong labels planted among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spexviz.errors import GameError
from spexviz.games.training.examples import MISLABELLED, PAIR, Data, Examples
from spexviz.kit.arrays import Floats, Positions

SEED = 7
CLASSES = 10
OF_A_CLASS = 18  # to train on; the first of each class has a near-copy
HELD_OF_A_CLASS = 5
WRONG = 10  # examples with a wrong label
PAIRS = [f"{PAIR} {c}" for c in range(CLASSES)]


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
    images, targets = load_digits(return_X_y=True)
    pixels = np.asarray(images, dtype=np.float64)
    classes = np.asarray(targets, dtype=np.intp)
    rng = np.random.default_rng(SEED)
    chosen = _chosen(classes, rng)
    base = chosen[:, :OF_A_CLASS].ravel()
    held = chosen[:, OF_A_CLASS:].ravel()
    twins = pixels[chosen[:, 0]]

    # the first of each class has a near-copy, so its label stays right
    others = np.flatnonzero(np.arange(len(base)) % OF_A_CLASS)
    wrong = rng.permutation(others)[:WRONG]
    labels = classes[base]
    shifts = rng.integers(1, CLASSES, WRONG)
    labels[wrong] = (labels[wrong] + shifts) % CLASSES

    each_class = range(CLASSES)
    near_copies = _near(twins, rng)
    train_pixels = np.concatenate([pixels[base], near_copies])
    train = _images(train_pixels, [*labels, *each_class], [*_planted(wrong), *PAIRS])
    near_copies = _near(twins, rng)
    test_pixels = np.concatenate([near_copies, pixels[held]])
    nothing = [""] * len(held)
    test = _images(test_pixels, [*each_class, *classes[held]], [*PAIRS, *nothing])
    return Data("digits", train, test, tuple("0123456789"))


def _planted(wrong: Positions) -> list[str]:
    """What each of the images to train on is, without the near-copies."""
    planted = [""] * (CLASSES * OF_A_CLASS)
    planted[::OF_A_CLASS] = PAIRS
    for i in wrong:
        planted[i] = MISLABELLED
    return planted


def _chosen(classes: Positions, rng: np.random.Generator) -> Positions:
    """(10, 23) positions of the images that are used, a row for each class."""
    rows = []
    for c in range(CLASSES):
        shuffled = rng.permutation(np.flatnonzero(classes == c))
        rows.append(shuffled[: OF_A_CLASS + HELD_OF_A_CLASS])
    return np.array(rows)


def _near(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Copies of images whose ink is a little darker or lighter."""
    change = rng.integers(-1, 2, pixels.shape) * (pixels > 0)
    return np.clip(pixels + change, 0, 16)


def _images(pixels: Floats, labels: Sequence[int], planted: Sequence[str]) -> Examples:
    digits = tuple(map(int, labels))
    names = tuple(f"digit {digit}, no. {i}" for i, digit in enumerate(digits, 1))
    sources = ("",) * len(names)
    return Examples(names, digits, sources, tuple(planted), pixels)
