"""The page in which Streamlit's front end begins, as this server sends it, and the hashes of its scripts.

Streamlit's own page asks below its path first where its server is: two answers of "not found", and a tenth of
a second, on every address but the bare one. A line before it says so. The same line makes /home the bare
address, which is that page's, and leads one of before, with a run, to that run: a page of its own that leads
on would lie in the way of Back.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import streamlit
from starlette.datastructures import Headers, MutableHeaders

FIRST = "explore"  # the page to which an address of before leads, with a run and no page: the first lens's
_HEAD = "<head>"
_START = """{
  const base = new URL("./", location.href);
  const page = location.pathname.slice(base.pathname.length);
  window.__streamlit = { BACKEND_BASE_URL: base.href };
  if (page === "" || page === "home") {
    const first = new URLSearchParams(location.search).get("run") ? "FIRST" : "";
    history.replaceState(null, "", `${base.pathname}${first}${location.search}`);
  }
}"""
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STALE = ("etag", "last-modified")  # they are of the page as Streamlit has it


@cache
def theirs() -> str:
    """Streamlit's page."""
    return (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


@cache
def ours() -> str:
    """The same with our line before its scripts."""
    start = _START.replace("FIRST", FIRST)
    return theirs().replace(_HEAD, f"{_HEAD}<script>{start}</script>", 1)


@cache
def hashes() -> tuple[str, ...]:
    """What the policy calls the scripts that stand in the page itself."""
    digests = [hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(ours())]
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


class FrontPage:
    """ASGI middleware that sends our page where Streamlit sends its own, and leaves all else as it is."""

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_for_a_page(scope):
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
        await self._app(scope, receive, _Exchange(send))


def _is_for_a_page(scope: dict) -> bool:
    """Whether a browser asks for what it will show."""
    return "text/html" in Headers(scope=scope).get("accept", "")


class _Exchange:
    """Passes an answer on; one that is Streamlit's page is held back until it is whole, and exchanged."""

    def __init__(self, send: Any):
        self._send = send
        self._start: dict | None = None
        self._body = b""

    async def __call__(self, message: dict) -> None:
        if message["type"] == "http.response.start" and _may_be_theirs(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: dict) -> None:
        body = self._body
        if body == theirs().encode():
            body = ours().encode()
            start = {**start, "headers": [*start["headers"]]}
            headers = MutableHeaders(raw=start["headers"])
            headers["content-length"] = str(len(body))
            for name in _STALE:
                del headers[name]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _may_be_theirs(start: dict) -> bool:
    headers = Headers(raw=start.get("headers", []))
    size = str(len(theirs().encode()))
    return start["status"] == 200 and headers.get("content-length") == size
