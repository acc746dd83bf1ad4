"""What games on a language model share: the model by name or as a loaded one, its precision, its memory."""

from __future__ import annotations

from dataclasses import Field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

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

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # of those that derive from it
    model: str | LanguageModel

    @cached_property
    def language_model(self) -> LanguageModel:
        """The model itself, loaded on first use."""
        if isinstance(self.model, str):
            return models.load(self.model)
        return self.model

    @property
    def model_name(self) -> str:
        """The name of the model; nothing is loaded for it."""
        if isinstance(self.model, LanguageModel):
            return self.model.label
        return str(self.model)

    @property
    def precision(self) -> str | None:
        """What the model computes in ("fp32", "fp16", "bf16"); None for one that does not say."""
        return self.language_model.precision

    @property
    def memory(self) -> int | None:
        """Bytes that the model takes; None where it does not say."""
        return self.language_model.memory

    def at_full_precision(self) -> Self | None:
        model = self.language_model.at_full_precision()
        if model is None:
            return None
        return replace(self, model=model)

    @cached_property
    def _is_checked(self) -> bool:
        """True; the first time only after `check`, which raises what is wrong: looked at before each call."""
        self.check()
        return True
