"""ServedModel: a language model behind a completions server, here or elsewhere.

The backends endpoint and llamacpp derive from it. How a log-probability is read, in this order: from the
list of the most likely tokens; where the token is not among them, by a bias that makes the server choose it
(the probability reported is that before the bias), or by the echo of the text with the answer behind it. Each
of the two is used only on a server that has proved it (see probe). On a server that can do neither, the
value is a bound: the largest log-probability that a token not listed can have. Log-odds of one bound are then
nearer to 0 than the true ones; bounds are counted and said with the result. Log-odds of two bounds would be
invented, and are refused.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.models.base import LanguageModel, Span
from spexviz.models.completions import Door, Next, read_echo, read_next, read_next_or_held, read_text
from spexviz.models.pieces import spans_of
from spexviz.models.probe import BIAS, probe, tokenize
from spexviz.models.wire import Refused

T = TypeVar("T")
Ending = tuple[int, ...] | str
"""An answer as ids, or as text where the server names none."""
# before an answer whose tokens are counted without a tokeniser: no tokeniser joins a word to it
_ANCHOR = "\n"


class _Log(NamedTuple):
    """A log-probability in nats, and whether it is only a bound."""

    log: float
    is_bound: bool = False


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
        self.bounds = 0
        self.measured = 0
        self._count = threading.Lock()
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="spexviz-served")
        self.chat = lru_cache(1024)(self.chat)
        self.fingerprint = self._fingerprint(about)

    def _fingerprint(self, about: str) -> str:
        """Content hash of what the server says of itself, and of how its probabilities are read."""
        can = self.ability
        listed = can.exact or can.top  # how many tokens it lists changes bounds only
        said = [about, can.model, can.ids, can.forced, can.echo, listed, can.about]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return f"{self.kind}-{digest[:16]}"

    @property
    def remarks(self) -> tuple[str, ...]:
        if self.ability.exact:
            return ()
        return (
            f"{self.label} tells the probabilities of the {self.ability.top} likeliest tokens only: "
            "for an answer that is not among them the largest "
            f"possible one stands ({self.bounds:,} of {self.measured:,} measured "
            "since it was loaded are such bounds).",
        )

    def encode(self, text: str) -> list[int]:
        if not text:
            return []
        tokens = None
        if self.ability.counts:
            tokens = tokenize(self._door, self.ability.model, text)
        if tokens is None:
            raise ModelError(
                f"{self.label} has no tokeniser that can be asked (the route /tokenize): "
                "tokens are known by their text only."
            )
        return [token for token, _ in tokens]

    def length(self, text: str) -> int:
        if self.ability.counts:
            return len(self.encode(text))
        return self._used(text)

    def answer_length(self, answer: str) -> int:
        if self.ability.counts or not answer:
            return len(self.encode(answer))
        return self._used(_ANCHOR + answer) - self._used(_ANCHOR)

    def token_spans(self, text: str) -> list[Span]:
        if not text:
            return []
        tokens = None
        if self.ability.pieces:
            tokens = tokenize(self._door, self.ability.model, text, pieces=True)
        if not tokens:
            raise ModelError(f"{self.label} does not say where its tokens stand: split by words instead.")
        pieces = [piece.encode() if isinstance(piece, str) else bytes(piece or ()) for _, piece in tokens]
        spans = spans_of(text, pieces)
        if spans is None:
            raise ModelError(
                f"The tokens of {self.label} are not pieces of this text: split by words instead."
            )
        return spans

    def chat(self, text: str) -> str:
        turn = {
            "model": self.ability.model,
            "messages": [{"role": "user", "content": text}],
            "add_generation_prompt": True,
        }
        try:
            if self.ability.about["server"]["chat_template"]:  # llama.cpp
                return self._door.ask("/apply-template", turn, _read_prompt)
            if self.ability.counts:  # vLLM
                ids = self._door.ask("/tokenize", turn, lambda answer: list(answer["tokens"]))
                body = {"model": self.ability.model, "tokens": ids}
                return self._door.ask("/detokenize", body, _read_prompt)
        except Refused as error:
            raise ModelError(
                f"{self.label} has no chat template that can be asked ({error}): "
                "switch the chat template off."
            ) from None
        raise ModelError(
            f"{self.label} has no chat template that can be asked: switch the chat template off."
        )

    def greedy(self, text: str, tokens: int) -> str:
        return self._complete(self._prompt(text), read_text, max_tokens=tokens, logprobs=None)

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        if any(a < b for pieces in hidden or () for a, b in pieces):
            raise ModelError(
                f"A server cannot mask by attention, and {self.label} is one: "
                "choose the masking delete or replace, or another model."
            )
        if "" in answers:
            raise ModelError(f"The answer '' has no tokens for {self.label}: give a longer one.")
        endings: list[Ending] = list(answers)
        if self.ability.ids:
            endings = [tuple(self.encode(answer)) for answer in answers]
        distinct = list(dict.fromkeys(texts))
        jobs = [self._pool.submit(self._row, text, endings) for text in distinct]
        try:
            found = [job.result() for job in jobs]
        finally:
            for job in jobs:
                job.cancel()
        rows = dict(zip(distinct, found, strict=True))
        table = np.array([rows[text] for text in texts], dtype=np.float64)
        return table.reshape(len(texts), len(answers))

    def _row(self, text: str, endings: Sequence[Ending]) -> list[float]:
        """Log-probabilities of the answers after one text."""
        prompt = self._prompt(text)
        seen: dict[Any, Next] = {}
        found = [self._ending(prompt, ending, seen) for ending in endings]
        bounds = sum(one.is_bound for one in found)
        with self._count:
            self.bounds += bounds
            self.measured += len(found)
        if len(found) > 1 and bounds == len(found):
            raise ModelError(
                f"None of the answers is among the {self.ability.top} likeliest tokens, "
                f"all that {self.label} tells, so their log-odds are unknown: "
                "change the template so that it asks for one of them, "
                "or use a server that reads any token (llama.cpp, vLLM)."
            )
        return [one.log for one in found]

    def _ending(self, prompt: Any, ending: Ending, seen: dict[Any, Next]) -> _Log:
        """The log-probability of one answer: token by token, or at once by the echo."""
        if isinstance(ending, str):
            return self._text_ending(prompt, ending, seen)
        if len(ending) > 1 and self.ability.echo:
            return _Log(self._echo(prompt, ending))
        # log p(answer) = Σ log p(token | the tokens before it)
        total = 0.0
        is_bound = False
        for i, token in enumerate(ending):
            here = self._next(prompt, ending[:i], seen)
            if token in here.top:
                total += here.top[token]
            elif self.ability.forced:
                total += self._force(prompt, ending[:i], token)
            elif self.ability.echo:
                total += self._echo(prompt, ending)
            else:
                total += here.bound()
                is_bound = True
        return _Log(total, is_bound)

    def _text_ending(self, prompt: Any, ending: str, seen: dict[Any, Next]) -> _Log:
        """The log-probability of an answer on a server that names no ids."""
        first = self._next(prompt, "", seen)
        if ending in first.top:
            return _Log(first.top[ending])
        if self.ability.echo:
            return _Log(self._echo(prompt, ending))
        return _Log(self._unlisted(first, ending), is_bound=True)

    def _unlisted(self, first: Next, answer: str) -> float:
        if self.answer_length(answer) != 1:
            raise ModelError(
                f"{self.label} can tell the probability of one token only, and {answer!r:.60} has several: "
                "choose an answer that is one token."
            )
        return first.bound()

    def _next(self, prompt: Any, head: Any, seen: dict[Any, Next]) -> Next:
        """The next token after a prompt and the beginning of an answer, asked once."""
        if head not in seen:
            seen[head] = self._ask_next(_joined(prompt, head))
        return seen[head]

    def _ask_next(self, prompt: Any) -> Next:
        if not self.ability.forced:
            return self._complete(prompt, read_next)
        found = self._complete(prompt, read_next_or_held)
        if found is not None:
            return found
        # where the likeliest token is held back, another is forced: the list is the same
        return self._complete(prompt, read_next, logit_bias={str(self.ability.whole): BIAS})

    def _force(self, prompt: Any, head: tuple[int, ...], token: int) -> float:
        """Log-probability of a token that is not listed, by a bias that makes the server choose it."""
        found = self._complete(_joined(prompt, head), read_next_or_held, logit_bias={str(token): BIAS})
        if found is None:
            return self._held(prompt, head, token)
        if found.chosen != token:
            raise ModelError(
                f"{self.label} no longer keeps to a bias, "
                "so the probability of an unlikely token cannot be read: load the model again."
            )
        return found.log

    def _held(self, prompt: Any, head: tuple[int, ...], token: int) -> float:
        """Log-probability of a token that the server holds back when it is chosen.

        Read from a list of the whole vocabulary.
        """
        if self.ability.vocabulary:
            bias = {str(self.ability.whole): BIAS}
            everything = self._complete(
                _joined(prompt, head), read_next, logprobs=self.ability.vocabulary, logit_bias=bias
            )
            if token in everything.top:
                return everything.top[token]
        raise ModelError(
            f"{self.label} does not tell the probability of a piece of a character: "
            "choose an answer without emoji or rare letters."
        )

    def _echo(self, prompt: Any, ending: Ending) -> float:
        """Log-probability of a whole answer, from the echo of the prompt with the answer behind it."""
        by_offset = isinstance(ending, str)
        count = None if by_offset else len(ending)

        def read(answer: Any) -> float | None:
            if by_offset and len(prompt) not in answer["choices"][0]["logprobs"]["text_offset"]:
                return None
            return read_echo(answer, len(prompt), count, by_offset)

        asked = _joined(prompt, ending)
        log = self._complete(asked, read, echo=True, max_tokens=self.ability.echo_tokens)
        if log is None:
            raise ModelError(
                f"For {self.label} no token begins where the answer {ending!r:.60} does: "
                "begin it with a space."
            )
        return log

    def _complete(self, prompt: Any, read: Callable[[Any], T], **options: Any) -> T:
        """`read` of a completion of one token; an option that is None is left out.

        Raises ModelError where another model has come to answer.
        """
        body = {
            "model": self.ability.model,
            "prompt": prompt,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": self.ability.top,
            **self.ability.options,
            **options,
        }
        body = {key: value for key, value in body.items() if value is not None}

        def checked(answer: Any) -> T:
            if self.ability.answers_as and str(answer["model"]) != self.ability.answers_as:
                raise ModelError(
                    f"{self.label} now answers with another model than when it was loaded: "
                    "start spexviz again to explain that one."
                )
            return read(answer)

        return self._door.ask("completions", body, checked)

    def _prompt(self, text: str) -> Any:
        """The text as it is sent: its ids, or itself.

        A text with no token is asked as the start-of-text token alone.
        """
        prompt: Any = text
        if self.ability.ids:
            prompt = self.encode(text) or self.encode(self.ability.bos)
        if not prompt:
            raise ModelError(
                f"{self.label} cannot be asked with an empty text: "
                "put some words around the prompt with a template."
            )
        return prompt

    def _used(self, text: str) -> int:
        """Tokens that the server counts in a prompt, a start-of-text token of its own included."""
        if not text:
            return 0
        return self._complete(text, lambda answer: int(answer["usage"]["prompt_tokens"]))


def _read_prompt(answer: Any) -> str:
    """The prompt that a server has written; what is no text cannot be added to one, and is asked again."""
    return answer["prompt"] + ""


def _joined(prompt: Any, ending: Any) -> Any:
    """A prompt and the beginning of an answer: texts, or ids."""
    if isinstance(prompt, str):
        return prompt + ending
    return [*prompt, *ending]
