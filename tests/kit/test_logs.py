"""The log as JSON: in a process of its own, since logging is the whole process's."""

from __future__ import annotations

import json
import subprocess
import sys

SPEAKS = """
import logging
early = logging.getLogger("streamlit.early")
early.addHandler(logging.StreamHandler())
early.propagate = False
from spexviz.kit import logs
logs.begin()
late = logging.getLogger("streamlit.late")
late.addHandler(logging.StreamHandler())
late.propagate = False
for logger in (early, late, logging.getLogger("spexviz.some"), logging.getLogger("library")):
    try:
        raise ValueError("MARKER in an error")
    except ValueError:
        logger.exception("it failed on %s", "MARKER", extra=logs.fields(run="abc"))
    logger.info("told")
logs.leave_out("streamlit.late", "noise")
late.error("noise")
"""


def test_every_logger_speaks_json_and_repeats_nobodys_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKS], capture_output=True, text=True, timeout=60, check=True
    )
    assert "MARKER" not in done.stderr and not done.stdout
    told = [json.loads(line) for line in done.stderr.splitlines()]
    failures = [line for line in told if line["level"] == "error"]
    names = ["streamlit.early", "streamlit.late", "spexviz.some", "library"]
    assert [line["logger"] for line in failures] == names
    for line in failures:
        assert line["event"] == "it failed on %s" and line["run"] == "abc"
        assert line["error"] == "ValueError" and line["at"][-1].endswith(":13 <module>")
    assert [line["logger"] for line in told if line["level"] == "info"] == ["spexviz.some"]
