"""Bytes flipped at random in each file below the home; then a new process starts and says what it finds.

What SQLite itself can still read of the damaged file must be there afterwards, the damaged file must be kept,
and a value that is not the one that was measured must not be shown as if it were.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from spexviz.ablate import cache as ablations
from spexviz.errors import SpecError
from spexviz.jobs import store as states
from spexviz.jobs.schema import FILE
from spexviz.results import Explanation
from tools.faults import things
from tools.faults.child import DONE, READY, Child, Note
from tools.faults.trial import Outcome

AMOUNTS = (1, 1, 1, 8)  # bytes at once
GAMES = 4
RUNS = 26  # 20 that are done, 6 that wait

SHOWN = {*((f"{number}", states.DONE) for number in range(20)), ("waiting", states.INTERRUPTED)}


def flip(path: Path, rng: random.Random) -> None:
    """Change some bytes of a file where they stand; an empty one, such as a lock, gets some."""
    data = bytearray(path.read_bytes() or rng.randbytes(8))
    for _ in range(rng.choice(AMOUNTS)):
        data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    with path.open("r+b") as file:
        file.write(data)


@dataclass
class _Found:
    """What the tries on one file came to."""

    lost: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def outcome(self, kind: str, tries: int) -> Outcome:
        told = ", ".join(f"{words} {count} ×" for words, count in self.seen.most_common())
        return Outcome(kind, tries, told, tuple(self.lost))


def runs(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """The file of the runs."""
    return _on_database(folder, rng, tries, "flip-runs", FILE)


def runs_log(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """What SQLite has not yet taken from its log into the file of the runs."""
    return _on_database(folder, rng, tries, "flip-runs-log", f"{FILE}-wal")


def cache(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """The file of the ablations."""
    return _on_database(folder, rng, tries, "flip-ablations", ablations.FILE)


def cache_log(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """The log of the file of the ablations."""
    return _on_database(folder, rng, tries, "flip-ablations-log", f"{ablations.FILE}-wal")


def locks(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """The files that say which process lives, and those that keep two from opening a file at once."""
    return _on_database(folder, rng, tries, "flip-locks", "*.lock")


def _on_database(folder: Path, rng: random.Random, tries: int, kind: str, pattern: str) -> Outcome:
    home = filled(folder)
    originals = {row[0]: row for row in _rows(home, folder)}
    found = _Found()
    for number in range(tries):
        below = shutil.copytree(home, folder / f"try-{number}")
        flip(rng.choice(sorted(below.rglob(pattern))), rng)
        stood = {row[0] for row in _rows(below, folder) if row == originals.get(row[0])}
        said = started(below)
        for words in _left(below, originals, stood, said, found.seen):
            found.lost.append(f"try {number}: {words}")
        shutil.rmtree(below)
    return found.outcome(kind, tries)


def filled(folder: Path) -> Path:
    """A home as a killed server leaves it: runs and ablations partly in the files, partly in their logs."""
    home = folder / "home"
    child = Child("filled", home)
    try:
        child.wait_for(READY)
    finally:
        child.kill()
    return home


def started(home: Path) -> list[Note]:
    """What a process says that starts on this home."""
    child = Child("start", home)
    with suppress(RuntimeError):  # it says on standard error why it ended: found by the missing note
        child.wait_for(DONE)
    child.kill()
    return [*child.notes(), ["error", child.said()]]


def _rows(home: Path, folder: Path) -> list[tuple[str, str, str]]:
    """(id, spec, result) of the runs that SQLite can read one by one, looked at in a copy."""
    copy = folder / "looked at"
    copy.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(home / f"{FILE}{ending}", copy)
    rows = []
    with closing(sqlite3.connect(copy / FILE)) as plain:
        plain.text_factory = lambda content: content.decode(errors="replace")
        for rowid in range(1, RUNS + 1):
            query = "SELECT id, spec, ifnull(result, '') FROM runs NOT INDEXED WHERE rowid = ?"
            with suppress(sqlite3.Error):
                rows += plain.execute(query, (rowid,)).fetchall()
    shutil.rmtree(copy)
    return rows


def _left(
    home: Path, originals: dict[str, tuple], stood: set[str], said: list[Note], seen: Counter[str]
) -> Iterator[str]:
    """A sentence for each thing that is lost; what was met otherwise is counted in `seen`."""
    words = [rest[-1] for what, *rest in said if what in ("refused", "told", "damaged")]
    seen.update({"said in words": bool(words), "went on without a word": not words})
    if not any(what == DONE for what, *_ in said):
        yield f"the process ended with an error: {said[-1][1].splitlines()[-1:]}"
    if any(what == "refused" for what, *_ in said) and stood:
        yield f"it does not start, though {len(stood)} runs can be read: {words[0]}"
        return
    listed = {run_id: digest for _, run_id, digest, *_ in _of("run", said)}
    right = {run_id for run_id in listed if listed[run_id] == _digest(originals.get(run_id, ("",) * 3)[2])}
    shown = {(title, state) for _, _, _, title, state in _of("run", said)}
    seen["a run's title or state is another"] += not shown <= SHOWN
    told = {run_id for _, run_id, _ in _of("damaged", said)}
    if missing := stood - right - told:
        yield f"{len(missing)} runs that can be read are not there"
    wrong = listed.keys() - right - told
    if wrong:
        yield f"{len(wrong)} runs are shown with results that are not theirs"
    gone = originals.keys() - right - told
    if gone and not any(what == "told" for what, *_ in said):
        yield f"{len(gone)} runs are gone without a word"
    seen["runs that SQLite cannot read"] += len(originals) - len(stood)
    seen["runs of them that are listed all the same"] += len(right - stood)
    for _, known, mistaken in _of("values", said):
        seen["some ablations are measured again"] += known < GAMES * len(things.MASKS)
        if mistaken:
            yield f"{mistaken} wrong values of ablations are given"


def _of(what: str, said: list[Note]) -> list[Note]:
    return [note for note in said if note[0] == what]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def export(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """A run's file that is opened."""
    expected = things.explanations(1)[0]
    path, found = folder / "run.json", _Found()
    for _ in range(tries):
        path.write_text(expected.to_json(), encoding="utf-8")
        flip(path, rng)
        try:
            opened = Explanation.from_json(path.read_text(encoding="utf-8", errors="replace"))
        except SpecError:
            found.seen["refused in words"] += 1
        else:
            same = opened.to_json() == expected.to_json()
            found.seen["as it was" if same else "other values, unseen"] += 1
    return found.outcome("flip-export", tries)
