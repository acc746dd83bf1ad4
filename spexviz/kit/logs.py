"""Logs for a machine to read: a JSON object a line, without what a visitor typed.

`SPEXVIZ_LOG_JSON=1`, or `spexviz serve --log-json`. A line holds what its place in the code says (the message
before anything is put into it) and fields that are given on purpose; of an error its kind and where it
happened, never its words: these may quote a prompt, a key or an address with a token.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from typing import Any

LOG_JSON = "SPEXVIZ_LOG_JSON"
FRAMES = 12  # of a traceback, the innermost
_OF_OTHERS = ("streamlit", "uvicorn")  # loggers that bring handlers of their own


def fields(**named: Any) -> dict[str, Any]:
    """`extra` for a log call: what the line says besides its message; nothing that a visitor typed."""
    return {"fields": named}


def wanted() -> bool:
    """Whether the environment asks for them."""
    return os.environ.get(LOG_JSON, "") not in ("", "0")


def begin() -> None:
    """Let every logger of this process write such lines to standard error, from INFO on for our own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    counting = [one for one in logging.root.handlers if isinstance(one, Errors)]
    logging.root.handlers[:] = [handler, *counting]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger("spexviz").setLevel(logging.INFO)
    logging.setLoggerClass(_ThroughRoot)
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] in _OF_OTHERS and isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.WARNING)


def leave_out(logger: str, message: str) -> None:
    """Keep a message out of the log that others can bring about at will, and that tells nothing."""
    logging.getLogger(logger).addFilter(lambda record: record.msg != message)


class _ThroughRoot(logging.Logger):
    """A logger made from now on: its records go to the root's handlers, whatever a library gives it."""

    def callHandlers(self, record: logging.LogRecord) -> None:
        logging.root.callHandlers(record)


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told = {
            "time": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg)[:200],
            **record.__dict__.get("fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-FRAMES:]
            told["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(told, default=str)


class Errors(logging.Handler):
    """Counts the records of level ERROR and above."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.seen += 1
