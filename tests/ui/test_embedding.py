"""Embedded runs: their keys, what a page is sent, and who decides where it is shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from spexviz.errors import ServeError, StoreError
from spexviz.jobs.store import RunStore
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.ui import access, door, embedding, security
from spexviz.ui.access import EMBEDS, Access, read

LAB = "https://lab.example"
RUN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (f"{LAB}, http://localhost:3000,,", (LAB, "http://localhost:3000")),
        (" HTTPS://Lab.Example ", (LAB,)),
        (f"{LAB},{LAB}", (LAB,)),
        ("http://[::1]:8080", ("http://[::1]:8080",)),
        ("", ()),
    ],
)
def test_sites_are_named_with_their_scheme(given: str, found: tuple[str, ...]) -> None:
    assert read("127.0.0.1", {EMBEDS: given}).embeds == found


NONE = ("*", "https://*.example", "lab.example", f"{LAB}/wiki", f"{LAB}/", "javascript:x", "null", "https://")
NONE += (
    f"{LAB}; script-src *",
    "https://a b",
    "https://user@lab.example",
    "ftp://lab.example",
    "data:text/html,x",
)


@pytest.mark.parametrize("given", NONE)
def test_what_is_no_site_is_refused_at_the_start(given: str) -> None:
    with pytest.raises(ServeError, match=f"give each with its scheme.*{EMBEDS}=https://"):
        read("127.0.0.1", {EMBEDS: f"https://good.example,{given}"})


def test_a_key_is_of_one_run_and_of_one_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path))
    key = embedding.key_of(RUN)
    assert len(key) == 22 and key == embedding.key_of(RUN) != embedding.key_of(RUN[::-1])
    secret = tmp_path / embedding.FILE
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600 and not list(
        tmp_path.glob("embed.*[0-9a-f]" * 1 + "?" * 9)
    )
    secret.unlink()
    assert embedding.key_of(RUN) != key, "without its secret no key of before is one"
    secret.write_bytes(b"short")
    with pytest.raises(StoreError, match="delete it"):
        embedding.key_of(RUN)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A client of the middleware and the address alone, and the id of a run with hostile text."""
    monkeypatch.setenv("SPEXVIZ_HOME", str(tmp_path))
    rules = Access("0.0.0.0", token="a-token-of-my-own", embeds=(LAB,))
    monkeypatch.setattr(embedding, "access", lambda: rules)
    store = RunStore(tmp_path / "runs.sqlite3")
    text = (ASSETS / "runs" / "prompt" / "never-fails.json").read_text(encoding="utf-8")
    run_id = store.insert(Explanation.from_json(text), "<img src=x onerror=alert(1)>")

    class Manager:
        pass

    manager = Manager()
    manager.store = store
    monkeypatch.setattr(embedding.runtime, "manager", lambda: manager)
    app: object = Starlette(routes=embedding.routes())
    for layer in (door.VisitorCookie, door.Token, security.ContentSecurityPolicy):
        app = layer(app, rules)
    return TestClient(app), store, run_id


def test_who_has_the_key_reads_the_run_and_nothing_else(served) -> None:
    client, store, run_id = served
    page = client.get("/embed", params={"run": run_id, "key": embedding.key_of(run_id)})
    assert (
        page.status_code == 200 and "turn each other round" in page.text and "set-cookie" not in page.headers
    )
    assert "<img src=x" not in page.text
    rules = page.headers.get_list("content-security-policy")
    assert (
        len(rules) == 1
        and f"frame-ancestors 'self' {LAB};" in rules[0]
        and rules[0].startswith("sandbox allow-scripts")
    )
    assert "allow-same-origin" not in rules[0] and "default-src 'none'" in rules[0]
    for params in (
        {"run": run_id},
        {"run": run_id, "key": ""},
        {"run": run_id, "key": embedding.key_of(RUN)},
    ):
        refused = client.get("/embed", params=params)
        assert refused.status_code == 404 and "turn each other" not in refused.text
    for params in ({"run": "../x", "key": "é"}, {"run": RUN, "key": embedding.key_of(RUN)}):
        assert client.get("/embed", params=params).status_code == 404
    assert client.get("/explore").status_code == 403 == client.get("/embed/x").status_code
    assert client.get(f"/explore?run={run_id}&key={embedding.key_of(run_id)}").status_code == 403
    store.delete(run_id)
    assert client.get("/embed", params={"run": run_id, "key": embedding.key_of(run_id)}).status_code == 404


def test_without_sites_there_is_no_such_address(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Access("0.0.0.0", token="a-token-of-my-own")
    monkeypatch.setattr(embedding, "access", lambda: rules)
    assert embedding.routes() == [] and not rules.is_embed(access.EMBED)
    client = TestClient(door.Token(Starlette(), rules))
    assert client.get("/embed").status_code == 403
