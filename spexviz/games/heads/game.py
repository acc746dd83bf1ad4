"""HeadsGame: the players are parts of the model (heads, layers, neurons, …); the prompt stays as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spexviz.errors import AblationError, GameError
from spexviz.games.base import Asking, check_keep, hashed
from spexviz.games.heads.players import (
    UNIT_NAMES,
    UNITS,
    Player,
    groups_given,
    layers_chosen,
    layers_given,
    players_of,
)
from spexviz.games.heads.questions import (
    UNITS_OF_VALUES,
    VALUE_NAMES,
    VALUES,
    Inputs,
    Question,
    check_questions,
    question_of,
)
from spexviz.games.heads.replacement import ABLATION_NAMES, ABLATIONS, REFERENCE, Replacement
from spexviz.games.on_model import OnModel, beginning_option, model_option
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.kit.options import check, option
from spexviz.masks import Masks, Values
from spexviz.models.base import LanguageModel, opened
from spexviz.models.given import InMemory
from spexviz.models.parts import Gate, Parts, Site
from spexviz.results.subject import LOG_PROBABILITY, ODDS, Scale

KEEPS = (0.5, 0.66, 0.75, 0.83, 0.9, 0.95)  # that a form offers
_NOUNS = {"attention": "attention block", "mlp": "mlp block"}  # the other parts are called as they are


@dataclass(frozen=True)
class HeadsGame(OnModel):
    """Which parts of the model answer a prompt, or a set of questions, as it does.

    Players are heads, or other parts, of some layers. `questions`: (prompt, target, contrast) each, in place
    of the one prompt; the value is the mean over them. `layers`: positions, "all", or None for the six in the
    middle. `part`: what a player is; `groups`: "layer" for one player a layer, or lists of labels; `only`:
    labels of the players that may be removed, the rest stays. `neurons`: how many of the most active ones.
    `ablation`: what becomes of a removed part; `reference_prompts`: for mean and resample, by default the
    questions, or neutral sentences for one prompt. `rescale`: the kept heads of a layer times |H| / |kept|.
    `keep`: probability with which masks keep a player. Before each text stands what the tokeniser sets there
    (see `beginning`).
    Raises GameError for settings that do not exist or fit; on first use ModelError for a model whose parts
    cannot be reached.
    """

    name: ClassVar[str] = "heads"
    title: ClassVar[str] = "Model components"
    path_adds: ClassVar[bool] = False

    model: str | LanguageModel | InMemory = model_option()
    prompt: str = option("", "Prompt", "Stays as it is; parts of the model are removed.", longest=4_000)
    target: str = option(
        "", "Answer", "The next token to look at, with its leading space. The field calls it the target."
    )
    contrast: str = option("", "Against", "The token to compare with. The field calls it the contrast.")
    questions: Sequence[Question] = option(
        (), "Questions", "Prompt, target and contrast of each, in place of the one prompt."
    )
    layers: Sequence[int] | str | None = option(
        None, "Layers", 'Such as "12-17", "3, 5" or "all".', placeholder="the six in the middle"
    )
    part: str = option("head", "Split into", choices=UNITS, called=UNIT_NAMES)
    groups: str | Sequence[Sequence[str]] = option(
        "", "All players of a layer as one", "One player a layer, whatever its parts are."
    )
    only: Sequence[str] = option(
        (), "Candidates", "Labels of the players that may be removed; the rest stays in the model."
    )
    neurons: int = option(
        24, "Neurons", "How many of the most active ones are players, where players are neurons.", low=1
    )
    ablation: str = option("mean", "A removed part gives", choices=ABLATIONS, called=ABLATION_NAMES)
    reference_prompts: Sequence[str] = option(
        (),
        "Reference prompts",
        "What mean and resample go by; by default the questions, or neutral sentences.",
    )
    rescale: bool = option(
        False, "Rescale the heads that are kept", "By |H| / |kept| in each layer; for heads that are zeroed."
    )
    value: str = option("log-odds", "What to look at", choices=VALUES, called=VALUE_NAMES)
    keep: float = option(
        0.5,
        "Share that stays each time",
        "The probability with which each part is kept in a mask. Of many keep more: half of all heads is too "
        "little.",
        offered=KEEPS,
    )
    resample_seed: int = option(
        0, "Seed of resample", "Which reference prompt stands for a removed part.", low=0
    )
    beginning: str = beginning_option()

    def __post_init__(self) -> None:
        check(self, GameError)
        check_keep(self.keep)
        check_questions(self.asked, self.value)
        if self.rescale and (self.ablation != "zero" or self.part != "head"):
            raise GameError(
                'Rescaling is for heads that are zeroed: choose the ablation "zero" and the part "head", '
                "or switch it off."
            )
        frozen = {
            "questions": tuple(tuple(one) for one in self.questions),
            "only": tuple(self.only),
            "reference_prompts": tuple(self.reference_prompts),
            "layers": layers_given(self.layers),
            "groups": groups_given(self.groups),
        }
        for name, value in frozen.items():
            object.__setattr__(self, name, value)
        self._take_model()

    @cached_property
    def parts(self) -> Parts:
        """The parts of the model."""
        return opened(self.asked_model).parts

    def on(self, questions: Sequence[Question]) -> HeadsGame:
        """The same players, removed in the same way, valued on other questions."""
        only = self.only
        if self.part == "neuron":  # which would be the most active ones of the other questions
            only = self.players
        return replace(self, questions=questions, reference_prompts=self._prompts_of_reference, only=only)

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions; one for a single prompt."""
        return tuple(self.questions) or ((self.prompt, self.target, self.contrast),)

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """Positions of the layers whose parts are players, in order."""
        return layers_chosen(self.layers, len(self.parts.layers))

    @cached_property
    def members(self) -> tuple[Player, ...]:
        """The players: label, place in the grid, and which numbers of which sites are theirs."""
        return players_of(self)

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(player.label for player in self.members)

    @property
    def layout(self) -> Floats:
        """(n, 2): numbers of the layer and of the head (or another place in the layer).

        A hint for solvers, and where the grid draws the player.
        """
        return np.array([player.place for player in self.members], dtype=np.float64)

    @property
    def noun(self) -> str:
        """What one player is, for sentences."""
        if self.groups:
            return "group"
        return _NOUNS.get(self.part, self.part)

    @property
    def preparing(self) -> str:
        """What comes before the first value, unless parts are zeroed."""
        if self.ablation == "zero":
            return ""
        return f"measuring what the {self.noun}s give on other texts"

    @property
    def unit(self) -> str:
        """Of a value: nats, or an accuracy."""
        return UNITS_OF_VALUES[self.value]

    @property
    def scale(self) -> Scale:
        """As of a prompt where there is one question; a mean over several is a number."""
        _, target, contrast = self.asked[0]
        if len(self.asked) > 1 or self.value == "accuracy":
            return Scale()
        if self.value == "log-odds":
            return Scale(ODDS, (target, contrast))
        return Scale(LOG_PROBABILITY, (target,))

    @property
    def question(self) -> str:
        """What is measured, in words; of several questions `before` shows the first."""
        return question_of(self.asked, self.value, self.read)

    @property
    def before(self) -> str:
        """The prompt, of which nothing is removed: of several the first."""
        return self.asked[0][0]

    @cached_property
    def fingerprint(self) -> str:
        fields = [
            self.asked,
            self.value,
            self.ablation,
            self.rescale,
            self.resample_seed,
            self._prompts_of_reference,
            [(player.label, player.numbers) for player in self.members],
            self.asked_model.fingerprint,
        ]
        return hashed("heads", json.dumps(fields))

    def seconds(self, masks: Masks) -> float | None:
        """What one call for masks (b, n) would take here, by the model's pace; None while that is unknown."""
        share = 1.0 - self.first_layer / len(self.parts.layers)  # what lies below is run once a prompt
        return self.parts.model.pace.seconds(self.tokens(masks) * share)

    def tokens(self, masks: Masks) -> int:
        """Tokens that the model reads for masks (b, n)."""
        return len(masks) * sum(len(one["input_ids"]) for one in self.inputs)

    @property
    def call_masks(self) -> int:
        """How many masks pay in one call: as many as fill one batch."""
        return min(
            self.parts.batch_rows(length) // len(questions) for length, questions in self._by_length.items()
        )

    def asking(self) -> Asking:
        return Asking(self.seconds, self.tokens, self.memory, self.call_masks)

    def check(self) -> None:
        """Raise what would go wrong before the first ablation: model, layers, answers, length.

        Raises ModelError for the model, GameError for the rest.
        """
        # each of these raises what is wrong with it when it is first made
        _ = self.parts
        _ = self.inputs
        _ = self._references
        if not self.members:
            raise GameError("There is no player: choose a layer, or other labels.")
        _ = self._columns

    def __call__(self, masks: Masks) -> Values:
        return self.by_question(masks).mean(1)

    def by_question(self, masks: Masks) -> Floats:
        """Values (b, questions) of the masks (b, n): what `__call__` is the mean of.

        Raises AblationError where the model gives no number.
        """
        self._be_ready()
        masks = np.asarray(masks, dtype=bool)
        values = np.empty((len(masks), len(self.asked)))
        if len(masks):
            for length, questions in self._by_length.items():
                values[:, questions] = self._values_of(masks, questions, length)
        if not np.isfinite(values).all():
            raise AblationError(
                "The model gave no finite value for some mask: choose another target, another ablation "
                "or another precision."
            )
        return values

    def _values_of(self, masks: Masks, questions: list[int], length: int) -> Floats:
        """Values (b, questions) for questions of the same length in tokens: the model reads them together."""
        inputs = [self.inputs[i] for i in questions]
        below = [self._below[i] for i in questions]
        columns = [self._columns[i] for i in questions]
        logs = self.parts.logs(inputs, below, self.first_layer, self._gates_of(length), masks, columns)
        return self._value(logs)

    def _value(self, logs: Floats) -> Floats:
        """Values (b, questions) of the log-probabilities of target and contrast (b, questions, 2)."""
        if self.value == "log-probability":
            return logs[..., 0]
        odds = logs[..., 0] - logs[..., 1]
        if self.value == "accuracy":
            return (odds > 0).astype(np.float64)
        return odds

    def attention(self, layer: int, question: int = 0) -> tuple[list[str], Floats]:
        """Tokens of a question, and where the heads of a layer look in it: shares (heads, from, to).

        By the untouched model.
        """
        inputs = self.inputs[question]
        tokens = [self.parts.model.text_of([i]) for i in inputs["input_ids"]]
        return tokens, self.parts.attention(inputs, layer)

    @cached_property
    def _columns(self) -> list[tuple[int, int]]:
        """Where target and contrast of each question stand among the answers of the model."""
        column = self.parts.model.column
        if self.value == "log-probability":  # no contrast is read
            targets = [column(target, prompt) for prompt, target, _ in self.asked]
            return [(target, target) for target in targets]
        return [(column(target, prompt), column(contrast, prompt)) for prompt, target, contrast in self.asked]

    @cached_property
    def inputs(self) -> list[Inputs]:
        """What the model takes of the prompt of each question."""
        return [self._read(prompt, "prompt") for prompt, _, _ in self.asked]

    def _read(self, text: str, what: str) -> Inputs:
        """What the model takes of a text. Raises GameError where that is more than it reads."""
        model = self.parts.model
        length = model.length(text)
        if length > model.context:
            raise GameError(
                f"A {what} is {length} tokens long, but {model.label} reads at most {model.context}: "
                "shorten it."
            )
        return model.inputs_of(text)

    @cached_property
    def _by_length(self) -> dict[int, list[int]]:
        """Positions of the questions, by how many tokens they have."""
        found: dict[int, list[int]] = {}
        for i, one in enumerate(self.inputs):
            found.setdefault(len(one["input_ids"]), []).append(i)
        return found

    @property
    def first_layer(self) -> int:
        """The lowest layer in which something may be removed: what lies below is the same for every mask."""
        return min(layer for player in self.members for (layer, _), _ in player.numbers)

    @cached_property
    def _below(self) -> list[Any]:
        """What comes into the first layer for each question, computed once."""
        return [self.parts.below(one, self.first_layer) for one in self.inputs]

    @property
    def _prompts_of_reference(self) -> tuple[str, ...]:
        if self.ablation == "zero":
            return ()
        if self.reference_prompts:
            return tuple(self.reference_prompts)
        if len(self.questions) > 1:
            return tuple(prompt for prompt, _, _ in self.questions)
        return REFERENCE

    @cached_property
    def _references(self) -> list[Inputs]:
        return [self._read(prompt, "reference prompt") for prompt in self._prompts_of_reference]

    @cached_property
    def _replacement(self) -> Replacement:
        return Replacement(
            self.parts,
            self.members,
            self.ablation,
            self._references,
            self.resample_seed,
            self.rescale,
        )

    @cached_property
    def _gates(self) -> dict[int, dict[Site, Gate]]:
        """Gates by the length of the prompts, as far as `_gates_of` was asked for them."""
        return {}

    def _gates_of(self, length: int) -> dict[Site, Gate]:
        """What happens at each site, for prompts of so many tokens."""
        if length not in self._gates:
            self._gates[length] = self._replacement.gates(length)
        return self._gates[length]
