"""Any causal language model of transformers: a hub id, a folder made by save_pretrained, or a .gguf file.

How it is fast and exact: texts are asked once each, in micro-batches of about TOKENS tokens, packed without
padding and with common beginnings computed once (packed.py); where a family does not allow that, or something
is hidden, sorted by length and padded on the right (a causal model never looks there). The body runs in bf16
where this processor has instructions for it, in fp16 on a GPU (8 times finer), the stream that its layers add
to, the last norm and the output head in fp32 (a bf16 head rounds logits to 1/8), and logits are computed only
where they are read.
"""

from __future__ import annotations

import hashlib
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.pace import Pace
from spexviz.kit.threads import threads
from spexviz.models import checkpoint
from spexviz.models.base import OpenModel, Span
from spexviz.models.batches import MOST_TOKENS, PROBED, TOKENS, batches, is_out_of_memory, tuned
from spexviz.models.checkpoint import may_have
from spexviz.models.machine import made_up, precision_for, room
from spexviz.models.packed import Packing
from spexviz.models.residual import keep_in_fp32

AHEAD = 4  # micro-batches in a call on a GPU: the next is laid out while the last is computed


class NoRoom(ModelError):
    """Memory has no room for a model."""


class TransformersModel(OpenModel):
    """A causal LM by hub id, folder or .gguf file.

    Raises ModelError where it cannot be had. Thread-safe: one forward pass at a time.
    """

    kind: ClassVar[str] = "hf"

    def __init__(self, name: str, folder: Path | None = None, precision: str = "auto"):
        self.label = name
        self.lock = threading.Lock()
        source, options = checkpoint.source_of(name, folder)
        # beside torch's import and the weights: half a GB
        hashing = ThreadPoolExecutor(1).submit(checkpoint.digests, Path(source), options)
        import torch

        torch.set_num_threads(threads())
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = precision_for(self.device.type, precision)
        self.pace = Pace()
        self._reference: Any = lambda: None
        self.tokenizer, self.network = checkpoint.from_pretrained(
            name, source, options, self.precision, "AutoModelForCausalLM", "causal language model"
        )
        self.network.eval().requires_grad_(False)
        with self._fits():
            self.network.to(self.device)
        self.body = self.network.base_model
        kept = keep_in_fp32(self.body, self.network.dtype, self.device)
        if not kept and self.precision == "fp16":
            # a stream in fp16 can overflow; buffers (the angles of positions) stay exact
            for parameter in self.network.parameters():
                parameter.data = parameter.data.bfloat16()
            self.precision = "bf16"
            keep_in_fp32(self.body, torch.float32, self.device)
        self._head = self.network.get_output_embeddings()
        if self._head is None:
            raise ModelError(f'"{name}" has no output head: spexviz needs a causal language model.')
        # the last norm gives fp32, also where the whole model is asked by hand
        self._head.register_forward_pre_hook(_as_the_weight)
        self.head_weight = self._head.weight.detach().float()
        bias, config = may_have(self._head, "bias"), self.network.config
        self._head_bias = None if bias is None else bias.detach().float()
        self._soft_cap = may_have(config, "final_logit_softcapping")
        scale = may_have(config, "logit_scale") or 1.0  # Cohere multiplies, Granite divides
        self._logit_scale = float(scale) / float(may_have(config, "logits_scaling") or 1.0)
        self.mask_token = self.tokenizer.mask_token
        self.context = int(may_have(config, "max_position_embeddings") or 4096)
        content = hashing.result() or f"{name} {may_have(config, '_commit_hash', '')}".encode()
        self.packing = Packing.of(self.network, self.device, self.precision)
        with self._fits():
            self.batch_tokens = (
                TOKENS if self.device.type == "cpu" else tuned(self._rate, 4 * TOKENS, MOST_TOKENS)
            )
        self.call_tokens = 0 if self.device.type == "cpu" else AHEAD * self.batch_tokens
        stream = " with its stream in fp32" if kept and self.precision != "fp32" else ""
        about = f"transformers {self.device.type} {self.precision}{stream} ".encode()
        self.fingerprint = f"hf-{hashlib.sha256(about + content).hexdigest()[:16]}"

    @staticmethod
    def accepts(name: str) -> bool:
        return checkpoint.backend(name) == "hf"

    def encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def token_spans(self, text: str) -> list[Span]:
        try:
            offsets = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)[
                "offset_mapping"
            ]
        except NotImplementedError:
            raise ModelError(
                f"The tokeniser of {self.label} does not say where its tokens stand: split by words instead."
            ) from None
        return [(int(a), int(b)) for a, b in offsets]

    def chat(self, text: str) -> str:
        if not may_have(self.tokenizer, "chat_template"):
            raise ModelError(f"{self.label} has no chat template: switch the chat template off.")
        turn = [{"role": "user", "content": text}]
        return self.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)

    def greedy(self, text: str, tokens: int) -> str:
        import torch

        ids = self._ids(text)
        ends = self._ends()
        new: list[int] = []
        with self.lock, torch.inference_mode():
            while len(new) < min(tokens, self.context - len(ids) + 1):
                states = self.body(
                    input_ids=torch.tensor([ids + new], device=self.device), use_cache=False
                ).last_hidden_state
                token = int(self.logits(states[:, -1]).argmax())
                if token in ends:
                    break
                new.append(token)
        return self.tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        import torch

        endings = [tuple(self.encode(answer)) for answer in answers]
        if empty := [answer for answer, ids in zip(answers, endings, strict=True) if not ids]:
            raise ModelError(f"The answer {empty[0]!r} has no tokens for {self.label}: give a longer one.")
        requests = [(text, tuple(hidden[i]) if hidden else ()) for i, text in enumerate(texts)]
        distinct = list(dict.fromkeys(requests))
        ids = self._ids_of([text for text, _ in distinct])
        sequences = [
            (one, self._visible(text, pieces)) for one, (text, pieces) in zip(ids, distinct, strict=True)
        ]
        table = np.empty((len(distinct), len(answers)))
        tails = {ending[:-1] for ending in endings}
        with self.lock, torch.inference_mode():
            start, computed = time.perf_counter(), 0
            for tail in sorted(tails):
                columns = [j for j, ending in enumerate(endings) if ending[:-1] == tail]
                computed += self._score(sequences, tail, [endings[j] for j in columns], table, columns)
            self.pace.note(computed, time.perf_counter() - start)
        row = {request: i for i, request in enumerate(distinct)}
        return table[[row[request] for request in requests]]

    def seconds(self, texts: Sequence[str]) -> float | None:
        """What asking these texts in one call would take here, learnt from the calls so far;

        None before the second call.
        """
        ids = self._ids_of(list(dict.fromkeys(texts)))
        return self.pace.seconds(
            sum(cost for _, cost in batches(ids, self.batch_tokens, self.packing is not None))
        )

    @property
    def memory(self) -> int:
        """Bytes that the weights, the fp32 head and one micro-batch take, about."""
        held = {
            parameter.data_ptr(): parameter.numel() * parameter.element_size()
            for parameter in self.network.parameters()
        }
        held[self.head_weight.data_ptr()] = self.head_weight.numel() * 4
        vocabulary, width = self.head_weight.shape
        return (
            sum(held.values())
            + self.batch_tokens * (24 * width * 4)
            + 2 * max(1, self.batch_tokens // 32) * vocabulary * 4
        )

    def at_full_precision(self) -> TransformersModel | None:
        """The same model in fp32, to measure the noise of this one: itself where it is;

        None where memory has no room for it.
        """
        if self.precision == "fp32":
            return self
        with self.lock:
            if (found := self._reference()) is None:
                needed = 5 * sum(parameter.numel() for parameter in self.network.parameters())
                if (free := room(self.device)) is not None and needed > free:
                    return None
                try:
                    found = type(self)(self.label, precision="fp32")
                except NoRoom:
                    return None
                # as long as a run needs it: it is as large as the model, or twice that
                self._reference = weakref.ref(found)
        return found

    def _score(
        self,
        sequences: list,
        tail: tuple[int, ...],
        endings: list[tuple[int, ...]],
        table: NDArray,
        columns: list[int],
    ) -> int:
        """Fill the columns of answers that share all tokens but the last, one forward pass a text; tokens that were computed."""
        import torch

        computed, packed, found = 0, self._packs(sequences, len(tail)), []
        for rows, cost in batches([ids for ids, _ in sequences], self.batch_tokens, packed, len(tail)):
            values = self._forward([sequences[i] for i in rows], tail, endings, packed)
            if values is None:
                self._halve(len(rows), cost)
                smaller = np.empty((len(rows), len(columns)))
                cost = self._score(
                    [sequences[i] for i in rows], tail, endings, smaller, list(range(len(columns)))
                )
                values = torch.from_numpy(smaller)
            found.append((rows, values))
            computed += cost
        for rows, values in found:  # only now: a GPU computes one batch while the next is laid out here
            table[np.ix_(rows, columns)] = values.cpu().numpy()
        return computed

    @contextmanager
    def _fits(self) -> Iterator[None]:
        """Raises NoRoom where memory runs out; on a GPU, what was tried there is free again afterwards."""
        import torch

        try:
            yield
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise NoRoom(
                f"{self.label} does not fit into the memory of this {self.device.type}: end what else uses it, or take a smaller model."
            ) from None
        finally:
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _halve(self, texts: int, cost: int) -> None:
        """Memory ran out: smaller batches from now on. Raises ModelError where it did with a single text."""
        import torch

        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if texts == 1:
            raise ModelError(
                f"{self.label} has no memory left for one text of {cost} tokens: end what else uses it, shorten the prompt, or take a smaller model."
            )
        self.batch_tokens = max(1, min(self.batch_tokens, cost) // 2)

    def _packs(self, sequences: list, extra: int) -> bool:
        """Whether these texts, with `extra` tokens after each, may be packed: nothing is hidden, no sliding window ends within."""
        return self.packing is not None and all(
            seen is None and len(ids) + extra <= self.packing.longest for ids, seen in sequences
        )

    def _forward(
        self, sequences: list, tail: tuple[int, ...], endings: list[tuple[int, ...]], packed: bool
    ) -> Any:
        """Log-probabilities (texts, endings) by one forward pass;

        None where memory ran out (what it held is free again then).
        """
        try:
            return self._logs(sequences, tail, endings, packed)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _logs(
        self, sequences: list, tail: tuple[int, ...], endings: list[tuple[int, ...]], packed: bool
    ) -> Any:
        import torch

        reads = [range(len(ids) - 1, len(ids) + len(tail)) for ids, _ in sequences]
        if packed:
            picked = self.packing.states([[*ids, *tail] for ids, _ in sequences], reads)
        else:
            picked = self._padded(
                sequences, tail, torch.tensor([list(read) for read in reads], device=self.device)
            )
        logs = torch.log_softmax(self.logits(picked), dim=-1)
        before = sum(
            (logs[:, j, token] for j, token in enumerate(tail)),
            torch.zeros(len(sequences), device=self.device),
        )
        out = torch.stack([before + logs[:, -1, ending[-1]] for ending in endings], dim=1)
        return out.double()

    def _padded(self, sequences: list, tail: tuple[int, ...], read: Any) -> Any:
        """Last hidden states at the positions `read` (texts, reads), by the plain forward of a padded batch."""
        import torch

        width = max(len(ids) for ids, _ in sequences) + len(tail)
        batch = torch.full((len(sequences), width), self._pad, dtype=torch.long)
        visible = torch.ones((len(sequences), width), dtype=torch.long)
        for i, (ids, seen) in enumerate(sequences):
            batch[i, : len(ids) + len(tail)] = torch.tensor([*ids, *tail])
            if seen is not None:
                visible[i, : len(ids)] = torch.tensor(seen)
        mask = visible.to(self.device) if any(seen is not None for _, seen in sequences) else None
        states = self.body(
            input_ids=batch.to(self.device), attention_mask=mask, use_cache=False
        ).last_hidden_state
        return states.gather(1, read[..., None].expand(-1, -1, states.shape[-1]))

    def _rate(self, tokens: int) -> float:
        """Tokens a second in a batch of so many, on made-up texts without a common beginning; for the size of batches on a GPU."""
        import torch

        texts = [(made_up(len(self.head_weight), PROBED, i), None) for i in range(max(1, tokens // PROBED))]
        times = []
        for _ in range(2):  # the first one pays for what is made once
            start = time.perf_counter()
            with torch.inference_mode():
                self._logs(texts, (), [(0,)], self.packing is not None).cpu()
            times.append(time.perf_counter() - start)
        return tokens / min(times)

    def inputs_of(self, text: str) -> dict[str, list[int]]:
        """What `read_batch` takes of one text."""
        return {"input_ids": self._ids(text)}

    def column(self, answer: str) -> int:
        """Where an answer of one token stands in a row of `read_batch`.

        Raises ModelError for a longer one.
        """
        if len(ids := self.encode(answer)) != 1:
            raise ModelError(
                f"The answer {answer!r:.60} is {len(ids)} tokens for {self.label}: choose one that is a single token."
            )
        return ids[0]

    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, vocabulary) of the next token of equally long texts; called with the lock held."""
        import torch

        states = self.body(**batch, use_cache=False).last_hidden_state[:, -1]
        return torch.log_softmax(self.logits(states), dim=-1)

    def logits(self, states: Any) -> Any:
        """What the output head makes of last hidden states, in fp32."""
        import torch

        logits = (
            torch.nn.functional.linear(states.float(), self.head_weight, self._head_bias) * self._logit_scale
        )
        return self._soft_cap * torch.tanh(logits / self._soft_cap) if self._soft_cap else logits

    def _ids(self, text: str) -> list[int]:
        return self._ids_of([text])[0]

    def _ids_of(self, texts: list[str]) -> list[list[int]]:
        """Ids of the texts, in one call of the tokeniser; a text with no token is asked as the start-of-text token alone."""
        # the same ids in half the time: no offsets, no attention masks
        quick = may_have(self.tokenizer, "backend_tokenizer")
        if quick is None or not texts:
            found = self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
        else:
            quick.no_padding(), quick.no_truncation()
            found = [one.ids for one in quick.encode_batch_fast(texts, add_special_tokens=False)]
        if all(found):
            return found
        start = (
            self.tokenizer.bos_token_id
            if self.tokenizer.bos_token_id is not None
            else self.tokenizer.eos_token_id
        )
        if start is None:
            raise ModelError(
                f"{self.label} cannot be asked with an empty text: put some words around the prompt with a template."
            )
        return [ids or [start] for ids in found]

    def _visible(self, text: str, pieces: Sequence[Span]) -> list[int] | None:
        if not pieces:
            return None
        spans = self.token_spans(text)
        return [
            0 if any(a < end and start < b for start, end in pieces if start < end) else 1 for a, b in spans
        ]

    def _ends(self) -> set[int]:
        ends = (
            self.network.generation_config.eos_token_id
            if self.network.generation_config
            else self.tokenizer.eos_token_id
        )
        return set(ends if isinstance(ends, list) else [ends])

    @property
    def _pad(self) -> int:
        return self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else 0


def _as_the_weight(head: Any, inputs: tuple) -> tuple:
    return (inputs[0].to(head.weight.dtype), *inputs[1:])
