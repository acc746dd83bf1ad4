"""The differential campaign: values of drawn games against transformers' own forward pass of one text alone.

In fp32 every value is within LIMIT of it. In half precision values are off by rounding, as those of
transformers are; over the masks of a draw (root mean squares) by at most SHARE times as much. Where that
seems more, it may be the luck of few masks: it is asked again of models with other weights.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import regex

from spexviz import HeadsGame, PromptGame
from spexviz.errors import AblationError, GameError, ModelError
from spexviz.kit.arrays import Floats
from spexviz.masks import Masks
from spexviz.models.classifier import ClassifierModel
from spexviz.models.hf import TransformersModel
from spexviz.models.masked import MaskedModel
from tests.models import zoo
from tests.models.alone import Ablated, Alone
from tests.models.draws import Draw

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"
LIMIT = 1e-3  # nats, in fp32
SHARE = 1.5  # of what transformers itself is off in half precision
MORE_WEIGHTS = 24  # checkpoints that are asked where one leaves open what is rounding
FLOOR = 1e-3  # nats: what is off by less in half precision is right, whatever transformers is off by
BACKENDS = {"hf": TransformersModel, "classifier": ClassifierModel, "masked-lm": MaskedModel}


@dataclass(frozen=True)
class Outcome:
    """How a draw ended in one precision, and what was said or seen.

    `off`: nats by which the values are off: the worst in fp32, else root mean squares over the masks; `own`:
    the same of transformers in that precision.
    """

    precision: str
    end: str
    said: str = ""
    off: float = 0.0
    own: float = 0.0


@dataclass(frozen=True)
class Off:
    """By how much the values of distinct masks are off (nats): those of spexviz, those of transformers."""

    said: Floats
    own: Floats


def tried(draw: Draw, precisions: Sequence[str]) -> list[Outcome]:
    """How a draw ends in each precision."""
    found = []
    for precision in precisions:
        found.append(_outcome(draw, precision))
    return found


def halves() -> tuple[str, ...]:
    """The half precisions of this machine."""
    import torch

    return ("bf16", "fp16") if torch.cuda.is_available() else ("bf16",)


def _outcome(draw: Draw, precision: str) -> Outcome:
    try:
        found = [_with_weights(draw, 0, precision)]
        outcome = _judged(found, precision)
        if outcome.end == WRONG and precision != "fp32":
            for weights in range(1, 1 + MORE_WEIGHTS):
                with suppress(ModelError, GameError, AblationError):  # one that ends its answer at once, say
                    found.append(_with_weights(draw, weights, precision))
            outcome = _judged(found, precision)
    except (ModelError, GameError, AblationError) as error:
        return Outcome(precision, REFUSED, re.sub(r"/\S+/tmp\w+", "the model", str(error)))
    except Exception as error:
        return Outcome(precision, WRONG, f"{type(error).__name__}: {error}"[:300])
    return outcome


def _with_weights(draw: Draw, weights: int, precision: str) -> Off:
    with tempfile.TemporaryDirectory() as folder:
        return _off(draw, draw.save(Path(folder), weights), precision)


def _judged(found: Sequence[Off], precision: str) -> Outcome:
    """By the values of one draw, of models with several weights where those of one leave it open."""
    said = np.concatenate([one.said for one in found])
    if precision == "fp32":
        worst = float(said.max())
        return Outcome(precision, RIGHT if worst <= LIMIT else WRONG, "", worst)  # NaN is not
    off, own = _size(said), _size(np.concatenate([one.own for one in found]))
    end = RIGHT if off <= max(SHARE * own, FLOOR) else WRONG
    return Outcome(precision, end, "", off, own)


def _off(draw: Draw, folder: Path, precision: str) -> Off:
    """By how much a draw is off in a precision. Raises what spexviz refuses it with."""
    model = BACKENDS[draw.kind](str(folder), precision=precision)
    asked = (_Parts if draw.parts else _Prompt)(draw, model, folder)
    game = asked.game
    masks = draw.masks(len(game.players))
    said = np.concatenate([game(masks[i : i + draw.per_call]) for i in range(0, len(masks), draw.per_call)])
    _, rows = np.unique(masks, axis=0, return_index=True)
    exact = Alone(folder, draw.kind, "fp32", model.device)
    true = asked.values(exact, masks[rows])
    if precision == "fp32":
        asked.check_answer(exact)
        own = true
    else:
        own = asked.values(Alone(folder, draw.kind, str(model.precision), model.device), masks[rows])
    return Off(np.abs(said[rows] - true), np.abs(own - true))


class _Prompt:
    """A drawn PromptGame, and its values by transformers alone."""

    def __init__(self, draw: Draw, model: Any, folder: Path):
        self.game = PromptGame(model, **draw.settings)
        self._begun = self.game.beginning == "tokeniser"

    def values(self, alone: Alone, masks: Masks) -> Floats:
        answers = self.game.answers
        if self.game.masking == "attention":
            hidden = self._hidden(masks)
        else:
            hidden = [()] * len(masks)
        texts = self._texts(alone, masks)
        known: dict[Any, float] = {}
        for text, ranges in zip(texts, hidden, strict=True):
            if (text, ranges) not in known:
                known[text, ranges] = alone.value(text, answers, self._begun, ranges)
        return np.array([known[one] for one in zip(texts, hidden, strict=True)])

    def check_answer(self, alone: Alone) -> None:
        """Raise AssertionError for an answer that the model would not have given itself."""
        if self.game.value != "greedy" or alone.kind == "masked-lm":
            return
        whole = self.game.template.replace("{}", self.game.prompt)
        gap = alone.gap(whole, self.game.answers[0], self.game.answer_tokens, self._begun)
        assert gap <= LIMIT, f"the answer {self.game.answers[0]!r} is {gap:.2g} nats behind the likeliest"

    def _texts(self, alone: Alone, masks: Masks) -> list[str]:
        """What is asked for each mask, by plain code where that is short."""
        game = self.game
        if game.masking == "attention":
            return [game.template.replace("{}", game.prompt)] * len(masks)
        fillers = {"delete": "", "replace": game.replacement, "mask-token": alone.tokenizer.mask_token}
        filler = fillers[game.masking]
        if game.split in ("tokens", "regex", "spans"):
            spans = game.text_spans
            if game.split == "regex" and not game.protected:
                spans = tuple(match.span() for match in regex.finditer(str(game.pattern), game.prompt))
            left = [_cut(game.prompt, spans, mask, filler) for mask in masks]
        elif game.split == "words" and game.space == "one" and not game.protected:
            left = [_joined(game.prompt.split(), mask, filler) for mask in masks]
        else:
            return game.texts(masks)
        return [game.template.replace("{}", text) for text in left]

    def _hidden(self, masks: Masks) -> list[tuple[tuple[int, int], ...]]:
        """The ranges of the whole text to which nothing may attend."""
        offset = self.game.template.index("{}")
        spans = [(start + offset, stop + offset) for start, stop in self.game.text_spans]
        return [tuple(span for span, keep in zip(spans, mask, strict=True) if not keep) for mask in masks]


class _Parts:
    """A drawn HeadsGame, and its values by transformers alone with hooks by hand."""

    def __init__(self, draw: Draw, model: Any, folder: Path):
        self.game = HeadsGame(model, **draw.settings)
        self._family = zoo.ALL[draw.family]

    def values(self, alone: Alone, masks: Masks) -> Floats:
        game = self.game
        ablated = Ablated(alone, self._family, game.part, game.ablation, game.reference_prompts)
        return np.array([np.mean([self._value(ablated, one, mask) for one in game.asked]) for mask in masks])

    def _value(self, ablated: Ablated, question: tuple[str, str, str], mask: Any) -> float:
        prompt, target, contrast = question
        answers = (target, contrast) if self.game.value == "log-odds" else (target,)
        return ablated.value(prompt, answers, mask)

    def check_answer(self, alone: Alone) -> None:
        """It has none of its own."""


def _cut(text: str, spans: Sequence[tuple[int, int]], mask: Any, filler: str) -> str:
    """The text without the ranges that are not kept."""
    for (start, stop), keep in reversed(list(zip(spans, mask, strict=True))):
        if not keep:
            text = text[:start] + filler + text[stop:]
    return text


def _joined(words: Sequence[str], mask: Any, filler: str) -> str:
    """The words that are kept, a space between them; with a filler, that for each other one."""
    if filler:
        words = [word if keep else filler for word, keep in zip(words, mask, strict=True)]
        return " ".join(words)
    return " ".join(word for word, keep in zip(words, mask, strict=True) if keep)


def _size(off: Floats) -> float:
    return float(np.sqrt(np.square(off).mean()))
