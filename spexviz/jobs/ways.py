"""Ways: which run was begun from which, such as one with more ablations, or one inside a sentence."""

from __future__ import annotations

import time

from spexviz.ablate import executors
from spexviz.ablate.runner import Runner
from spexviz.jobs.row import COLUMNS, FROM_FILE, Run, run_of
from spexviz.jobs.store import RunStore
from spexviz.kit.database import Database
from spexviz.run import more
from spexviz.run.measured import as_asked
from spexviz.run.pipeline import Hooks
from spexviz.run.plan import Request

MOST = 50  # runs that are told of


def note(runs: Database, before: str, after: str) -> None:
    """Keep that the run `after` was begun, or found again, from the run `before`."""
    if before == after:
        return
    with runs.write() as connection:
        query = "INSERT OR REPLACE INTO ways (before, after, made) VALUES (?, ?, ?)"
        connection.execute(query, (before, after, time.time()))


def before(runs: Database, run_id: str) -> Run | None:
    """The run from which this one was begun last; None for none, or where that was deleted."""
    found = _runs(runs, "before", "after", run_id)
    return found[0] if found else None


def after(runs: Database, run_id: str) -> list[Run]:
    """The runs that were begun from this one, the last first."""
    return _runs(runs, "after", "before", run_id)


def _runs(runs: Database, wanted: str, given: str, run_id: str) -> list[Run]:
    query = (
        f"SELECT {COLUMNS} FROM runs JOIN ways ON ways.{wanted} = runs.id "
        f"WHERE ways.{given} = ? AND deleted IS NULL ORDER BY ways.made DESC LIMIT {MOST}"
    )
    read = map(run_of, runs.read(query, (run_id,)))
    return [run for run in read if run is not None]


def adopt(store: RunStore, before: str, request: Request, hooks: Hooks) -> None:
    """Give the cache what the run `before` has measured of the same game, as far as that still holds.

    Never from a file: anybody can have written it. Raises what the game raises.
    """
    run = store.get(before)
    if run is None or run.origin == FROM_FILE or run.spec.game != request.spec.game:
        return
    result = store.result(run.id)
    if result is not None and len(result.sample):
        game = as_asked(result, request.game)
        where = executors.get()
        runner = Runner(game, hooks.cache, 0, hooks.progress, hooks.cancel, executor=where)
        more.adopt(result, game, runner)
