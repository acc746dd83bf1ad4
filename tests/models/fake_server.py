"""A completions server in a function, for httpx2's MockTransport.

Letters are tokens, so every probability is known by hand.

`style`: "llama" (ids named, tokeniser with pieces, true bias), "vllm" (ids as token_id:N, echo, at most 20
likely tokens), "bare" (text only, 5 likely tokens, no tokeniser, no echo; a bias moves what is reported, as
OpenAI's does).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import httpx2

MODEL = "letters"
ALPHABET = [" good", " bad", *"abcdefghijklmnopqrstuvwxyz .,!?:-", "\n"]
_TOKEN = re.compile(r" good| bad|.|\n", re.DOTALL)


def ids_of(text: str) -> list[int]:
    return [ALPHABET.index(token) for token in _TOKEN.findall(text.lower())]


def logs_after(ids: list[int]) -> list[float]:
    """Log-probabilities of the next token.

    From the text, and steep enough that the last tokens are far down.
    """
    weights = [((token * 7 + sum(ids) + len(ids)) % len(ALPHABET)) * 0.5 for token in range(len(ALPHABET))]
    total = math.log(math.fsum(map(math.exp, weights)))
    return [weight - total for weight in weights]


class FakeServer:
    """`handle` answers a request;

    `requests` holds them all; `before` may answer instead (a fault), or return None.
    """

    def __init__(self, style: str = "llama", before: Callable[[httpx2.Request], Any] | None = None):
        self.style, self.before, self.requests, self.model = style, before, [], MODEL
        self.most = {"llama": 100, "vllm": 20, "bare": 5}[style]
        # tokens that are not reported when they are chosen, as llama.cpp does with half a character
        self.held: set[str] = set()
        # "true": what is reported is from before it; or "ignored"
        self.bias = "moves" if style == "bare" else "true"
        # "true": each token of the prompt with its own log-probability; "shifted": with that of the next one;
        # "of another text"
        self.echo = "true"
        self.begins = ""  # what its tokeniser sets before a text where special tokens are asked for
        # whether its tokeniser marks beginnings of words: a text that begins with a space has one token more
        self.marks = False
        self.least = 0  # tokens that may be asked for, in a completion
        self.names_ids = True  # of a vllm: whether it knows the option to name tokens by their ids

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.handle)

    def asked(self, route: str) -> list[Any]:
        """Bodies of the requests to a route."""
        return [json.loads(request.content) for request in self.requests if request.url.path == route]

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.before and (answer := self.before(request)) is not None:
            return answer
        path, body = request.url.path, json.loads(request.content or b"{}")
        if path == "/v1/models":
            entry = {
                "id": self.model,
                "owned_by": self.style,
                "created": len(self.requests),
                "meta": {"n_vocab": len(ALPHABET)},
            }
            return httpx2.Response(
                200, json={"data": [entry | ({"max_model_len": 64} if self.style == "vllm" else {})]}
            )
        if path == "/v1/completions":
            return self._complete(body)
        if self.style == "bare" or path not in self._routes:
            return httpx2.Response(404, json={"error": "no such route"})
        return httpx2.Response(200, json=self._routes[path](body))

    @property
    def _routes(self) -> dict[str, Callable[[Any], Any]]:
        if self.style == "llama":
            template = {
                "chat_template": "yes",
                "bos_token": "\n",
                "default_generation_settings": {"n_ctx": 64},
            }
            return {
                "/props": lambda _: template,
                "/tokenize": self._tokenize,
                "/detokenize": lambda b: {"content": self._text(b["tokens"])},
                "/apply-template": lambda b: {"prompt": self._chat(b)},
            }
        return {
            "/version": lambda _: {"version": "1"},
            "/tokenize": self._tokenize,
            "/detokenize": lambda b: {"prompt": self._text(b["tokens"])},
        }

    def _tokenize(self, body: Any) -> Any:
        ids = ids_of(self._chat(body) if "messages" in body else self._said(body))
        if self.marks and self._said(body).startswith(" "):
            ids = ids_of(".") + ids
        if body.get("add_special" if self.style == "llama" else "add_special_tokens"):
            ids = ids_of(self.begins) + ids
        pieces = self.style == "llama" and body.get("with_pieces")
        return {"tokens": [{"id": i, "piece": ALPHABET[i]} if pieces else i for i in ids]}

    def _said(self, body: Any) -> str:
        return body["content" if self.style == "llama" else "prompt"]

    @staticmethod
    def _chat(body: Any) -> str:
        return "".join(f"{one['role']}: {one['content']}\n" for one in body["messages"])

    @staticmethod
    def _text(ids: list[int]) -> str:
        return "".join(ALPHABET[i] for i in ids)

    def _complete(self, body: Any) -> httpx2.Response:
        top, prompt = body.get("logprobs", 0), body["prompt"]
        if top > self.most or (self.style == "bare" and "return_tokens_as_token_ids" in body):
            return httpx2.Response(400, json={"error": "logprobs too large, or an option unknown"})
        ids = ids_of(prompt) if isinstance(prompt, str) else prompt
        count = body.get("max_tokens", 1)
        if count < self.least:
            return httpx2.Response(400, json={"error": "too few tokens"})
        new: list[int] = []
        rows: list[list[float]] = []
        for _ in range(count):
            logs = logs_after(ids + new)
            bias = {} if self.bias == "ignored" else body.get("logit_bias", {})
            biased = [log + bias.get(str(token), 0) for token, log in enumerate(logs)]
            if self.bias == "moves":
                total = math.log(math.fsum(math.exp(b) for b in biased))
                logs = [b - total for b in biased]
            rows.append(logs)
            new.append(max(range(len(biased)), key=biased.__getitem__))
        logs = None if self.held & {ALPHABET[i] for i in new} else self._logs(body, ids, new, rows, top)
        answer = {"model": self.model, "choices": [{"text": self._text(new), "logprobs": logs}]}
        return httpx2.Response(200, json=answer | {"usage": {"prompt_tokens": len(ids)}})

    def _logs(self, body: Any, ids: list[int], new: list[int], rows: list[list[float]], top: int) -> Any:
        best = [sorted(range(len(row)), key=row.__getitem__)[::-1][:top] for row in rows]
        if self.style == "llama":
            named = lambda i, log: {"id": i, "token": ALPHABET[i], "logprob": log}
            lists = [[named(i, row[i]) for i in few] for row, few in zip(rows, best, strict=True)]
            return {
                "content": [
                    {**named(t, row[t]), "top_logprobs": few}
                    for t, row, few in zip(new, rows, lists, strict=True)
                ]
            }
        by_id = body.get("return_tokens_as_token_ids") and self.names_ids
        name = (lambda i: f"token_id:{i}") if by_id else ALPHABET.__getitem__
        logs = [row[t] for t, row in zip(new, rows, strict=True)]
        lists = [{name(i): row[i] for i in few} for row, few in zip(rows, best, strict=True)]
        if body.get("echo") and self.style == "vllm":
            before = [None, *(logs_after(ids[:i])[ids[i]] for i in range(1, len(ids)))]
            if self.echo == "shifted":
                before = [*before[1:], -0.1]
            elif self.echo == "of another text":
                before = [None, *(logs_after(ids[i:])[ids[i]] for i in range(1, len(ids)))]
            new, logs, lists = ids + new, before + logs, [None] * len(ids) + lists
        offsets = [len(self._text(new[:i])) for i in range(len(new))]
        return {
            "tokens": [name(i) for i in new],
            "token_logprobs": logs,
            "top_logprobs": lists,
            "text_offset": offsets,
        }
