"""What games on a language model have in common: the model by name or as a loaded one, its precision, its memory."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, Self

from spexviz import models
from spexviz.games.base import Game
from spexviz.kit.options import option
from spexviz.models.base import LanguageModel


def model_option() -> Any:
    """The field `model` of a game on a language model."""
    return option(
        "bundled",
        "Model",
        '"bundled", "toy", a hub id, a folder, a .gguf file, "endpoint:NAME" or "llamacpp:FILE".',
    )


class OnModel(Game):
    """Base of frozen dataclasses with a field `model`: a name, or a loaded model."""

    model: str | LanguageModel

    @cached_property
    def language_model(self) -> LanguageModel:
        """The model itself, loaded on first use."""
        return models.load(self.model) if isinstance(self.model, str) else self.model

    @property
    def model_name(self) -> str:
        """The name of the model; nothing is loaded for it."""
        return self.model.label if isinstance(self.model, LanguageModel) else str(self.model)

    @property
    def precision(self) -> str | None:
        """What the model computes in ("fp32", "fp16", "bf16"); None for one that does not say."""
        return self.language_model.precision

    @property
    def memory(self) -> int | None:
        """Bytes that the model takes; None where it does not say."""
        return self.language_model.memory

    def at_full_precision(self) -> Self | None:
        found = self.language_model.at_full_precision()
        return None if found is None else replace(self, model=found)
