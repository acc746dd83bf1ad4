"""What games on a language model share: the model by name or in memory, and how its texts begin."""

from __future__ import annotations

from dataclasses import Field, replace
from typing import Any, ClassVar, Self

from spexviz import models
from spexviz.games.asked import LABEL, NEXT
from spexviz.games.base import Game
from spexviz.kit.cached import cached_property
from spexviz.kit.options import option
from spexviz.models.base import LanguageModel
from spexviz.models.endpoints import PREFIX
from spexviz.models.given import InMemory, model_of


def model_option() -> Any:
    """The field `model` of a game on a language model."""
    return option(
        "bundled",
        "Model",
        '"bundled", "toy", a hub id, a folder, a .gguf file, "endpoint:NAME" or "llamacpp:FILE"; in Python '
        "also a model in memory.",
    )


BEGINNING_NAMES = {"tokeniser": "As the model's tokeniser sets it", "none": "Nothing is set"}
BEGINNINGS = {
    "tokeniser": "Before each text stands what the model's tokeniser sets there, such as <s>, or nothing.",
    "none": "Nothing is set before a text.",
}


def beginning_option() -> Any:
    """The field `beginning` of a game on a language model."""
    return option(
        "tokeniser", "Beginning of the text", choices=BEGINNINGS, called=BEGINNING_NAMES, before="none"
    )


class OnModel(Game):
    """Base of frozen dataclasses with a field `model`, a name or a loaded model, and a field `beginning`."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # of those that derive from it
    model: str | LanguageModel | InMemory
    beginning: str

    def _take_model(self) -> None:
        """Let a model in memory be one of ours. Raises ModelError for what is no model."""
        object.__setattr__(self, "model", model_of(self.model))

    @cached_property
    def language_model(self) -> LanguageModel:
        """The model itself, loaded on first use."""
        if isinstance(self.model, str):
            return models.load(self.model)
        return self.model

    @property
    def begins_itself(self) -> bool:
        """Whether its texts bring their own beginning, as those of a chat template do."""
        return False

    @cached_property
    def asked_model(self) -> LanguageModel:
        """The model as it is asked: with what its tokeniser sets before a text, if that is wanted."""
        if self.begins_itself or self.beginning == "none":
            return self.language_model
        return self.language_model.begun()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be known of its values, by the model and by how its texts begin."""
        said = [*self.asked_model.remarks]
        if self.beginning == "none" and not self.begins_itself:
            if self.language_model.beginning:
                said.append(
                    f"The tokeniser of {self.language_model.label} sets a token before each text, which was "
                    "left out here, and some models answer at random without: "
                    'beginning="tokeniser" sets it.'
                )
            if self.language_model.begins_itself:
                said.append(
                    f"{self.language_model.label} is sent texts, and sets before each what its tokeniser "
                    "does: that cannot be left out."
                )
        return tuple(said)

    @property
    def model_name(self) -> str:
        """The name of the model; nothing is loaded for it."""
        if isinstance(self.model, LanguageModel):
            return self.model.label
        return str(self.model)

    @property
    def model_title(self) -> str:
        """The name that people know the model by; nothing is loaded for it."""
        return models.title(self.model_name)

    @property
    def read(self) -> str:
        """Where the answer is read, for words about it (see `asked`); nothing is loaded for it."""
        if isinstance(self.model, str) and not models.is_loaded(self.model):
            return NEXT if models.is_causal(self.model) else ""
        model = self.language_model
        if model.kind == "classifier":
            return LABEL
        return model.blank or NEXT

    @property
    def metered(self) -> bool:
        """Whether a server elsewhere is asked; nothing is loaded for it."""
        return self.model_name.startswith(PREFIX)

    @property
    def precision(self) -> str | None:
        """What the model computes in ("fp32", "fp16", "bf16"); None for one that does not say."""
        return self.language_model.precision

    @property
    def hands_over(self) -> bool:
        """Whether a question of a page goes before what its model works on."""
        return self.language_model.hands_over

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
        """True; the first time only after `check`, which raises what is wrong."""
        self.check()
        return True

    def _be_ready(self) -> None:
        """Raise what is wrong, before each call: once by `check`, and of its model whenever that changes."""
        _ = self._is_checked
        self.language_model.check_unchanged()
