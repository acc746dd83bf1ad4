"""The wire under faults, with the sleeping counted, not done; and the key, which must stay with its host."""

from __future__ import annotations

import itertools
import json
import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx2
import pytest

from spexviz import cli, models
from spexviz.errors import ModelError
from spexviz.models import endpoints
from spexviz.models.endpoints import Endpoint
from spexviz.models.wire import Authorisation, Pace, Refused, Wire

KEY = "sk-verysecret-0123456789"


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def wire(answers: object, **settings: object) -> tuple[Wire, Clock, list[httpx2.Request]]:
    """A wire whose server gives these answers in turn, the last for ever; an exception is raised."""
    clock, seen, turn = Clock(), [], iter(answers)
    last: list = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        last[:] = [next(turn, *last)]
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    endpoint = Endpoint("mine", **{"url": "https://host.example/v1", **settings})
    return Wire(endpoint, transport=httpx2.MockTransport(handle), sleep=clock.sleep, clock=clock), clock, seen


GOOD = httpx2.Response(200, json={"value": 7})
FAULTS = {
    "dropped": httpx2.RemoteProtocolError("Server disconnected"),
    "refused": httpx2.ConnectError("Connection refused"),
    "slow": httpx2.ReadTimeout("slow"),
    "500": httpx2.Response(500, text="oops"),
    "429": httpx2.Response(429),
    "not json": httpx2.Response(200, text='{"value": '),
    "other json": httpx2.Response(200, json=["value"]),
    "nothing in it": httpx2.Response(200, json={}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_asked_again_after_a_growing_wait(fault: object) -> None:
    asked, clock, seen = wire([fault, fault, fault, GOOD])
    assert asked.ask("completions", {}, lambda answer: answer["value"]) == 7
    assert len(seen) == 4 and asked.retries == 3 and len(clock.slept) == 3
    for wait, most in zip(clock.slept, (0.5, 1.0, 2.0), strict=True):
        assert most / 2 <= wait <= most


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_stays_ends_with_a_remedy(fault: object) -> None:
    asked, clock, seen = wire([fault], tries=4)
    with pytest.raises(ModelError, match=r"mine \(host\.example\).*4 tries.*goes on from there"):
        asked.ask("completions", {}, lambda answer: answer["value"])
    assert len(seen) == 4 and len(clock.slept) == 3


@pytest.mark.parametrize("status", [400, 404, 422, 501])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    asked, clock, seen = wire([httpx2.Response(status, text="no such model")])
    with pytest.raises(Refused, match=f"HTTP {status}: no such model"):
        asked.ask("completions", {})
    assert len(seen) == 1 and clock.slept == []


def test_retry_after_is_kept_by_all_as_seconds_or_as_a_date() -> None:
    asked, clock, _ = wire([httpx2.Response(429, headers={"retry-after": "7"}), GOOD])
    assert asked.ask("completions", {}) == {"value": 7} and clock.slept == [7.0]
    asked, clock, _ = wire(
        [
            httpx2.Response(
                503, headers={"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=40))}
            ),
            GOOD,
        ]
    )
    asked.ask("completions", {})
    assert len(clock.slept) == 1 and 30 < clock.slept[0] <= 40
    asked, clock, _ = wire([httpx2.Response(429, headers={"retry-after": "soon"}), GOOD])
    asked.ask("completions", {})
    assert len(clock.slept) == 1 and clock.slept[0] <= 0.5
    asked, clock, seen = wire([httpx2.Response(429, headers={"retry-after": "100000"}), GOOD])
    with pytest.raises(ModelError, match="pause of 100000 s"):
        asked.ask("completions", {})
    assert len(seen) == 1


def test_the_rate_is_kept() -> None:
    asked, clock, _ = wire([GOOD], requests_per_minute=120)
    for _ in range(5):
        asked.ask("completions", {})
    assert clock.slept == [0.5] * 4
    pace = Pace(0, clock.sleep, clock)
    pace.turn()
    assert clock.slept == [0.5] * 4


def test_no_more_requests_at_once_than_agreed() -> None:
    under_way, most, guard = 0, 0, threading.Lock()

    def handle(request: httpx2.Request) -> httpx2.Response:
        nonlocal under_way, most
        with guard:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.005)
        with guard:
            under_way -= 1
        return GOOD

    asked = Wire(
        Endpoint("mine", "https://host.example", concurrency=3), transport=httpx2.MockTransport(handle)
    )
    threads = [threading.Thread(target=asked.ask, args=("completions", {})) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3


def test_an_answer_that_drips_is_too_slow() -> None:
    clock = Clock()

    class Drip(httpx2.SyncByteStream):
        def __iter__(self) -> object:
            for _ in itertools.count():
                clock.now += 1.0
                yield b" "

    asked = Wire(
        Endpoint("mine", "https://host.example", timeout=5, tries=2),
        transport=httpx2.MockTransport(lambda request: httpx2.Response(200, stream=Drip())),
        sleep=clock.sleep,
        clock=clock,
    )
    with pytest.raises(ModelError, match="no whole answer in 5 s"):
        asked.ask("completions", {})


# ---- the key ----


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MINE_KEY", KEY)
    return "MINE_KEY"


def test_the_key_goes_to_its_host_and_a_redirect_is_not_followed(key: str) -> None:
    asked, _, seen = wire(
        [GOOD, httpx2.Response(307, headers={"location": "https://thief.example/v1/completions"})],
        key_env=key,
    )
    asked.ask("completions", {})
    assert seen[0].headers["authorization"] == f"Bearer {KEY}"
    with pytest.raises(Refused, match="redirect, which is not followed"):
        asked.ask("completions", {})
    assert [request.url.host for request in seen] == ["host.example"] * 2
    authorise = Authorisation("https://host.example/v1", lambda: KEY)
    for url in ("https://thief.example/v1", "http://host.example/v1", "https://host.example:444/v1"):
        assert "authorization" not in authorise(httpx2.Request("GET", url)).headers
    assert "authorization" in authorise(httpx2.Request("GET", "https://host.example/other")).headers


def test_no_proxy_and_no_netrc_of_the_environment(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine host.example login me password other-secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://thief.example:1")
    asked, _, seen = wire([GOOD])
    asked.ask("completions", {})
    assert "authorization" not in seen[0].headers and not asked._client.trust_env
    assert all(transport is None for transport in asked._client._mounts.values()) or not asked._client._mounts


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(401, text=f"Incorrect API key provided: {KEY[:6]}***{KEY[-4:]}"),
        httpx2.Response(403, text=KEY),
        httpx2.Response(400, text=f"bad header Bearer {KEY} in the request"),
        httpx2.Response(500, text=KEY),
        httpx2.ConnectError(f"cannot connect with {KEY}"),
        httpx2.Response(200, text=f"<html>{KEY}"),
    ],
)
def test_the_key_is_in_no_error_and_no_log(
    answer: object, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked, _, _ = wire([answer], key_env=key, tries=2)
    with pytest.raises(ModelError) as caught:
        asked.ask("completions", {})
    everything = f"{caught.value} {caught.value!r} {asked!r} {asked.endpoint!r} {vars(asked)!r} {caplog.text}"
    assert KEY not in everything and KEY[:6] not in everything and KEY[-4:] not in everything


def test_a_key_that_is_not_set_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINE_KEY", raising=False)
    asked, _, seen = wire([GOOD], key_env="MINE_KEY")
    with pytest.raises(ModelError, match="set the environment variable MINE_KEY"):
        asked.ask("completions", {})
    assert seen == []


@pytest.mark.parametrize(
    "value", ["sk-very\nsecret", "sk-very secret", "sk-véry-secret", "sk-very\x00secret"]
)
def test_a_key_that_is_none_is_not_repeated(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "MINE_KEY": value})  # setenv refuses a null byte
    asked, _, seen = wire([GOOD], key_env="MINE_KEY")
    with pytest.raises(ModelError, match="MINE_KEY holds is no key") as caught:
        asked.ask("completions", {})
    assert "sk-" not in str(caught.value) and seen == []


def test_a_url_that_is_none_ends_with_a_remedy() -> None:
    asked, _, _ = wire([GOOD], url="https://☃.example/v1")
    with pytest.raises(ModelError, match="change it in the file of endpoints"):
        asked.ask("completions", {})


# ---- the file ----


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPEXVIZ_ENDPOINTS", str(tmp_path / "endpoints.toml"))
    return tmp_path / "endpoints.toml"


def test_endpoints_are_listed_by_name_without_keys(
    file: Path, key: str, capsys: pytest.CaptureFixture
) -> None:
    assert endpoints.configured() == {}
    file.write_text(
        f'[one]\nurl = "https://host.example/v1"\nkey_env = "{key}"\nmodel = "m"\n[two]\nurl = '
        '"http://127.0.0.1:8000"\n'
    )
    assert cli.main(["models"]) == 0
    printed = capsys.readouterr().out
    assert (
        "endpoint:one: host.example m; key in $MINE_KEY" in printed
        and "endpoint:two: 127.0.0.1:8000" in printed
        and KEY not in printed
    )
    with pytest.raises(ModelError, match=r'no endpoint "three".*There are: one, two'):
        models.load("endpoint:three")


def test_the_file_lies_at_home_by_default(private_home: Path) -> None:
    assert endpoints.path() == private_home / "endpoints.toml"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[a]\nurl = "https://me:sk-verysecret@host/v1"', "user, password"),
        ('[a]\nurl = "https://host/v1?key=sk-verysecret"', "question mark"),
        ('[a]\nurl = "ftp://sk-verysecret"', "no usable url"),
        ('[a]\nurl = "https://host:sk-verysecret/v1"', "no usable url"),
        ('[a]\nurl = "https://ho st/v1"', "no usable url"),
        ('[a]\nurl = "https://host"\nkey_env = "sk-verysecret"', "no name of an environment variable"),
        ('[a]\nurl = "http://host"\nkey_env = "KEY"', "unencrypted"),
        ('[a]\nurl = "https://host"\nkey = "sk-verysecret"', "no setting 'key'"),
        ('[a]\nmodel = "m"', "no url"),
        ("[a]\nurl = 7", "wrong kind"),
        ('[a]\nurl = "https://host"\nconcurrency = 0', "outside 1 to 256"),
        ('[a]\nurl = "https://host"\nconcurrency = true', "wrong kind"),
        ('[a]\nurl = "https://host"\ntimeout = inf', "outside"),
        ('["a b"]\nurl = "https://host"', "name that is none"),
        ('a = "sk-verysecret"', "no endpoint"),
        ("[a]\nsk-verysecret", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_said_without_repeating_what_may_be_a_key(
    text: str, word: str, file: Path
) -> None:
    file.write_text(text)
    with pytest.raises(ModelError, match=word) as caught:
        endpoints.configured()
    assert "verysecret" not in str(caught.value) and "endpoint" in str(caught.value)


ANSWER = {
    "id": "x",
    "model": "m",
    "choices": [
        {
            "text": " the",
            "logprobs": {
                "tokens": [" the"],
                "token_logprobs": [-0.5],
                "top_logprobs": [{" the": -0.5, " a": -1.2, " x": -3.0}],
                "text_offset": [0],
            },
        }
    ],
    "usage": {"prompt_tokens": 10},
}
ODD = {
    "says no": (lambda route: httpx2.Response(404), {}),
    "a page": (lambda route: httpx2.Response(200, text="<html>hello</html>"), {}),
    "an error with 200": (
        lambda route: httpx2.Response(200, json={"error": "Unexpected endpoint or method."}),
        {},
    ),
    "breaks": (lambda route: httpx2.Response(500), {}),
    "odd settings": (lambda route: httpx2.Response(200, json={"default_generation_settings": [1]}), {}),
    "odd metadata": (lambda route: httpx2.Response(404), {"meta": "x", "max_model_len": "many"}),
    "odd sizes": (lambda route: httpx2.Response(404), {"meta": {"n_vocab": "many", "n_ctx": -1}}),
}


@pytest.mark.parametrize(("other", "entry"), ODD.values(), ids=ODD)
def test_a_completions_server_may_answer_other_routes_with_anything(other, entry: dict) -> None:
    from spexviz.models.endpoint import EndpointModel

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/models"):
            return httpx2.Response(200, json={"data": [{"id": "m", **entry}]})
        if not request.url.path.endswith("/completions"):
            return other(request.url.path)
        body = json.loads(request.content)
        if body["logprobs"] > 5 or body.get("echo") or "logit_bias" in body:
            return httpx2.Response(400, json={"error": "not here"})
        return httpx2.Response(200, json=ANSWER)

    door = Wire(
        Endpoint("mine", "https://host.example/v1"),
        transport=httpx2.MockTransport(handle),
        sleep=lambda seconds: None,
    )
    model = EndpointModel("endpoint:mine", door)
    assert model.log_probabilities(["a b"], [" the", " a"]).tolist() == [[-0.5, -1.2]]
    assert model.ability.vocabulary == 0 and model.ability.context == 2**31


def test_a_number_beyond_all_floats_is_a_broken_answer() -> None:
    asked, _, _ = wire([httpx2.Response(200, text='{"value": 1' + "0" * 400 + "}"), GOOD])
    assert asked.ask("completions", {}, lambda answer: float(answer["value"])) == 7.0


def test_its_connections_end_with_it() -> None:
    """Nothing of the client leads back to it, so that no collection of cycles is waited for."""
    asked, _, _ = wire([GOOD])
    asked.ask("completions", {})
    client = asked._client
    assert not client.is_closed
    del asked
    assert client.is_closed
