"""What the server gives to whom.

Loopback only, the policy, the shell around every page, no page that is not listed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import urllib.error
import urllib.request

import pytest

from tests.browser.harness import ROOT, wait_until
from tests.browser.test_explore import LONG

pytestmark = pytest.mark.browser
POLICY = (
    "default-src 'self'; script-src 'self' blob: SCRIPTS; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' ws: wss:; frame-src 'self' blob:; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'self'; "
    "object-src 'none'"
)


def scripts_of(page: str) -> str:
    """What a policy says of the scripts that stand in this page."""
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    return " ".join(f"'sha256-{digest}'" for digest in digests)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/runs", "Runs"),
        ("/", "What does a model's answer hang on?"),
    ],
)
def test_the_first_request_to_a_fresh_server_shows_the_shell(new_server, open_page, path, title):
    server = new_server()
    page = open_page(server.url + path)
    page.get_by_role("heading", name=title, exact=True).wait_for()
    links = page.get_by_test_id("stSidebarNavLink")
    assert [text.split("\n")[-1].strip() for text in links.all_inner_texts()] == [
        "Home",
        "Explore",
        "Heads",
        "Training data",
        "Gallery",
        "Learn",
        "Playground",
        "Compare",
        "Runs",
        "Glossary",
    ]


def test_an_unlisted_page_is_not_served(new_server, open_page, tmp_path):
    for name in ("spexviz", "pages", "assets", ".streamlit"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", tmp_path / "copy")
    (tmp_path / "copy" / "pages" / "secret.py").write_text(
        "import streamlit as st\nst.write('SECRET CONTENT')\n"
    )
    server = new_server(root=tmp_path / "copy")
    for path in ("/secret", "/shell"):
        page = open_page(server.url + path)
        # a copy without compiled files, beside other work
        page.get_by_text("Page not found").wait_for(timeout=LONG)
        page.get_by_test_id("stSidebarNavLink").first.wait_for()
        assert page.get_by_text("SECRET CONTENT").count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/pages/explore.py",
        "/app.py",
        "/spexviz/ui/shell.py",
        "/static/..%2fapp.py",
        "/.streamlit/config.toml",
    ],
)
def test_no_source_is_served(server, path):
    try:
        # the front end's index.html answers for most addresses
        with urllib.request.urlopen(server.url + path) as response:
            body = response.read().decode()
    except urllib.error.HTTPError as error:
        body = error.read().decode()
    assert not any(piece in body for piece in ("import streamlit", "st.App", "[server]"))


def test_every_response_has_the_policy(server):
    def get(path: str) -> tuple[str, list[str]]:
        request = urllib.request.Request(server.url + path, headers={"Accept": "text/html"})
        with urllib.request.urlopen(request) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            return response.read().decode(), response.headers.get_all("Content-Security-Policy")

    page, _ = get("/")
    assert page.count("<script>") == 2 and "history.replaceState" in page
    for path in ("/", "/runs", "/_stcore/health"):
        assert get(path)[1] == [POLICY.replace("SCRIPTS", scripts_of(page))]
    assert get("/runs")[0] == page


def test_it_listens_on_loopback_only(server):
    psutil = pytest.importorskip("psutil", reason="comes with accelerate")
    process = psutil.Process(server.process.pid)

    def listening() -> set[str]:
        everyone = [process, *process.children(recursive=True)]
        return {
            c.laddr.ip for p in everyone for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN
        }

    assert wait_until(listening, 10, "a listening socket") == {"127.0.0.1"}
