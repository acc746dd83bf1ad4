"""Variants: what can be another when a run of a model's parts is repeated."""

from __future__ import annotations

from spexviz import models
from spexviz.games.heads.game import HeadsGame


def variants(game: HeadsGame) -> dict[str, tuple[str, ...]]:
    """{what: the settings that make it up}; a run of many questions has no prompt of its own."""
    found: dict[str, tuple[str, ...]] = {}
    if not game.questions:
        found["Prompt"] = ("prompt", "target", "contrast")
    found["Model"] = ("model",)
    found["Way of removing"] = ("ablation",)
    return found


def can_be_opened() -> list[str]:
    """The models offered here whose parts can be reached."""
    return [name for name in models.configured() if models.can_be_opened(name)]
