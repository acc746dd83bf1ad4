"""Variants: what can be another when a run of training data is repeated."""

from __future__ import annotations

from spexviz.games.training.game import TrainingGame


def variants(game: TrainingGame) -> dict[str, tuple[str, ...]]:
    """{what: the settings that make it up}."""
    return {"Learner": ("learner",)}
