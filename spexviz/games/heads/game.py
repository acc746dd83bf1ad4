"""HeadsGame: parts of the model itself are the players (attention heads, blocks, layers, neurons), and the prompt stays as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import index
from typing import Any, ClassVar

import numpy as np

from spexviz.errors import AblationError, GameError
from spexviz.games.base import Asking, check_keep
from spexviz.games.heads.players import UNITS, Player, layers_of, players_of
from spexviz.games.on_model import OnModel, model_option
from spexviz.kit.arrays import Floats, Positions
from spexviz.kit.options import check, option
from spexviz.masks import Masks, Values
from spexviz.models.base import LanguageModel, opened
from spexviz.models.parts import Gate, Parts, Site
from spexviz.results import LOG_PROBABILITY, ODDS, Scale

KEEPS = (0.5, 0.66, 0.75, 0.83, 0.9, 0.95)  # that a form offers
MIDDLE = 6  # layers by default: half of more heads leave nothing to explain
ABLATIONS = {
    "mean": "What a removed part gives becomes its mean over the reference prompts (the first token, where much attention rests, apart).",
    "zero": "What a removed part gives becomes 0.",
    "resample": "What a removed part gives becomes what it gives on a reference prompt drawn by the seed, tokens matched from the end.",
}
VALUES = {
    "log-odds": "Log-odds of the target against the contrast as the next token, mean over the prompts.",
    "log-probability": "Log-probability of the target as the next token, mean over the prompts.",
    "accuracy": "Share of the questions whose target is more likely than its contrast.",
}
REFERENCE = (  # neutral sentences; used where a single prompt leaves nothing to average over
    "The old bridge was closed for repairs during the winter.",
    "She bought three apples and a loaf of bread at the market.",
    "In many countries the school year begins in September.",
    "He said that the report would be ready before noon.",
    "A small group of tourists waited outside the museum.",
    "The water in the lake is cold even in summer.",
    "They have been working on the project since last year.",
    "Most birds build their nests in spring.",
)
Question = tuple[str, str, str]
"""Prompt, target, contrast."""


@dataclass(frozen=True)
class HeadsGame(OnModel):
    """Which parts of the model answer a prompt, or a set of questions, as it does: players are heads or other parts of some layers.

    `questions`: (prompt, target, contrast) each, in place of the one prompt; the value is the mean over them.
    `layers`: positions, "all", or None for the six in the middle. `part`: what a player is; `groups`: "layer"
    for one player a layer, or lists of labels; `only`: labels of the players that may be removed, the rest
    stays. `neurons`: how many of the most active ones. `ablation`: what becomes of a removed part;
    `reference`: prompts for mean and resample, by default the questions, or neutral sentences for one prompt.
    `rescale`: the kept heads of a layer times |H| / |kept|. `keep`: probability with which masks keep a
    player.
    Raises GameError for settings that do not exist or fit; on first use ModelError for a model whose parts
    cannot be reached.
    """

    name: ClassVar[str] = "heads"
    title: ClassVar[str] = "Model components"

    model: str | LanguageModel = model_option()
    prompt: str = option("", "Prompt", "Stays as it is; parts of the model are removed.", longest=4_000)
    target: str = option("", "Target", "The next token to look at, with its leading space.")
    contrast: str = option("", "Contrast", "The token to compare with.")
    questions: Sequence[Question] = option(
        (), "Questions", "Prompt, target and contrast of each, in place of the one prompt."
    )
    layers: Sequence[int] | str | None = option(
        None, "Layers", 'Such as "12-17", "3, 5" or "all".', placeholder="the six in the middle"
    )
    part: str = option("head", "Players are", choices=UNITS)
    groups: str | Sequence[Sequence[str]] = option(
        "", "All players of a layer as one", "One player a layer, whatever its parts are."
    )
    only: Sequence[str] = option(
        (), "Candidates", "Labels of the players that may be removed; the rest stays in the model."
    )
    neurons: int = option(
        24, "Neurons", "How many of the most active ones are players, where players are neurons.", low=1
    )
    ablation: str = option("mean", "Removing means", choices=ABLATIONS)
    reference_prompts: Sequence[str] = option(
        (),
        "Reference prompts",
        "What mean and resample go by; by default the questions, or neutral sentences.",
    )
    rescale: bool = option(
        False, "Rescale the heads that are kept", "By |H| / |kept| in each layer; for heads that are zeroed."
    )
    value: str = option("log-odds", "Value", choices=VALUES)
    keep: float = option(
        0.5,
        "A mask keeps each with",
        "Of many players keep more: half of all heads is too little.",
        offered=KEEPS,
    )
    resample_seed: int = option(
        0, "Seed of resample", "Which reference prompt stands for a removed part.", low=0
    )

    def __post_init__(self) -> None:
        check(self, GameError)
        check_keep(self.keep)
        asked = self.questions or [(self.prompt, self.target, self.contrast)]
        if any(len(one) != 3 or not all(isinstance(part, str) for part in one) for one in asked):
            raise GameError("A question is a prompt, a target and a contrast: three texts.")
        if any(not prompt.strip() or not target for prompt, target, _ in asked):
            raise GameError(
                'The prompt or its target is empty: type a prompt, and the next token to look at, such as " Paris".'
            )
        if self.value != "log-probability" and any(target == contrast for _, target, contrast in asked):
            raise GameError(
                "Target and contrast are the same, so their log-odds are always 0: choose two different answers."
            )
        if self.rescale and (self.ablation != "zero" or self.part != "head"):
            raise GameError(
                'Rescaling is for heads that are zeroed: choose the ablation "zero" and the part "head", or switch it off.'
            )
        freeze = {
            "questions": tuple(tuple(one) for one in self.questions),
            "only": tuple(self.only),
            "reference_prompts": tuple(self.reference_prompts),
        }
        freeze["layers"] = layers_of(self.layers) if isinstance(self.layers, str) else self.layers
        if freeze["layers"] is not None and not isinstance(freeze["layers"], str):
            try:
                freeze["layers"] = tuple(index(i) for i in freeze["layers"])
            except TypeError:
                raise GameError(
                    f'Layers are positions such as 0 and 1, or "all", not {self.layers!r:.60}.'
                ) from None
        freeze["groups"] = (
            self.groups if isinstance(self.groups, str) else tuple(tuple(group) for group in self.groups)
        )
        if any(not group for group in freeze["groups"]):
            raise GameError("A group is empty: name at least one label in each.")
        for name, value in freeze.items():
            object.__setattr__(self, name, value)

    @cached_property
    def parts(self) -> Parts:
        """The parts of the model."""
        return opened(self.language_model).parts

    def on(self, questions: Sequence[Question]) -> HeadsGame:
        """The same players, removed in the same way, valued on other questions."""
        only = self.players if self.part == "neuron" else self.only
        return replace(self, questions=questions, reference_prompts=self._prompts_of_reference, only=only)

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """The questions; one for a single prompt."""
        return self.questions or ((self.prompt, self.target, self.contrast),)

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """Positions of the layers whose parts are players."""
        count = len(self.parts.layers)
        if self.layers is None:
            first = max(0, count // 2 - MIDDLE // 2)
            return tuple(range(first, min(count, first + MIDDLE)))
        found = tuple(range(count)) if self.layers == "all" else self.layers
        if (
            isinstance(found, str)
            or not found
            or any(not 0 <= i < count for i in found)
            or len(set(found)) < len(found)
        ):
            raise GameError(
                f'Layers are different positions from 0 to {count - 1}, or "all", not {self.layers!r:.60}.'
            )
        return tuple(sorted(found))

    @cached_property
    def members(self) -> tuple[Player, ...]:
        """The players: label, place in the grid, and which numbers of which sites are theirs."""
        return players_of(self)

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(player.label for player in self.members)

    @property
    def layout(self) -> Floats:
        """(n, 2): layer, and head (or another place in the layer); a hint for solvers, and where the grid draws the player."""
        return np.array([player.place for player in self.members], dtype=np.float64)

    @property
    def noun(self) -> str:
        """What one player is, for sentences."""
        return (
            "group"
            if self.groups
            else {"attention": "attention block", "mlp": "mlp block"}.get(self.part, self.part)
        )

    @property
    def unit(self) -> str:
        return {
            "log-odds": "log-odds (nats)",
            "log-probability": "log-probability (nats)",
            "accuracy": "accuracy",
        }[self.value]

    @property
    def scale(self) -> Scale:
        """As of a prompt where there is one question; a mean over several is a number."""
        target, contrast = self.asked[0][1:]
        if len(self.asked) > 1 or self.value == "accuracy":
            return Scale()
        return (
            Scale(ODDS, (target, contrast)) if self.value == "log-odds" else Scale(LOG_PROBABILITY, (target,))
        )

    @cached_property
    def fingerprint(self) -> str:
        fields: list[Any] = [
            self.asked,
            self.value,
            self.ablation,
            self.rescale,
            self.resample_seed,
            self._prompts_of_reference,
        ]
        fields += [
            [(player.label, player.numbers) for player in self.members],
            self.language_model.fingerprint,
        ]
        return "heads-" + hashlib.sha256(json.dumps(fields).encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def seconds(self, masks: Masks) -> float | None:
        """What one call for these masks would take here, by the pace of the model;

        None while that is unknown.
        """
        share = 1.0 - self.first_layer / len(self.parts.layers)
        tokens = sum(len(one["input_ids"]) for one in self.inputs)
        return self.parts.model.pace.seconds(len(masks) * tokens * share)

    @property
    def call_masks(self) -> int:
        """How many masks pay in one call: as many as fill one batch."""
        return min(self.parts.batch_rows(length) // len(rows) for length, rows in self._by_length.items())

    def asking(self) -> Asking:
        return Asking(self.seconds, self.tokens, self.memory, self.call_masks)

    def tokens(self, masks: Masks) -> int:
        """Tokens that the model reads for these masks."""
        return len(masks) * sum(len(one["input_ids"]) for one in self.inputs)

    def check(self) -> None:
        """Raise what would go wrong before the first ablation: model, layers, answers, length."""
        self.parts, self.inputs, self._references
        if not self.members:
            raise GameError("There is no player: choose a layer, or other labels.")
        self._columns

    def __call__(self, masks: Masks) -> Values:
        return self.by_question(masks).mean(1)

    def by_question(self, masks: Masks) -> Floats:
        """Values (b, questions) of the masks (b, n): what `__call__` is the mean of."""
        if not self.__dict__.get("_checked"):
            self.check()
            self.__dict__["_checked"] = True
        masks = np.asarray(masks, dtype=bool)
        out = np.empty((len(masks), len(self.asked)))
        for length, rows in self._by_length.items() if len(masks) else ():
            inputs, below, columns = (
                [what[i] for i in rows] for what in (self.inputs, self._below, self._columns)
            )
            out[:, rows] = self._value(
                self.parts.logs(inputs, below, self.first_layer, self._gates_of(length), masks, columns)
            )
        if not np.isfinite(out).all():
            raise AblationError(
                "The model gave no finite value for some mask: choose another target, another ablation or another precision."
            )
        return out

    def attention(self, layer: int, question: int = 0) -> tuple[list[str], Floats]:
        """Tokens of a question, and where the heads of a layer look in it, by the untouched model:

        (heads, from, to).
        """
        ids = self.inputs[question]["input_ids"]
        tokens = [self.parts.model.text_of([i]) for i in ids]
        return tokens, self.parts.attention(self.inputs[question], layer)

    def _value(self, logs: Floats) -> Floats:
        """Values (b, questions) of the log-probabilities of target and contrast (b, questions, 2)."""
        if self.value == "log-probability":
            return logs[..., 0]
        odds = logs[..., 0] - logs[..., 1]
        return (odds > 0).astype(np.float64) if self.value == "accuracy" else odds

    @cached_property
    def _columns(self) -> list[tuple[int, int]]:
        column, alone = self.parts.model.column, self.value == "log-probability"
        return [(column(target), column(target if alone else contrast)) for _, target, contrast in self.asked]

    @cached_property
    def inputs(self) -> list[dict[str, list[int]]]:
        """What the model takes of the prompt of each question."""
        return [self._read(prompt, "prompt") for prompt, _, _ in self.asked]

    def _read(self, text: str, what: str) -> dict[str, list[int]]:
        """What the model takes of a text. Raises GameError where that is more than it reads."""
        model = self.parts.model
        if (length := model.length(text)) > model.context:
            raise GameError(
                f"A {what} is {length} tokens long, but {model.label} reads at most {model.context}: shorten it."
            )
        return model.inputs_of(text)

    @cached_property
    def _by_length(self) -> dict[int, list[int]]:
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
        return [self.parts.below(one, self.first_layer) for one in self.inputs]

    @property
    def _prompts_of_reference(self) -> tuple[str, ...]:
        if self.ablation == "zero":
            return ()
        return self.reference_prompts or (
            tuple(prompt for prompt, _, _ in self.questions) if len(self.questions) > 1 else REFERENCE
        )

    @cached_property
    def _owners(self) -> dict[Site, Positions]:
        """For every site the player that each of its numbers belongs to; −1 for none."""
        owners: dict[Site, Positions] = {}
        for position, player in enumerate(self.members):
            for site, (start, stop) in player.numbers:
                owner = owners.setdefault(
                    site, np.full(self.parts.layers[site[0]].size(site[1]), -1, dtype=np.intp)
                )
                if (owner[start:stop] >= 0).any():
                    raise GameError(
                        f"{player.label} and {self.players[owner[start]]} share a part: let each part be in one player only."
                    )
                owner[start:stop] = position
        return owners

    @cached_property
    def _references(self) -> list[dict[str, list[int]]]:
        return [self._read(prompt, "reference prompt") for prompt in self._prompts_of_reference]

    @cached_property
    def _reference_states(self) -> list[dict[Site, Any]]:
        return [self.parts.states(one, list(self._owners)) for one in self._references]

    def _gates_of(self, length: int) -> dict[Site, Gate]:
        """What happens at each site, for prompts of so many tokens."""
        made: dict[int, dict[Site, Gate]] = self.__dict__.setdefault("_gates", {})
        if length not in made:
            made[length] = {
                site: Gate(
                    owner,
                    self._other(site, owner, length),
                    self.parts.layers[site[0]].heads if self.rescale else 0,
                )
                for site, owner in self._owners.items()
            }
        return made[length]

    def _other(self, site: Site, owner: Positions, length: int) -> Any:
        """(length, size): what stands at a site where everything there is removed."""
        import torch

        if self.ablation == "zero":
            return torch.zeros(1, len(owner), device=self.parts.model.device)
        seen = [states[site].float() for states in self._reference_states]
        if self.ablation == "mean":
            first = torch.stack([states[0] for states in seen]).mean(0, keepdim=True)
            rest = torch.cat([states[1:] for states in seen])
            return (
                first
                if not len(rest)
                else torch.cat([first, rest.mean(0, keepdim=True).expand(length - 1, -1)])
            )
        drawn = np.random.default_rng([self.resample_seed, len(seen)]).integers(
            len(seen), size=len(self.members)
        )
        out = torch.zeros(length, len(owner), device=self.parts.model.device)
        for i, states in enumerate(seen):
            columns = torch.tensor(np.flatnonzero((owner >= 0) & (drawn[owner] == i)))
            places = (torch.arange(length) + len(states) - length).clamp(min=0)
            out[:, columns] = states[places][:, columns]
        return out
