"""What a completions server says, read: log-probabilities of the next token, in the two forms of servers.

OpenAI, vLLM: {"tokens", "token_logprobs", "top_logprobs": [{token: …}], "text_offset"}; llama.cpp:
{"content": [{"id", "token", …}]}. A token is known by its id where the server names it ("id", or
"token_id:17"), else by its text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Token = int | str
_NEVER = -9000.0  # servers that cannot write −∞ write −9999 or −3.4e38


class Door(Protocol):
    """Where questions go: over HTTP (wire.Wire), or into this process (llamacpp)."""

    def ask(self, route: str, body: Any = None, read: Any = ..., tries: int | None = None) -> Any:
        """What `read` makes of the JSON answer to a POST of `body`, or to a GET without one."""


@dataclass(frozen=True)
class Next:
    """The next token: the chosen one with its log-probability in nats, and the likeliest ones with theirs."""

    chosen: Token
    log: float
    top: Mapping[Token, float]
    ends: bool = False  # whether the chosen one ends the answer

    def bound(self) -> float:
        """The largest log-probability that a token which is not listed can have.

        It is no likelier than the least of those listed, nor than what they leave over.
        """
        logs = list(self.top.values())
        left = 1.0 - math.fsum(math.exp(log) for log in logs)
        over = 0.0  # no bound where rounding has left nothing over
        if left > 0:
            over = math.log(left)
        return min([*logs, over])


def read_next(answer: Any) -> Next:
    """The first token of a completion, by id where it is named so.

    Raises KeyError, TypeError, … for what is no such answer.
    """
    return _read_next(answer, _named, _token)


def read_next_text(answer: Any) -> Next:
    """The first token of a completion, by its text: for a server that is sent texts."""
    return _read_next(answer, lambda item: str(item["token"]), str)


def _read_next(answer: Any, of_item: Callable[[Any], Token], of_name: Callable[[str], Token]) -> Next:
    choice = answer["choices"][0]
    logs = choice["logprobs"]
    ends = choice.get("finish_reason") == "stop"
    if "content" in logs:  # llama.cpp
        first = logs["content"][0]
        top = {of_item(item): _log(item["logprob"]) for item in first["top_logprobs"]}
        return Next(of_item(first), _log(first["logprob"]), top, ends)
    top = {of_name(token): _log(log) for token, log in logs["top_logprobs"][0].items()}
    chosen = logs["tokens"][0]
    log = logs["token_logprobs"][0]
    return Next(of_name(chosen), _log(log), top, ends)


def read_next_or_held(answer: Any) -> Next | None:
    """`read_next`, or None where the server holds the token back.

    llama.cpp does so with a piece of a character (half an emoji).
    """
    if answer["choices"][0]["logprobs"] is None:
        return None
    return read_next(answer)


def read_text(answer: Any) -> str:
    """The text of a completion."""
    text = answer["choices"][0]["text"]
    if not isinstance(text, str):
        raise TypeError("no text")
    return text


@dataclass(frozen=True)
class WrittenText:
    """A completion as text, the texts of its tokens, and whether the last of these only ends it."""

    text: str
    tokens: list[str]
    ends: bool


def read_written(answer: Any) -> WrittenText:
    """What a server wrote that is sent texts."""
    choice = answer["choices"][0]
    logs = choice["logprobs"]
    tokens = logs["tokens"] if "tokens" in logs else [item["token"] for item in logs["content"]]
    return WrittenText(read_text(answer), list(map(str, tokens)), choice.get("finish_reason") == "stop")


def read_echo(answer: Any, start: int, count: int) -> float:
    """Log-probability of `count` tokens of an echoed prompt, from token `start` on.

    Raises ValueError where they are not there.
    """
    return _sum_of(answer["choices"][0]["logprobs"], start, start + count)


def read_echo_of_text(answer: Any, start: int, end: int) -> float:
    """Log-probability of what stands in an echoed prompt from character `start` to `end`.

    Raises ValueError where no token begins at `start`.
    """
    logs = answer["choices"][0]["logprobs"]
    return _sum_of(logs, *_tokens_within(logs, start, end))


def read_echoed_tokens(answer: Any, start: int, end: int) -> list[str]:
    """The texts of the tokens of an echoed prompt from character `start` to `end`."""
    logs = answer["choices"][0]["logprobs"]
    first, stop = _tokens_within(logs, start, end)
    return list(map(str, logs["tokens"][first:stop]))


def _tokens_within(logs: Mapping[str, Any], start: int, end: int) -> tuple[int, int]:
    """Positions of the tokens between two characters: the one at `start`, and the first at `end` or after."""
    offsets = list(logs["text_offset"])
    return offsets.index(start), sum(offset < end for offset in offsets)


def _sum_of(logs: Mapping[str, Any], first: int, stop: int) -> float:
    wanted: Sequence[Any] = logs["token_logprobs"][first:stop]
    if not wanted or len(wanted) != stop - first:
        raise ValueError("the echo is too short")
    return math.fsum(_log(log) for log in wanted)


def _named(item: Mapping[str, Any]) -> Token:
    """A token by its id, where the server names it, else by its text."""
    token = item["id"] if "id" in item else item["token"]
    if isinstance(token, int):
        return token
    return _token(token)


def _token(name: str) -> Token:
    head, _, number = name.partition("token_id:")
    if not head and number.isdecimal():
        return int(number)
    return name


def _log(value: Any) -> float:
    """A log-probability, of which servers write some too large by rounding, and −∞ in their own way."""
    log = float(value)
    if math.isnan(log) or log > 1e-3:
        raise ValueError("no log-probability")
    if log <= _NEVER:
        return -math.inf
    return min(log, 0.0)
