"""What spexviz says of a family of transformers, against transformers' own forward pass and hooks by hand.

Each claim ends as right, or refused in words, or wrong.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from spexviz import HeadsGame
from spexviz.errors import GameError, ModelError
from spexviz.kit.arrays import Floats
from spexviz.masks import Masks, uniform_masks
from spexviz.models import checkpoint
from spexviz.models.base import OpenModel
from spexviz.models.classifier import ClassifierModel
from spexviz.models.hf import TransformersModel
from spexviz.models.masked import MaskedModel
from tests.models import zoo

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"
PARTS = {"heads": "head", "MLP": "mlp", "layers": "layer"}  # claim: what a player of HeadsGame is
CLAIMS = ("log-probabilities", "greedy", *PARTS)
NEAR = 3e-4  # nats, in fp32
TOKENS = 6  # of a greedy answer
BACKENDS = {"hf": TransformersModel, "classifier": ClassifierModel, "masked-lm": MaskedModel}
TEXTS = ("Review: the film is not bad", "never", "Review: dull\nSentiment:", "not bad at all, really " * 4)
ANSWERS = {
    "hf": (" positive", " negative", " not bad at all", " not dull"),
    "classifier": ("fine", "dull"),
    "masked-lm": ("good", "bad"),
}
PAIR = {"hf": ("b", "d"), "classifier": ("fine", "dull"), "masked-lm": ("good", "bad")}
"""Target and contrast of the log-odds that parts are removed for."""


@dataclass(frozen=True)
class Outcome:
    """How a claim ended: RIGHT, REFUSED (with what was said) or WRONG (with what was seen)."""

    end: str
    said: str = ""


def tried(name: str) -> dict[str, Outcome]:
    """{claim: how it ended} of a family."""
    with tempfile.TemporaryDirectory() as folder:
        reference = Reference(zoo.save(Path(folder), name), zoo.ALL[name])
        outcomes = {
            "log-probabilities": _judged(reference.said_logs, reference.logs),
            "greedy": _judged(reference.said_greedy, reference.greedy),
        }
        for claim, part in PARTS.items():
            outcomes[claim] = reference.ablation(part)
    return {claim: Outcome(one.end, one.said.replace(folder, "The model")) for claim, one in outcomes.items()}


def _judged(said: Callable[[], Any], wanted: Callable[[], Any]) -> Outcome:
    """Whether what spexviz says is what is wanted; refusals are not compared with anything."""
    try:
        found = said()
    except (ModelError, GameError) as error:
        return Outcome(REFUSED, str(error))
    except Exception as error:
        return Outcome(WRONG, f"{type(error).__name__}: {error}"[:200])
    expected = wanted()
    if isinstance(found, str):
        end = RIGHT if found == expected else WRONG
        return Outcome(end, "" if end == RIGHT else f"{found!r} for {expected!r}")
    off = float(np.abs(np.subtract(found, expected)).max())
    if off <= NEAR:  # NaN is not
        return Outcome(RIGHT)
    return Outcome(WRONG, f"off by up to {off:.2g}: {np.ravel(found)[:3]} for {np.ravel(expected)[:3]}")


class Reference:
    """A checkpoint as transformers itself runs it, one text at a time, beside the same one in spexviz."""

    def __init__(self, folder: Path, family: zoo.Family):
        self.folder = folder
        self.family = family
        self.kind = str(checkpoint.backend(str(folder)))
        # a tokeniser of bytes has the space before a word in its token
        space = " " if self.kind == "masked-lm" and family.tokenizer == "bytes" else ""
        self.pair = tuple(space + answer for answer in PAIR[self.kind])
        self.answers = tuple(space + answer for answer in ANSWERS[self.kind])

    @cached_property
    def model(self) -> OpenModel:
        return BACKENDS[self.kind](str(self.folder), precision="fp32")

    @cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder)

    @cached_property
    def network(self) -> Any:
        import torch
        import transformers

        auto = getattr(transformers, BACKENDS[self.kind].auto)
        return auto.from_pretrained(self.folder, dtype=torch.float32).eval()

    @cached_property
    def texts(self) -> tuple[str, ...]:
        if self.kind == "masked-lm":
            return tuple(f"{text} {self.tokenizer.mask_token} dull" for text in TEXTS)
        return TEXTS

    def said_logs(self) -> Floats:
        return self.model.log_probabilities(self.texts, self.answers)

    def logs(self) -> list[list[float]]:
        return [[self._log(text, answer) for answer in self.answers] for text in self.texts]

    def said_greedy(self) -> str:
        return self.model.greedy(self.texts[0], TOKENS)

    def greedy(self) -> str:
        """By a plain loop; for an encoder the likeliest label or token."""
        if self.kind == "classifier":
            return str(self.network.config.id2label[int(self._last(self._ids(self.texts[0])).argmax())])
        ids = self._ids(self.texts[0])
        start = len(ids)
        if self.kind == "masked-lm":
            return self._likeliest_word(self._last(ids))
        while len(ids) < start + TOKENS:
            token = int(self._last(ids).argmax())
            if token == self.tokenizer.eos_token_id:
                break
            ids = [*ids, token]
        return self.tokenizer.decode(ids[start:], clean_up_tokenization_spaces=False)

    def ablation(self, part: str) -> Outcome:
        """Log-odds with parts set to zero."""
        text = self.texts[0]
        masks: list[Masks] = []

        def said() -> Floats:
            game = HeadsGame(self.model, text, *self.pair, layers="all", part=part, ablation="zero")
            n = len(game.players)
            masks.append(uniform_masks(n, min(6, 2**n), 1))
            return game(masks[0])

        def by_hand() -> Sequence[float]:
            if not self.family.attention:
                return [float("nan")]  # whatever it says is no attention
            return [self._without(part, kept) for kept in masks[0]]

        return _judged(said, by_hand)

    def _without(self, part: str, kept: Any) -> float:
        """The log-odds of the first text where what is not kept is zero, by hooks on named modules."""
        attention = self._modules(self.family.attention)
        mlp = self._modules(self.family.mlp)
        with ExitStack() as hooks:
            for layer, keep in enumerate(np.reshape(kept, (len(attention), -1))):
                if part == "head":
                    hook = attention[layer].register_forward_pre_hook(_without_heads(keep))
                    hooks.callback(hook.remove)
                    continue
                removed = [mlp[layer]] if part == "mlp" else [attention[layer], mlp[layer]]
                for module in removed if not keep.all() else []:
                    hooks.callback(module.register_forward_hook(_nothing).remove)
            logs = self._last(self._ids(self.texts[0]))
        target, contrast = (self._column(answer) for answer in self.pair)
        return float(logs[target] - logs[contrast])

    def _modules(self, ending: str) -> list[Any]:
        """The modules of this name, one a layer, in order: of the shortest names where several end so."""
        found = [
            (name, module)
            for name, module in self.network.named_modules()
            if name.endswith("." + ending) and name.startswith(self.family.within)
        ]
        least = min(name.count(".") for name, _ in found)
        return [module for name, module in found if name.count(".") == least]

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=self.kind != "hf")["input_ids"]

    def _column(self, answer: str) -> int:
        if self.kind == "classifier":
            return {label: i for i, label in self.network.config.id2label.items()}[answer]
        return self.tokenizer(answer, add_special_tokens=False)["input_ids"][0]

    def _log(self, text: str, answer: str) -> float:
        """Σ log p(token | everything before it)."""
        ids = self._ids(text)
        if self.kind != "hf":
            return float(self._last(ids)[self._column(answer)])
        ending = self.tokenizer(answer, add_special_tokens=False)["input_ids"]
        logs = self._all([*ids, *ending])
        return sum(float(logs[len(ids) - 1 + j, token]) for j, token in enumerate(ending))

    def _last(self, ids: list[int]) -> Any:
        """Log-probabilities where the answer is read."""
        logs = self._all(ids)
        if self.kind == "masked-lm":
            return logs[ids.index(self.tokenizer.mask_token_id)]
        return logs[-1]

    def _all(self, ids: list[int]) -> Any:
        """Log-probabilities (tokens, vocabulary), or (1, labels), of one text."""
        import torch

        with torch.inference_mode():
            logits = self.network(input_ids=torch.tensor([ids])).logits.double()
        return torch.log_softmax(logits.reshape(-1, logits.shape[-1]), dim=-1)

    def _likeliest_word(self, logs: Any) -> str:
        """The likeliest token that is a word of its own, as an answer must be."""
        for token in logs.argsort(descending=True).tolist():
            word = self.tokenizer.decode(
                [token], skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
            if self.tokenizer(word, add_special_tokens=False)["input_ids"] == [token]:
                return word
        return ""


def _without_heads(keep: Any) -> Callable[[Any, tuple], tuple]:
    """A hook that sets what comes from heads that are not kept to zero."""
    import torch

    def hook(_: Any, inputs: tuple) -> tuple:
        states = inputs[0]
        width = states.shape[-1] // len(keep)
        factor = torch.tensor(np.repeat(keep, width), dtype=states.dtype)
        return (states * factor, *inputs[1:])

    return hook


def _nothing(_: Any, inputs: tuple, output: Any) -> Any:
    """A hook that gives nothing, with whatever else is given."""
    if isinstance(output, tuple):
        return (output[0] * 0, *output[1:])
    return output * 0
