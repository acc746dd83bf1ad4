"""How the log-probability of an answer is read from a completions server.

In this order: from the list of the most likely tokens; where the token is not among them, by a bias that
makes the server choose it (the probability reported is that before the bias), or by the echo of the text
with the answer behind it. Each of the two is used only on a server that has proved it (see probe). On a
server that can do neither, the value is a bound: the largest log-probability that a token not listed can
have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from spexviz.errors import ModelError
from spexviz.models.completions import (
    Door,
    Next,
    Token,
    read_echo,
    read_echo_of_text,
    read_echoed_tokens,
    read_next,
    read_next_or_held,
    read_next_text,
    read_written,
)
from spexviz.models.probe import BIAS, Ability

T = TypeVar("T")
Ending = tuple[int, ...] | str
"""An answer as ids, or as text where the server names none."""


class Log(NamedTuple):
    """A log-probability in nats, and whether it is only a bound."""

    log: float
    is_bound: bool = False


class Completions:
    """Completions of the model behind `door`; `label`: what errors call it."""

    def __init__(self, label: str, door: Door, ability: Ability):
        self.label = label
        self.ability = ability
        self._door = door

    def complete(self, prompt: Any, read: Callable[[Any], T], **options: Any) -> T:
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


class AnswersTo:
    """The answers to one prompt (ids, or a text); `length_of`: tokens of an answer that is sent as text."""

    def __init__(self, server: Completions, prompt: Any, length_of: Callable[[str], int]):
        self._server = server
        self._can = server.ability
        self._prompt = prompt
        self._length_of = length_of
        self._seen: dict[Any, Next] = {}  # the next token after each beginning of an answer

    def log_of(self, ending: Ending) -> Log:
        """The log-probability of one answer: token by token, or at once by the echo."""
        if isinstance(ending, str):
            return self._log_of_text(ending)
        if len(ending) > 1 and self._can.echo:
            return Log(self._echo(ending))
        # log p(answer) = Σ log p(token | the tokens before it)
        total = 0.0
        is_bound = False
        for i, token in enumerate(ending):
            here = self._next(ending[:i])
            if token in here.top:
                total += here.top[token]
            elif self._can.forced:
                total += self._force(ending[:i], token)
            elif self._can.echo:
                total += self._echo(ending)
            else:
                total += here.bound()
                is_bound = True
        return Log(total, is_bound)

    def next_tokens(self) -> list[tuple[Token, float]]:
        """The next tokens that the server lists, the likeliest first, with their log-probabilities."""
        top = self._next(() if self._can.ids else "").top
        return sorted(top.items(), key=lambda item: -item[1])

    def likeliest(self, most: int) -> tuple[int, ...]:
        """The ids of the model's own answer: the likeliest token after the last, at most so many.

        One by one: llama.cpp leaves pieces of characters out of a longer answer's list.
        """
        ids: tuple[int, ...] = ()
        while len(ids) < most:
            here = self._next(ids)
            if here.ends:
                break
            assert isinstance(here.chosen, int)  # as everywhere on a server that is sent ids
            ids = (*ids, here.chosen)
        return ids

    def likeliest_text(self, most: int) -> str:
        """The model's own answer on a server that is sent texts, of at most so many tokens.

        Raises ModelError where it cannot be sent back as the tokens that were written.
        """
        written = self._server.complete(self._prompt, read_written, max_tokens=most, logprobs=1)
        answer = written.text
        if not answer:
            return answer
        again = [answer]
        if self._can.echo:
            start = len(self._prompt)
            again = self._echoed(answer, lambda echo: read_echoed_tokens(echo, start, start + len(answer)))
        tokens = written.tokens
        if written.ends and len(tokens) == len(again) + 1:
            tokens = tokens[:-1]
        if len(tokens) > 1 and not self._can.echo:
            raise self._several(answer)
        if tokens != again or "\ufffd" in answer:  # which stands for a piece of a character
            raise ModelError(
                f"{self._server.label} names no tokens by id, and would read its own answer {answer!r:.60} "
                "as other tokens than it wrote: choose another number of answer tokens, or your own target."
            )
        return answer

    def _log_of_text(self, ending: str) -> Log:
        """The log-probability of an answer on a server that names no ids."""
        first = self._next("")
        if ending in first.top:
            return Log(first.top[ending])
        if self._can.echo:
            return Log(self._echo(ending))
        return Log(self._unlisted(first, ending), is_bound=True)

    def _unlisted(self, first: Next, answer: str) -> float:
        if self._length_of(answer) != 1:
            raise self._several(answer)
        return first.bound()

    def _several(self, answer: str) -> ModelError:
        return ModelError(
            f"{self._server.label} can tell the probability of one token only, "
            f"and {answer!r:.60} has several: choose an answer that is one token."
        )

    def _next(self, head: Any) -> Next:
        """The next token after the prompt and the beginning of an answer, asked once."""
        if head not in self._seen:
            self._seen[head] = self._ask_next(_joined(self._prompt, head))
        return self._seen[head]

    def _ask_next(self, prompt: Any) -> Next:
        if not self._can.ids:
            return self._server.complete(prompt, read_next_text)
        if not self._can.forced:
            return self._server.complete(prompt, read_next)
        found = self._server.complete(prompt, read_next_or_held)
        if found is not None:
            return found
        # where the likeliest token is held back, another is forced: the list is the same
        forced = self._server.complete(prompt, read_next, logit_bias={str(self._can.whole): BIAS})
        chosen, log = max(forced.top.items(), key=lambda item: item[1])
        return replace(forced, chosen=chosen, log=log)

    def _force(self, head: tuple[int, ...], token: int) -> float:
        """Log-probability of a token that is not listed, by a bias that makes the server choose it."""
        found = self._server.complete(
            _joined(self._prompt, head), read_next_or_held, logit_bias={str(token): BIAS}
        )
        if found is None:
            return self._held(head, token)
        if found.chosen != token:
            raise ModelError(
                f"{self._server.label} no longer keeps to a bias, "
                "so the probability of an unlikely token cannot be read: load the model again."
            )
        return found.log

    def _held(self, head: tuple[int, ...], token: int) -> float:
        """Log-probability of a token that the server holds back when it is chosen.

        Read from a list of the whole vocabulary.
        """
        if self._can.vocabulary:
            bias = {str(self._can.whole): BIAS}
            everything = self._server.complete(
                _joined(self._prompt, head), read_next, logprobs=self._can.vocabulary, logit_bias=bias
            )
            if token in everything.top:
                return everything.top[token]
        raise ModelError(
            f"{self._server.label} does not tell the probability of a piece of a character: "
            "choose an answer without emoji or rare letters."
        )

    def _echo(self, ending: Ending) -> float:
        """Log-probability of a whole answer, from the echo of the prompt with the answer behind it."""
        start = len(self._prompt)
        if isinstance(ending, str):
            return self._echoed(ending, lambda echo: read_echo_of_text(echo, start, start + len(ending)))
        return self._echoed(ending, lambda echo: read_echo(echo, start, len(ending)))

    def _echoed(self, ending: Ending, read: Callable[[Any], T]) -> T:
        """What `read` makes of the echo. Raises ModelError where no token begins where a text begins."""

        def read_or_none(answer: Any) -> T | None:
            offsets = answer["choices"][0]["logprobs"].get("text_offset", ())
            if isinstance(ending, str) and len(self._prompt) not in offsets:
                return None
            return read(answer)

        asked = _joined(self._prompt, ending)
        found = self._server.complete(asked, read_or_none, echo=True, max_tokens=self._can.echo_tokens)
        if found is None:
            raise ModelError(
                f"For {self._server.label} no token begins where the answer {ending!r:.60} does: "
                "begin it with a space."
            )
        return found


def _joined(prompt: Any, ending: Any) -> Any:
    """A prompt and the beginning of an answer: texts, or ids."""
    if isinstance(prompt, str):
        return prompt + ending
    return [*prompt, *ending]
