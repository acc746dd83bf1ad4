"""What a server is believed to be able to do: only what it has proved, here by servers that do it wrongly."""

from __future__ import annotations

import httpx2
import pytest

from spexviz.errors import ModelError
from tests.models.fake_server import ALPHABET, FakeServer
from tests.models.test_endpoint import served, truth


@pytest.mark.parametrize("style", ["llama", "vllm"])
def test_a_server_that_does_it_rightly_is_believed(style: str) -> None:
    can = served(FakeServer(style), top=3).ability
    assert can.ids and can.counts and can.forced and can.exact and can.echo == (style == "vllm")


@pytest.mark.parametrize("bias", ["moves", "ignored"])
def test_a_bias_is_used_only_where_it_has_proved_itself(bias: str) -> None:
    for style in ("llama", "vllm"):
        server = FakeServer(style)
        server.bias = bias
        model = served(server, top=3)
        assert not model.ability.forced and model.ability.exact == (style == "vllm")
        listed = sorted(ALPHABET, key=lambda token: truth("abc", token))
        (got,) = model.log_probabilities(["abc"], [listed[-1], listed[0]])
        assert got[0] == pytest.approx(truth("abc", listed[-1]))
        assert (
            got[1] == pytest.approx(truth("abc", listed[0]))
            if style == "vllm"
            else got[1] > truth("abc", listed[0])
        )
    assert not served(FakeServer("llama"), top=1).ability.forced


@pytest.mark.parametrize("echo", ["shifted", "of another text"])
@pytest.mark.parametrize("names_ids", [True, False])
def test_an_echo_is_used_only_where_it_has_proved_itself(echo: str, names_ids: bool) -> None:
    server = FakeServer("vllm")
    server.echo = echo
    server.names_ids = names_ids
    model = served(server, top=3)
    assert not model.ability.echo and model.ability.ids == model.ability.forced == names_ids
    listed = sorted(ALPHABET, key=lambda token: truth("abc", token))
    (got,) = model.log_probabilities(["abc"], [listed[-1], listed[0]])
    assert got[0] == pytest.approx(truth("abc", listed[-1]))
    assert got[1] == pytest.approx(truth("abc", listed[0])) if names_ids else got[1] > truth("abc", listed[0])


def test_a_server_without_log_probabilities_or_with_several_models_is_refused() -> None:
    def silent(request: httpx2.Request) -> httpx2.Response | None:
        return (
            httpx2.Response(200, json={"choices": [{"text": "a", "logprobs": None}]})
            if request.url.path == "/v1/completions"
            else None
        )

    with pytest.raises(ModelError, match="without log-probabilities"):
        served(FakeServer(before=silent))
    several = httpx2.Response(200, json={"data": [{"id": "one"}, {"id": "two"}]})
    with pytest.raises(ModelError, match=r"2 models.*one, two"):
        served(FakeServer(before=lambda request: several if request.url.path == "/v1/models" else None))
