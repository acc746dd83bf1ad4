"""A checkpoint as transformers itself runs it: one text alone, nothing packed, padded, cut or kept.

What the values of a game are compared with. The rules of what is asked are written here once more, plainly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from spexviz.models.base import Span, Written
from tests.models import zoo

AUTO = {
    "hf": "AutoModelForCausalLM",
    "classifier": "AutoModelForSequenceClassification",
    "masked-lm": "AutoModelForMaskedLM",
}
Change = Callable[[Any], Any]


class Alone:
    """A checkpoint of a family in one precision ("fp32", "bf16", "fp16"), on the device of the model that it
    is compared with, asked one text at a time.

    `kind`: of the backend that it is compared with.
    """

    def __init__(self, folder: Path, kind: str, precision: str, device: Any):
        import torch
        import transformers

        dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        auto = getattr(transformers, AUTO[kind])
        self.network = auto.from_pretrained(folder, dtype=dtypes[precision]).eval().to(device)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.kind = kind
        self._device = device
        self._known: dict[Any, Any] = {}

    def value(
        self, text: str, answers: Sequence[str], begun: bool = True, hidden: Sequence[Span] = ()
    ) -> float:
        """Log-odds of two answers, or the log-probability of one.

        `begun`: with what the tokeniser sets before a text; `hidden`: ranges of the text to which nothing may
        attend.
        """
        logs = [self._log(text, answer, begun, tuple(hidden)) for answer in answers]
        return logs[0] - logs[1] if len(logs) == 2 else logs[0]

    def gap(self, text: str, answer: str, longest: int, begun: bool = True) -> float:
        """By how much an answer of at most `longest` tokens is not the likeliest at some token: nats."""
        if self.kind == "classifier":
            logs = self.logs(self._read(text, begun, ())[0])[-1]
            return float(logs.max()) - self._log(text, answer, begun, ())
        assert isinstance(answer, Written)
        ids, _ = self._read(text, begun, ())
        logs = self.logs([*ids, *answer.ids])[len(ids) - 1 :]
        wanted = list(answer.ids)
        if len(wanted) < longest:
            wanted.append(self.network.generation_config.eos_token_id)
        return max(float(logs[j].max() - logs[j, token]) for j, token in enumerate(wanted))

    def logs(self, ids: Sequence[int], seen: Sequence[int] | None = None) -> Any:
        """Log-probabilities (tokens, vocabulary), or (1, labels), in double; `seen`: the attention mask."""
        import torch

        key = (tuple(ids), None if seen is None else tuple(seen))
        if key not in self._known:
            given = {"input_ids": torch.tensor([list(ids)], device=self._device)}
            if seen is not None:
                given["attention_mask"] = torch.tensor([list(seen)], device=self._device)
            with torch.inference_mode():
                logits = self.network(**given).logits.double().cpu()
            self._known[key] = torch.log_softmax(logits.reshape(-1, logits.shape[-1]), dim=-1)
        return self._known[key]

    def ids(self, text: str) -> list[int]:
        """The tokens of a text as the parts of a model are asked: an encoder's with its special ones."""
        return self._read(text, False, ())[0]

    @contextmanager
    def changed(self, hooks: ExitStack) -> Iterator[None]:
        """While some hooks hold: what was found without them says nothing, and what is found now nothing
        later.
        """
        known = self._known
        self._known = {}
        with hooks:
            yield
        self._known = known

    def _log(self, text: str, answer: str, begun: bool, hidden: tuple[Span, ...]) -> float:
        ids, seen = self._read(text, begun, hidden)
        if self.kind == "classifier":
            labels = {label: i for i, label in self.network.config.id2label.items()}
            return float(self.logs(ids, seen)[-1, labels[answer]])
        if self.kind == "masked-lm":
            last = max(i for i, token in enumerate(ids) if token == self.tokenizer.mask_token_id)
            (token,) = self._bare(answer)
            return float(self.logs(ids, seen)[last, token])
        ending = self._ending(text, answer)
        before = ending[:-1]
        logs = self.logs([*ids, *before], seen and [*seen, *[1] * len(before)])
        # the logits of a token are those of the place before it
        return sum(float(logs[len(ids) - 1 + j, token]) for j, token in enumerate(ending))

    def _ending(self, text: str, answer: str) -> list[int]:
        """The tokens with which a text goes on where the answer stands behind it."""
        if isinstance(answer, Written):
            return list(answer.ids)
        before, whole = self._bare(text), self._bare(text + answer)
        if len(whole) > len(before) and whole[: len(before)] == before:
            return whole[len(before) :]
        return self._bare(answer)

    def _read(self, text: str, begun: bool, hidden: tuple[Span, ...]) -> tuple[list[int], list[int] | None]:
        """The tokens of a text, and 1 for each that may be attended to (None: all)."""
        special = begun if self.kind == "hf" else True
        found = self.tokenizer(text, add_special_tokens=special, return_offsets_mapping=bool(hidden))
        ids = found["input_ids"] or [self.tokenizer.bos_token_id]
        if not hidden:
            return ids, None
        seen = []
        for start, stop in found["offset_mapping"]:
            touched = any(max(start, a) < min(stop, b) for a, b in hidden)
            seen.append(0 if touched else 1)
        return ids, seen

    def _bare(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


class Ablated:
    """Parts of an Alone, removed by hooks on the modules that a person would name (zoo.py).

    `part`: "head", "mlp" or "layer"; `ablation`: "zero" or "mean", over `references`.
    """

    def __init__(self, alone: Alone, family: zoo.Family, part: str, ablation: str, references: Sequence[str]):
        self._alone = alone
        self._part = part
        attention = self._modules(family, family.attention)
        feed = self._modules(family, family.mlp)
        self._layers = {
            "head": [[module] for module in attention],
            "mlp": [[module] for module in feed],
            "layer": [list(both) for both in zip(attention, feed, strict=True)],
        }[part]
        self._references = references if ablation == "mean" else ()

    def value(self, text: str, answers: Sequence[str], kept: Any) -> float:
        """As of the model, where what is not kept of the parts (layer by layer) is gone."""
        hooks = ExitStack()
        for modules, keep in zip(self._layers, np.reshape(kept, (len(self._layers), -1)), strict=True):
            for module in modules:
                self._change(hooks, module, self._without(module, keep))
        with self._alone.changed(hooks):
            return self._alone.value(text, answers, begun=False)

    def _without(self, module: Any, keep: Any) -> Change:
        """States with what is not kept at a module as it is elsewhere."""
        import torch

        first, rest = self._means.get(module, (0.0, 0.0))

        def change(states: Any) -> Any:
            flat = states.reshape(-1, states.shape[-1])
            width = flat.shape[-1] // len(keep)
            on = torch.tensor(np.repeat(keep, width), device=states.device)
            other = torch.zeros_like(flat) + rest
            other[0] = first
            return torch.where(on, flat, other.to(flat.dtype)).reshape(states.shape)

        return change

    @cached_property
    def _means(self) -> dict[Any, tuple[Any, Any]]:
        """What stands for the first token at each module, and for any other: means over the references."""
        import torch

        seen: dict[Any, list[Any]] = {}
        hooks = ExitStack()
        for module in (module for modules in self._layers for module in modules):
            self._change(hooks, module, _kept_in(seen.setdefault(module, [])))
        with self._alone.changed(hooks):
            for text in self._references:
                self._alone.logs(self._alone.ids(text))
        found = {}
        for module, states in seen.items():
            if states:
                first = torch.stack([one[0] for one in states]).mean(0)
                rest = torch.cat([one[1:] for one in states])
                found[module] = (first, rest.mean(0) if len(rest) else first)
        return found

    def _change(self, hooks: ExitStack, module: Any, change: Change) -> None:
        """Heads are what goes into the map that closes the attention, all else is what a module gives."""

        def before(_: Any, inputs: tuple) -> tuple:
            return (change(inputs[0]), *inputs[1:])

        def after(_: Any, inputs: tuple, output: Any) -> Any:
            if isinstance(output, tuple):
                return (change(output[0]), *output[1:])
            return change(output)

        if self._part == "head":
            hooks.callback(module.register_forward_pre_hook(before).remove)
        else:
            hooks.callback(module.register_forward_hook(after).remove)

    def _modules(self, family: zoo.Family, ending: str) -> list[Any]:
        """The modules of this name, one a layer, in order: of the shortest names where several end so."""
        found = [
            (name, module)
            for name, module in self._alone.network.named_modules()
            if name.endswith("." + ending) and name.startswith(family.within)
        ]
        least = min(name.count(".") for name, _ in found)
        return [module for name, module in found if name.count(".") == least]


def _kept_in(seen: list[Any]) -> Change:
    def keep(states: Any) -> Any:
        seen.append(states.reshape(-1, states.shape[-1]).float())
        return states

    return keep
