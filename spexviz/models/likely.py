"""The likeliest next tokens of a model as texts: those that can be given as an answer again.

Many tokens cannot: pieces of a character, pieces of a word that never stand at its beginning. Asked as an
answer, their text would be another token.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from spexviz.models.base import Likely

_LOOKED_AT = 200  # tokens: among so many likely ones there are some that can be given again
_ENDING = 8  # last tokens of a text behind which a token is read: some tokenisers drop a space at the start


def top_of(logs: Any) -> Iterator[tuple[int, float]]:
    """Token and log-probability of the likeliest in a row (vocabulary,)."""
    found = logs.topk(min(_LOOKED_AT, len(logs)))
    return zip(found.indices.tolist(), found.values.double().tolist(), strict=True)


def readable(
    candidates: Iterable[tuple[int, float]],
    count: int,
    text_of: Callable[[Sequence[int]], str],
    before: Sequence[int],
    is_read: Callable[[str, int], bool],
) -> tuple[Likely, ...]:
    """The first `count` candidates, (token, log-probability) each, whose text is read as that token.

    `text_of`: of token ids; `before`: those of the text after which they stand; `is_read(word, token)`:
    whether an answer is that token.
    """
    ending = list(before[-_ENDING:])
    start = text_of(ending) if ending else ""

    def found() -> Iterator[Likely]:
        for token, log in candidates:
            whole = text_of([*ending, token])
            word = whole[len(start) :]
            if word and whole.startswith(start) and is_read(word, token):
                yield Likely(word, math.exp(log))

    return tuple(islice(found(), count))
