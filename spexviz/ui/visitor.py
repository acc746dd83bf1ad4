"""Who is looking: the one place that tells visitors apart, until there are logins."""

from __future__ import annotations

import re

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

COOKIE = "spexviz-visitor"  # set by the middleware (`ui/door.py`) on the first page a browser asks for
_ID = re.compile(r"[A-Za-z0-9_-]{22}\Z")


def visitor() -> str:
    """The random id of the visitor's browser, from its cookie; the session's where it keeps no cookies.

    A secret of the visitor: whoever knows it can act as they do, so it is shown to nobody. "" without a
    session, as in a script that is run by hand.
    """
    kept = st.context.cookies.get(COOKIE, "")
    if is_visitor_id(kept):
        return kept
    session = get_script_run_ctx(suppress_warning=True)
    return session.session_id if session else ""


def is_visitor_id(text: object) -> bool:
    """Whether a cookie's value is an id as the middleware makes them: 128 bits in 22 letters."""
    return isinstance(text, str) and _ID.match(text) is not None
