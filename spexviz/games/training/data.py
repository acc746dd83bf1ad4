"""Data sets to learn from: bundled reviews, scikit-learn's digits, or a CSV file of the user's.

Uploaded files are kept in `$SPEXVIZ_HOME/data/` under the hash of their content, so that a run names its data
in 23 letters and is found again after a restart; a spec never names a path.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from spexviz.errors import GameError, StoreError
from spexviz.games.training.digits import digits
from spexviz.games.training.examples import MISLABELLED, Data, Examples
from spexviz.games.training.table import (
    EVERY,
    LEAST_ROWS,
    MOST_BYTES,
    MOST_LABELS,
    MOST_LETTERS,
    MOST_ROWS,
    UPLOADED,
    read_csv,
)
from spexviz.kit.files import write_whole
from spexviz.kit.paths import ASSETS, home

__all__ = [
    "EVERY",
    "LEAST_ROWS",
    "MISLABELLED",
    "MOST_BYTES",
    "MOST_FILES",
    "MOST_LABELS",
    "MOST_LETTERS",
    "MOST_ROWS",
    "NAMES",
    "REVIEWS",
    "Data",
    "Examples",
    "check_query",
    "is_upload",
    "keep",
    "load",
    "read_csv",
]

REVIEWS = ASSETS / "training" / "reviews.csv"
NAMES = {
    "reviews": "160 short reviews written for spexviz, with 10 planted pairs of near-duplicates "
    "and 10 wrong labels",
    "digits": "190 digits of 8 × 8 pixels from scikit-learn, with 10 planted pairs of near-duplicates "
    "and 10 wrong labels",
}
MOST_FILES = 200  # uploads that are kept; the oldest go
_UPLOAD = re.compile(rf"{UPLOADED}[0-9a-f]{{16}}\Z")


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
            f"There is no data set {name!r:.60}. Choose one of: {', '.join(NAMES)}, "
            "or upload a CSV file with the columns text and label."
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
            f"The file cannot be kept in {_folder()} ({error.strerror}): "
            "set SPEXVIZ_HOME to a folder that you may write to."
        ) from error
    return data


def check_query(data: Data, query: int | str, answer: str) -> None:
    """Raise GameError for what is no held-out example of these data, nor a text with a label of theirs."""
    held_out = len(data.test)
    if isinstance(query, str):
        fits = bool(query.strip()) and len(query) <= MOST_LETTERS
        if not fits or not data.is_text:
            raise GameError(
                f"A query of your own is a text of 1 to {MOST_LETTERS:,} characters, for data that are texts."
            )
        if answer not in data.classes:
            raise GameError(
                f"The true label of the query must be one of: {', '.join(data.classes)}, not {answer!r:.40}."
            )
    elif not 0 <= query < held_out:
        raise GameError(f"There are {held_out} held-out examples: choose a query from 0 to {held_out - 1}.")


@cache
def _reviews() -> Data:
    return read_csv(REVIEWS.read_bytes(), "reviews")


@cache
def _digits() -> Data:
    return digits()


def _file_of(upload: str) -> Path:
    return _folder() / f"{upload.removeprefix(UPLOADED)}.csv"


def _folder() -> Path:
    return home() / "data"
