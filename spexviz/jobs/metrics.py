"""Figures of this process in Prometheus' text format; off unless `SPEXVIZ_METRICS=1` or `serve --metrics`.

Ten numbers without anything that a visitor typed: the format is one line each, so no library is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager

METRICS = "SPEXVIZ_METRICS"
ENDS = (states.DONE, states.FAILED, states.CANCELLED, states.INTERRUPTED)


def wanted() -> bool:
    """Whether the environment asks for them."""
    return os.environ.get(METRICS, "") not in ("", "0")


def text(manager: JobManager, errors: int = 0) -> str:
    """All of them, as Prometheus reads them. `errors`: lines of that level in the log."""
    counts = manager.counts
    ended = {f'{{state="{state}"}}': counts.ended[state] for state in ENDS}
    lines = [
        *_metric("runs_queued", "gauge", "Runs that wait to begin.", {"": manager.queued}),
        *_metric("runs_at_work", "gauge", "Runs at work.", {"": manager.working}),
        *_metric("runs_ended_total", "counter", "Runs by how they ended.", ended),
        *_metric("ablations_total", "counter", "Ablations asked of models.", {"": counts.ablations}),
        *_metric("ablations_per_second", "gauge", "The same, now.", {"": round(counts.rate, 3)}),
        *_metric("cache_hits_total", "counter", "Ablations found in the cache.", {"": counts.hits}),
        *_metric("errors_total", "counter", "Errors in the log.", {"": errors}),
    ]
    return "\n".join([*lines, ""])


def _metric(name: str, kind: str, about: str, values: Mapping[str, float]) -> Iterable[str]:
    yield f"# HELP spexviz_{name} {about}"
    yield f"# TYPE spexviz_{name} {kind}"
    for labels, value in values.items():
        yield f"spexviz_{name}{labels} {value}"
