"""What classifiers and masked language models share: the checkpoint, its special tokens ([CLS] … [SEP]), and padded batches.

How it is fast and exact: texts are asked once each, sorted by length, in micro-batches of about TOKENS
tokens, padded as the tokeniser says and with the padding masked; the body runs in bf16 where this processor
has instructions for it, the head in fp32.
"""

from __future__ import annotations

import hashlib
import inspect
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.pace import Pace
from spexviz.kit.threads import threads
from spexviz.models import checkpoint
from spexviz.models.base import OpenModel, Span
from spexviz.models.batches import TOKENS
from spexviz.models.checkpoint import may_have
from spexviz.models.hf import TransformersModel
from spexviz.models.machine import precision_for

Request = tuple[str, tuple[Span, ...]]
"""A text and its hidden pieces."""
_INPUTS = ("input_ids", "token_type_ids", "attention_mask")


class EncoderModel(OpenModel):
    """A checkpoint whose head reads whole texts. Raises ModelError where it cannot be had. Thread-safe: one forward pass at a time.

    A subclass says which head (`auto`, `wanted`) and reads it: `_column` of an answer in what `_logs` gives.
    """

    auto: ClassVar[str]  # the class of transformers that loads it
    wanted: ClassVar[str]  # the same in words

    def __init__(self, name: str, precision: str = "auto"):
        self.label = name
        self.pace = Pace()  # in tokens, padding included
        self.lock = threading.Lock()
        source, options = checkpoint.source_of(name)
        hashing = ThreadPoolExecutor(1).submit(checkpoint.digests, Path(source), options)
        import torch

        torch.set_num_threads(threads())
        self._reference: Any = lambda: None
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = precision_for(self.device.type, precision, on_gpu="bf16")
        self.tokenizer, self.network = checkpoint.from_pretrained(
            name, source, options, self.precision, self.auto, self.wanted
        )
        self.tokenizer.deprecation_warnings["Asking-to-pad-a-fast-tokenizer"] = True  # that is, already said
        self.network.eval().requires_grad_(False)
        self.network.to(self.device)
        self.body = self.network.base_model
        _run_head_in_fp32(self.network)
        self._inputs = set(_INPUTS) & set(inspect.signature(self.network.forward).parameters)
        padding = may_have(self.network.config, "pad_token_id")
        # 1: never pad, one text a batch
        self.batch_tokens = TOKENS if padding is not None and padding == self.tokenizer.pad_token_id else 1
        self._positions = _positions(self.network)
        self.context = self._positions - self.tokenizer.num_special_tokens_to_add(False)
        self.mask_token = self.tokenizer.mask_token
        content = hashing.result() or f"{name} {may_have(self.network.config, '_commit_hash', '')}".encode()
        about = f"transformers {self.kind} {self.device.type} {self.precision} ".encode()
        self.fingerprint = f"{self.kind}-{hashlib.sha256(about + content).hexdigest()[:16]}"

    def encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def token_spans(self, text: str) -> list[Span]:
        return self._offsets([text], special=False)[0]

    def chat(self, text: str) -> str:
        raise ModelError(
            f"{self.label} is a {self.wanted} and has no chat template: switch the chat template off."
        )

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        import torch

        columns = [self._column(answer) for answer in answers]
        requests = [(text, tuple(hidden[i]) if hidden else ()) for i, text in enumerate(texts)]
        distinct = list(dict.fromkeys(requests))
        inputs = self._encoded(distinct)
        table = np.empty((len(distinct), len(answers)))
        with self.lock, torch.inference_mode():
            start = time.perf_counter()
            for rows in batches(_lengths(inputs), self.batch_tokens):
                table[rows] = (
                    self._logs(self._padded([inputs[i] for i in rows]))[:, columns].double().cpu().numpy()
                )
            self.pace.note(self._work(inputs), time.perf_counter() - start)
        row = {request: i for i, request in enumerate(distinct)}
        return table[[row[request] for request in requests]]

    def seconds(self, texts: Sequence[str]) -> float | None:
        """What asking these texts in one call would take here, learnt from the calls so far;

        None before the second call.
        """
        return self.pace.seconds(self._work(self._encoded([(text, ()) for text in dict.fromkeys(texts)])))

    @property
    def memory(self) -> int:
        """Bytes that the weights and the states of one micro-batch take, about."""
        held = {
            parameter.data_ptr(): parameter.numel() * parameter.element_size()
            for parameter in self.network.parameters()
        }
        return sum(held.values()) + TOKENS * 24 * int(may_have(self.network.config, "hidden_size", 0)) * 4

    def inputs_of(self, text: str) -> dict[str, list[int]]:
        """What `read_batch` takes of one text, with its special tokens."""
        return self._encoded([(text, ())])[0]

    def column(self, answer: str) -> int:
        """Where an answer stands in a row of `read_batch`. Raises ModelError for one that cannot be given."""
        return self._column(answer)

    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, choices) of equally long texts; called with the lock held."""
        return self._logs(batch)

    # needs no more of a model than label, weights and device
    at_full_precision = TransformersModel.at_full_precision

    def _column(self, answer: str) -> int:
        """Where the answer stands in a row of `_logs`. Raises ModelError for one that cannot be given."""
        raise NotImplementedError

    def _logs(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, choices) in fp32 of one batch, called with the lock held."""
        raise NotImplementedError

    def _encoded(self, requests: Sequence[Request]) -> list[dict[str, list[int]]]:
        """The inputs of each text, with its special tokens; the tokens of its hidden pieces have an attention mask of 0."""
        if not requests:
            return []
        texts = [text for text, _ in requests]
        found = self.tokenizer(texts, return_attention_mask=True, verbose=False)
        inputs = [
            {key: list(found[key][i]) for key in _INPUTS if key in found and key in self._inputs}
            for i in range(len(texts))
        ]
        if longest := [one for one in inputs if len(one["input_ids"]) > self._positions]:
            count = len(longest[0]["input_ids"])
            raise ModelError(
                f"A text has {count} tokens with its special ones, but {self.label} reads at most {self._positions}: shorten it."
            )
        if any(pieces for _, pieces in requests):
            for one, spans, (_, pieces) in zip(
                inputs, self._offsets(texts, special=True), requests, strict=True
            ):
                # (0, 0), a special one: seen
                seen = (
                    not any(a < end and start < b for start, end in pieces if start < end) for a, b in spans
                )
                one["attention_mask"] = [int(s) for s in seen]
        return inputs

    def _work(self, inputs: list[dict[str, list[int]]]) -> int:
        """Tokens of all batches, padding included."""
        lengths = _lengths(inputs)
        return sum(len(rows) * max(lengths[i] for i in rows) for rows in batches(lengths, self.batch_tokens))

    def _offsets(self, texts: Sequence[str], special: bool) -> list[list[Span]]:
        try:
            found = self.tokenizer(
                list(texts), add_special_tokens=special, return_offsets_mapping=True, verbose=False
            )["offset_mapping"]
        except NotImplementedError:
            raise ModelError(
                f"The tokeniser of {self.label} does not say where its tokens stand: split by words, and do not mask by attention."
            ) from None
        return [[(int(a), int(b)) for a, b in spans] for spans in found]

    def _padded(self, inputs: list[dict[str, list[int]]]) -> dict[str, Any]:
        import torch

        if len(inputs) == 1:  # also for a tokeniser that cannot pad
            return {key: torch.tensor([ids], device=self.device) for key, ids in inputs[0].items()}
        return {
            key: ids.to(self.device) for key, ids in self.tokenizer.pad(inputs, return_tensors="pt").items()
        }


def _lengths(inputs: list[dict[str, list[int]]]) -> list[int]:
    return [len(one["input_ids"]) for one in inputs]


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Positions of `lengths`, shortest first, in groups that hold at most `tokens` when padded to their longest (or one alone).

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


def _run_head_in_fp32(model: Any) -> None:
    """Let all that comes after the last hidden state compute in fp32, whatever the body does."""
    body, output = model.base_model, model.get_output_embeddings()
    if body is model:
        model.float()
        return
    if output is not None:  # tied to the token embeddings, which stay as they are
        output.weight = type(output.weight)(output.weight.detach().float(), requires_grad=False)
    for part in model.children():
        if part is not body:
            part.float()
    if (pooler := may_have(body, "pooler")) is not None:
        pooler.float()
        pooler.register_forward_pre_hook(lambda _, inputs: (inputs[0].float(), *inputs[1:]))
    body.register_forward_hook(_floats)


def _floats(_: Any, inputs: Any, output: Any) -> Any:
    output.last_hidden_state = output.last_hidden_state.float()
    return output
