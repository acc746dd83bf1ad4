"""Said: finding and trust of a run in a list, as its page and its card say them; told once, then kept.

They come from the functions that the page asks (`views.finding`, `views.trust`), and are told anew when the
result or this program has changed. What was damaged on the disk is told anew, too.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import spexviz
from spexviz import views
from spexviz.errors import SpexvizError
from spexviz.jobs.store import DONE, Run, RunStore


@dataclass(frozen=True)
class Said:
    """What a run has found, and how far to trust it; both empty where nothing can be told."""

    finding: str = ""
    trust: str = ""

    @property
    def word(self) -> str:
        """The word that the trust begins with, such as "Good"."""
        return self.trust.partition(":")[0]


def said(store: RunStore, runs: Sequence[Run], seconds: float) -> dict[str, Said]:
    """{id: what is said} of those of the runs that have found something, and of which it is known.

    What is not kept yet is told now, for at most about these `seconds`.
    """
    end = time.monotonic() + seconds
    found = {}
    for run in runs:
        if run.state != DONE or not run.has_result:
            continue
        kept = _kept(run)
        if kept is None and time.monotonic() < end:
            kept = _told(store, run)
        if kept is not None:
            found[run.id] = kept
    return found


def _told(store: RunStore, run: Run) -> Said:
    """What is said of a run, from its result; kept for the next time."""
    try:
        explanation = store.result(run.id)
        if explanation is None:
            return Said()
        found = Said(views.finding(explanation), views.trust.trust(explanation).lines[0])
    except SpexvizError:  # of another version: its page says so
        found = Said()
    body = json.dumps([found.finding, found.trust])
    store.keep_said(run.id, run.version, f"{_mark(run, body)} {body}")
    return found


def _kept(run: Run) -> Said | None:
    """What was kept of a run, unless it is of an earlier result or program."""
    mark, _, body = run.said.partition(" ")
    if mark != _mark(run, body):
        return None
    return Said(*json.loads(body))


def _mark(run: Run, body: str) -> str:
    """What is kept is true of this result, told by this program, and whole."""
    return _digest(f"{_program()} {run.version} {body}")


@cache
def _program() -> str:
    """The program that tells: another one may find other words."""
    sources = sorted(Path(spexviz.__file__).parent.rglob("*.py"))
    return _digest("".join(source.read_text(encoding="utf-8") for source in sources))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
