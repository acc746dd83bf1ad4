"""The Content-Security-Policy of every response: nothing loads from elsewhere, no injected script runs."""

from __future__ import annotations

import os
import re
from typing import Any

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?\Z")


def policy() -> str:
    """The policy.

    `SPEXVIZ_EMBED_ORIGINS` (comma-separated) names the sites that may show the dashboard in a frame.
    """
    origins = [origin.strip() for origin in os.environ.get("SPEXVIZ_EMBED_ORIGINS", "").split(",")]
    ancestors = " ".join(["'self'", *(origin for origin in origins if _ORIGIN.match(origin))])
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' blob:",
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "frame-src 'self' blob:",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
            "base-uri 'self'",
            "object-src 'none'",
        ]
    )


class ContentSecurityPolicy:
    """ASGI middleware that adds the policy and two more headers to every HTTP response."""

    def __init__(self, app: Any):
        self._app = app
        self._headers = [
            (b"content-security-policy", policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        async def with_headers(message: dict) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        sender = with_headers if scope["type"] == "http" else send
        await self._app(scope, receive, sender)
