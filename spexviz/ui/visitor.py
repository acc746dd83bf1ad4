"""Who is looking at a page."""

from __future__ import annotations

from streamlit.runtime.scriptrunner import get_script_run_ctx


def visitor() -> str:
    """Who this visitor is, for turns between visitors; "" where no page is being drawn."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return ""
    return context.session_id
