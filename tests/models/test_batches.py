"""Micro-batches hold every text once; their size grows only as far as a probe finds it worth its memory."""

from __future__ import annotations

from itertools import pairwise

import pytest

from spexviz.kit.memory import is_out_of_memory
from spexviz.models.batches import LARGER, PADDED, TOGETHER, batches, tuned
from spexviz.models.prefixes import layout
from tests.models.test_prefixes import some_texts


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("tokens", [1, 30, 100, 10_000])
def test_batches_hold_every_text_once_and_say_what_they_compute(tokens: int, is_packed: bool) -> None:
    texts, extra = some_texts(3), 2
    found = list(batches(texts, tokens, is_packed, extra))
    assert sorted(i for rows, _ in found for i in rows) == list(range(len(texts)))
    room = tokens
    if is_packed:
        room = max(tokens, min(LARGER * tokens, TOGETHER * (max(map(len, texts)) + extra)))
    for rows, cost in found:
        ended = [[*texts[i], *[-1 - place for place in range(extra)]] for i in rows]
        longest = max(map(len, ended))
        assert cost == (
            len(layout(ended)) + _shared_ends(texts, rows, extra) if is_packed else len(rows) * longest
        )
        assert len(rows) == 1 or (cost <= room and len(rows) * longest <= PADDED * room)
    assert len(found) == (1 if tokens == 10_000 else len(texts) if tokens == 1 else len(found))


def test_long_texts_that_begin_alike_are_asked_together() -> None:
    texts = [[*range(500), 1000 + i, *range(100)] for i in range(6)]
    assert [len(rows) for rows, _ in batches(texts, 700, packed=True)] == [6]
    assert [len(rows) for rows, _ in batches(texts, 700, packed=False)] == [1] * 6
    assert [len(rows) for rows, _ in batches(texts, 1, packed=True)] == [1] * 6, "no memory for two"


def _shared_ends(texts: list, rows: list[int], extra: int) -> int:
    """A text that is asked twice is counted with its end twice: `log_probabilities` asks none twice."""
    return extra * sum(texts[a] == texts[b] for a, b in pairwise(rows))


def test_the_size_of_a_batch_is_found_by_doubling() -> None:
    import torch

    rates = {1: 10.0, 2: 19.0, 4: 30.0, 8: 31.0, 16: 99.0}
    assert (
        tuned(rates.__getitem__, 1, 16) == 4
        and tuned(rates.__getitem__, 1, 2) == 2
        and tuned(rates.__getitem__, 8, 8) == 8
    )

    def small(tokens: int) -> float:
        if tokens > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return float(tokens)

    assert tuned(small, 1, 64) == 2
    with pytest.raises(KeyError):
        tuned(rates.__getitem__, 16, 64)
    assert not is_out_of_memory(RuntimeError("shapes do not match")) and not is_out_of_memory(
        ValueError("can't allocate memory")
    )
