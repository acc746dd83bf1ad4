"""A data set from a CSV file of the user's: the file is hostile until checked.

It has the columns `text` and `label`, and may have `split` (train or test), `source`, and `planted` (what was
planted on purpose: "pair 3", "mislabelled").
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Sequence

from spexviz.errors import GameError
from spexviz.games.training.examples import Data, Examples

MOST_BYTES = 5_000_000
LEAST_ROWS, MOST_ROWS = 8, 5_000
MOST_LETTERS = 2_000  # of a text
MOST_LABELS = 20
LONGEST = {"text": MOST_LETTERS, "label": 60, "source": 60, "planted": 60}  # characters of a cell
COLUMNS: tuple[str, ...] = ("text", "label", "split", "source", "planted")
EVERY = 5  # without a column `split`, every fifth row of a file is held out as a test (see `_hold_out`)
_SEPARATOR = re.compile(r'"?sep=([^"\r\n])"?(?:\r\n|\r|\n)', re.IGNORECASE)  # a first line as Excel writes it
UPLOADED = "upload:"  # then 16 digits of the hash of the file's content

Row = dict[str, str]
"""One example by column."""


def read_csv(content: bytes, label: str = "") -> Data:
    """A data set from the bytes of a CSV file, UTF-8.

    Separated by commas, semicolons or tabs, or as a first line `sep=` says. Raises GameError, with the row,
    for any other.
    """
    rows = _rows(content)
    header: list[str] = []
    if rows:
        _, first = rows.pop(0)
        header = _header(first)
    _check_count(len(rows))
    table = [_row(header, cells, number) for number, cells in rows]
    _check_whole(table, [number for number, _ in rows])
    train, test = _split(table)
    classes = sorted({row["label"] for row in train})
    _check_split(train, test, classes)
    if not label:
        digest = hashlib.sha256(content).hexdigest()
        label = UPLOADED + digest[:16]
    return Data(label, _examples(train, classes), _examples(test, classes), tuple(classes))


def _rows(content: bytes) -> list[tuple[int, list[str]]]:
    """The number in the file and the cells of each row, empty ones left out."""
    text = _text(content)
    said = _SEPARATOR.match(text)
    if said:
        comma, begin = said[1], said.end()
    else:
        first = text.lstrip().split("\n", 1)[0]
        comma, begin = max((",", ";", "\t"), key=first.count), 0
    try:
        read = csv.reader(io.StringIO(text[begin:], newline=""), delimiter=comma, strict=True)
        rows = []
        for number, cells in enumerate(read, 2 if said else 1):
            if any(cell.strip() for cell in cells):
                rows.append((number, cells))
    except csv.Error as error:
        raise GameError(
            f"The file cannot be read as CSV ({error}): "
            "put texts that hold a separator or a line break between double quotes."
        ) from None
    return rows


def _check_count(examples: int) -> None:
    if examples < LEAST_ROWS:
        raise GameError(
            f"The file has {examples} examples; at least {LEAST_ROWS} are needed, "
            "below a first row that names the columns."
        )
    if examples > MOST_ROWS:
        raise GameError(
            f"The file has {examples:,} examples; at most {MOST_ROWS:,} are read: leave some out."
        )


def _text(content: bytes) -> str:
    """The file as text."""
    if len(content) > MOST_BYTES:
        raise GameError(
            f"The file has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read: "
            "leave rows out."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GameError(f"The file is not UTF-8 (byte {error.start:,}): save it as “CSV UTF-8”.") from None
    if "\0" in text:
        raise GameError("The file holds NUL bytes, so it is no text: save it as “CSV UTF-8”.")
    return text


def _header(cells: Sequence[str]) -> list[str]:
    """The names of the columns."""
    header = [name.strip().lower() for name in cells]
    for name in ("text", "label"):
        if header.count(name) != 1:
            found = ", ".join(repr(cell[:30]) for cell in cells[:8])
            raise GameError(
                f"The file needs exactly one column named {name!r}; its first row reads: {found}. "
                "Name the columns text and label, separated by commas, semicolons or tabs."
            )
    return header


def _row(header: Sequence[str], cells: Sequence[str], number: int) -> Row:
    """One example. `number`: its row in the file, for the message."""
    if len(cells) != len(header):
        raise GameError(
            f"Row {number} has {len(cells)} cells, but the first row names {len(header)} columns: "
            "check its quotes and separators."
        )
    row = dict.fromkeys(COLUMNS, "")
    for name, cell in zip(header, cells, strict=True):
        if name in row:
            row[name] = cell.strip()
    for name, most in LONGEST.items():
        letters = len(row[name])
        if letters > most:
            raise GameError(
                f"The {name} of row {number} has {letters:,} characters; "
                f"at most {most:,} are read: shorten it."
            )
    for name in ("text", "label"):
        if not row[name]:
            raise GameError(f"Row {number} has an empty {name}: fill it in or delete the row.")
    row["split"] = row["split"].lower()
    if row["split"] not in ("", "train", "test"):
        raise GameError(f"The split of row {number} is {row['split']!r:.30}: write train or test.")
    return row


def _check_whole(table: list[Row], numbers: Sequence[int]) -> None:
    """Raise GameError where only some rows, of these numbers, say their split."""
    missing = [number for number, row in zip(numbers, table, strict=True) if not row["split"]]
    if missing and len(missing) < len(table):
        raise GameError(
            f"Row {missing[0]} has an empty split, as {len(missing)} of {len(table)} rows have: "
            "write train or test in each, or in none of them."
        )


def _split(table: list[Row]) -> tuple[list[Row], list[Row]]:
    """What to train on and what to test: as the file says, else as `_hold_out` does."""
    if not any(row["split"] for row in table):
        _hold_out(table)
    train = [row for row in table if row["split"] == "train"]
    test = [row for row in table if row["split"] == "test"]
    return train, test


def _hold_out(table: list[Row]) -> None:
    """Hold out every fifth row; where that leaves a label nothing to train on, every fifth of each label.

    Of each label it begins with the second row, so that the first one always trains.
    """
    for number, row in enumerate(table, 1):
        row["split"] = "train" if number % EVERY else "test"
    trained = {row["label"] for row in table if row["split"] == "train"}
    if all(row["label"] in trained for row in table):
        return
    count: Counter[str] = Counter()
    for row in table:
        count[row["label"]] += 1
        row["split"] = "test" if count[row["label"]] % EVERY == 2 else "train"


def _check_split(train: list[Row], test: list[Row], classes: list[str]) -> None:
    """Raise GameError for a split that nothing can be learnt from or tested on."""
    if not classes:
        raise GameError("No row has the split train: at least two labels to train on are needed.")
    if len(classes) < 2:
        raise GameError(
            f"All examples to train on have the same label ({classes[0]!r:.40}): "
            "at least two labels are needed."
        )
    if len(classes) > MOST_LABELS:
        raise GameError(
            f"The file has {len(classes)} different labels; at most {MOST_LABELS} are read: "
            "is the column label the right one?"
        )
    if len(train) < LEAST_ROWS or not test:
        raise GameError(
            f"{len(train)} examples to train on and {len(test)} to test: "
            f"at least {LEAST_ROWS} and 1 are needed."
        )
    unknown = sorted({row["label"] for row in test} - set(classes))
    if unknown:
        raise GameError(
            f"The label {unknown[0]!r:.40} occurs only among the held-out examples: "
            "add examples of it to train on."
        )


def _examples(rows: list[Row], classes: Sequence[str]) -> Examples:
    columns = {name: tuple(row[name] for row in rows) for name in COLUMNS}
    labels = tuple(map(classes.index, columns["label"]))
    return Examples(columns["text"], labels, columns["source"], columns["planted"])
