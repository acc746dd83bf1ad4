"""Executors: where chunks of ablations are evaluated.

`local`: in this process; `ray`: by replicas of the model on a Ray cluster. The runner hands out chunks and
takes their values; which thread, process or machine has them is known here only. Chosen by
`explain(..., executor=...)`, `spexviz explain --executor`, or SPEXVIZ_EXECUTOR (and SPEXVIZ_WORKERS) for the
app.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from typing import Protocol

from spexviz.errors import SpecError
from spexviz.games.base import Game
from spexviz.masks import Masks, Values

NAMES = ("local", "ray")
WORKERS = 2  # replicas, where nobody says how many
CHUNK = 32  # masks asked between two looks at the Cancel button: about a second for a small model on a laptop
_made: dict[tuple[str, int], Executor] = {}
_guard = threading.Lock()


class Executor(Protocol):
    """Evaluates chunks. Safe with several runs at once, which share its workers."""

    here: bool  # whether games are evaluated in this process, by the model that is loaded here
    workers: int  # chunks of one run that may be in flight at once; what a killed run may have to ask again

    def fingerprint(self, game: Game) -> str:
        """The fingerprint of the game as it is evaluated here: elsewhere the precision may be another."""
        ...

    def chunk(self, game: Game) -> int:
        """How many masks of the game are best asked in one call: CHUNK, or more where a GPU is idle."""
        ...

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        """The values of a chunk, later.

        Urgent ones go before all that wait. The future raises what the game raises.
        """
        ...

    def close(self) -> None:
        """End its workers; what has not begun is cancelled."""


def chunk_of(game: Game) -> int:
    """How many masks of a game are asked in one call where its model is evaluated in this process."""
    return max(CHUNK, game.asking().call_masks)


def get(name: str | None = None, workers: int | None = None) -> Executor:
    """The executor of that name, one a process; by default that of SPEXVIZ_EXECUTOR, else "local".

    `workers`: how many, by default SPEXVIZ_WORKERS.
    Raises SpecError for a name or number that does not exist, ModelError where Ray cannot be had.
    """
    name = name or os.environ.get("SPEXVIZ_EXECUTOR") or "local"
    if name not in NAMES:
        raise SpecError(f"There is no executor {name!r:.40}. Choose one of: {', '.join(NAMES)}.")
    count = 1
    if name != "local":
        count = _count(workers)
    with _guard:
        if (name, count) not in _made:
            _made[name, count] = _make(name, count)
        return _made[name, count]


def _make(name: str, count: int) -> Executor:
    if name == "local":
        from spexviz.ablate.executors.local import LocalExecutor

        return LocalExecutor()
    from spexviz.ablate.executors.cluster import RayExecutor

    return RayExecutor(count)


def _count(workers: int | None) -> int:
    given = os.environ.get("SPEXVIZ_WORKERS") or str(WORKERS)
    if workers is not None:
        given = str(workers)
    if not (given.isascii() and given.isdecimal() and int(given) >= 1):
        raise SpecError(f"The number of workers must be a whole number of at least 1, not {given!r:.40}.")
    return int(given)
