"""Found: a finished run by what somebody calls it, its id in this home or the file that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spexviz.errors import SpecError
from spexviz.jobs.store import RunStore
from spexviz.kit.paths import home
from spexviz.results import Explanation, load
from spexviz.spec import is_run_id


@dataclass(frozen=True)
class Found:
    """A run, its title if it has one, and when it was asked, in seconds since 1970, if that is known."""

    explanation: Explanation
    title: str = ""
    when: float | None = None


def run(name: str) -> Found:
    """The run of this id, or of this JSON file. Raises SpecError where there is none, with the remedy."""
    path = Path(name)
    if path.is_file():
        return Found(load(path))
    if not is_run_id(name):
        raise SpecError(
            f"There is no file {name:.200}, and it is no id of a run (16 hex digits, as behind run= in the "
            "address of its page). Give either, or save a run with spexviz explain --out run.json."
        )
    store = RunStore()
    kept = store.get(name)
    if kept is None:
        raise SpecError(
            f"There is no run {name} in {home()}: set SPEXVIZ_HOME to where the dashboard keeps its runs, or "
            "give the file that “Run as JSON” on its page makes."
        )
    explanation = store.result(name)
    if explanation is None:
        raise SpecError(
            f"The run {name} has found nothing yet ({kept.state}): open its page and let it go on first."
        )
    return Found(explanation, kept.title, kept.created)
