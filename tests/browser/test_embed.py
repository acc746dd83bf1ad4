"""A run in a page of another site: shown where the operator allows it, refused elsewhere, and read only."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.browser.test_story import open_card
from tests.browser.test_what_if import everywhere

pytestmark = pytest.mark.browser
TOKEN = "a-token-of-my-own"


@contextmanager
def site() -> Iterator[Any]:
    """A small site of one page, `body`, at `port`."""

    class Page(BaseHTTPRequestHandler):
        body = ""

        def do_GET(self) -> None:
            text = f"<!doctype html><title>wiki</title>{Page.body}".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Page.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Page
        server.shutdown()


def visitor(browser: Any, width: int, theme: str) -> Any:
    """A page of a browser that knows nothing of the server."""
    return browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme).new_page()


@everywhere()
def test_an_allowed_site_shows_the_run_and_no_other_does(
    new_server, open_page, browser, theme: str, width: int
) -> None:
    with site() as wiki:
        origin = f"http://localhost:{wiki.port}"
        server = new_server(SPEXVIZ_EMBED_ORIGINS=origin, SPEXVIZ_TOKEN=TOKEN)
        page = open_page(f"{server.url}/explore?token={TOKEN}", width=width, theme=theme)
        open_card(page, "prompt", "never-fails")
        page.get_by_role("button", name="Link and settings").click()
        code = page.get_by_label("The code for a page").input_value()
        src = html.unescape(re.search('src="([^"]+)"', code)[1])
        assert src.startswith(f"{server.url}/embed?run=") and TOKEN not in code
        wiki.body = code

        guest = visitor(browser, width, theme)  # who has no token
        guest.goto(f"{origin}/")
        frame = guest.frame_locator("iframe")
        frame.get_by_text("turn each other round").first.wait_for()
        frame.locator(".token").first.wait_for()
        assert frame.locator("button:visible", has_text=re.compile("Ask|Delete|Resume|New run")).count() == 0
        assert guest.context.cookies() == []
        inside = guest.frames[1]
        assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert inside.evaluate("origin") == "null", "nobody's: it reaches nothing of this server"

        other = visitor(browser, width, theme)
        with other.expect_console_message(lambda message: "frame-ancestors" in message.text):
            other.goto(f"http://127.0.0.1:{wiki.port}/")
        assert other.frame_locator("iframe").locator(".token").count() == 0
        told = other.request.get(src[:-3])
        assert told.status == 404 and "shows nothing" in told.text()
        assert other.request.get(f"{server.url}/explore").status == 403, "the token is asked for elsewhere"
        run_id = re.search("run=([0-9a-f]{16})", src)[1]
        server.change("UPDATE runs SET deleted = 1 WHERE id = ?", run_id)
        assert guest.request.get(src).status == 404
        for one in (guest, other):
            one.context.close()
