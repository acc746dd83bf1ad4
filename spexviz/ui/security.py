"""What every request and every response passes: own names only, own origin only, and the policy.

A site that a visitor opens elsewhere must reach nothing here: neither by a name that it lets point to this
machine (DNS rebinding: its Host is foreign), nor by a script of its own (its Origin is).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from spexviz.ui import front
from spexviz.ui.access import Access, access, is_elsewhere

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?\Z")
_PORTS = {"http": "80", "https": "443"}


def policy() -> str:
    """The policy. Of scripts that stand in a page, those of the front page run, by their hashes."""
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self' blob:", *front.hashes()]),
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "frame-src 'self' blob:",
            "form-action 'self'",
            "frame-ancestors 'self'",
            "base-uri 'self'",
            "object-src 'none'",
        ]
    )


class ContentSecurityPolicy:
    """ASGI middleware that adds the policy and two more headers to every HTTP response.

    An embedded run has a policy of its own (`ui/embedding.py`).
    """

    def __init__(self, app: Any, rules: Access | None = None):
        self._app = app
        self._rules = rules or access()
        self._headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
        self._policy = (b"content-security-policy", policy().encode())

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        async def with_headers(message: dict) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", []))
                if not (self._rules.is_embed(scope["path"]) and _has_policy(own)):
                    own.append(self._policy)
                message = {**message, "headers": [*own, *self._headers]}
            await send(message)

        sender = with_headers if scope["type"] == "http" else send
        await self._app(scope, receive, sender)


def _has_policy(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-security-policy" for name, _ in headers)


class OwnAddress:
    """ASGI middleware that refuses what does not come by a name of this server, or from a page of another.

    For HTTP and for WebSockets alike, before anything else looks at them. Only the Host that the connection
    itself names counts, not what a header says of another. A browser names the origin of every WebSocket, so
    one without is none of a page's.
    """

    def __init__(self, app: Any, rules: Access | None = None):
        self._app = app
        self._rules = rules or access()

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        answer = self._app
        if scope["type"] in ("http", "websocket"):
            reason = refused(scope, self._rules)
            if reason:
                status = 400 if reason is UNREADABLE else 403
                answer = PlainTextResponse(f"{reason}\n", status)
        await answer(scope, receive, send)


UNREADABLE = "This request names no host that can be read, or several: send one Host header."


def refused(scope: dict, rules: Access) -> str:
    """Why a request is not answered, and the remedy; "" where it is one's own."""
    came_in, *_ = scope.get("server") or ("",)
    if is_elsewhere(came_in) and not rules.beyond:
        return (
            "This server was told that it is on loopback, and is not: start it with spexviz serve --host "
            "ADDRESS, so that it asks for a token."
        )
    headers = Headers(scope=scope)
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    found = _HOST.match(hosts[0].lower()) if len(hosts) == 1 else None
    if found is None:
        return UNREADABLE
    name, port = found[1].strip("[]").removesuffix("."), found[2]
    if not rules.knows(name):
        return (
            f"This server is not called {name:.80}. If it should be, start it with "
            "spexviz serve --allow-host NAME."
        )
    if not origins and scope["type"] == "websocket":
        return "A WebSocket is opened by a page of this server, and names it as Origin: this one has none."
    if any(not _is_own(origin, name, port) for origin in origins):
        return (
            "This request comes from a page of another site, and is not answered. A proxy before this server "
            "must pass the Host header on as the browser sent it."
        )
    return ""


def _is_own(origin: str, name: str, port: str | None) -> bool:
    """Whether an Origin is the Host's own: its name, and its port, or the scheme's where it has none."""
    try:
        parts = urlsplit(origin.lower())
        usual = _PORTS[parts.scheme]
        given = str(parts.port or usual)
    except (KeyError, ValueError):
        return False
    plain = f"{parts.scheme}://{parts.netloc}"
    if origin.lower() != plain or "@" in parts.netloc or parts.hostname is None:
        return False
    return parts.hostname.removesuffix(".") == name and given == (port or usual)
