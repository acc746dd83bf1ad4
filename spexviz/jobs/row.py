"""A run as a row of the store says it: what was asked, and where it stands."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from spexviz.errors import SpecError
from spexviz.spec import RunSpec

# origin: asked for here, opened from a file, comes with the project
ASKED, FROM_FILE, RECORDED = "", "file", "recorded"

QUEUED, RUNNING, CANCELLING, DONE, FAILED, CANCELLED, INTERRUPTED = (
    "queued",
    "running",
    "cancelling",
    "done",
    "failed",
    "cancelled",
    "interrupted",
)
LONGEST = 86_400.0  # seconds for which no run is silent
_LAST = 2.0**33  # seconds since 1970: the year 2242
_log = logging.getLogger(__name__)
ACTIVE = (QUEUED, RUNNING, CANCELLING)
STATES = (*ACTIVE, DONE, FAILED, CANCELLED, INTERRUPTED)
COLUMNS = (
    "id, spec, spec_id, user, origin, state, owner, title, done, total, rate, phase, message, version, "
    "created, started, finished, to_go, told, said, result IS NOT NULL, preview IS NOT NULL"
)


@dataclass(frozen=True)
class Run:
    """One row: what was asked, where it stands.

    `id`: its own, and its address; `spec_id`: of its settings; `user`: who asked, empty where visitors
    share their runs; `origin`: ASKED, FROM_FILE or RECORDED. `version` grows with every new
    (partial) result or preview; times are seconds since 1970; `to_go`: seconds that it said it needs, when it
    last `told` where it stands; `said`: what was kept of what is told of its result.
    """

    id: str
    spec: RunSpec
    spec_id: str
    user: str
    origin: str
    state: str
    owner: str
    title: str
    done: int
    total: int
    rate: float
    phase: str
    message: str
    version: int
    created: float
    started: float | None
    finished: float | None
    to_go: float | None
    told: float
    said: str
    has_result: bool
    has_preview: bool

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def imported(self) -> bool:
        """Whether its numbers are those of a file, not measured by this server."""
        return self.origin != ASKED

    @property
    def eta(self) -> float | None:
        """Seconds still to go, by what it told last; None before it has."""
        if self.to_go is None:
            return None
        return max(0.0, self.to_go - self.since_told)

    @property
    def late(self) -> float:
        """Seconds by which it takes longer than it told last."""
        if self.to_go is None:
            return 0.0
        return max(0.0, self.since_told - self.to_go)

    @property
    def since_told(self) -> float:
        """Seconds since it told where it stands; 0 where the clock has jumped."""
        passed = time.time() - self.told
        return passed if 0.0 < passed < LONGEST else 0.0


def run_of(row: tuple | None) -> Run | None:
    """The run of a row;

    None where there is no row, or one that nobody can read any more: it must not take the others away.
    """
    if row is None:
        return None
    try:
        return read(row)
    except SpecError as error:
        _log.warning("run %s is left out, since it cannot be read: %s", row[0], error)
        return None


def read(row: tuple) -> Run:
    """The run of a row. Raises SpecError for one that was damaged, or has settings of another version."""
    run_id, text, *others, has_result, has_preview = row
    spec = RunSpec.from_json(text)
    run = Run(run_id, spec, *others, has_result=bool(has_result), has_preview=bool(has_preview))
    counts = (run.done, run.total, run.version)
    times = (run.created, run.started or 0.0, run.finished or 0.0, run.to_go or 0.0, run.told)
    numbers = all(isinstance(count, int) for count in counts) and isinstance(run.rate, float)
    if not numbers or not all(isinstance(one, float) and 0.0 <= one < _LAST for one in times):
        raise SpecError("Its progress was damaged on the disk.")
    if (
        not isinstance(run.said, str)
        or run.state not in STATES
        or run.origin not in (ASKED, FROM_FILE, RECORDED)
    ):
        raise SpecError("Its state was damaged on the disk.")
    if hashlib.sha256(text.encode()).hexdigest()[: len(run.spec_id)] != run.spec_id:
        raise SpecError("Its settings were damaged on the disk.")
    return run


def marks(values: Collection[Any]) -> str:
    """A question mark for each value, as a query has them."""
    return ", ".join("?" * len(values))
