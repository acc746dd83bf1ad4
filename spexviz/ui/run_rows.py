"""Run rows: runs as the rows of a table, each with what it found, how far to trust it, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spexviz.jobs import store as states
from spexviz.jobs.store import Run
from spexviz.ui import routes, runtime, watch
from spexviz.ui.said import Said
from spexviz.views.rows import Listed
from spexviz.views.story import Table

TOLD_OF = 2_000  # letters of a run's settings in which a search looks
COLUMNS = {
    "Run": "Its title, and what it found",
    "Trust": "How far its picture may be read",
    "Model": "The model that was asked",
    "Lens": "What was left out: words, heads, or training examples",
    "When": "When it was started, or taken in",
    "State": "How it ended, or where it stands",
    "Ablations": "How often the model was asked",
}
ORIGINS = {states.FROM_FILE: "from a file", states.RECORDED: "recorded"}


def table(runs: Sequence[Run], said: Mapping[str, Said]) -> Table:
    """The runs in their order."""
    rows = []
    for run in runs:
        found = said.get(run.id, Said())
        row = {"Run": run.title or run.id, "Trust": found.word, "Model": routes.model_name(run.spec)}
        row |= {"Lens": routes.lens_name(run.spec), "When": "", "State": state(run)}
        rows.append({**row, "Ablations": f"{run.done:,}"})
    times = tuple(run.created for run in runs)
    counts = tuple(float(run.done) for run in runs)
    return Table(tuple(rows), columns=COLUMNS, numbers={"When": times, "Ablations": counts})


def listed(runs: Sequence[Run], said: Mapping[str, Said], marked: Sequence[str]) -> Listed:
    """What the table knows of them beyond its cells."""
    found = [said.get(run.id, Said()) for run in runs]
    findings = tuple(one.finding for one in found)
    pointed = {
        "Run": findings,
        "Trust": tuple(one.trust for one in found),
        "State": tuple(map(_more_of_state, runs)),
        "Ablations": tuple(
            f"Budget {run.spec.budget:,}, solver {routes.solver_name(run.spec)}" for run in runs
        ),
    }
    return Listed(
        keys=tuple(run.id for run in runs),
        marked=tuple(marked),
        under={"Run": findings},
        pointed=pointed,
        words=tuple(map(_settings, runs)),
        times=("When",),
        noun="run",
        sought="Search title, prompt, finding, model",
    )


def state(run: Run) -> str:
    """ "done", "cancelled after 64 of 512", "waiting, 2 before it", "recorded"."""
    if run.state == states.DONE:
        return ORIGINS.get(run.origin, "done")
    if run.imported:
        return f"{ORIGINS[run.origin]}, unfinished"
    how_far = f"{run.done:,} of {run.total:,}"
    if run.state == states.QUEUED:
        return _waiting(run)
    if run.state == states.CANCELLING:
        return f"being cancelled at {how_far}"
    if not run.total:
        return "starting" if run.active else f"{run.state} before it began"
    if run.active:
        return f"running, {how_far}"
    return f"{run.state} after {how_far}"


def _waiting(run: Run) -> str:
    place = runtime.manager().place(run.id)
    if place is None:  # of another server process, or just beginning
        return "waiting"
    if not place.ahead:
        return "waiting, it is next"
    return f"waiting, {place.ahead} before it"


def _more_of_state(run: Run) -> str:
    if run.active:
        return watch.where(run)
    return run.message


def _settings(run: Run) -> str:
    """The prompt and whatever else was said in words when it was asked for."""
    texts = [value for value in run.spec.game.values() if isinstance(value, str)]
    return " ".join([*texts, run.spec.solver_name])[:TOLD_OF]
