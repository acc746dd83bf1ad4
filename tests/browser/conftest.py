"""Fixtures of the browser tests.

A server with an empty home, and pages that tell of every wrong thing they see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import harness

SCREENSHOTS = Path(__file__).parent / "screenshots"
# what tests bring about: a server that is gone, a page that does not exist
PROVOKED = re.compile(
    "WebSocket|when disconnected from server|net::ERR_|status of 403|The page that you have requested|"
    "requested page"
)
WAIT = 60_000  # ms: the machine may be busy with other things
FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=WAIT / 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Lets a fixture know whether its test has failed."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with harness.chromium() as running:
        yield running


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., harness.Server]]:
    """Servers of one test, each with an empty home; a traceback in a log fails the test."""
    made: list[harness.Server] = []

    def start(**options: Any) -> harness.Server:
        made.append(harness.Server(harness.new_home(tmp_path / f"home-{len(made)}"), **options))
        return made[-1].start()

    yield start
    for server in made:
        server.stop()
    for server in made:
        assert not server.complaints(), server.complaints()[-5000:]


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Server]:
    server = harness.Server(harness.new_home(tmp_path_factory.mktemp("spexviz") / "home")).start()
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: harness.Server) -> Iterator[harness.Server]:
    """The server that all tests share which need no fresh one; a traceback during a test fails that test."""
    before = len(shared_server.output())
    yield shared_server
    assert not shared_server.complaints(before), shared_server.complaints(before)[-5000:]


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Opens pages of one test.

    Afterwards none may have left the machine or raised an error; a test that failed leaves a picture of each.
    """
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_(url: str, *, width: int = 1280, height: int = 900, theme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        context.set_default_timeout(WAIT)
        context.set_default_navigation_timeout(WAIT)
        contexts.append(context)

        def refuse(route: Any) -> None:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

        def listen(page: Any) -> None:
            note_errors(page, wrong)
            page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
            page.on(
                "websocket",
                lambda socket: (
                    harness.NOT_LOCAL.match(socket.url) and wrong.append(f"asked for {socket.url}")
                ),
            )

        context.route(harness.NOT_LOCAL, refuse)
        context.on("page", listen)
        page = context.new_page()
        page.goto(url)
        harness.idle(page)
        return page

    yield open_
    if wrong or request.node.stash.get(FAILED, False):
        SCREENSHOTS.mkdir(exist_ok=True)
        name = re.sub(r"[^\w-]+", "-", request.node.name)
        for number, page in enumerate(page for context in contexts for page in context.pages):
            shoot(page, SCREENSHOTS / f"{name}-{number}.png")
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


def note_errors(page: Any, wrong: list[str]) -> None:
    """Write down every error of a script and on the console, from now on."""
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    page.on("console", lambda message: _is_wrong(message) and wrong.append(message.text))


def _is_wrong(message: Any) -> bool:
    """Whether a console message tells of an error that no test has made on purpose."""
    return message.type == "error" and not PROVOKED.search(message.text)


def shoot(page: Any, path: Path) -> None:
    """A picture of the whole page.

    The app scrolls inside a box, so the window is made as high as its content.
    """
    try:
        height = page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollHeight ?? innerHeight")
        page.set_viewport_size(
            {
                "width": page.viewport_size["width"],
                "height": min(9000, max(page.viewport_size["height"], height + 40)),
            }
        )
        page.wait_for_selector(harness.IDLE, timeout=5_000)
        page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=10_000)
    except Exception:  # the picture is for people; a page that cannot be drawn has failed its test already
        pass
    page.screenshot(path=path)
