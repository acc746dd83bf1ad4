from __future__ import annotations

import asyncio

from spexviz.ui.access import Access
from spexviz.ui.security import ContentSecurityPolicy, policy

LOCAL = Access("127.0.0.1")
POLICY = (b"content-security-policy", b"frame-ancestors https://lab.example")


def rules() -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (rule.split() for rule in policy().split(";"))}


def test_nothing_loads_from_elsewhere_and_no_inline_script_runs() -> None:
    found = rules()
    assert (
        found["default-src"] == ["'self'"]
        and found["object-src"] == ["'none'"]
        and found["frame-ancestors"] == ["'self'"]
    )
    assert found["base-uri"] == found["form-action"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"} & set(found["script-src"])
    assert not any(word.startswith("http") or word == "*" for words in found.values() for word in words)


def test_sites_that_may_show_a_run_may_not_show_the_dashboard() -> None:
    rules = Access("127.0.0.1", embeds=("https://lab.example",))
    for path, given in (("/", ()), ("/explore", (POLICY,)), ("/embed/x", (POLICY,)), ("/embed", ())):
        start, _ = _sent({"type": "http", "path": path}, rules, given)
        assert (b"content-security-policy", policy().encode()) in start["headers"]
    start, _ = _sent({"type": "http", "path": "/embed"}, rules, (POLICY,))
    assert [value for name, value in start["headers"] if name == POLICY[0]] == [POLICY[1]]
    start, _ = _sent({"type": "http", "path": "/embed"}, Access("127.0.0.1"), (POLICY,))
    assert (b"content-security-policy", policy().encode()) in start["headers"], "nobody may embed"


def _sent(scope: dict, rules: Access = LOCAL, given: tuple = ((b"x", b"y"),)) -> list[dict]:
    messages: list[dict] = []

    async def app(scope: dict, receive: object, send: object) -> None:
        await send(
            {
                "type": f"{scope['type']}.response.start" if scope["type"] == "http" else "websocket.accept",
                "headers": list(given),
            }
        )
        await send({"type": "http.response.body", "body": b"hello"})

    async def send(message: dict) -> None:
        messages.append(message)

    asyncio.run(ContentSecurityPolicy(app, rules)(scope, None, send))
    return messages


def test_headers_are_on_every_http_answer_and_on_nothing_else() -> None:
    start, body = _sent({"type": "http", "path": "/"})
    names = [name for name, _ in start["headers"]]
    assert names == [b"x", b"content-security-policy", b"x-content-type-options", b"referrer-policy"]
    assert body == {"type": "http.response.body", "body": b"hello"}
    assert _sent({"type": "websocket"})[0]["headers"] == [(b"x", b"y")]
