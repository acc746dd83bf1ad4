"""Embedding: one run in a page of another site, to be read and not changed: `/embed?run=…&key=…`.

It is answered only where the operator has named sites (`SPEXVIZ_EMBED_ORIGINS`), which alone may show it in a
frame. What is sent is the run on one page, as in a report: a document without a session, without cookies,
sandboxed, which can ask this server for nothing. The key is made by whoever may change the run, when they
copy the code for a page; it opens this run and nothing else, with no token, until the run is deleted or the
secret (`embed.key` in SPEXVIZ_HOME) is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import secrets
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from spexviz.errors import SpexvizError, StoreError
from spexviz.jobs.store import Run
from spexviz.kit.paths import home
from spexviz.spec import is_run_id
from spexviz.ui import browser, ownership, runtime, widgets
from spexviz.ui.access import EMBED, access
from spexviz.ui.lenses import lens_of
from spexviz.views.document import Chapter, report
from spexviz.views.story import FEW

_log = logging.getLogger(__name__)
FILE = "embed.key"
BYTES = 32  # of the secret
KEPT = 16  # pages, about 150 kB each
NOTHING = (
    "This embedded view shows nothing: the run was deleted, or the address is not the one that was copied. "
    "Open the run in spexviz and copy the code for it again."
)
FRAME = (
    '<iframe src="{base}{path}" title="What acts together: a run of spexviz" loading="lazy" '
    'style="width: 100%; height: 900px; border: 0"></iframe>'
)


def routes() -> list[BaseRoute]:
    """The address of embedded runs, where there are sites that may show them."""
    return [Route(EMBED, answer)] if access().embeds else []


def policy() -> str:
    """Who may show it, and that it is nobody's page: no origin, no cookies, nothing that it can ask for."""
    ancestors = " ".join(("'self'", *access().embeds))
    return (
        f"sandbox allow-scripts allow-downloads; frame-ancestors {ancestors}; default-src 'none'; "
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"  # the document's own policy names its scripts by their hashes
    )


def answer(request: Request) -> Response:
    """The run that the address names, for who has its key; the same words for all that is none."""
    run_id, brought = (request.query_params.get(name, "") for name in ("run", "key"))
    headers = {"content-security-policy": policy(), "cache-control": "no-store"}
    page = _page(run_id, brought)
    if not page:
        return HTMLResponse(f"<!doctype html><title>spexviz</title><p>{NOTHING}</p>", 404, headers)
    return HTMLResponse(page, headers=headers)


def _page(run_id: str, brought: str) -> str:
    """A run that has found something, on one page; "" for none, or another key than its own."""
    try:
        if not is_run_id(run_id) or not _same(brought, key_of(run_id)):
            return ""
        run = runtime.manager().store.get(run_id)
        return _drawn(run_id, run.version, run.title) if run else ""
    except SpexvizError as error:
        _log.warning("an embedded run cannot be shown: %s", error)
        return ""


def _same(brought: str, key: str) -> bool:
    """Compared in a time that tells nothing about where they differ."""
    return hmac.compare_digest(brought.encode("utf-8", "replace"), key.encode())


@lru_cache(KEPT)
def _drawn(run_id: str, version: int, title: str) -> str:
    found = runtime.manager().store.result(run_id)
    if found is None:
        return ""
    lens = lens_of(found.spec.game_name)
    items = lens.items(found) if lens else ()
    return report(Chapter(found, title, items), framed=True, brief=True, top=FEW)


# ---- keys --------------------------------------------------------------------------------------------------


def key_of(run_id: str) -> str:
    """What opens a run here, in 22 letters. Raises StoreError where the secret cannot be kept."""
    digest = hmac.digest(_secret(home() / FILE), f"embed {run_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _secret(path: Path) -> bytes:
    """The secret of this server, made when it is first needed; only its owner can read it."""
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}): no run can be embedded.") from error
    if len(found) != BYTES:
        raise StoreError(f"{path} is damaged: delete it, and copy the code of each embedded run again.")
    return found


def _make(path: Path) -> None:
    """Whole or not at all, and once: of two servers that begin together one is first."""
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    draft.touch(0o600)
    draft.write_bytes(secrets.token_bytes(BYTES))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


# ---- on the page of a run ----------------------------------------------------------------------------------


def offer(run_id: str) -> None:
    """The code that shows the run in another page, for who may give it away; nothing where no site may."""
    run = runtime.manager().store.get(run_id) if access().embeds else None
    if run is None or not ownership.may_change(run):
        return
    try:
        text = code(run)
    except SpexvizError as error:
        widgets.problem(error, key=f"{run_id}-embed-problem")
        return
    sites = ", ".join(access().embeds)
    st.caption("To show this run, to be read only, in a page of")
    st.text(sites)
    st.caption("Who has this code can read the run, until it is deleted:")
    browser.copy_text(text, "Copy embed code", "The code for a page", f"{run_id}-embed")


def code(run: Run) -> str:
    """The frame for a page of another site; {base} is where the browser finds this server."""
    path = f"{EMBED.lstrip('/')}?{urlencode({'run': run.id, 'key': key_of(run.id)})}"
    return FRAME.replace("{path}", escape(path))
