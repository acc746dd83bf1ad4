"""Values that no browser sends: what a client says a widget holds, where the widget cannot hold it.

Streamlit reads such states before any page does, and whoever sent them sees that this failed. The log would
hold a traceback for each, so that anybody could fill it.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

_READERS = ("__getitem__", "get_serialized")  # of Streamlit's session state
_STATES = "streamlit/runtime/state/session_state.py"


def leave_out() -> None:
    """Keep out of the log what comes of them."""
    logging.getLogger("streamlit.error_util").addFilter(_tells_of_us)


def _tells_of_us(record: logging.LogRecord) -> bool:
    error = record.exc_info and record.exc_info[1]
    return not error or not is_of_a_state(traceback.extract_tb(error.__traceback__))


def is_of_a_state(frames: Sequence[traceback.FrameSummary]) -> bool:
    """Whether an error came up in Streamlit, while it read what a client says that a widget holds."""
    reads = [
        place
        for place, frame in enumerate(frames)
        if frame.filename.endswith(_STATES) and frame.name in _READERS
    ]
    return bool(reads) and all("/streamlit/" in frame.filename for frame in frames[reads[-1] :])
