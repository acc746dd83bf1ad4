"""What the operator asks the server for: `/healthz`, and `/metrics` where it was started with them."""

from __future__ import annotations

import logging
import threading
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

import spexviz
from spexviz.jobs import health, metrics
from spexviz.kit import logs
from spexviz.ui import runtime

FRESH = 1.0  # seconds for which an answer holds: anybody may ask, and each look takes the runs' write lock
_log = logging.getLogger(__name__)


def routes() -> list[BaseRoute]:
    """The addresses beside the pages."""
    found: list[BaseRoute] = [Route("/healthz", Health().answer)]
    if metrics.wanted():
        errors = logs.Errors()
        logging.getLogger().addHandler(errors)
        if not logs.wanted():  # else it passes on what pages raise
            logging.getLogger("streamlit.error_util").addHandler(errors)

        def figures(request: Request) -> Response:
            told = metrics.text(runtime.manager(), errors.seen)
            return PlainTextResponse(told, media_type="text/plain; version=0.0.4")

        found.append(Route("/metrics", figures))
    return found


class Health:
    """Keeps the last look, so that many who ask cost no more than one."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._at = -FRESH
        self._last: health.Health | None = None

    def answer(self, request: Request) -> Response:
        """200 while runs can be taken and kept, else 503 with words."""
        with self._guard:
            if self._last is None or time.monotonic() - self._at > FRESH:
                self._last, self._at = health.look(runtime.manager()), time.monotonic()
                if self._last.problems:
                    _log.warning("not healthy", extra=logs.fields(problems=list(self._last.problems)))
            seen = self._last
        told = {
            "version": spexviz.__version__,
            "queued": seen.queued,
            "working": seen.working,
            "places": seen.places,
            "store": "cannot be written" if seen.queued is None else "writable",
            "problems": list(seen.problems),
        }
        return JSONResponse(told, 503 if seen.problems else 200, {"cache-control": "no-store"})
