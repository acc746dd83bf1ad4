"""Micro-batches: which texts are asked together, how many tokens fit, and what to do when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spexviz.kit.memory import is_out_of_memory
from spexviz.models.prefixes import common

# of one micro-batch on a CPU: large enough for the matrix products, small enough for the caches
TOKENS = 1024
MOST_TOKENS = 2**17  # of one micro-batch on a GPU, where the size is found by a probe
PROBED = 64  # tokens of a text of that probe
GAIN = 1.1  # a doubled batch that is not this much faster is not worth its memory
# whole texts, padded for the attention, may be this many times the tokens that a packed batch computes
PADDED = 4
# long texts share long beginnings, and alone each would compute its own anew: so packed ones get room for
# three, in up to twice the tokens (measured on 650 tokens of which 13 words vary: 1.5 to 1.8 times as fast)
TOGETHER = 3
LARGER = 2


def batches(
    texts: Sequence[list[int]], tokens: int, packed: bool, extra: int = 0
) -> Iterator[tuple[list[int], int]]:
    """Rows of each micro-batch of about `tokens` tokens at most, and the tokens that it computes.

    For long packed texts there is more room (TOGETHER). `extra` tokens come after each text. `packed`: in
    sorted order, and a common beginning is computed once; else sorted by length, and each row is as long as
    the longest.
    """
    rows: list[int] = []
    cost = longest = 0
    if packed and texts:
        together = TOGETHER * (max(map(len, texts)) + extra)
        tokens = max(tokens, min(together, LARGER * tokens))
    for i in _in_order(texts, packed):
        length = len(texts[i]) + extra
        area = (len(rows) + 1) * max(longest, length)  # of the batch with this text, padded to its longest
        computed = area
        if packed and rows:
            computed = cost + length - common(texts[rows[-1]], texts[i])
        if rows and (computed > tokens or area > PADDED * tokens):
            yield rows, cost
            rows = []
            longest = 0
            computed = length
        rows.append(i)
        cost = computed
        longest = max(longest, length)
    if rows:
        yield rows, cost


def _in_order(texts: Sequence[list[int]], packed: bool) -> list[int]:
    """Rows by their tokens, which puts common beginnings together, or by length, so that little is padded."""
    rows = range(len(texts))
    if packed:
        return sorted(rows, key=lambda i: texts[i])
    return sorted(rows, key=lambda i: len(texts[i]))


def tuned(rate: Callable[[int], float], start: int, most: int) -> int:
    """Tokens of a batch: `start`, doubled to at most `most` while `rate(tokens)` gains from it.

    The rate is in tokens a second. What does not fit in memory ends the search at the size before. Raises
    what `rate` raises at `start`.
    """
    best = start
    speed = rate(start)
    while best * 2 <= most:
        try:
            faster = rate(best * 2)
        except Exception as error:
            if is_out_of_memory(error):
                break
            raise
        if faster < GAIN * speed:
            break
        best *= 2
        speed = faster
    return best
