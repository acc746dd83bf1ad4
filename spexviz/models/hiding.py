"""Whether what is hidden from attention is hidden from the answer too, wherever that is read.

A token that nothing attends to still has its own state, and a causal model reads its answer there when the
token is the last one, a classifier where it pools. So the model is asked twice, with other tokens in the
hidden places the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spexviz.models.fastpath import near

_TOLERANCE = 1e-3  # in any precision: what is masked has a weight of exactly 0


def with_others(ids: Sequence[int], seen: Sequence[int], tokenizer: Any) -> list[int]:
    """The ids with another one in each hidden place (`seen` 0); none of them special."""
    special = set(tokenizer.all_special_ids)
    ordinary = (token for token in range(len(tokenizer)) if token not in special)
    first, second = next(ordinary), next(ordinary)
    found = []
    for token, visible in zip(ids, seen, strict=True):
        other = second if token == first else first
        found.append(token if visible else other)
    return found


def are_alike(answers: Any) -> bool:
    """Whether both rows of what a model answers (2, …) are the same, but for rounding."""
    return near(answers[1].float(), answers[0].float(), _TOLERANCE)
