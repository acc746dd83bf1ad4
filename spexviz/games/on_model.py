"""What games on a language model have in common: the model by name or as a loaded one, its precision, its memory."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Self

from spexviz import models
from spexviz.models.base import LanguageModel


class OnModel:
    """Mixin of frozen dataclasses with a field `model`: a name, or a loaded model."""

    model: str | LanguageModel

    @cached_property
    def language_model(self) -> LanguageModel:
        """The model itself, loaded on first use."""
        return models.load(self.model) if isinstance(self.model, str) else self.model

    @property
    def precision(self) -> str | None:
        """What the model computes in ("fp32", "fp16", "bf16"); None for one that does not say."""
        return self.language_model.precision

    def reference(self) -> Self | None:
        """This game with its model in fp32; None where that cannot be had."""
        found = self.language_model.at_full_precision()
        return None if found is None else replace(self, model=found)

    @property
    def memory(self) -> int | None:
        """Bytes that the model takes; None where it does not say."""
        return self.language_model.memory
