from __future__ import annotations

import asyncio

import pytest

from spexviz.ui import front
from spexviz.ui.security import ContentSecurityPolicy, policy


def rules() -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (rule.split() for rule in policy().split(";"))}


def test_nothing_loads_from_elsewhere_and_no_inline_script_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEXVIZ_EMBED_ORIGINS", raising=False)
    found = rules()
    assert (
        found["default-src"] == ["'self'"]
        and found["object-src"] == ["'none'"]
        and found["frame-ancestors"] == ["'self'"]
    )
    assert found["base-uri"] == found["form-action"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"} & set(found["script-src"])
    assert not any(word.startswith("http") or word == "*" for words in found.values() for word in words)


def test_embedding_sites_are_named_and_injection_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    given = (
        "https://lab.example, http://localhost:3000,*, https://a.example; script-src *, "
        "https://b.example/path,javascript:x, ,https://c.example\n"
    )
    monkeypatch.setenv("SPEXVIZ_EMBED_ORIGINS", given)
    assert rules()["frame-ancestors"] == [
        "'self'",
        "https://lab.example",
        "http://localhost:3000",
        "https://c.example",
    ]
    assert rules()["script-src"] == ["'self'", "blob:", *front.hashes()]


def _sent(scope: dict) -> list[dict]:
    messages: list[dict] = []

    async def app(scope: dict, receive: object, send: object) -> None:
        await send(
            {
                "type": f"{scope['type']}.response.start" if scope["type"] == "http" else "websocket.accept",
                "headers": [(b"x", b"y")],
            }
        )
        await send({"type": "http.response.body", "body": b"hello"})

    async def send(message: dict) -> None:
        messages.append(message)

    asyncio.run(ContentSecurityPolicy(app)(scope, None, send))
    return messages


def test_headers_are_on_every_http_answer_and_on_nothing_else() -> None:
    start, body = _sent({"type": "http"})
    names = [name for name, _ in start["headers"]]
    assert names == [b"x", b"content-security-policy", b"x-content-type-options", b"referrer-policy"]
    assert body == {"type": "http.response.body", "body": b"hello"}
    assert _sent({"type": "websocket"})[0]["headers"] == [(b"x", b"y")]
