"""Who gets in: raw HTTP and WebSocket requests to a real server, then a real browser."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.browser import harness

UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)
STREAM = "GET /_stcore/stream HTTP/1.1"


def answer(server: harness.Server, *lines: str) -> tuple[int, str]:
    """Status and text of what a raw request gets; PORT stands for the server's."""
    text = "\r\n".join((*lines, "", "")).replace("PORT", str(server.port))
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(text.encode("latin-1"))
        while chunk := connection.recv(65_536):
            received += chunk
            if received.startswith(b"HTTP/1.1 101"):
                break
    status = int(received.split(b" ", 2)[1])
    return status, received.decode("utf-8", "replace")


def get(server: harness.Server, path: str, *headers: str) -> tuple[int, str]:
    return answer(server, f"GET {path} HTTP/1.1", *headers, "Connection: close")


def stream(server: harness.Server, *headers: str) -> tuple[int, str]:
    return answer(server, STREAM, *headers, *UPGRADE)


PATHS = ("/", "/explore", "/_stcore/health", "/_stcore/host-config", "/media/x.json", "/static/js/x.js")


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_gets_nothing(server: harness.Server, path: str) -> None:
    for host in ("evil.example", "evil.example:PORT", "0.0.0.0:PORT", "localhost.evil.example"):
        status, text = get(server, path, f"Host: {host}", "X-Forwarded-Host: localhost")
        assert status == 403 and "not called" in text and "content-security-policy" in text
    own, _ = get(server, path, "Host: LocalHost.:PORT")
    assert own in (200, 404)


def test_requests_without_one_host_get_nothing(server: harness.Server) -> None:
    assert answer(server, "GET / HTTP/1.0")[0] == 400
    assert get(server, "/", "Host: localhost", "Host: evil.example")[0] == 400
    assert (
        answer(server, "GET http://localhost/ HTTP/1.1", "Host: evil.example", "Connection: close")[0] == 403
    )


def test_a_foreign_page_gets_nothing(server: harness.Server) -> None:
    host = "Host: 127.0.0.1:PORT"
    for origin in ("http://evil.example", "http://127.0.0.1:1", "http://localhost:PORT", "null"):
        assert get(server, "/", host, f"Origin: {origin}")[0] == 403
        put = "PUT /_stcore/upload_file/session/file HTTP/1.1"
        status, text = answer(
            server, put, host, f"Origin: {origin}", "Content-Length: 0", "Connection: close"
        )
        assert status == 403 and "another site" in text
    assert get(server, "/", host, "Origin: http://127.0.0.1:PORT")[0] == 200


def test_foreign_websockets_are_refused_before_they_open(server: harness.Server) -> None:
    rebound = ("Host: evil.example:PORT", "Origin: http://evil.example:PORT")
    for headers, reason in (
        (rebound, "not called evil.example"),
        (("Host: 127.0.0.1:PORT", "Origin: http://evil.example"), "another site"),
        (("Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:1"), "another site"),
        (("Host: 127.0.0.1:PORT", "Origin: http://localhost:PORT"), "another site"),
        (("Host: 127.0.0.1:PORT",), "this one has none"),
    ):
        status, text = stream(server, *headers)
        assert status == 403 and reason in text
    for host in ("127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"):
        assert stream(server, f"Host: {host}", f"Origin: http://{host}")[0] == 101


def _served(folder: Path, *options: str, **environment: str) -> harness.Server:
    launch = ("-m", "spexviz.cli", "serve", *options, "--port")
    return harness.Server(harness.new_home(folder), launch=launch, **environment)


@pytest.fixture
def guarded(tmp_path: Path):
    server = _served(tmp_path / "home", "--host", "0.0.0.0").start()
    yield server
    server.stop()
    assert not server.complaints()


def test_beyond_loopback_the_token_is_asked_for(guarded: harness.Server) -> None:
    harness.wait_until(lambda: "serves on" in guarded.output(), 30, "the address")
    printed = re.search(rf"http://127\.0\.0\.1:{guarded.port}/\?token=(\S+)", guarded.output())
    token, host = printed[1], "Host: 127.0.0.1:PORT"
    for path in (*PATHS, "/?token=wrong", "/?token=", f"/?token={token[:-1]}"):
        status, text = get(guarded, path, host)
        assert status == 403 and "where the server printed it" in text and token not in text
    status, text = get(guarded, "/explore?run=abc&%22%3E%3Cscript%3E=%22%3Cb%3E&token=wrong", host)
    assert '<input type="hidden" name="run" value="abc">' in text, "the run is opened once the token is there"
    assert "<script>" not in text and 'name="&quot;&gt;&lt;script&gt;" value="&quot;&lt;b&gt;"' in text
    assert get(guarded, "/", host, "Authorization: Bearer wrong")[0] == 403
    assert get(guarded, "/", host, f"Authorization: Bearer {token}")[0] == 200
    origin = "Origin: http://127.0.0.1:PORT"
    status, text = stream(guarded, host, origin)
    assert status == 403 and "token" in text
    status, text = get(guarded, f"//evil.example/%5c?run=abc&token={token}", host)
    assert status == 303 and "\r\nlocation: /evil.example/%5C?run=abc\r\n" in text
    cookie = re.search(r"set-cookie: (\S+); HttpOnly; Path=/; SameSite=lax\r\n", text)[1]
    assert get(guarded, "/explore", host, f"Cookie: {cookie}")[0] == 200
    assert stream(guarded, host, origin, f"Cookie: {cookie}")[0] == 101
    assert (
        stream(guarded, "Host: 127.0.0.1:PORT", "Origin: http://evil.example", f"Cookie: {cookie}")[0] == 403
    )
    assert get(guarded, "/", "Host: evil.example", f"Cookie: {cookie}")[0] == 403
    assert get(guarded, "/", host, f"Cookie: {cookie[:-1]}")[0] == 403
    for other in (f"{cookie}x", cookie.replace(str(guarded.port), "1")):
        assert get(guarded, "/", host, f"Cookie: {other}")[0] == 403
    assert guarded.output().count(token) == 2, "printed once with each address, and logged nowhere"


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("unguarded") / "home"
    server = _served(folder, "--host", "0.0.0.0", "--no-token", "--allow-host", "dash.example").start()
    yield server
    server.stop()
    assert not server.complaints()


@pytest.mark.browser
def test_without_a_token_each_browser_has_its_own_runs(unguarded: harness.Server, open_page) -> None:
    harness.wait_until(lambda: "WARNING" in unguarded.output(), 30, "the warning")
    mine, theirs = open_page(f"{unguarded.url}/explore"), open_page(f"{unguarded.url}/runs")
    for page in (mine, theirs):
        page.get_by_text("started without a token").wait_for()
    theirs.get_by_text("No runs yet").wait_for()
    harness.type_prompt(mine, "not bad", "toy")
    run_id = harness.explain(mine)
    mine.get_by_text("Good, exact").first.wait_for()
    theirs.reload()
    theirs.get_by_text("No runs yet").wait_for()
    # as if it had been cancelled
    unguarded.change("UPDATE runs SET state = 'cancelled', message = 'Stopped.' WHERE id = ?", run_id)
    theirs.goto(f"{unguarded.url}/explore?run={run_id}")
    theirs.get_by_text("Another browser started this run").wait_for()
    assert theirs.get_by_role("button", name="Resume").count() == 0
    mine.reload()
    mine.get_by_role("button", name="Resume").wait_for()


@pytest.mark.browser
def test_an_upload_is_seen_by_its_visitor_only(tmp_path: Path, unguarded: harness.Server, open_page) -> None:
    rows = [f"the {word} of {number},elderberry{word}" for number in range(20) for word in ("good", "bad")]
    table = tmp_path / "mine.csv"
    table.write_text("\n".join(["text,label", *rows]))
    mine, theirs = (open_page(f"{unguarded.url}/training") for _ in range(2))
    mine.get_by_text("Your CSV file", exact=True).click()
    mine.locator("input[type=file]").set_input_files(table)
    mine.get_by_text("labels: elderberrybad, elderberrygood").wait_for()
    theirs.get_by_text("Your CSV file", exact=True).click()
    theirs.get_by_text("Without a column split").wait_for()
    harness.idle(theirs)
    assert theirs.get_by_text(re.compile("elderberry")).count() == 0
    assert "elderberry" not in theirs.content()
    # not under its name, nor under Streamlit's
    (kept,) = (unguarded.home / "data").glob("*.csv")
    for path in (f"/data/{kept.name}", f"/media/{kept.name}", f"/_stcore/upload_file/{kept.stem}/1"):
        status, text = get(unguarded, path, "Host: 127.0.0.1:PORT")
        assert "elderberry" not in text and ("<!" in text or status in (404, 405))


@pytest.mark.browser
def test_a_browser_enters_by_a_configured_name(unguarded: harness.Server, browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    for host in ("dash.example", "localhost", "127.0.0.1"):
        page.goto(f"http://{host}:{unguarded.port}/explore")
        page.get_by_role("heading", name="Which words act together?").wait_for(timeout=60_000)
    page.goto(f"http://evil.example:{unguarded.port}/explore")
    page.get_by_text("This server is not called evil.example").wait_for()
    context.close()
