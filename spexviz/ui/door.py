"""The door of a server that other machines reach: its token, and a cookie that tells browsers apart."""

from __future__ import annotations

import hmac
import secrets
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from spexviz.ui.access import Access, access
from spexviz.ui.visitor import COOKIE, is_visitor_id

FREE = ("/healthz",)  # answers anybody, and tells nothing private
YEAR = 365 * 86_400  # seconds that a browser keeps its visitor's id
_ASK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>spexviz: token</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body { font: 1rem/1.5 sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1rem }</style>
<h1>This server asks for its token</h1>
<p>REASON Whoever started spexviz finds the whole address, with the token in it, where the server printed it
at its start: a line with <code>?token=</code>. If they chose the token themselves, ask them for it.</p>
<form method="get"><label>Token <input name="token" type="password" autocomplete="current-password" required>
</label>KEPT <button>Open</button></form></html>"""


class Token:
    """ASGI middleware that lets in who brings the token: in the address once, then in a cookie.

    Programs may send it as `Authorization: Bearer TOKEN`. Nothing is asked where the server has none.
    """

    def __init__(self, app: Any, rules: Access | None = None):
        self._app = app
        self._rules = rules or access()

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        answer, token = self._app, self._rules.token
        if token is not None and scope["type"] in ("http", "websocket") and not self._is_free(scope):
            answer = self._answer(scope, token) or self._app
        await answer(scope, receive, send)

    def _is_free(self, scope: dict) -> bool:
        """Whether it answers anybody, or asks for a key of its own; a WebSocket never."""
        path = scope["path"]
        return path in FREE or (scope["type"] == "http" and self._rules.is_embed(path))

    def _answer(self, scope: dict, token: str) -> Response | None:
        """What is answered instead of the app; None for who may pass."""
        asked = HTTPConnection(scope)
        cookie = f"spexviz-token-{_port(asked)}"
        by_address = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if by_address and "token" in asked.query_params:
            if not _same(asked.query_params["token"], token):
                return _refusal(scope, "The token in the address is not this server's.")
            return _enter(scope, cookie, token)
        kind, _, brought = asked.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _same(brought, token):
            return None
        if _same(asked.cookies.get(cookie, ""), token):
            return None
        return _refusal(scope, "")


class VisitorCookie:
    """ASGI middleware that gives a browser its id (`ui/visitor.py`) with the first page that it is sent.

    An embedded run is nobody's page: it gets none.
    """

    def __init__(self, app: Any, rules: Access | None = None):
        self._app = app
        self._rules = rules or access()

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        needs_none = scope["type"] != "http" or self._rules.is_embed(scope["path"])
        if needs_none or is_visitor_id(HTTPConnection(scope).cookies.get(COOKIE, "")):
            await self._app(scope, receive, send)
            return

        async def with_cookie(message: dict) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", [])]}
                headers = MutableHeaders(raw=message["headers"])
                if headers.get("content-type", "").startswith("text/html"):
                    made = secrets.token_urlsafe(16)
                    headers.append("set-cookie", _cookie(scope, COOKIE, made, YEAR))
            await send(message)

        await self._app(scope, receive, with_cookie)


def _enter(scope: dict, cookie: str, token: str) -> Response:
    """To the same address without the token, which the browser keeps in a cookie until it is closed.

    The path begins with one slash: two would name another site.
    """
    query = urlencode(_without_token(scope))
    path = "/" + quote(scope["path"].lstrip("/\\"))
    response = RedirectResponse(f"{path}?{query}" if query else path, 303)
    response.headers["set-cookie"] = _cookie(scope, cookie, token)
    response.headers["cache-control"] = "no-store"
    return response


def _refusal(scope: dict, reason: str) -> Response:
    headers = {"cache-control": "no-store"}
    if scope["type"] == "websocket":
        return PlainTextResponse("This server asks for its token: open its page first.\n", 403, headers)
    kept = [
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in _without_token(scope)
    ]
    page = _ASK.replace("REASON", reason).replace("KEPT", "".join(kept))
    return HTMLResponse(page, 403, headers)


def _without_token(scope: dict) -> list[tuple[str, str]]:
    """What else the address asks for: the run that it opens."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return [(key, value) for key, value in pairs if key != "token"]


def _cookie(scope: dict, name: str, value: str, seconds: int | None = None) -> str:
    """A cookie that no script reads and no other site's request brings along."""
    response = Response()
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=scope["scheme"] == "https"
    )
    return response.headers["set-cookie"]


def _port(asked: HTTPConnection) -> str:
    """The port of the address as the browser sees it: cookies of a machine are shared by all of its ports."""
    return asked.headers.get("host", "").rpartition("]")[2].partition(":")[2] or "default"


def _same(brought: str, token: str) -> bool:
    """Compared in a time that tells nothing about where they differ."""
    return hmac.compare_digest(brought.encode("utf-8", "replace"), token.encode())
