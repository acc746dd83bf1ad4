"""ServedModel: a language model behind a completions server, here or elsewhere; the backends endpoint and llamacpp derive from it.

How a log-probability is read, in this order: from the list of the most likely tokens; where the token is not
among them, by a bias that makes the server choose it (the probability reported is that before the bias), or
by the echo of the text with the answer behind it. Each of the two is used only on a server that has proved it
(see probe). On a server that can do neither, the value is a bound: the largest log-probability that a token
not listed can have. Log-odds of one bound are then nearer to 0 than the true ones; bounds are counted and
said with the result. Log-odds of two bounds would be invented, and are refused.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.models.base import LanguageModel, Span
from spexviz.models.completions import Door, Next, read_echo, read_next, read_next_or_held, read_text
from spexviz.models.probe import BIAS, probe, tokenize
from spexviz.models.wire import Refused

T = TypeVar("T")
Ending = tuple[int, ...] | str  # an answer as ids, or as text where the server names none
# before an answer whose tokens are counted without a tokeniser: no tokeniser joins a word to it
_ANCHOR = "\n"


class ServedModel(LanguageModel):
    """A model behind `door`, asked by at most `concurrency` threads.

    Raises ModelError where the server cannot give log-probabilities.
    """

    def __init__(
        self,
        label: str,
        door: Door,
        *,
        model: str = "",
        concurrency: int = 8,
        top: int = 100,
        about: str = "",
    ):
        self.label = label
        self._door = door
        self.ability = probe(door, model, top)
        self.context = self.ability.context
        self.bounds = self.measured = 0
        self._count = threading.Lock()
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="spexviz-served")
        self.chat = lru_cache(1024)(self.chat)
        can = self.ability
        said = json.dumps(
            [about, can.model, can.ids, can.forced, can.echo, can.exact or can.top, can.about], sort_keys=True
        )
        self.fingerprint = f"{self.kind}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"

    @property
    def remarks(self) -> tuple[str, ...]:
        if self.ability.exact:
            return ()
        return (
            f"{self.label} tells the probabilities of the {self.ability.top} likeliest tokens only: for an answer that is not among them the largest "
            f"possible one stands ({self.bounds:,} of {self.measured:,} measured since it was loaded are such bounds).",
        )

    def encode(self, text: str) -> list[int]:
        if not text:
            return []
        tokens = tokenize(self._door, self.ability.model, text) if self.ability.counts else None
        if tokens is None:
            raise ModelError(
                f"{self.label} has no tokeniser that can be asked (the route /tokenize): tokens are known by their text only."
            )
        return [token for token, _ in tokens]

    def length(self, text: str) -> int:
        return len(self.encode(text)) if self.ability.counts else self._used(text)

    def answer_length(self, answer: str) -> int:
        if self.ability.counts or not answer:
            return len(self.encode(answer))
        return self._used(_ANCHOR + answer) - self._used(_ANCHOR)

    def token_spans(self, text: str) -> list[Span]:
        tokens = (
            tokenize(self._door, self.ability.model, text, pieces=True)
            if self.ability.pieces and text
            else []
        )
        if not tokens and text:
            raise ModelError(f"{self.label} does not say where its tokens stand: split by words instead.")
        pieces = [piece.encode() if isinstance(piece, str) else bytes(piece) for _, piece in tokens]
        places = list(itertools.accumulate(map(len, pieces), initial=0))
        raw = text.encode()
        if b"".join(pieces) != raw:
            raise ModelError(
                f"The tokens of {self.label} are not pieces of this text: split by words instead."
            )
        return [_characters(raw, a, b) for a, b in itertools.pairwise(places)]

    def chat(self, text: str) -> str:
        turn = {
            "model": self.ability.model,
            "messages": [{"role": "user", "content": text}],
            "add_generation_prompt": True,
        }
        try:
            if self.ability.about["server"]["chat_template"]:  # llama.cpp
                return self._door.ask("/apply-template", turn, lambda answer: answer["prompt"] + "")
            if self.ability.counts:  # vLLM
                ids = self._door.ask("/tokenize", turn, lambda answer: list(answer["tokens"]))
                return self._door.ask(
                    "/detokenize",
                    {"model": self.ability.model, "tokens": ids},
                    lambda answer: answer["prompt"] + "",
                )
        except Refused as error:
            raise ModelError(
                f"{self.label} has no chat template that can be asked ({error}): switch the chat template off."
            ) from None
        raise ModelError(
            f"{self.label} has no chat template that can be asked: switch the chat template off."
        )

    def greedy(self, text: str, tokens: int) -> str:
        return self._complete(self._prompt(text), read_text, max_tokens=tokens, logprobs=None)

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        if hidden is not None and any(a < b for pieces in hidden for a, b in pieces):
            raise ModelError(
                f"A server cannot mask by attention, and {self.label} is one: choose the masking delete or replace, or another model."
            )
        if "" in answers:
            raise ModelError(f"The answer '' has no tokens for {self.label}: give a longer one.")
        endings: list[Ending] = [
            tuple(self.encode(answer)) if self.ability.ids else answer for answer in answers
        ]
        distinct = list(dict.fromkeys(texts))
        jobs = [self._pool.submit(self._row, text, endings) for text in distinct]
        try:
            rows = dict(zip(distinct, [job.result() for job in jobs], strict=True))
        finally:
            for job in jobs:
                job.cancel()
        return np.array([rows[text] for text in texts], dtype=np.float64).reshape(len(texts), len(answers))

    def _row(self, text: str, endings: Sequence[Ending]) -> list[float]:
        """Log-probabilities of the answers after one text."""
        prompt, seen = self._prompt(text), {}
        found = [self._ending(prompt, ending, seen) for ending in endings]
        bounds = sum(bound for _, bound in found)
        with self._count:
            self.bounds, self.measured = self.bounds + bounds, self.measured + len(found)
        if len(found) > 1 and bounds == len(found):
            raise ModelError(
                f"None of the answers is among the {self.ability.top} likeliest tokens, all that {self.label} tells, so their log-odds are unknown: "
                "change the template so that it asks for one of them, or use a server that reads any token (llama.cpp, vLLM)."
            )
        return [log for log, _ in found]

    def _ending(self, prompt: Any, ending: Ending, seen: dict[Any, Next]) -> tuple[float, bool]:
        """(log-probability of one answer, whether it is a bound): token by token, or at once by the echo."""
        if isinstance(ending, str):
            first = self._next(prompt, "", seen)
            if ending in first.top:
                return first.top[ending], False
            return self._echo(prompt, ending) if self.ability.echo else (self._unlisted(first, ending), True)
        if len(ending) > 1 and self.ability.echo:
            return self._echo(prompt, ending)
        total, bound = 0.0, False
        for i, token in enumerate(ending):
            here = self._next(prompt, ending[:i], seen)
            if token in here.top:
                total += here.top[token]
            elif self.ability.forced:
                total += self._force(prompt, ending[:i], token)
            elif self.ability.echo:
                total += self._echo(prompt, ending)[0]
            else:
                total, bound = total + here.bound(), True
        return total, bound

    def _unlisted(self, first: Next, answer: str) -> float:
        if self.answer_length(answer) != 1:
            raise ModelError(
                f"{self.label} can tell the probability of one token only, and {answer!r:.60} has several: choose an answer that is one token."
            )
        return first.bound()

    def _next(self, prompt: Any, head: Any, seen: dict[Any, Next]) -> Next:
        if head not in seen:
            asked, read = _joined(prompt, head), read_next_or_held if self.ability.forced else read_next
            # where the likeliest token is held back, another is forced: the list is the same
            seen[head] = self._complete(asked, read) or self._complete(
                asked, read_next, logit_bias={str(self.ability.whole): BIAS}
            )
        return seen[head]

    def _force(self, prompt: Any, head: tuple[int, ...], token: int) -> float:
        found = self._complete(_joined(prompt, head), read_next_or_held, logit_bias={str(token): BIAS})
        if found is None:
            return self._held(prompt, head, token)
        if found.chosen != token:
            raise ModelError(
                f"{self.label} no longer keeps to a bias, so the probability of an unlikely token cannot be read: load the model again."
            )
        return found.log

    def _held(self, prompt: Any, head: tuple[int, ...], token: int) -> float:
        """Log-probability of a token that the server holds back when it is chosen: from a list of the whole vocabulary."""
        if self.ability.vocabulary:
            bias = {str(self.ability.whole): BIAS}
            everything = self._complete(
                _joined(prompt, head), read_next, logprobs=self.ability.vocabulary, logit_bias=bias
            )
            if token in everything.top:
                return everything.top[token]
        raise ModelError(
            f"{self.label} does not tell the probability of a piece of a character: choose an answer without emoji or rare letters."
        )

    def _echo(self, prompt: Any, ending: Ending) -> tuple[float, bool]:
        count = len(ending) if not isinstance(ending, str) else None
        asked = {"echo": True, "max_tokens": self.ability.echo_tokens}

        def read(answer: Any) -> float | None:
            by_offset = isinstance(ending, str)
            if by_offset and len(prompt) not in answer["choices"][0]["logprobs"]["text_offset"]:
                return None
            return read_echo(answer, len(prompt), count, by_offset)

        log = self._complete(_joined(prompt, ending), read, **asked)
        if log is None:
            raise ModelError(
                f"For {self.label} no token begins where the answer {ending!r:.60} does: begin it with a space."
            )
        return log, False

    def _complete(self, prompt: Any, read: Callable[[Any], T], **options: Any) -> T:
        """`read` of a completion. Raises ModelError where another model has come to answer."""
        body = {
            "model": self.ability.model,
            "prompt": prompt,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": self.ability.top,
        }
        body = {
            key: value
            for key, value in {**body, **self.ability.options, **options}.items()
            if value is not None
        }

        def checked(answer: Any) -> T:
            if self.ability.answers_as and str(answer["model"]) != self.ability.answers_as:
                raise ModelError(
                    f"{self.label} now answers with another model than when it was loaded: start spexviz again to explain that one."
                )
            return read(answer)

        return self._door.ask("completions", body, checked)

    def _prompt(self, text: str) -> Any:
        """The text as it is sent: its ids, or itself.

        A text with no token is asked as the start-of-text token alone.
        """
        prompt = (self.encode(text) or self.encode(self.ability.bos)) if self.ability.ids else text
        if not prompt:
            raise ModelError(
                f"{self.label} cannot be asked with an empty text: put some words around the prompt with a template."
            )
        return prompt

    def _used(self, text: str) -> int:
        """Tokens that the server counts in a prompt, a start-of-text token of its own included."""
        return self._complete(text, lambda answer: int(answer["usage"]["prompt_tokens"])) if text else 0


def _joined(prompt: Any, ending: Any) -> Any:
    return prompt + ending if isinstance(prompt, str) else [*prompt, *ending]


def _characters(raw: bytes, a: int, b: int) -> Span:
    """Bytes a to b as characters; a character that is cut belongs to each of the tokens that hold a part of it."""
    start = len(raw[:a].decode("utf-8", "ignore"))
    return start, max(start, len(raw[:b].decode("utf-8", "ignore")) + (_cut(raw, b)))


def _cut(raw: bytes, place: int) -> int:
    """1 where a character goes on across the place."""
    return int(place < len(raw) and raw[place] & 0b1100_0000 == 0b1000_0000)
