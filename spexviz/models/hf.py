"""Any causal language model of transformers: a hub id, a folder made by save_pretrained, or a .gguf file.

How it is fast and exact: texts are asked once each, in micro-batches of about TOKENS tokens, packed without
padding and with common beginnings computed once (packed.py); where a model does not allow that, or something
is hidden, sorted by length and padded on the right (a causal model never looks there). Which of these a model
allows is found by comparing (compared.py), and what its head computes too (head.py). The body runs in bf16
where this processor has instructions for it, in fp16 on a GPU (8 times finer), the stream that its layers add
to, the last norm and the output head in fp32 (a bf16 head rounds logits to 1/8), and logits are computed only
where they are read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.models import checkpoint
from spexviz.models.base import Likely, Span, Turn, Written, hint_of_space, messages, refused_messages
from spexviz.models.batches import LARGER, MOST_TOKENS, TOKENS, batches, tuned
from spexviz.models.checkpoint import may_have
from spexviz.models.compared import Allowed, allowed, remembered
from spexviz.models.continued import Answers, differs_alone, ids_behind
from spexviz.models.fastpath import tensors_of
from spexviz.models.head import OutputHead
from spexviz.models.hiding import are_alike, with_others
from spexviz.models.likely import readable, top_of
from spexviz.models.loaded import LETTER, Request, added, ids_of, requests_of, rows_of, seen
from spexviz.models.machine import bytes_of
from spexviz.models.origin import Origin
from spexviz.models.packed import Packing
from spexviz.models.padded import Padding
from spexviz.models.residual import NOTHING, WHOLE, keep
from spexviz.models.scoring import ScoringModel, Tokens

AHEAD = 4  # micro-batches in a call on a GPU: the next is laid out while the last is computed


class TransformersModel(ScoringModel):
    """A causal LM by hub id, folder or .gguf file.

    Raises ModelError where it cannot be had. Thread-safe: one forward pass at a time.
    """

    kind: ClassVar[str] = "hf"
    auto = "AutoModelForCausalLM"
    wanted = "causal language model"
    on_gpu = "fp16"

    def __init__(self, origin: str | Origin, precision: str = "auto"):
        self._load(origin, precision)
        if not self._allowed.half:
            self._say_only_fp32()
            self._load(origin, "fp32")
        self._keep_stream_in_fp32()
        self._head = OutputHead(self.network, self.label)
        self.head_weight = self._head.weight
        self.mask_token = self.tokenizer.mask_token
        self.context = int(may_have(self.network.config, "max_position_embeddings") or 4096)
        if self._allowed.packed:
            self.packing = Packing.of(self.network, self.device, self.precision)
        self.batch_tokens = TOKENS if self._allowed.padded else 1
        if self.device.type != "cpu" and self._allowed.padded:
            with self._fits():
                self.batch_tokens = tuned(self._rate, 4 * TOKENS, MOST_TOKENS)
            self.call_tokens = AHEAD * self.batch_tokens
        self.fingerprint = self._fingerprint("hf", self._how())

    def _load(self, origin: str | Origin, precision: str) -> None:
        """The model on its device, and which fast paths it allows."""
        super().__init__(origin, precision)
        self._padding = Padding(self.body, self.device, self.tokenizer.pad_token_id or 0)
        with self._fits():
            self._allowed = self._compared()

    def _compared(self) -> Allowed:
        """Which fast paths give the values of one text alone.

        Raises ModelError for a model whose tokens look at those after them.
        """
        key = self._fingerprint("compared", f"{self.device.type} {self.precision} ")
        found = remembered(key, Allowed, lambda: allowed(self.network, self.device, self._padding))
        if not found.causal:
            raise ModelError(
                f"In {self.label} tokens look at those that come after them, so it is no {self.wanted}: "
                "set is_decoder to true in its config.json if it was trained as one, or choose another model."
            )
        return found

    def _how(self) -> str:
        """How it computes, as far as that changes values."""
        how = f"transformers {self.device.type} {self.precision}"
        kept = self._allowed.kept
        if self.precision != "fp32" and kept == WHOLE:
            how += " with its stream in fp32"
        if self.precision != "fp32" and kept == NOTHING:
            how += " with its last norm too"
        if not self._head.is_linear:
            how += " with its own head"
        if not self._allowed.packed:
            how += " unpacked"
        if differs_alone(self._encode_all):
            how += " answers read behind texts"
        return f"{how} "

    def _keep_stream_in_fp32(self) -> None:
        """Keep in fp32 what is worth it; where that is not the whole stream, bf16 stands for fp16."""
        dtype = self.network.dtype
        kept = self._allowed.kept
        if self.precision == "fp16" and kept != WHOLE:
            import torch

            # a stream in fp16 can overflow; what is in fp32 (the angles of positions) stays exact
            for tensor in tensors_of(self.network):
                if tensor.dtype == torch.float16:
                    tensor.data = tensor.data.bfloat16()
            self.precision = "bf16"
            dtype = torch.bfloat16
        keep(self.body, kept, dtype, ExitStack())  # as long as the model is there

    @staticmethod
    def accepts(name: str) -> bool:
        return checkpoint.backend(name) == "hf"

    @cached_property
    def beginning(self) -> tuple[int, ...]:
        return added(self.tokenizer(LETTER)["input_ids"], self.encode(LETTER))

    @property
    def remarks(self) -> tuple[str, ...]:
        found = [*super().remarks]
        if not self._head.is_linear:
            found.append(
                f"{self.label} makes its logits of its last states by more than one linear map: "
                "they are computed by its own code, in fp32 as far as its weights are."
            )
        if self._allowed.kept != WHOLE:
            found.append(
                f"{self.label} is rounded to {self.precision} between its layers too: kept in fp32 there, "
                "its values were farther from those in fp32."
            )
        if not self._allowed.padded:
            found.append(f"In a batch {self.label} gives other values than alone: each text is asked alone.")
        elif self.packing is None:
            found.append(
                f"Packed into one row, texts get other values of {self.label} than alone: "
                "they are asked in padded batches, which is slower."
            )
        return tuple(found)

    def token_spans(self, text: str) -> list[Span]:
        try:
            found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        except NotImplementedError:
            raise ModelError(
                f"The tokeniser of {self.label} does not say where its tokens stand: split by words instead."
            ) from None
        return [(int(a), int(b)) for a, b in found["offset_mapping"]]

    def chat(self, text: str, turns: Sequence[Turn] = ()) -> str:
        if not may_have(self.tokenizer, "chat_template"):
            raise ModelError(f"{self.label} has no chat template: switch the chat template off.")
        from jinja2 import TemplateError  # transformers brings it

        said = messages(text, turns)
        try:
            return self.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        except TemplateError as error:
            raise refused_messages(self.label, turns, str(error)) from None

    def greedy(self, text: str, tokens: int) -> str:
        import torch

        ids = self._ids(text)
        ends = self._ends()
        most = min(tokens, self.context - len(ids) + 1)
        new: list[int] = []
        with self.lock, torch.inference_mode():
            while len(new) < most:
                self.lock.give_way()
                asked = torch.tensor([ids + new], device=self.device)
                states = self.body(input_ids=asked, use_cache=False).last_hidden_state
                token = int(self.logits(states[:, -1]).argmax())
                if token in ends:
                    break
                new.append(token)
        answer = self.tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return Written(answer, new)

    def likeliest(self, text: str, count: int) -> tuple[Likely, ...]:
        import torch

        (asked,) = self._tokens_of([(text, ())])
        with self.lock, torch.inference_mode():
            logs = self._log_rows([asked], (), self._packing_for([asked], 0))[0, -1]

        def is_read(word: str, token: int) -> bool:
            return ids_behind(self._encode_all, [text], [word])[0][0] == (token,)

        return readable(top_of(logs), count, self.text_of, asked.ids, is_read)

    def answer_length(self, answer: str, after: str = "") -> int:
        return len(ids_behind(self._encode_all, [after], [answer])[0][0])

    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        import torch

        requests = requests_of(texts, hidden)
        distinct = list(dict.fromkeys(requests))
        answered = self._answers_behind([text for text, _ in distinct], answers)
        asked = self._tokens_of(distinct)
        table = np.empty((len(distinct), len(answers)))
        with self.lock, torch.inference_mode():
            start = time.perf_counter()
            computed = 0
            for ids in dict.fromkeys(answered):  # mostly the same after every text
                rows = [i for i, found in enumerate(answered) if found == ids]
                values, cost = self._score_all([asked[i] for i in rows], ids)
                table[rows] = values
                computed += cost
            self.pace.note(computed, time.perf_counter() - start - self.lock.away)
        return rows_of(requests, distinct, table)

    def ignores(self, text: str, hidden: Sequence[Span]) -> bool:
        import torch

        (asked,) = self._tokens_of([(text, tuple(hidden))])
        if asked.seen is None:
            return True
        ids = [asked.ids, with_others(asked.ids, asked.seen, self.tokenizer)]
        last = range(len(asked.ids) - 1, len(asked.ids))
        with self.lock, torch.inference_mode():
            return are_alike(self._padding.states(ids, [last] * 2, [asked.seen] * 2))

    def seconds(self, texts: Sequence[str]) -> float | None:
        """What asking these texts in one call would take here, learnt from the calls so far;

        None before the second call.
        """
        ids = self._ids_of(list(dict.fromkeys(texts)))
        costs = (cost for _, cost in batches(ids, self.batch_tokens, self.packing is not None))
        return self.pace.seconds(sum(costs))

    @property
    def memory(self) -> int:
        """Bytes that the weights, the fp32 head and one micro-batch take, about."""
        vocabulary, width = self.head_weight.shape
        weights = bytes_of([*self.network.parameters(), self.head_weight])
        tokens = LARGER * self.batch_tokens
        states = tokens * (24 * width * 4)
        logits = 2 * max(1, tokens // 32) * vocabulary * 4
        return weights + states + logits

    def inputs_of(self, text: str) -> dict[str, list[int]]:
        """What `read_batch` takes of one text."""
        return {"input_ids": self._ids(text)}

    def column(self, answer: str, after: str = "") -> int:
        """Where an answer of one token, `after` a text, stands in a row of `read_batch`.

        Raises ModelError for a longer one.
        """
        ids = ids_behind(self._encode_all, [after], [answer])[0][0]
        if len(ids) != 1:
            hint = hint_of_space(answer, lambda other: self.answer_length(other, after))
            raise ModelError(
                f"The answer {answer!r:.60} is {len(ids)} tokens for {self.label}: "
                f"choose one that is a single token.{hint}"
            )
        return ids[0]

    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, vocabulary) of the next token; called with the lock held."""
        import torch

        states = self.body(**batch, use_cache=False).last_hidden_state[:, -1]
        return torch.log_softmax(self.logits(states), dim=-1)

    def logits(self, states: Any) -> Any:
        """What the output head makes of last hidden states, in fp32."""
        return self._head.logits(states)

    def _answers_behind(self, texts: list[str], answers: Sequence[str]) -> list[Answers]:
        """The ids of the answers behind each text. Raises ModelError for an answer that has none."""
        found = ids_behind(self._encode_all, texts, answers)
        for ids in found:
            for answer, own in zip(answers, ids, strict=True):
                if not own:
                    raise ModelError(
                        f"The answer {answer!r} has no tokens for {self.label}: give a longer one."
                    )
        return found

    def _tokens_of(self, requests: list[Request]) -> list[Tokens]:
        """The tokens of texts, and which of them may be attended to."""
        texts = [text for text, _ in requests]
        found = []
        for ids, (text, pieces) in zip(self._ids_of(texts), requests, strict=True):
            visible = seen(self.token_spans(text), pieces) if pieces else None
            if visible is not None:
                visible = [1] * (len(ids) - len(visible)) + visible  # what was set before the text
            found.append(Tokens(ids, visible))
        return found

    def _encode_all(self, texts: list[str]) -> list[list[int]]:
        """`encode` of the texts, in one call of the tokeniser."""
        return ids_of(self.tokenizer, texts)

    def _ids(self, text: str) -> list[int]:
        return self._ids_of([text])[0]

    def _ids_of(self, texts: list[str]) -> list[list[int]]:
        """Ids of the texts, in one call of the tokeniser.

        A text with no token is asked as the start-of-text token alone.
        """
        found = [self.begin(ids) for ids in self._encode_all(texts)]
        if all(found):
            return found
        start = self.tokenizer.bos_token_id
        if start is None:
            start = self.tokenizer.eos_token_id
        if start is None:
            raise ModelError(
                f"{self.label} cannot be asked with an empty text: "
                "put some words around the prompt with a template."
            )
        return [ids or [start] for ids in found]

    def _ends(self) -> set[int]:
        """Tokens that end an answer."""
        config = self.network.generation_config
        ends = config.eos_token_id if config else self.tokenizer.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}
