"""ServedModel: a language model behind a completions server, here or elsewhere.

The backends endpoint and llamacpp derive from it. Where a server does not tell a log-probability, the value
is a bound (see answers). Log-odds of one bound are nearer to 0 than the true ones; bounds are counted and
said with the result. Log-odds of two bounds would be invented, and are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.kit.lanes import Lanes
from spexviz.models.answers import AnswersTo, Completions, Ending
from spexviz.models.base import LanguageModel, Likely, Span, Turn, Written, messages, refused_messages
from spexviz.models.completions import Door, Token, read_text
from spexviz.models.continued import Answers, differs_alone, ids_behind
from spexviz.models.likely import readable
from spexviz.models.loaded import LETTER, added
from spexviz.models.pieces import spans_of
from spexviz.models.probe import probe, tokenize
from spexviz.models.wire import Refused

ENDINGS = 4096  # answers, and ends of texts with and without them, whose tokens are remembered
# before an answer whose tokens are counted without a tokeniser: no tokeniser joins a word to it
_ANCHOR = "\n"


class ServedModel(LanguageModel):
    """A model behind `door`, asked by at most `concurrency` threads, and one more for a question of a page.

    Raises ModelError where the server cannot give log-probabilities.
    """

    hands_over = True

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
        self._completions = Completions(label, door, self.ability)
        self.begins_itself = not self.ability.ids
        self.context = self.ability.context
        self.bounds = 0
        self.measured = 0
        self._count = threading.Lock()
        self._lanes = Lanes(concurrency, "spexviz-served")
        self.chat = lru_cache(1024)(self.chat)
        self._encode_once = lru_cache(ENDINGS)(lambda text: tuple(self.encode(text)))
        self.fingerprint = self._fingerprint(about)

    def _fingerprint(self, about: str) -> str:
        """Content hash of what the server says of itself, and of how its probabilities are read."""
        can = self.ability
        listed = can.exact or can.top  # how many tokens it lists changes bounds only
        said = [about, can.model, can.ids, can.forced, can.echo, listed, can.about]
        if self._reads_answers_behind_texts:
            said.append("answers read behind texts")
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

    @cached_property
    def beginning(self) -> tuple[int, ...]:
        """Nothing where texts are sent as such: the server then begins them itself."""
        if not self.ability.ids:
            return ()
        whole = tokenize(self._door, self.ability.model, LETTER, special=True) or []
        return added([token for token, _ in whole], self.encode(LETTER))

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

    def _encode_all(self, texts: list[str]) -> list[list[int]]:
        return [list(self._encode_once(text)) for text in texts]

    @cached_property
    def _reads_answers_behind_texts(self) -> bool:
        """Whether its tokeniser gives an answer alone other tokens than behind a text.

        Else the answers are read once, and not behind each text: a server is asked for every one.
        """
        return self.ability.counts and differs_alone(self._encode_all)

    def _answers_behind(self, text: str, answers: Sequence[str]) -> Answers:
        """The ids of the answers behind a text."""
        behind = text if self._reads_answers_behind_texts else ""
        return ids_behind(self._encode_all, [behind], answers)[0]

    def length(self, text: str) -> int:
        if self.ability.counts:
            return super().length(text)
        return self._used(text)

    def answer_length(self, answer: str, after: str = "") -> int:
        if not answer:
            return 0
        if self.ability.counts:
            return len(self._answers_behind(after, [answer])[0])
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

    def chat(self, text: str, turns: Sequence[Turn] = ()) -> str:
        said = {
            "model": self.ability.model,
            "messages": messages(text, turns),
            "add_generation_prompt": True,
        }
        try:
            return self._in_its_template(said)
        except ModelError as error:
            if turns and self.chat(text):  # the template is there, and does not take these
                raise refused_messages(self.label, turns, str(error)) from None
            if not isinstance(error, Refused):
                raise
            raise ModelError(
                f"{self.label} has no chat template that can be asked ({error}): "
                "switch the chat template off."
            ) from None

    def _in_its_template(self, said: dict[str, Any]) -> str:
        """What the server's chat template makes of messages. Raises Refused where there is none."""
        if self.ability.about["server"]["chat_template"]:  # llama.cpp
            return self._door.ask("/apply-template", said, _read_prompt)
        if self.ability.counts:  # vLLM
            ids = self._door.ask("/tokenize", said, lambda answer: list(answer["tokens"]))
            body = {"model": self.ability.model, "tokens": ids}
            return self._door.ask("/detokenize", body, _read_prompt)
        raise Refused(404, "it has no route for it")

    def greedy(self, text: str, tokens: int) -> str:
        prompt = self._prompt(text)
        after = AnswersTo(self._completions, prompt, self.answer_length)
        if not self.ability.ids:
            return after.likeliest_text(tokens)
        ids = after.likeliest(min(tokens, self.context - len(prompt) + 1))
        return Written(self._text_of(prompt, ids), ids)

    def likeliest(self, text: str, count: int) -> tuple[Likely, ...]:
        prompt = self._prompt(text)
        (listed,) = self._lanes.map(self._next_tokens, [prompt])
        if not self.ability.ids:
            return tuple(Likely(str(word), math.exp(log)) for word, log in listed[:count])
        known = ((token, log) for token, log in listed if isinstance(token, int))

        def is_read(word: str, token: int) -> bool:
            return self._answers_behind(text, [word])[0] == (token,)

        try:
            return readable(known, count, self._detokenized, prompt, is_read)
        except Refused:
            raise ModelError(
                f"{self.label} does not tell the texts of its tokens (the route /detokenize): "
                "type an answer instead."
            ) from None

    def _next_tokens(self, prompt: Any) -> list[tuple[Token, float]]:
        return AnswersTo(self._completions, prompt, self.answer_length).next_tokens()

    def _detokenized(self, ids: Sequence[int]) -> str:
        body = {"model": self.ability.model, "tokens": list(ids)}
        return self._door.ask("/detokenize", body, _read_detokenized)

    def _text_of(self, prompt: Any, ids: Sequence[int]) -> str:
        """The text of an answer, by its tokens where the server can be asked for it."""
        try:
            return self._detokenized(ids)
        except Refused:
            return self._completions.complete(prompt, read_text, max_tokens=len(ids), logprobs=None)

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
        if self.ability.ids:
            self._answers_behind("", answers)  # once, before many threads ask for it
        distinct = list(dict.fromkeys(texts))
        found = self._lanes.map(lambda text: self._row(text, answers), distinct)
        rows = dict(zip(distinct, found, strict=True))
        table = np.array([rows[text] for text in texts], dtype=np.float64)
        return table.reshape(len(texts), len(answers))

    def _row(self, text: str, answers: Sequence[str]) -> list[float]:
        """Log-probabilities of the answers after one text."""
        endings: Sequence[Ending] = answers
        if self.ability.ids:
            endings = self._answers_behind(text, answers)
        after = AnswersTo(self._completions, self._prompt(text), self.answer_length)
        found = [after.log_of(ending) for ending in endings]
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

    def _prompt(self, text: str) -> Any:
        """The text as it is sent: its ids, or itself.

        A text with no token is asked as the start-of-text token alone.
        """
        prompt: Any = text
        if self.ability.ids:
            prompt = self.begin(self.encode(text)) or self.encode(self.ability.bos)
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
        return self._completions.complete(text, lambda answer: int(answer["usage"]["prompt_tokens"]))


def _read_detokenized(answer: Any) -> str:
    """The text of tokens: llama.cpp's answer, or vLLM's."""
    return (answer["content"] if "content" in answer else answer["prompt"]) + ""


def _read_prompt(answer: Any) -> str:
    """The prompt that a server has written; what is no text cannot be added to one, and is asked again."""
    return answer["prompt"] + ""
