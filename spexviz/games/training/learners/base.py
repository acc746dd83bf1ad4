"""Learner: what the game must know of a way to learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Learner:
    """A way to learn, by its `scores(features, labels, classes, weights, tests, penalty, seed)`.

    See the package for these. `summary`: one sentence about it; `version` of the arithmetic: changes when the
    same settings give other values; `squared_loss`: what it minimises is the squared error, else
    cross-entropy; `closed_form`: hundreds of retrainings take a moment, so they need not be asked for.
    """

    name: str
    summary: str
    scores: Callable[..., Any]
    version: int = 1
    squared_loss: bool = False
    closed_form: bool = False
