"""Who may come in: names, origins and tokens, without a server."""

from __future__ import annotations

import pytest

from spexviz.errors import ServeError
from spexviz.ui import access
from spexviz.ui.access import Access, read
from spexviz.ui.security import UNREADABLE, refused

LOCAL = Access("127.0.0.1", frozenset({"dash.example"}))


def asked(*headers: tuple[str, str], kind: str = "http", rules: Access = LOCAL) -> str:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return refused({"type": kind, "headers": raw}, rules)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8501",
        "localhost",
        "LocalHost:1",
        "localhost.:8501",
        "[::1]:8501",
        "dash.example",
        "DASH.example.:8501",
    ],
)
def test_own_names_are_answered(host: str) -> None:
    assert asked(("Host", host)) == ""
    page = f"http://{host.lower()}"
    assert asked(("Host", host), ("Origin", page), kind="websocket") == ""


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "sub.dash.example",
        "127.0.0.2",
        "192.168.1.5:8501",
        "0.0.0.0:8501",
        "[::ffff:127.0.0.1]",
        "127.1",
        "2130706433",
    ],
)
def test_foreign_names_are_refused_whatever_else_a_request_says(host: str) -> None:
    others = (
        ("X-Forwarded-Host", "localhost"),
        ("Forwarded", "host=localhost"),
        ("Origin", f"http://{host}"),
    )
    assert "not called" in asked(("Host", host), *others)
    assert "--allow-host" in asked(("Host", host), *others, kind="websocket")


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Host", ""),),
        (("Host", "localhost"), ("Host", "localhost")),
        (("Host", "localhost"), ("Host", "evil.example")),
        (("Host", "localhost, evil.example"),),
        (("Host", "user@localhost"),),
        (("Host", "localhost:port"),),
        (("Host", "localhost/evil"),),
        (("Host", "http://localhost"),),
        (("Host", "::1"),),
        (("Host", "localhost\xe9"),),
        (("Host", "localhost\n"),),
    ],
)
def test_hosts_that_cannot_be_read_are_refused(headers: tuple) -> None:
    assert asked(*headers) == asked(*headers, kind="websocket") == UNREADABLE


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:8502",
        "http://127.0.0.1",
        "https://127.0.0.1",
        "http://localhost:8501",
        "null",
        "",
        "file://",
        "ftp://127.0.0.1:8501",
        "http://127.0.0.1:8501@evil.example",
        "http://user@127.0.0.1:8501",
        "http://127.0.0.1:8501/",
        "http://127.0.0.1:8501.evil.example",
        "http://127.0.0.1:99999",
        "chrome-extension://127.0.0.1:8501",
    ],
)
def test_foreign_origins_are_refused(origin: str) -> None:
    for kind in ("http", "websocket"):
        assert "another site" in asked(("Host", "127.0.0.1:8501"), ("Origin", origin), kind=kind)
    own = ("Origin", "http://127.0.0.1:8501")
    assert "another site" in asked(("Host", "127.0.0.1:8501"), own, ("Origin", origin))
    assert asked(("Host", "127.0.0.1:8501"), own) == ""


def test_a_websocket_names_its_page_and_a_proxy_may_speak_https() -> None:
    assert "has none" in asked(("Host", "localhost:8501"), kind="websocket")
    assert asked(("Host", "localhost:8501")) == ""
    for origin in ("https://dash.example", "https://dash.example:443"):
        for host in ("dash.example", "dash.example:443"):
            assert asked(("Host", host), ("Origin", origin), kind="websocket") == ""


def test_beyond_loopback_numbers_are_known_and_names_must_be_said() -> None:
    rules = Access("0.0.0.0", frozenset({"dash.example"}), "t")
    for host in ("192.168.1.5:8501", "[fe80::1]:8501", "localhost", "dash.example"):
        assert asked(("Host", host), rules=rules) == ""
    assert "not called evil.example" in asked(("Host", "evil.example"), rules=rules)


def test_a_server_that_does_not_know_that_others_reach_it_answers_nobody() -> None:
    """As with `uvicorn app:app --host 0.0.0.0`, which our settings do not see."""
    scope = {"type": "http", "headers": [(b"host", b"localhost")]}
    for address in ("192.168.1.5", "fe80::1"):
        assert "--host ADDRESS" in refused(scope | {"server": (address, 8501)}, LOCAL)
        assert refused(scope | {"server": (address, 8501)}, Access("0.0.0.0", token="t")) == ""
    for server in (("127.0.0.1", 8501), ("::1", 8501), ("/run/spexviz.sock", None), None):
        assert refused(scope | {"server": server}, LOCAL) == ""


def test_a_token_is_asked_for_beyond_loopback_only() -> None:
    for address in ("127.0.0.1", "localhost", "::1", "127.0.0.9"):
        rules = read(address, {})
        assert rules.token is None and not rules.beyond and not rules.unguarded and not rules.shared
        assert all("token" not in one for one in rules.addresses(8501))
    for address in ("0.0.0.0", "::", "", "192.168.1.5", "dash.example"):
        rules, again = read(address, {}), read(address, {})
        assert rules.token and rules.token != again.token and len(rules.token) == 32
        assert rules.beyond and not rules.unguarded and not rules.shared
        assert all(one.endswith(f"/?token={rules.token}") for one in rules.addresses(8501))
        opened = read(address, {access.NO_TOKEN: "1", access.TOKEN: "a-token-of-my-own"})
        assert opened.token is None and opened.unguarded and opened.shared
    assert read("127.0.0.1", {access.HOSTS: "dash.example"}).shared


def test_a_token_that_is_given_is_asked_for_anywhere_and_printed_nowhere() -> None:
    for address in ("0.0.0.0", "127.0.0.1"):
        rules = read(address, {access.TOKEN: "a-token-of-my-own"})
        assert rules.token == "a-token-of-my-own"
        assert not any("token" in one for one in rules.addresses(8501))
    for token in ("short", "a token with some blanks", "a-token;with-a-semicolon", "é" * 20):
        with pytest.raises(ServeError, match="at least 16 letters"):
            read("0.0.0.0", {access.TOKEN: token})


@pytest.mark.parametrize(
    "name", ["http://dash.example", "dash.example:80", "*", "a b", "a/b", ".", "é.example"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ServeError, match="without http:// and without a port"):
        read("127.0.0.1", {access.HOSTS: name})
