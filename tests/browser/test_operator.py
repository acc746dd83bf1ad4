"""What the operator sees: probes, figures and the log of a real server."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import spexviz
from tests.browser import harness

MARKER = "markerprompt7h3x"
TOKEN = "marker-token-of-mine-91"
KEY = "sk-marker-key-55"
ENDPOINT = """[dead]
url = "http://127.0.0.1:9/v1"
model = "m"
key_env = "MARKER_KEY"
"""


def asked(server: harness.Server, path: str, token: str = TOKEN) -> tuple[int, str]:
    request = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def figures(server: harness.Server) -> dict[str, float]:
    """The figures, read as strictly as Prometheus reads them."""
    status, text = asked(server, "/metrics")
    assert status == 200 and text.endswith("\n")
    found, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("#"):
            word, name, rest = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line).groups()
            kinds |= {name: rest} if word == "TYPE" else {}
            continue
        name, labels, value = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[a-z]+"\})? (\S+)', line).groups()
        assert kinds[name] == ("counter" if name.endswith("_total") else "gauge")
        found[name + (labels or "")] = float(value)
    return found


def lines(server: harness.Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.output().splitlines() if line.startswith("{")]


def test_the_probe_says_what_is_wrong_and_nothing_private(server: harness.Server) -> None:
    with urllib.request.urlopen(f"{server.url}/healthz") as response:
        told = json.loads(response.read())
    assert told == {
        "version": spexviz.__version__,
        "queued": 0,
        "working": 0,
        "places": 2,
        "store": "writable",
        "problems": [],
    }
    assert asked(server, "/metrics")[1].startswith("<!"), "off by default: a page like any other address"
    runs = server.home / "spexviz.sqlite3"
    with gone(runs):
        text = harness.wait_until(lambda: failing(server), 30, "the missing file to be noticed")
        assert json.loads(text)["store"] == "cannot be written" and "log says why" in text
        assert str(server.home) not in text
    harness.wait_until(lambda: asked(server, "/healthz")[0] == 200, 30, "the file to be there again")


@contextmanager
def gone(path: Path) -> Iterator[None]:
    """A folder in the place of a file."""
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    yield
    path.rmdir()
    path.with_suffix(".away").rename(path)


def failing(server: harness.Server) -> str:
    status, text = asked(server, "/healthz")
    return text if status == 503 else ""


@pytest.mark.browser
def test_figures_and_a_log_without_prompts_keys_or_tokens(tmp_path: Path, open_page) -> None:
    launch = ("-m", "spexviz.cli", "serve", "--host", "0.0.0.0", "--log-json", "--metrics", "--port")
    home = harness.new_home(tmp_path / "home")
    (home / "endpoints.toml").write_text(ENDPOINT)
    given = {"SPEXVIZ_TOKEN": TOKEN, "MARKER_KEY": KEY, "SPEXVIZ_MODELS": "toy,endpoint:dead"}
    server = harness.Server(home, launch=launch, **given).start()
    try:
        assert asked(server, "/healthz", "no token")[0] == 200
        status, text = asked(server, "/metrics", "no token")
        assert status == 403 and "ablations" not in text
        page = open_page(f"{server.url}/explore?token={TOKEN}")
        assert page.url == f"{server.url}/explore", "the address does not keep the token"
        harness.type_prompt(page, f"not {MARKER} bad", "toy", 64)
        run_id = harness.explain(page)
        page.get_by_text("Good, exact").first.wait_for()
        page.get_by_role("button", name="Link and settings").click()
        page.get_by_text("This address shows what you see now").wait_for()
        assert TOKEN not in page.content() and TOKEN not in page.url
        readable = {cookie.split("=")[0] for cookie in page.evaluate("document.cookie").split("; ")}
        assert readable <= {"_streamlit_xsrf", "spexviz-depth"}, "no script reads the others"
        assert page.get_by_text("started without a token").count() == 0
        page.goto(f"{server.url}/explore?token=wrong-{MARKER}")
        page.goto(f"{server.url}/explore?token={TOKEN}")
        harness.idle(page)
        harness.type_prompt(page, f"good {MARKER} good", "endpoint:dead", 64)
        failed = harness.explain(page)
        page.get_by_text("Failed.").first.wait_for()
        seen = figures(server)
        assert seen['spexviz_runs_ended_total{state="done"}'] == 1
        assert seen['spexviz_runs_ended_total{state="failed"}'] == 1
        assert seen["spexviz_ablations_total"] >= 8 and seen["spexviz_runs_at_work"] == 0
        assert seen["spexviz_runs_queued"] == seen["spexviz_ablations_per_second"] == 0
        assert seen["spexviz_errors_total"] == 0
        with gone(home / "spexviz.sqlite3"):
            page.goto(f"{server.url}/runs")
            harness.idle(page)
        assert figures(server)["spexviz_errors_total"] >= 1
    finally:
        server.stop()
    log = server.output()
    assert not any(marker in log for marker in (MARKER, TOKEN, KEY))
    ended = {line["run"]: line["state"] for line in lines(server) if line["event"] == "run ended"}
    assert ended == {run_id: "done", failed: "failed"}
    raised = [line for line in lines(server) if line.get("error") == "StoreError"]
    assert raised and raised[0]["event"] == "Uncaught app execution" and "runs.py" in str(raised[0]["at"])
    assert all({"time", "level", "logger", "event"} <= set(line) for line in lines(server))
