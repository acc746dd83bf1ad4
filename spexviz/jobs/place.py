"""Where a run stands in the queue, and about when it begins."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from spexviz import models
from spexviz.ablate.cache import Cache
from spexviz.errors import SpexvizError
from spexviz.run import cost
from spexviz.run.plan import Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """`ahead`: runs that go before it or share its time; `seconds` until it begins, None where not known."""

    ahead: int
    seconds: float | None


def place(left: Iterable[float | None], workers: int) -> Place:
    """The place of a run behind others that have so many seconds left."""
    known = list(left)
    if None in known:
        return Place(len(known), None)
    total = sum(seconds for seconds in known if seconds is not None)
    return Place(len(known), total / max(1, workers))


def expected(request: Request, cache: Cache) -> float | None:
    """Seconds that a run will take; None where that cannot be known yet: no model is loaded for it."""
    model = request.game.model_name
    if model is not None and not models.is_loaded(model):
        return None
    try:
        return cost.of(request, cache).seconds
    except SpexvizError:  # the run itself will say it
        return None
    except Exception:
        _log.exception("the time of a run could not be told")
        return None
