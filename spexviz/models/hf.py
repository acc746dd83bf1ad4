"""Any causal language model of transformers: a hub id, a folder made by save_pretrained, or a .gguf file.

How it is fast and exact: texts are asked once each, in micro-batches of about TOKENS tokens, packed without padding and with
common beginnings computed once (packed.py); where a family does not allow that, or something is hidden, sorted by length and
padded on the right (a causal model never looks there). The body runs in bf16 where this processor has instructions for it, in fp16 on a GPU
(8 times finer), the stream that its layers add to, the last norm and the output head in fp32 (a bf16 head rounds logits to 1/8),
and logits are computed only where they are read.
"""

from __future__ import annotations

import hashlib
import os
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
from spexviz.kit.pace import Pace
from spexviz.kit.threads import threads
from spexviz.models import checkpoint
from spexviz.models.base import LanguageModel, Span
from spexviz.models.batches import MOST_TOKENS, PROBED, TOKENS, batches, is_out_of_memory, tuned
from spexviz.models.machine import made_up, precision_for, room
from spexviz.models.packed import Packing
from spexviz.models.residual import keep_in_fp32

AHEAD = 4  # micro-batches in a call on a GPU: the next is laid out while the last is computed
_CONTENT = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")  # weights, configuration, tokeniser, chat template


class NoRoom(ModelError):
    """Memory has no room for a model."""


class TransformersModel(LanguageModel):
    """A causal LM by hub id, folder or .gguf file. Raises ModelError where it cannot be had. Thread-safe: one forward pass at a time."""

    kind: ClassVar[str] = "hf"

    def __init__(self, name: str, folder: Path | None = None, precision: str = "auto"):
        self.label = name
        self._lock = threading.Lock()
        source, options = _source(name, folder)
        hashing = ThreadPoolExecutor(1).submit(_content, Path(source), options)  # beside torch's import and the weights: half a GB
        import torch

        torch.set_num_threads(threads())
        self._torch = torch
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = precision_for(self._device.type, precision)
        self.pace = Pace()
        self._reference: Any = lambda: None
        self._tokenizer, self._model = _from_pretrained(name, source, options, self.precision, "AutoModelForCausalLM", "causal language model")
        self._model.eval().requires_grad_(False)
        with self._fits():
            self._model.to(self._device)
        self._body = self._model.base_model
        kept = keep_in_fp32(self._body, self._model.dtype, self._device)
        if not kept and self.precision == "fp16":
            for parameter in self._model.parameters():  # a stream in fp16 can overflow; buffers (the angles of positions) stay exact
                parameter.data = parameter.data.bfloat16()
            self.precision = "bf16"
            keep_in_fp32(self._body, torch.float32, self._device)
        self._head = self._model.get_output_embeddings()
        if self._head is None:
            raise ModelError(f'"{name}" has no output head: spexviz needs a causal language model.')
        self._head.register_forward_pre_hook(_as_the_weight)  # the last norm gives fp32, also where the whole model is asked by hand
        self._head_weight = self._head.weight.detach().float()
        self._head_bias = None if getattr(self._head, "bias", None) is None else self._head.bias.detach().float()
        self._soft_cap = getattr(self._model.config, "final_logit_softcapping", None)
        scale = getattr(self._model.config, "logit_scale", None) or 1.0  # Cohere multiplies, Granite divides
        self._logit_scale = float(scale) / float(getattr(self._model.config, "logits_scaling", None) or 1.0)
        self.mask_token = self._tokenizer.mask_token
        self.context = int(getattr(self._model.config, "max_position_embeddings", None) or 4096)
        content = hashing.result() or f"{name} {getattr(self._model.config, '_commit_hash', '')}".encode()
        self._packing = Packing.of(self._model, self._device, self.precision)
        with self._fits():
            self._tokens = TOKENS if self._device.type == "cpu" else tuned(self._rate, 4 * TOKENS, MOST_TOKENS)
        self.call_tokens = 0 if self._device.type == "cpu" else AHEAD * self._tokens
        stream = " with its stream in fp32" if kept and self.precision != "fp32" else ""
        about = f"transformers {self._device.type} {self.precision}{stream} ".encode()
        self.fingerprint = f"hf-{hashlib.sha256(about + content).hexdigest()[:16]}"

    @staticmethod
    def accepts(name: str) -> bool:
        return checkpoint.backend(name) == "hf"

    def encode(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def token_spans(self, text: str) -> list[Span]:
        try:
            offsets = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        except NotImplementedError:
            raise ModelError(f"The tokeniser of {self.label} does not say where its tokens stand: split by words instead.") from None
        return [(int(a), int(b)) for a, b in offsets]

    def chat(self, text: str) -> str:
        if not getattr(self._tokenizer, "chat_template", None):
            raise ModelError(f"{self.label} has no chat template: switch the chat template off.")
        turn = [{"role": "user", "content": text}]
        return self._tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)

    def greedy(self, text: str, tokens: int) -> str:
        ids = self._ids(text)
        ends = self._ends()
        new: list[int] = []
        with self._lock, self._torch.inference_mode():
            while len(new) < min(tokens, self.context - len(ids) + 1):
                states = self._body(input_ids=self._torch.tensor([ids + new], device=self._device), use_cache=False).last_hidden_state
                token = int(self._logits(states[:, -1]).argmax())
                if token in ends:
                    break
                new.append(token)
        return self._tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def log_probabilities(self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None) -> NDArray[np.float64]:
        endings = [tuple(self.encode(answer)) for answer in answers]
        if empty := [answer for answer, ids in zip(answers, endings, strict=True) if not ids]:
            raise ModelError(f"The answer {empty[0]!r} has no tokens for {self.label}: give a longer one.")
        requests = [(text, tuple(hidden[i]) if hidden else ()) for i, text in enumerate(texts)]
        distinct = list(dict.fromkeys(requests))
        ids = self._ids_of([text for text, _ in distinct])
        sequences = [(one, self._visible(text, pieces)) for one, (text, pieces) in zip(ids, distinct, strict=True)]
        table = np.empty((len(distinct), len(answers)))
        tails = {ending[:-1] for ending in endings}
        with self._lock, self._torch.inference_mode():
            start, computed = time.perf_counter(), 0
            for tail in sorted(tails):
                columns = [j for j, ending in enumerate(endings) if ending[:-1] == tail]
                computed += self._score(sequences, tail, [endings[j] for j in columns], table, columns)
            self.pace.note(computed, time.perf_counter() - start)
        row = {request: i for i, request in enumerate(distinct)}
        return table[[row[request] for request in requests]]

    def seconds(self, texts: Sequence[str]) -> float | None:
        """What asking these texts in one call would take here, learnt from the calls so far; None before the second call."""
        ids = self._ids_of(list(dict.fromkeys(texts)))
        return self.pace.seconds(sum(cost for _, cost in batches(ids, self._tokens, self._packing is not None)))

    @property
    def memory(self) -> int:
        """Bytes that the weights, the fp32 head and one micro-batch take, about."""
        held = {parameter.data_ptr(): parameter.numel() * parameter.element_size() for parameter in self._model.parameters()}
        held[self._head_weight.data_ptr()] = self._head_weight.numel() * 4
        vocabulary, width = self._head_weight.shape
        return sum(held.values()) + self._tokens * (24 * width * 4) + 2 * max(1, self._tokens // 32) * vocabulary * 4

    def reference(self) -> TransformersModel | None:
        """The same model in fp32, to measure the noise of this one: itself where it is; None where memory has no room for it."""
        if self.precision == "fp32":
            return self
        with self._lock:
            if (found := self._reference()) is None:
                needed = 5 * sum(parameter.numel() for parameter in self._model.parameters())
                if (free := room(self._device)) is not None and needed > free:
                    return None
                try:
                    found = type(self)(self.label, precision="fp32")
                except NoRoom:
                    return None
                self._reference = weakref.ref(found)  # as long as a run needs it: it is as large as the model, or twice that
        return found

    def _score(self, sequences: list, tail: tuple[int, ...], endings: list[tuple[int, ...]], table: NDArray, columns: list[int]) -> int:
        """Fill the columns of answers that share all tokens but the last, one forward pass a text; tokens that were computed."""
        computed, packed, found = 0, self._packs(sequences, len(tail)), []
        for rows, cost in batches([ids for ids, _ in sequences], self._tokens, packed, len(tail)):
            values = self._forward([sequences[i] for i in rows], tail, endings, packed)
            if values is None:
                self._halve(len(rows), cost)
                smaller = np.empty((len(rows), len(columns)))
                cost = self._score([sequences[i] for i in rows], tail, endings, smaller, list(range(len(columns))))
                values = self._torch.from_numpy(smaller)
            found.append((rows, values))
            computed += cost
        for rows, values in found:  # only now: a GPU computes one batch while the next is laid out here
            table[np.ix_(rows, columns)] = values.cpu().numpy()
        return computed

    @contextmanager
    def _fits(self) -> Iterator[None]:
        """Raises NoRoom where memory runs out; on a GPU, what was tried there is free again afterwards."""
        try:
            yield
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise NoRoom(
                f"{self.label} does not fit into the memory of this {self._device.type}: end what else uses it, or take a smaller model."
            ) from None
        finally:
            if self._device.type == "cuda":
                self._torch.cuda.empty_cache()

    def _halve(self, texts: int, cost: int) -> None:
        """Memory ran out: smaller batches from now on. Raises ModelError where it did with a single text."""
        if self._device.type == "cuda":
            self._torch.cuda.empty_cache()
        if texts == 1:
            raise ModelError(
                f"{self.label} has no memory left for one text of {cost} tokens: end what else uses it, shorten the prompt, or take a smaller model."
            )
        self._tokens = max(1, min(self._tokens, cost) // 2)

    def _packs(self, sequences: list, extra: int) -> bool:
        """Whether these texts, with `extra` tokens after each, may be packed: nothing is hidden, no sliding window ends within."""
        return self._packing is not None and all(seen is None and len(ids) + extra <= self._packing.longest for ids, seen in sequences)

    def _forward(self, sequences: list, tail: tuple[int, ...], endings: list[tuple[int, ...]], packed: bool) -> Any:
        """Log-probabilities (texts, endings) by one forward pass; None where memory ran out (what it held is free again then)."""
        try:
            return self._logs(sequences, tail, endings, packed)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _logs(self, sequences: list, tail: tuple[int, ...], endings: list[tuple[int, ...]], packed: bool) -> Any:
        torch = self._torch
        reads = [range(len(ids) - 1, len(ids) + len(tail)) for ids, _ in sequences]
        if packed:
            picked = self._packing.states([[*ids, *tail] for ids, _ in sequences], reads)
        else:
            picked = self._padded(sequences, tail, torch.tensor([list(read) for read in reads], device=self._device))
        logs = torch.log_softmax(self._logits(picked), dim=-1)
        before = sum((logs[:, j, token] for j, token in enumerate(tail)), torch.zeros(len(sequences), device=self._device))
        out = torch.stack([before + logs[:, -1, ending[-1]] for ending in endings], dim=1)
        return out.double()

    def _padded(self, sequences: list, tail: tuple[int, ...], read: Any) -> Any:
        """Last hidden states at the positions `read` (texts, reads), by the plain forward of a padded batch."""
        torch = self._torch
        width = max(len(ids) for ids, _ in sequences) + len(tail)
        batch = torch.full((len(sequences), width), self._pad, dtype=torch.long)
        visible = torch.ones((len(sequences), width), dtype=torch.long)
        for i, (ids, seen) in enumerate(sequences):
            batch[i, : len(ids) + len(tail)] = torch.tensor([*ids, *tail])
            if seen is not None:
                visible[i, : len(ids)] = torch.tensor(seen)
        mask = visible.to(self._device) if any(seen is not None for _, seen in sequences) else None
        states = self._body(input_ids=batch.to(self._device), attention_mask=mask, use_cache=False).last_hidden_state
        return states.gather(1, read[..., None].expand(-1, -1, states.shape[-1]))

    def _rate(self, tokens: int) -> float:
        """Tokens a second in a batch of so many, on made-up texts without a common beginning; for the size of batches on a GPU."""
        texts = [(made_up(len(self._head_weight), PROBED, i), None) for i in range(max(1, tokens // PROBED))]
        times = []
        for _ in range(2):  # the first one pays for what is made once
            start = time.perf_counter()
            with self._torch.inference_mode():
                self._logs(texts, (), [(0,)], self._packing is not None).cpu()
            times.append(time.perf_counter() - start)
        return tokens / min(times)

    def inputs_of(self, text: str) -> dict[str, list[int]]:
        """What `read_batch` takes of one text."""
        return {"input_ids": self._ids(text)}

    def column(self, answer: str) -> int:
        """Where an answer of one token stands in a row of `read_batch`. Raises ModelError for a longer one."""
        if len(ids := self.encode(answer)) != 1:
            raise ModelError(f"The answer {answer!r:.60} is {len(ids)} tokens for {self.label}: choose one that is a single token.")
        return ids[0]

    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, vocabulary) of the next token of equally long texts; called with the lock held."""
        states = self._body(**batch, use_cache=False).last_hidden_state[:, -1]
        return self._torch.log_softmax(self._logits(states), dim=-1)

    def _logits(self, states: Any) -> Any:
        logits = self._torch.nn.functional.linear(states.float(), self._head_weight, self._head_bias) * self._logit_scale
        return self._soft_cap * self._torch.tanh(logits / self._soft_cap) if self._soft_cap else logits

    def _ids(self, text: str) -> list[int]:
        return self._ids_of([text])[0]

    def _ids_of(self, texts: list[str]) -> list[list[int]]:
        """Ids of the texts, in one call of the tokeniser; a text with no token is asked as the start-of-text token alone."""
        quick = getattr(self._tokenizer, "backend_tokenizer", None)  # the same ids in half the time: no offsets, no attention masks
        if quick is None or not texts:
            found = self._tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
        else:
            quick.no_padding(), quick.no_truncation()
            found = [one.ids for one in quick.encode_batch_fast(texts, add_special_tokens=False)]
        if all(found):
            return found
        start = self._tokenizer.bos_token_id if self._tokenizer.bos_token_id is not None else self._tokenizer.eos_token_id
        if start is None:
            raise ModelError(f"{self.label} cannot be asked with an empty text: put some words around the prompt with a template.")
        return [ids or [start] for ids in found]

    def _visible(self, text: str, pieces: Sequence[Span]) -> list[int] | None:
        if not pieces:
            return None
        spans = self.token_spans(text)
        return [0 if any(a < end and start < b for start, end in pieces if start < end) else 1 for a, b in spans]

    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id if self._model.generation_config else self._tokenizer.eos_token_id
        return set(ends if isinstance(ends, list) else [ends])

    @property
    def _pad(self) -> int:
        return self._tokenizer.pad_token_id if self._tokenizer.pad_token_id is not None else 0


def _as_the_weight(head: Any, inputs: tuple) -> tuple:
    return (inputs[0].to(head.weight.dtype), *inputs[1:])


def _content(path: Path, options: dict[str, str]) -> bytes:
    """Digests of the files of a local model, which change its values; nothing for one of the hub, whose commit says it."""
    if not path.is_dir():
        return b""
    files = [path / options["gguf_file"]] if options else sorted(file for kind in _CONTENT for file in path.glob(kind))
    return b"".join(map(_digest, files))


def _digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _source(name: str, folder: Path | None) -> tuple[str, dict[str, str]]:
    path = folder or Path(os.path.expanduser(name))
    if path.suffix == ".gguf":
        if not os.path.isfile(path):  # unlike Path.is_file, no error for a name that is too long
            raise ModelError(f'There is no file "{name[:200]}": check the path of the .gguf file.')
        return str(path.parent), {"gguf_file": path.name}
    if os.path.isdir(path):
        if not (path / "config.json").is_file():
            raise ModelError(f'The folder "{name[:200]}" holds no config.json: give a folder made by save_pretrained, or a .gguf file.')
        return str(path), {}
    return name, {}


def _from_pretrained(name: str, source: str, options: dict[str, str], precision: str, auto: str, wanted: str) -> tuple[Any, Any]:
    """Tokeniser and model of the class `auto`; weights from safetensors or GGUF only (no pickle), no code from the checkpoint."""
    import torch
    import transformers
    from transformers.utils import logging

    logging.disable_progress_bar()
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]
    safe = {} if options else {"use_safetensors": True}
    if not os.path.isdir(source) and checkpoint.unreachable():
        options = {**options, "local_files_only": True}  # else a wrong name is asked for again and again, for 48 s
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False, **options)
        loader = getattr(transformers, auto)
        model, report = loader.from_pretrained(source, trust_remote_code=False, dtype=dtype, output_loading_info=True, **safe, **options)
    except Exception as error:  # transformers raises a dozen kinds here; each becomes one that names the remedy
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ModelError(
            f'The model "{name[:200]}" could not be loaded ({first}). Check the spelling and the network; it must be a {wanted} '
            'with safetensors weights. "bundled" works offline.'
        ) from error
    if missing := sorted(report["missing_keys"]):  # transformers fills them with random numbers
        raise ModelError(
            f'The model "{name[:200]}" has no weights for {missing[0]}, so it would answer at random: it is no {wanted}. '
            "Give a checkpoint that was saved with its head."
        )
    return tokenizer, model
