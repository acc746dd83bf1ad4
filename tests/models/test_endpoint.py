"""The endpoint backend on fake servers whose every probability is known by hand.

What is asked, what is read, what is refused.
"""

from __future__ import annotations

import json
import math
import threading
import time

import httpx2
import numpy as np
import pytest

from spexviz import models
from spexviz.errors import GameError, ModelError
from spexviz.games.prompt.game import PromptGame
from spexviz.kit.handover import patiently
from spexviz.masks import all_masks
from spexviz.models.base import Written
from spexviz.models.completions import read_next
from spexviz.models.endpoint import EndpointModel
from spexviz.models.endpoints import Endpoint
from spexviz.models.wire import Wire
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear
from tests.models.fake_server import ALPHABET, MODEL, FakeServer, ids_of, logs_after

TEXTS = ["the film was", "dull", "the film was", "a. b"]


def served(server: FakeServer, **settings: object) -> EndpointModel:
    endpoint = Endpoint("fake", "http://127.0.0.1:9/v1", **settings)
    return EndpointModel(
        "endpoint:fake", Wire(endpoint, transport=server.transport, sleep=lambda seconds: None)
    )


def truth(text: str, answer: str) -> float:
    ids, ending = ids_of(text), ids_of(answer)
    return sum(logs_after(ids + ending[:i])[token] for i, token in enumerate(ending))


@pytest.mark.parametrize(("style", "top"), [("llama", 100), ("llama", 2), ("vllm", 100), ("vllm", 1)])
def test_every_probability_is_exact_however_few_tokens_are_listed(style: str, top: int) -> None:
    model = served(FakeServer(style), top=top)
    answers = [*ALPHABET, " good", "abc", "z good!"]
    wanted = [[truth(text, answer) for answer in answers] for text in TEXTS]
    np.testing.assert_allclose(model.log_probabilities(TEXTS, answers), wanted, atol=1e-9)
    assert (
        model.ability.exact
        and model.remarks == ()
        and model.bounds == 0
        and model.ability.top == min(top, 20 if style == "vllm" else 100)
    )


def test_tokens_that_the_server_holds_back_are_read_all_the_same() -> None:
    server = FakeServer("llama")
    likely = {max(ALPHABET, key=lambda token: truth(text, token)) for text in TEXTS}
    server.held = likely | {"q", "z"}
    for top in (2, 100):
        model = served(server, top=top)
        assert model.ability.forced and ALPHABET[model.ability.whole] not in server.held
        answers = ["q", "z", " good", "zq", "a"]
        np.testing.assert_allclose(
            model.log_probabilities(TEXTS, answers),
            [[truth(text, answer) for answer in answers] for text in TEXTS],
        )


def test_texts_go_out_as_ids_once_each() -> None:
    server = FakeServer()
    model = served(server)
    server.requests.clear()
    model.log_probabilities(TEXTS, [" good", " bad"])
    assert sorted(body["prompt"] for body in server.asked("/v1/completions")) == sorted(
        ids_of(text) for text in set(TEXTS)
    )
    assert all(
        body["add_special"] is False and body["add_special_tokens"] is False
        for body in server.asked("/tokenize")
    )


@pytest.mark.parametrize("style", ["llama", "vllm"])
def test_texts_begin_as_the_tokeniser_of_the_server_lets_them(style: str) -> None:
    server = FakeServer(style)
    server.begins = ":"
    model = served(server)
    assert model.beginning == tuple(ids_of(":")) and model.begun().length("dull") == 5 == len(":dull")
    for begun, before in [(model.begun(), ":"), (model, "")]:
        wanted = [[truth(before + text, " good")] for text in TEXTS]
        np.testing.assert_allclose(begun.log_probabilities(TEXTS, [" good"]), wanted, atol=1e-9)
    assert model.begun().fingerprint != model.fingerprint
    # a server to which texts are sent as such sets before them what it will, and says so
    bare = served(FakeServer("bare"))
    assert bare.beginning == ()
    for beginning, said in [("none", True), ("tokeniser", False)]:
        game = PromptGame(bare, "a film", target=" good", contrast=" bad", beginning=beginning)
        assert any("is sent texts" in remark for remark in game.remarks) is said


@pytest.mark.parametrize("style", ["llama", "vllm"])
def test_the_tokens_of_an_answer_are_those_behind_the_text(style: str) -> None:
    server = FakeServer(style)
    server.marks = True
    model = served(server)
    assert len(model.encode(" good")) == 2 and model.answer_length(" good", "a film") == 1
    game = PromptGame(model, "a dull film", "{} is", " good", " bad")
    masks = all_masks(3)
    wanted = [truth(text, " good") - truth(text, " bad") for text in game.texts(masks)]
    np.testing.assert_allclose(game(masks), wanted, atol=1e-9)
    assert model.fingerprint != served(FakeServer(style)).fingerprint


@pytest.mark.parametrize("style", ["llama", "vllm"])
def test_the_models_own_answer_is_its_tokens(style: str) -> None:
    server = FakeServer(style)
    server.held = set(ALPHABET[5:12]) if style == "llama" else set()
    model = served(server)
    for text in TEXTS:
        answer = model.greedy(text, 6)
        ids = ids_of(text)
        for _ in range(6):
            logs = logs_after(ids)
            ids.append(logs.index(max(logs)))
        assert isinstance(answer, Written) and list(answer.ids) == ids[len(ids_of(text)) :]
        assert answer == "".join(ALPHABET[token] for token in answer.ids)
        total = sum(logs_after(ids[:i])[ids[i]] for i in range(len(ids_of(text)), len(ids)))
        assert model.log_probabilities([text], [answer])[0, 0] == pytest.approx(total)
    full = "a" * 62  # of the 64 that it reads; nothing is read after the last token
    assert len(model.greedy(full, 9).ids) == 3


@pytest.mark.parametrize(("style", "count"), [("llama", 7), ("vllm", 7), ("bare", 5), ("texts", 7)])
def test_the_likeliest_tokens_are_those_that_the_server_lists(style: str, count: int) -> None:
    text = TEXTS[0]
    server = FakeServer(style) if style != "texts" else FakeServer("vllm", before=no_tokeniser)
    if style == "llama":  # what it holds back when it is chosen is in its list all the same
        server.held = {max(ALPHABET, key=lambda token: truth(text, token))}
    found = served(server, top=100).likeliest(text, 7)
    logs = sorted(((truth(text, token), token) for token in ALPHABET), reverse=True)[:count]
    assert [one.text for one in found] == [token for _, token in logs]
    np.testing.assert_allclose([one.probability for one in found], np.exp([log for log, _ in logs]))


def test_a_server_without_the_texts_of_its_tokens_says_so() -> None:
    def no_texts(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(404) if request.url.path.endswith("/detokenize") else None

    model = served(FakeServer("llama", before=no_texts))
    with pytest.raises(ModelError, match=r"does not tell the texts of its tokens.*type an answer instead"):
        model.likeliest(TEXTS[0], 3)


def no_tokeniser(request: httpx2.Request) -> httpx2.Response | None:
    return httpx2.Response(404) if request.url.path.endswith("tokenize") else None


@pytest.mark.parametrize("least", [0, 1])
def test_a_server_that_names_ids_but_has_no_tokeniser_is_read_by_text(least: int) -> None:
    server = FakeServer("vllm", before=no_tokeniser)
    server.least = least
    model = served(server, top=3)
    assert not model.ability.ids and model.ability.echo and model.ability.echo_tokens == least
    answers = [" good", "abc", "z good!"]
    wanted = [[truth(text, answer) for answer in answers] for text in TEXTS]
    np.testing.assert_allclose(model.log_probabilities(TEXTS, answers), wanted, atol=1e-9)
    for text in TEXTS:
        own = model.greedy(text, 4)
        assert model.log_probabilities([text], [own])[0, 0] == pytest.approx(truth(text, own))


def test_an_answer_that_would_be_read_as_other_tokens_is_refused() -> None:
    """A server of texts wrote letters that its tokeniser would join: " ", "g", "o", "o", "d"."""

    def spelt(request: httpx2.Request) -> httpx2.Response | None:
        body = json.loads(request.content or b"{}")
        if no_tokeniser(request) or body.get("max_tokens", 1) < 5:
            return no_tokeniser(request)
        logs = {"tokens": [" ", "g", "o", "o", "d"], "token_logprobs": [-0.1] * 5, "top_logprobs": [{}] * 5}
        choice = {"text": " good", "logprobs": logs, "finish_reason": "length"}
        return httpx2.Response(200, json={"model": MODEL, "choices": [choice]})

    model = served(FakeServer("vllm", before=spelt))
    with pytest.raises(ModelError, match="other tokens than it wrote: choose another number of answer"):
        model.greedy("a film", 5)


def test_a_server_that_lists_few_tokens_and_reads_no_other_gives_bounds_and_says_so() -> None:
    server = FakeServer("bare")
    model = served(server)
    assert not model.ability.exact and not model.ability.ids and model.ability.top == 5
    listed = {text: sorted(ALPHABET, key=lambda token: truth(text, token))[::-1][:5] for text in TEXTS}
    text = TEXTS[0]
    near, far = listed[text][0], min(ALPHABET, key=lambda token: truth(text, token))
    (got,) = model.log_probabilities([text], [near, far])
    assert got[0] == pytest.approx(truth(text, near)) and model.bounds == 1 and model.measured == 2
    left = math.log(1 - sum(math.exp(truth(text, token)) for token in listed[text]))
    assert got[1] == pytest.approx(min(truth(text, listed[text][4]), left)) and got[1] >= truth(text, far)
    assert "likeliest" in model.remarks[0] and "1 of 2" in model.remarks[0]
    others = [token for token in ALPHABET if token not in listed[text]][:2]
    with pytest.raises(ModelError, match="log-odds are unknown"):
        model.log_probabilities([text], others)
    with pytest.raises(ModelError, match="one token only"):
        model.log_probabilities([text], ["zzz"])


def test_a_bound_is_said_with_the_result() -> None:
    model = served(FakeServer("bare"))
    game = PromptGame(model, "a b c", "x {}", value="log-probability", target="z")
    result = pipeline.explain(game, Linear(), 64)
    assert (
        len(result.subject.remarks) == 1
        and f"of {model.measured} measured" in result.subject.remarks[0]
        and model.measured == 8
    )
    again = type(result).from_json(result.to_json())
    assert again.subject.remarks == result.subject.remarks
    from spexviz import views

    assert result.subject.remarks[0] in views.honesty(again)


def test_without_a_tokeniser_tokens_are_counted_by_the_server() -> None:
    model = served(FakeServer("bare"))
    assert (
        model.answer_length(" good") == 1
        and model.answer_length("good") == 4
        and model.answer_length("") == 0
        and model.length("a good") == 2
    )
    with pytest.raises(ModelError, match="no tokeniser"):
        model.encode("a")
    with pytest.raises(ModelError, match="split by words"):
        model.token_spans("a")
    with pytest.raises(GameError, match=r"4 tokens.*Did you mean ' good'"):
        PromptGame(model, "a b", target="good", contrast=" bad").check()


def refuse_systems(request: httpx2.Request, status: int) -> httpx2.Response | None:
    """A server whose chat template raises for a system message."""
    body = json.loads(request.content or b"{}")
    if any(one["role"] == "system" for one in body.get("messages", ())):
        return httpx2.Response(status, json={"error": "System role not supported"})
    return None


def test_chat_templates_spans_greedy_and_hidden_parts() -> None:
    llama, vllm, bare = (served(FakeServer(style)) for style in ("llama", "vllm", "bare"))
    assert llama.chat("abc") == vllm.chat("abc") == "user: abc\n"
    turns = (("system", "be brief"), ("user", None))
    assert llama.chat("abc", turns) == vllm.chat("abc", turns) == "system: be brief\nuser: abc\n"
    for style in ("llama", "vllm"):
        for status in (400, 500):  # llama.cpp answers a template that raises with either
            strict = served(FakeServer(style, lambda request, status=status: refuse_systems(request, status)))
            with pytest.raises(GameError, match=r"refuses these messages.*first message of the user"):
                strict.chat("abc", turns)
            assert strict.chat("abc", (("user", "b"), ("assistant", "c"), ("user", None))).count("\n") == 3
    with pytest.raises(ModelError, match="switch the chat template off"):
        bare.chat("abc")
    with pytest.raises(ModelError, match="switch the chat template off"):
        bare.chat("abc", turns)
    assert llama.token_spans("a good b") == [(0, 1), (1, 6), (6, 7), (7, 8)] and llama.token_spans("") == []
    with pytest.raises(ModelError, match="split by words"):
        vllm.token_spans("abc")
    assert llama.greedy("abc", 3) == vllm.greedy("abc", 3) != ""
    assert bare.greedy("abc", 1) == llama.greedy("abc", 1)
    with pytest.raises(ModelError, match="one token only"):
        bare.greedy("abc", 3)
    with pytest.raises(ModelError, match="masking delete"):
        llama.log_probabilities(["abc"], [" good"], [[(0, 1)]])
    assert llama.log_probabilities(["abc"], [" good"], [[]]).shape == (1, 1)
    np.testing.assert_allclose(llama.log_probabilities([""], [" good"]), [[truth("\n", " good")]])
    with pytest.raises(ModelError, match="with a template"):
        vllm.log_probabilities([""], [" good"])


def test_context_is_what_the_server_says() -> None:
    assert served(FakeServer("llama")).context == served(FakeServer("vllm")).context == 64
    with pytest.raises(GameError, match="at most 64"):
        PromptGame(served(FakeServer("vllm")), "a " * 80, target=" good", contrast=" bad").check()


def test_the_fingerprint_follows_url_model_and_what_the_server_says() -> None:
    prints = [served(FakeServer(style)).fingerprint for style in ("llama", "vllm", "bare")]
    other = FakeServer()
    other.model = "other-letters"
    prints.append(served(other).fingerprint)
    elsewhere = Endpoint("fake", "http://127.0.0.1:10/v1")
    prints.append(
        EndpointModel("endpoint:fake", Wire(elsewhere, transport=FakeServer().transport)).fingerprint
    )
    assert len(set(prints)) == 5 and served(FakeServer()).fingerprint == prints[0]


def test_another_model_that_comes_to_answer_is_noticed() -> None:
    server = FakeServer()
    model = served(server)
    server.model = "other-letters"
    with pytest.raises(ModelError, match="another model"):
        model.log_probabilities(["a"], [" good"])


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"logprobs": None}]},
        {"choices": []},
        {"choices": [{"logprobs": {"content": [{"id": 1, "logprob": "x", "top_logprobs": []}]}}]},
        {"choices": [{"logprobs": {"content": [{"id": 1, "logprob": float("nan"), "top_logprobs": []}]}}]},
        {"choices": [{"logprobs": {"tokens": ["a"], "token_logprobs": [0.7], "top_logprobs": [{}]}}]},
        [],
        None,
    ],
)
def test_what_is_no_answer_is_read_as_none(answer: object) -> None:
    with pytest.raises((KeyError, TypeError, IndexError, ValueError, AttributeError)):
        read_next(answer)


def test_a_probability_of_nothing_is_minus_infinity() -> None:
    found = read_next(
        {
            "choices": [
                {
                    "logprobs": {
                        "tokens": ["a"],
                        "token_logprobs": [-1.0],
                        "top_logprobs": [{"a": -1.0, "token_id:7": -9999.0}],
                    }
                }
            ]
        }
    )
    assert found.top == {"a": -1.0, 7: -math.inf} and found.chosen == "a"


@pytest.mark.parametrize(
    "name",
    [
        "https://user:sekret@host/v1",
        "endpoint:http://host/v1?api-key=sekret",
        "http://host/sekret.gguf",
        "endpoint:sekret://x",
    ],
)
def test_a_url_is_no_model_name_and_is_not_repeated(name: str) -> None:
    with pytest.raises(ModelError, match="A URL is no model name") as caught:
        models.load(name)
    assert "sekret" not in str(caught.value)


def test_a_question_of_a_page_does_not_wait_for_a_chunk() -> None:
    """It goes in a thread of its own, and takes the next connection that is free."""
    texts = [f"text {letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]

    def slowly(request: httpx2.Request) -> None:
        if request.url.path == "/v1/completions":
            time.sleep(0.02)

    server = FakeServer("llama")
    model = served(server, concurrency=2)
    expected = model.log_probabilities(texts, [" good"])
    question = model.log_probabilities(["what if"], [" good"])
    server.before = slowly
    server.requests.clear()
    found: list[np.ndarray] = []

    def chunk() -> None:
        with patiently():
            found.append(model.log_probabilities(texts, [" good"]))

    thread = threading.Thread(target=chunk)
    thread.start()
    while len(server.asked("/v1/completions")) < 4:
        time.sleep(0.001)
    answer = model.log_probabilities(["what if"], [" good"])
    asked = len(server.asked("/v1/completions"))
    thread.join()
    assert asked < len(texts) // 2, "the chunk was not over"
    assert (answer == question).all() and (found[0] == expected).all()
