"""The page that the front end begins in: Streamlit's own with one line more, and nothing else is changed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest

from spexviz.ui import front
from spexviz.ui.lenses import lenses

PAGE = [(b"accept", b"text/html,*/*"), (b"accept-encoding", b"gzip")]


def sent(body: bytes, about: list[tuple[bytes, bytes]], **scope: Any) -> tuple[dict, bytes, list]:
    """What a visitor gets of an answer that comes in two pieces, and the headers that were asked with."""
    messages, asked = [], []

    async def app(scope: dict, receive: object, send: Any) -> None:
        asked.extend(scope.get("headers", []))
        await send({"type": "http.response.start", "status": 200, "headers": about})
        await send({"type": "http.response.body", "body": body[:100], "more_body": True})
        await send({"type": "http.response.body", "body": body[100:]})

    async def send(message: dict) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "GET", "headers": PAGE, **scope}
    asyncio.run(front.FrontPage(app)(scope, None, send))
    start, *rest = messages
    return dict(start["headers"]), b"".join(message["body"] for message in rest), asked


def length(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(len(body)).encode()), (b"etag", b"of-theirs"), (b"x", b"y")]


def test_streamlits_page_is_exchanged_and_is_never_taken_from_a_cache() -> None:
    theirs, ours = front.theirs().encode(), front.ours().encode()
    headers, body, asked = sent(theirs, length(theirs))
    assert body == ours and headers == {b"content-length": str(len(ours)).encode(), b"x": b"y"}
    assert asked == PAGE[:1], "it is not packed before it is exchanged"
    assert ours.replace(ours[ours.index(b"<script>{") : ours.index(b"}</script>") + 10], b"") == theirs


@pytest.mark.parametrize("scope", [{"method": "HEAD"}, {"headers": []}, {"headers": [(b"accept", b"*/*")]}])
def test_what_is_no_visit_of_a_page_is_left_alone(scope: dict) -> None:
    theirs = front.theirs().encode()
    headers, body, asked = sent(theirs, length(theirs), **scope)
    assert body == theirs and headers == dict(length(theirs)) and asked == scope.get("headers", PAGE)


def test_another_page_is_passed_on_also_when_it_is_as_long() -> None:
    for other in (b"x" * 500, front.theirs().replace("Streamlit", "Streamlot").encode()):
        assert sent(other, length(other))[:2] == (dict(length(other)), other)


def test_the_hashes_are_of_all_scripts_in_the_page() -> None:
    scripts = front.ours().split("<script>")[1:]
    assert len(scripts) == len(front.hashes()) >= 2 and "prerenderReady" in scripts[-1]
    for script, named in zip(scripts, front.hashes(), strict=True):
        digest = hashlib.sha256(script.partition("</script>")[0].encode()).digest()
        assert named == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_an_address_of_before_leads_to_the_first_lens() -> None:
    assert lenses()[0].page == front.FIRST
