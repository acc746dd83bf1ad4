"""A fast path is believed only where its states are those of the plain forward, up to rounding."""

from __future__ import annotations

import pytest

from spexviz.models.fastpath import made_up, near, near_each


@pytest.mark.parametrize(
    ("change", "is_near"),
    [(0.0, True), (0.09, True), (-0.09, True), (0.11, False), (float("nan"), False), (float("inf"), False)],
)
def test_states_are_near_within_the_tolerance_and_nothing_else_is(change: float, is_near: bool) -> None:
    import torch

    plain = torch.tensor([[3.0, -4.0], [0.5, 2.0]])
    assert near(plain * (1 + change), plain, 0.1) is is_near


def test_one_wrong_state_among_many_is_seen() -> None:
    import torch

    plain = torch.ones(16, 8)
    found = plain.clone()
    found[3] = -1.0
    assert not near(found, plain, 0.1)


def test_made_up_tokens_are_in_the_vocabulary_and_differ_from_the_first_on() -> None:
    texts = [made_up(400, 24, first) for first in range(20)]
    assert all(0 <= token < 400 and len(text) == 24 for text in texts for token in text)
    assert len({text[0] for text in texts}) == 20 and len(set(texts[0])) > 12


def test_one_state_that_is_a_little_wrong_is_seen_where_each_counts() -> None:
    import torch

    plain = torch.ones(64, 8)
    found = plain.clone()
    found[3] *= 1.002
    assert near(found, plain, 1e-3) and near_each(plain, plain, 1e-3) and near_each(found, plain, 3e-3)
    assert not near_each(found, plain, 1e-3)
    found[3] = float("nan")
    assert not near_each(found, plain, 1e-3)
