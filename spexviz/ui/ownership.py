"""Whose runs a page shows and changes.

Where strangers may be among the visitors (`Access.shared`) each browser has its own: what others asked is not
listed, and is reached only by its address, which its owner passes on. Elsewhere all runs are everybody's.
"""

from __future__ import annotations

from spexviz.jobs.store import Run
from spexviz.ui.access import access
from spexviz.ui.visitor import visitor

NOT_YOURS = (
    "Another browser started this run: only that one can cancel, resume or delete it. To have one of your "
    "own, press New run and start it with the same settings."
)


def user() -> str:
    """Who asks for runs, as the store keeps it; "" where visitors share them."""
    return visitor() if access().shared else ""


def listed() -> str | None:
    """Whose runs are listed; None for everybody's."""
    return visitor() if access().shared else None


def may_change(run: Run) -> bool:
    """Whether this visitor may cancel, resume and delete a run."""
    return not access().shared or run.user == visitor()


def is_listed(run: Run) -> bool:
    """Whether a run is among those that this visitor is told of."""
    return listed() in (None, run.user)
