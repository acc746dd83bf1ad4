"""What every kind of fault gives back: how often it was tried, what survived, what was lost, in words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """A kind of fault, tried `tries` times; `lost` holds a sentence for each time that anything was lost.

    `survived` says in words what stood after it. `skipped`: why it could not be tried on this machine.
    """

    kind: str
    tries: int
    survived: str
    lost: tuple[str, ...] = ()
    skipped: str = ""


Kind = Callable[[Path, random.Random, int], Outcome]
"""Tries a fault some times below a folder of its own: (folder, randomness, tries) → outcome."""


def table(outcomes: Iterable[Outcome]) -> str:
    """The outcomes, a line each."""
    rows = [("fault", "tries", "lost", "what survived")]
    for outcome in outcomes:
        told = f"not tried: {outcome.skipped}" if outcome.skipped else outcome.survived
        rows.append((outcome.kind, str(outcome.tries), str(len(outcome.lost)), told))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{kind:<{widths[0]}}  {tries:>{widths[1]}}  {lost:>{widths[2]}}  {told}"
        for kind, tries, lost, told in rows
    )
