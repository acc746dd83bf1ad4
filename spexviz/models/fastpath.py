"""What a fast path is proved with: made-up tokens, and how near its states must be to the plain forward's."""

from __future__ import annotations

from typing import Any


def made_up(vocabulary: int, count: int, first: int = 0) -> list[int]:
    """Tokens without a meaning, to find out how fast or how exact a model is.

    Another `first`, and no beginning is common.
    """
    return [(7 * i * i + 11 * i + first) % vocabulary for i in range(count)]


def near(found: Any, plain: Any, tolerance: float) -> bool:
    """Whether states in fp32 differ by at most this share of the plain forward's (root mean squares)."""
    off = (found - plain).square().mean().sqrt()
    size = plain.square().mean().sqrt()
    return bool(off <= tolerance * size)
