"""Micro-batches: which texts are asked together, how many tokens fit, and what to do when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spexviz.models.packed import common

# of one micro-batch on a CPU: large enough for the matrix products, small enough for the caches
TOKENS = 1024
MOST_TOKENS = 2**17  # of one micro-batch on a GPU, where the size is found by a probe
PROBED = 64  # tokens of a text of that probe
GAIN = 1.1  # a doubled batch that is not this much faster is not worth its memory
# whole texts, padded for the attention, may be this many times the tokens that a packed batch computes
PADDED = 4


def batches(
    texts: Sequence[Sequence[int]], tokens: int, packed: bool, extra: int = 0
) -> Iterator[tuple[list[int], int]]:
    """Rows of each micro-batch of about `tokens` tokens at most, and the tokens that it computes; `extra` come after each text.

    `packed`: in sorted order, and a common beginning is computed once; else sorted by length, and each row is
    as long as the longest.
    """
    rows: list[int] = []
    cost = longest = 0
    for i in sorted(range(len(texts)), key=lambda i: texts[i] if packed else len(texts[i])):
        length = len(texts[i]) + extra
        area = (len(rows) + 1) * max(longest, length)
        after = cost + length - common(texts[rows[-1]], texts[i]) if packed and rows else area
        if rows and (after > tokens or area > PADDED * tokens):
            yield rows, cost
            rows, longest, after = [], 0, length
        rows.append(i)
        cost, longest = after, max(longest, length)
    if rows:
        yield rows, cost


def tuned(rate: Callable[[int], float], start: int, most: int) -> int:
    """Tokens of a batch, doubled from `start` to at most `most` while `rate(tokens)`, tokens a second, gains from it.

    What does not fit in memory ends the search at the size before. Raises what `rate` raises at `start`.
    """
    best, speed = start, rate(start)
    while best * 2 <= most:
        try:
            faster = rate(best * 2)
        except Exception as error:
            if is_out_of_memory(error):
                break
            raise
        if faster < GAIN * speed:
            break
        best, speed = best * 2, faster
    return best


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of torch says that memory ran out: on a GPU by its class, on a CPU by its words."""
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )
