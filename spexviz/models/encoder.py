"""What classifiers and masked language models share: special tokens ([CLS] … [SEP]), padding, a head in fp32.

How it is fast and exact: texts are asked once each, sorted by length, in micro-batches of about TOKENS
tokens, padded as the tokeniser says and with the padding masked; the body runs in bf16 where this processor
has instructions for it, the head in fp32.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.models.base import Span, Turn
from spexviz.models.batches import TOKENS
from spexviz.models.between import handing_over
from spexviz.models.checkpoint import may_have
from spexviz.models.compared import remembered
from spexviz.models.encoded import AllowedEncoder, allowed_encoder
from spexviz.models.head import run_in_fp32
from spexviz.models.hiding import are_alike, with_others
from spexviz.models.loaded import LoadedModel, Request, requests_of, rows_of, seen
from spexviz.models.machine import bytes_of
from spexviz.models.origin import Origin

Inputs = dict[str, list[int]]
"""What the model takes of one text: each of _INPUTS that it knows."""
_TRIED = ("a", "It was not bad at all, and never dull.", "Really good")  # texts by which paths are compared
_INPUTS = ("input_ids", "token_type_ids", "attention_mask")


class EncoderModel(LoadedModel):
    """A checkpoint whose head reads whole texts. Raises ModelError where it cannot be had.

    Thread-safe: one forward pass at a time. A subclass reads its head: `column` of an answer in what
    `read_batch` gives.
    """

    on_gpu = "bf16"

    def __init__(self, origin: str | Origin, precision: str = "auto"):
        super().__init__(origin, precision)
        self._allowed = self._compared()
        if not self._allowed.half:
            self._say_only_fp32()
            super().__init__(origin, "fp32")
            self._compared()
        if self._allowed.head:
            run_in_fp32(self.network, ExitStack(), inside=False)  # as long as the model is there
        self.batch_tokens = TOKENS if self._allowed.padded else 1  # 1: never pad, one text a batch
        how = f"transformers {self.kind} {self.device.type} {self.precision} "
        if not self._allowed.head:
            how += "with its own head "
        self.fingerprint = self._fingerprint(self.kind, how)

    def _compared(self) -> AllowedEncoder:
        """Which fast paths give the logits of one text alone."""
        self.tokenizer.deprecation_warnings["Asking-to-pad-a-fast-tokenizer"] = True  # that is, already said
        self._inputs = set(_INPUTS) & set(inspect.signature(self.network.forward).parameters)
        self._positions = _positions(self.network)
        self.context = self._positions - self.tokenizer.num_special_tokens_to_add(False)
        self.mask_token = self.tokenizer.mask_token
        inputs = self._inputs_of([(text, ()) for text in _TRIED])
        alone = [self._padded([one]) for one in inputs]
        together = self._padded(inputs) if self._can_pad() else None
        key = self._fingerprint("compared", f"{self.kind} {self.device.type} {self.precision} ")
        return remembered(key, AllowedEncoder, lambda: allowed_encoder(self.network, alone, together))

    @property
    def remarks(self) -> tuple[str, ...]:
        found = [*super().remarks]
        if not self._allowed.head:
            found.append(
                f"The head of {self.label} is rounded to {self.precision}: in fp32, its values were farther "
                "from those in fp32."
            )
        if not self._allowed.padded:
            found.append(f"In a padded batch {self.label} gives other values: each text is asked alone.")
        return tuple(found)

    def _can_pad(self) -> bool:
        """Whether model and tokeniser know the same padding token, and the model a mask that hides it."""
        padding = may_have(self.network.config, "pad_token_id")
        is_known = padding is not None and padding == self.tokenizer.pad_token_id
        return is_known and "attention_mask" in self._inputs

    def token_spans(self, text: str) -> list[Span]:
        return self._offsets([text], special=False)[0]

    def chat(self, text: str, turns: Sequence[Turn] = ()) -> str:
        raise ModelError(
            f"{self.label} is a {self.wanted} and has no chat template: switch the chat template off."
        )

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        import torch

        columns = [self.column(answer) for answer in answers]
        requests = requests_of(texts, hidden)
        distinct = list(dict.fromkeys(requests))
        inputs = self._encoded(distinct)
        table = np.empty((len(distinct), len(answers)))
        with self.lock, torch.inference_mode():
            start = time.perf_counter()
            for rows in batches(_lengths(inputs), self.batch_tokens):
                self.lock.give_way()
                batch = self._padded([inputs[i] for i in rows])
                with handing_over(self):
                    logs = self.read_batch(batch)
                table[rows] = logs[:, columns].double().cpu().numpy()
            self.pace.note(self._work(inputs), time.perf_counter() - start - self.lock.away)
        return rows_of(requests, distinct, table)

    def ignores(self, text: str, hidden: Sequence[Span]) -> bool:
        import torch

        (asked,) = self._encoded([(text, tuple(hidden))])
        others = with_others(asked["input_ids"], asked["attention_mask"], self.tokenizer)
        both = [self._padded([one]) for one in (asked, {**asked, "input_ids": others})]
        with self.lock, torch.inference_mode():
            return are_alike(torch.cat([self.read_batch(one) for one in both]))

    def seconds(self, texts: Sequence[str]) -> float | None:
        """What asking these texts in one call would take here, learnt from the calls so far;

        None before the second call.
        """
        requests = requests_of(list(dict.fromkeys(texts)), None)
        return self.pace.seconds(self._work(self._encoded(requests)))

    @property
    def memory(self) -> int:
        """Bytes that the weights and the states of one micro-batch take, about."""
        width = int(may_have(self.network.config, "hidden_size", 0))
        return bytes_of(self.network.parameters()) + TOKENS * 24 * width * 4

    def inputs_of(self, text: str) -> Inputs:
        """What `read_batch` takes of one text, with its special tokens."""
        return self._encoded([(text, ())])[0]

    def _encoded(self, requests: Sequence[Request]) -> list[Inputs]:
        """The inputs of each text that is asked."""
        return self._inputs_of(requests)

    def _inputs_of(self, requests: Sequence[Request]) -> list[Inputs]:
        """The inputs of each text, special tokens included; nothing may attend to its hidden pieces."""
        if not requests:
            return []
        texts = [text for text, _ in requests]
        found = self.tokenizer(texts, return_attention_mask=True, verbose=False)
        known = [key for key in _INPUTS if key in found and key in self._inputs]
        inputs = [{key: list(found[key][i]) for key in known} for i in range(len(texts))]
        self._check_lengths(inputs)
        if any(pieces for _, pieces in requests):
            places = self._offsets(texts, special=True)
            for one, spans, (_, pieces) in zip(inputs, places, requests, strict=True):
                one["attention_mask"] = seen(spans, pieces)
        return inputs

    def _check_lengths(self, inputs: list[Inputs]) -> None:
        for count in _lengths(inputs):
            if count > self._positions:
                raise ModelError(
                    f"A text has {count} tokens with its special ones, "
                    f"but {self.label} reads at most {self._positions}: shorten it."
                )

    def _work(self, inputs: list[Inputs]) -> int:
        """Tokens of all batches, padding included."""
        lengths = _lengths(inputs)
        groups = batches(lengths, self.batch_tokens)
        return sum(len(rows) * max(lengths[i] for i in rows) for rows in groups)

    def _offsets(self, texts: Sequence[str], special: bool) -> list[list[Span]]:
        """Where the tokens of each text stand, its special ones too if they are wanted."""
        try:
            found = self.tokenizer(
                list(texts), add_special_tokens=special, return_offsets_mapping=True, verbose=False
            )
        except NotImplementedError:
            raise ModelError(
                f"The tokeniser of {self.label} does not say where its tokens stand: "
                "split by words, and do not mask by attention."
            ) from None
        return [[(int(a), int(b)) for a, b in spans] for spans in found["offset_mapping"]]

    def _padded(self, inputs: list[Inputs]) -> dict[str, Any]:
        """The inputs as tensors (texts, longest), padded as the tokeniser says."""
        import torch

        if len(inputs) == 1:  # also for a tokeniser that cannot pad
            return {key: torch.tensor([ids], device=self.device) for key, ids in inputs[0].items()}
        padded = self.tokenizer.pad(inputs, return_tensors="pt")
        return {key: ids.to(self.device) for key, ids in padded.items()}


def _lengths(inputs: list[Inputs]) -> list[int]:
    return [len(one["input_ids"]) for one in inputs]


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Positions of `lengths`, shortest first, in groups of at most `tokens` when padded (or one alone).

    >>> list(batches([3, 9, 1, 2], 6))
    [[2, 3], [0], [1]]
    """
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and lengths[i] * (len(group) + 1) > tokens:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def _positions(model: Any) -> int:
    """The longest input, special tokens included.

    The RoBERTa family counts positions from behind its padding id, and so loses some.
    """
    most = int(may_have(model.config, "max_position_embeddings") or 4096)
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and may_have(module, "padding_idx") is not None:
            return most - module.padding_idx - 1
    return most
