"""Symlinks below the home, and the home as one.

To where the files were moved: everything goes on. To nothing, to a folder, in a circle, to a file or a
database of somebody else: it is said in words, and what is somebody else's is neither moved nor written.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from spexviz.ablate import cache as ablations
from spexviz.jobs.schema import FILE
from tools.faults import things
from tools.faults.child import DONE, Note
from tools.faults.flips import GAMES, RUNS, filled, started
from tools.faults.trial import Outcome

PLACES = (FILE, ablations.FILE, f"{FILE}.lock", f"{ablations.FILE}.lock", "locks", "models")
TARGETS = ("elsewhere", "nothing", "folder", "circle", "text", "database", "damaged")
CASES = [(".", "elsewhere"), (".", "nothing"), (".", "text")]
CASES += [(place, to) for place in PLACES for to in TARGETS]


def links(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """Every place below the home a link to every kind of target, once each."""
    full = filled(folder)
    lost: list[str] = []
    went_on = 0
    for number, (place, to) in enumerate(CASES):
        below = folder / f"case-{number}"
        home = shutil.copytree(full, below / "home")
        elsewhere = below / "elsewhere"
        elsewhere.mkdir()
        home = _linked(home, place, to, elsewhere)
        strange = to in ("text", "database", "damaged")
        before = _contents(elsewhere)
        said = started(home)
        told = [rest[0] for what, *rest in said if what in ("refused", "told")]
        went_on += not told
        problems = list(_problems(said, place, to))
        if strange and before != _contents(elsewhere):
            problems.append("what is somebody else's was changed")
        lost += [f"{place} a link to {to}: {words}" for words in problems]
    survived = f"{went_on} of {len(CASES)} links changed nothing, {len(CASES) - went_on} were told in words"
    return Outcome("links", len(CASES), survived, tuple(lost))


def _linked(home: Path, place: str, to: str, elsewhere: Path) -> Path:
    """Make the link; the home as it is named then."""
    link = home.with_name("linked") if place == "." else home / place
    target = elsewhere / "target"
    if place == "." and to == "elsewhere":
        target = home
    elif to == "elsewhere":
        _move(link, target)
    else:
        _remove(link)
    if to == "folder":
        target.mkdir()
        (target / "letter.txt").write_text("mine")
    elif to == "circle":
        target = link
    elif to == "text":
        target.write_text("root:x:0:0:root:/root:/bin/bash\n" * 50)
    elif to == "database":
        with closing(sqlite3.connect(target)) as plain, plain:
            plain.executescript("CREATE TABLE places (url TEXT); INSERT INTO places VALUES ('mine');")
    elif to == "damaged":
        target.write_bytes(b"SQLite format 3\0" + random.Random(0).randbytes(9000))
    link.symlink_to(target)
    return link if place == "." else home


def _move(path: Path, target: Path) -> None:
    """Move a file with its log, or a folder; a new folder or an empty file where there is none."""
    if not path.exists():
        if path.suffix:
            path.touch()
        else:
            path.mkdir()
    path.rename(target)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        log.rename(target.with_name(f"{target.name}-wal"))
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    for ending in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)


def _contents(folder: Path) -> dict[str, str]:
    """{name: hash} of every file below."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _problems(said: list[Note], place: str, to: str) -> Iterator[str]:
    if not any(what == DONE for what, *_ in said):
        yield f"the process ended with an error: {said[-1][1].splitlines()[-1:]}"
        return
    refused = [rest[0] for what, *rest in said if what == "refused"]
    if to == "elsewhere" and not place.endswith(".lock"):  # a lock that is a link is refused
        if refused:
            yield f"it does not start: {refused[0]}"
        elif sum(what == "run" for what, *_ in said) != RUNS:
            yield "not every run is there"
        elif ["values", GAMES * len(things.MASKS), 0] not in said:
            yield "not every ablation is there"
    name = "linked" if place == "." else place
    yield from (f"it does not say which file: {words}" for words in refused if name not in words)
