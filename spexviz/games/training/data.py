"""Data sets to learn from: bundled reviews, scikit-learn's digits, or a CSV file of the user's. A file is hostile until checked.

A file has the columns `text` and `label`, and may have `split` (train or test), `source`, and `planted` (what
was planted on purpose: "pair 3", "mislabelled"). Uploaded files are kept in `$SPEXVIZ_HOME/data/` under the
hash of their content, so that a run names its data in 23 letters and is found again after a restart; a spec
never names a path.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from spexviz.errors import GameError, StoreError
from spexviz.kit.arrays import Floats
from spexviz.kit.files import write_whole
from spexviz.kit.paths import ASSETS, home

REVIEWS = ASSETS / "training" / "reviews.csv"
NAMES = {
    "reviews": "160 short reviews written for spexviz, with 10 planted pairs of near-duplicates and 10 wrong labels",
    "digits": "190 digits of 8 × 8 pixels from scikit-learn, with 10 planted pairs of near-duplicates and 10 wrong labels",
}
MOST_BYTES, MOST_ROWS, MOST_LETTERS, MOST_LABELS = 5_000_000, 5_000, 2_000, 20
LEAST_ROWS = 8
MISLABELLED = "mislabelled"
MOST_FILES = 200  # uploads that are kept; the oldest go
EVERY = 5  # without a column `split`, every fifth row of a file is held out as a test
_UPLOADED = "upload:"  # then 16 digits of the hash of the file's content
_UPLOAD = re.compile(rf"{_UPLOADED}[0-9a-f]{{16}}\Z")
_DIGITS_SEED = 7


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

    @cached_property
    def fingerprint(self) -> str:
        """Content hash of all that can change a value."""
        parts = [[part.texts, part.labels, part.sources] for part in (self.train, self.test)]
        pixels = [
            b"" if part.images is None else part.images.astype(np.float64).tobytes()
            for part in (self.train, self.test)
        ]
        return hashlib.sha256(json.dumps([parts, self.classes]).encode() + b"".join(pixels)).hexdigest()[:24]

    def planted_pairs(self) -> dict[int, tuple[int, int]]:
        """{position of a held-out near-copy: the planted pair in the training set that it is a copy of}."""
        where: dict[str, list[int]] = {}
        for i, what in enumerate(self.train.planted):
            if what.startswith("pair"):
                where.setdefault(what, []).append(i)
        return {
            j: tuple(where[what]) for j, what in enumerate(self.test.planted) if len(where.get(what, ())) == 2
        }  # type: ignore[misc]

    def mislabelled(self) -> tuple[int, ...]:
        """Positions of the training examples whose label is known to be wrong."""
        return tuple(i for i, what in enumerate(self.train.planted) if what == MISLABELLED)


def load(name: str) -> Data:
    """The data set of that name.

    Raises GameError naming what there is, or that an uploaded file is not on this machine.
    """
    if name == "reviews":
        return _reviews()
    if name == "digits":
        return _digits()
    if not is_upload(name):
        raise GameError(
            f"There is no data set {name!r:.60}. Choose one of: {', '.join(NAMES)}, or upload a CSV file with the columns text and label."
        )
    try:
        content = _file_of(name).read_bytes()
    except OSError:
        raise GameError(
            "The CSV file of this run is not on this machine: upload it again on the Training data page."
        ) from None
    data = read_csv(content)
    if data.label != name:
        raise GameError(
            "The stored CSV file of this run was changed: upload it again on the Training data page."
        )
    return data


def is_upload(name: object) -> bool:
    """Whether it is the name of an uploaded file."""
    return isinstance(name, str) and _UPLOAD.match(name) is not None


def keep(content: bytes) -> Data:
    """Check an uploaded file and keep it under its name.

    Raises GameError as `read_csv` does, StoreError where it cannot be written.
    """
    data = read_csv(content)
    try:
        write_whole(_file_of(data.label), content, MOST_FILES)
    except OSError as error:
        raise StoreError(
            f"The file cannot be kept in {_folder()} ({error.strerror}): set SPEXVIZ_HOME to a folder that you may write to."
        ) from error
    return data


def read_csv(content: bytes, label: str = "") -> Data:
    """A data set from the bytes of a CSV file, UTF-8, separated by commas, semicolons or tabs.

    Raises GameError, with the row, for any other.
    """
    rows = _rows(content)
    header = [name.strip().lower() for name in rows[0][1]]
    for name in ("text", "label"):
        if header.count(name) != 1:
            found = ", ".join(repr(cell[:30]) for cell in rows[0][1][:8])
            raise GameError(
                f"The file needs exactly one column named {name!r}; its first row reads: {found}. Name the columns text and label."
            )
    table = [_row(header, cells, number) for number, cells in rows[1:]]
    if any(row["split"] for row in table):
        train, test = ([row for row in table if row["split"] == split] for split in ("train", "test"))
    else:
        train, test = (
            [row for i, row in enumerate(table) if (i + 1) % EVERY],
            [row for i, row in enumerate(table) if not (i + 1) % EVERY],
        )
    classes = sorted({row["label"] for row in train})
    _check_split(train, test, classes)
    name = label or f"{_UPLOADED}{hashlib.sha256(content).hexdigest()[:16]}"
    return Data(name, _examples(train, classes), _examples(test, classes), tuple(classes))


def _rows(content: bytes) -> list[tuple[int, list[str]]]:
    """The number in the file and the cells of each row, empty ones left out."""
    if len(content) > MOST_BYTES:
        raise GameError(
            f"The file has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read: leave rows out."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GameError(f"The file is not UTF-8 (byte {error.start:,}): save it as “CSV UTF-8”.") from None
    if "\0" in text:
        raise GameError("The file holds NUL bytes, so it is no text: save it as “CSV UTF-8”.")
    first = text.lstrip().split("\n", 1)[0]
    comma = max((",", ";", "\t"), key=first.count)
    try:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
        rows = [(number, row) for number, row in enumerate(read, 1) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise GameError(
            f"The file cannot be read as CSV ({error}): put texts that hold a separator or a line break between double quotes."
        ) from None
    if len(rows) < 1 + LEAST_ROWS:
        raise GameError(
            f"The file has {max(0, len(rows) - 1)} examples; at least {LEAST_ROWS} are needed, below a first row that names the columns."
        )
    if len(rows) - 1 > MOST_ROWS:
        raise GameError(
            f"The file has {len(rows) - 1:,} examples; at most {MOST_ROWS:,} are read: leave some out."
        )
    return rows


def _row(header: Sequence[str], cells: Sequence[str], number: int) -> dict[str, str]:
    """One example by column. `number`: its row in the file, for the message."""
    if len(cells) != len(header):
        raise GameError(
            f"Row {number} has {len(cells)} cells, but the first row names {len(header)} columns: check its quotes and separators."
        )
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    row = {name: row.get(name, "") for name in ("text", "label", "split", "source", "planted")}
    for name, most in (("text", MOST_LETTERS), ("label", 60), ("source", 60), ("planted", 60)):
        if len(row[name]) > most:
            raise GameError(
                f"The {name} of row {number} has {len(row[name]):,} characters; at most {most:,} are read: shorten it."
            )
    for name in ("text", "label"):
        if not row[name]:
            raise GameError(f"Row {number} has an empty {name}: fill it in or delete the row.")
    row["split"] = row["split"].lower()
    if row["split"] not in ("", "train", "test"):
        raise GameError(f"The split of row {number} is {row['split']!r:.30}: write train or test.")
    return row


def _check_split(train: list[dict[str, str]], test: list[dict[str, str]], classes: list[str]) -> None:
    """Raise GameError for a split that nothing can be learnt from or tested on."""
    if len(classes) < 2:
        raise GameError(f"All examples to train on have the same label ({classes[0]!r:.40}): at least two labels are needed." if classes else
                        "No row has the split train: at least two labels to train on are needed.")  # fmt: skip
    if len(classes) > MOST_LABELS:
        raise GameError(
            f"The file has {len(classes)} different labels; at most {MOST_LABELS} are read: is the column label the right one?"
        )
    if len(train) < LEAST_ROWS or not test:
        raise GameError(
            f"{len(train)} examples to train on and {len(test)} to test: at least {LEAST_ROWS} and 1 are needed."
        )
    if unknown := sorted({row["label"] for row in test} - set(classes)):
        raise GameError(
            f"The label {unknown[0]!r:.40} occurs only among the held-out examples: add examples of it to train on."
        )


def _examples(rows: list[dict[str, str]], classes: Sequence[str]) -> Examples:
    column = lambda name: tuple(row[name] for row in rows)
    return Examples(
        column("text"),
        tuple(classes.index(row["label"]) for row in rows),
        column("source"),
        column("planted"),
    )


@lru_cache(maxsize=1)
def _reviews() -> Data:
    return read_csv(REVIEWS.read_bytes(), "reviews")


@lru_cache(maxsize=1)
def _digits() -> Data:
    """18 digits of each class and a near-copy of one of each; 10 of the others get a wrong label.

    The same for ever.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise GameError(
            "The digits come with scikit-learn, which is not installed: `pip install scikit-learn`, or choose other data."
        ) from None
    pixels, digits = load_digits(return_X_y=True)
    rng = np.random.default_rng(_DIGITS_SEED)
    chosen = {c: rng.permutation(np.flatnonzero(digits == c))[:23] for c in range(10)}
    base, held = (np.concatenate([chosen[c][part] for c in range(10)]) for part in (slice(18), slice(18, 23)))
    twins = np.array([chosen[c][0] for c in range(10)])
    near = lambda: np.clip(pixels[twins] + rng.integers(-1, 2, (10, 64)) * (pixels[twins] > 0), 0, 16)
    wrong = rng.permutation([i for i in range(len(base)) if i % 18])[:10]
    labels = digits[base].copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, 10)) % 10
    pairs = [f"pair {c}" for c in range(10)]
    planted = [pairs[i // 18] if not i % 18 else MISLABELLED if i in wrong else "" for i in range(len(base))]
    train = _images(np.concatenate([pixels[base], near()]), [*labels, *range(10)], [*planted, *pairs], 1)
    test = _images(
        np.concatenate([near(), pixels[held]]), [*range(10), *digits[held]], [*pairs, *[""] * len(held)], 1
    )
    return Data("digits", train, test, tuple("0123456789"))


def _images(pixels: Floats, labels: Sequence[int], planted: Sequence[str], first: int) -> Examples:
    names = tuple(f"digit {int(c)}, no. {i}" for i, c in enumerate(labels, first))
    return Examples(names, tuple(int(c) for c in labels), ("",) * len(names), tuple(planted), pixels)


def _file_of(upload: str) -> Path:
    return _folder() / f"{upload.removeprefix(_UPLOADED)}.csv"


def _folder() -> Path:
    return home() / "data"
