"""Variants: what can be another when a run of a prompt is repeated."""

from __future__ import annotations

from spexviz.games.prompt.game import PromptGame


def variants(game: PromptGame) -> dict[str, tuple[str, ...]]:
    """{what: the settings that make it up}; ranges of characters hold for this prompt only."""
    found: dict[str, tuple[str, ...]] = {}
    if not game.spans and not game.protected:
        found["Prompt"] = ("prompt",)
    found["Model"] = ("model",)
    if game.value == "log-odds":
        found["Answers"] = ("target", "contrast")
    elif game.value != "greedy":  # which is the model's own
        found["Answer"] = ("target",)
    found["Way of removing"] = ("masking",)
    return found
