"""How the log-probability of an answer is read from a completions server.

In this order: from the list of the most likely tokens; where the token is not among them, by a bias that
makes the server choose it (the probability reported is that before the bias), or by the echo of the text
with the answer behind it. Each of the two is used only on a server that has proved it (see probe). On a
server that can do neither, the value is a bound: the largest log-probability that a token not listed can
have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from spexviz.errors import ModelError
from spexviz.models.completions import Door, Next, read_echo, read_next, read_next_or_held
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
            raise ModelError(
                f"{self._server.label} can tell the probability of one token only, "
                f"and {answer!r:.60} has several: choose an answer that is one token."
            )
        return first.bound()

    def _next(self, head: Any) -> Next:
        """The next token after the prompt and the beginning of an answer, asked once."""
        if head not in self._seen:
            self._seen[head] = self._ask_next(_joined(self._prompt, head))
        return self._seen[head]

    def _ask_next(self, prompt: Any) -> Next:
        if not self._can.forced:
            return self._server.complete(prompt, read_next)
        found = self._server.complete(prompt, read_next_or_held)
        if found is not None:
            return found
        # where the likeliest token is held back, another is forced: the list is the same
        return self._server.complete(prompt, read_next, logit_bias={str(self._can.whole): BIAS})

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
        by_offset = isinstance(ending, str)
        count = None if by_offset else len(ending)

        def read(answer: Any) -> float | None:
            if by_offset and len(self._prompt) not in answer["choices"][0]["logprobs"]["text_offset"]:
                return None
            return read_echo(answer, len(self._prompt), count, by_offset)

        asked = _joined(self._prompt, ending)
        log = self._server.complete(asked, read, echo=True, max_tokens=self._can.echo_tokens)
        if log is None:
            raise ModelError(
                f"For {self._server.label} no token begins where the answer {ending!r:.60} does: "
                "begin it with a space."
            )
        return log


def _joined(prompt: Any, ending: Any) -> Any:
    """A prompt and the beginning of an answer: texts, or ids."""
    if isinstance(prompt, str):
        return prompt + ending
    return [*prompt, *ending]
