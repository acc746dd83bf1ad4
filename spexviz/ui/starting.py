"""Starting a run for the visitor who looks: its title on one line, and why where it cannot be started."""

from __future__ import annotations

from spexviz.errors import SpexvizError
from spexviz.run.plan import Request
from spexviz.ui import ownership, runtime, widgets
from spexviz.ui.visitor import visitor

TITLE = 90  # characters of a run's title


def submit(request: Request, title: str, before: str = "") -> str:
    """Start the run, or find the same one: its id. `before`: the run that it goes on from.

    Raises SpexvizError where it cannot be started.
    """
    title = " ".join(title.split())
    if len(title) > TITLE:
        title = f"{title[: TITLE - 1]}…"
    return runtime.manager().submit(request, title, ownership.user(), visitor(), before)


def submitted(request: Request, title: str) -> str | None:
    """The same; None, and why, where it cannot be started."""
    try:
        return submit(request, title)
    except SpexvizError as error:
        widgets.problem(error, key="start-error")
        return None
