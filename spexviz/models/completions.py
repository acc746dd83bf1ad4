"""What a completions server says, read: log-probabilities of the next token, in the two forms that servers write them.

OpenAI, vLLM: {"tokens", "token_logprobs", "top_logprobs": [{token: …}], "text_offset"}; llama.cpp:
{"content": [{"id", "token", …}]}. A token is known by its id where the server names it ("id", or
"token_id:17"), else by its text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    """The next token: the one chosen with its log-probability in nats, and the most likely ones with theirs."""

    chosen: Token
    log: float
    top: Mapping[Token, float]

    def bound(self) -> float:
        """The largest log-probability that a token which is not listed can have: the least of those listed, and what they leave over."""
        left = 1.0 - math.fsum(math.exp(log) for log in self.top.values())
        return min([*self.top.values(), math.log(left) if left > 0 else 0.0])


def read_next(answer: Any) -> Next:
    """The first token of a completion. Raises KeyError, TypeError, … for what is no such answer."""
    logs = answer["choices"][0]["logprobs"]
    if "content" in logs:
        first = logs["content"][0]
        top = {_named(item): _log(item["logprob"]) for item in first["top_logprobs"]}
        return Next(_named(first), _log(first["logprob"]), top)
    top = {_token(token): _log(log) for token, log in logs["top_logprobs"][0].items()}
    return Next(_token(logs["tokens"][0]), _log(logs["token_logprobs"][0]), top)


def read_next_or_held(answer: Any) -> Next | None:
    """`read_next`, or None where the server holds the token back: llama.cpp does so with a piece of a character (half an emoji)."""
    return None if answer["choices"][0]["logprobs"] is None else read_next(answer)


def read_text(answer: Any) -> str:
    """The text of a completion."""
    text = answer["choices"][0]["text"]
    if not isinstance(text, str):
        raise TypeError("no text")
    return text


def read_echo(answer: Any, start: int, count: int | None, by_offset: bool) -> float:
    """Log-probability of what stands in an echoed prompt from token `start` (or, by offset, from character `start`) on; `count` tokens."""
    logs = answer["choices"][0]["logprobs"]
    if by_offset:
        start = list(logs["text_offset"]).index(start)  # ValueError where no token begins there
    wanted: Sequence = logs["token_logprobs"][start : None if count is None else start + count]
    if not wanted or (count is not None and len(wanted) != count):
        raise ValueError("the echo is too short")
    return math.fsum(_log(log) for log in wanted)


def _named(item: Mapping[str, Any]) -> Token:
    token = item["id"] if "id" in item else item["token"]
    return token if isinstance(token, int) else _token(token)


def _token(name: str) -> Token:
    head, _, number = name.partition("token_id:")
    return int(number) if not head and number.isdecimal() else name


def _log(value: Any) -> float:
    value = float(value)
    if math.isnan(value) or value > 1e-3:
        raise ValueError("no log-probability")
    return -math.inf if value <= _NEVER else min(value, 0.0)
