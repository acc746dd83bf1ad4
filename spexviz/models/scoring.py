"""Scoring: log-probabilities of answers behind texts, by forward passes of micro-batches.

Packed rows where nothing is hidden and the model allows them (packed.py), else padded ones (padded.py); the
same batches whether or not anybody looks. Where memory runs out, batches become smaller.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.memory import is_out_of_memory
from spexviz.models.batches import PROBED, batches
from spexviz.models.between import handing_over
from spexviz.models.continued import Answers
from spexviz.models.fastpath import made_up
from spexviz.models.loaded import LoadedModel
from spexviz.models.packed import Packing
from spexviz.models.padded import Padding


@dataclass(frozen=True)
class Tokens:
    """A text as it is asked: its ids, and 1 for each token that may be attended to, else 0 (None: all)."""

    ids: list[int]
    seen: list[int] | None = None


@dataclass(frozen=True)
class Endings:
    """Answers that differ in their last token only: what they share before it, and the last token of each."""

    tail: tuple[int, ...]
    last: tuple[int, ...]


class ScoringModel(LoadedModel):
    """A loaded causal model that scores texts in micro-batches of at most `batch_tokens` tokens."""

    head_weight: Any  # (vocabulary, width)
    packing: Packing | None = None
    _padding: Padding

    @abstractmethod
    def logits(self, states: Any) -> Any:
        """What the output head makes of last hidden states, in fp32."""

    def _score_all(self, texts: list[Tokens], answers: Answers) -> tuple[Floats, int]:
        """Log-probabilities (texts, answers), and the tokens that were computed."""
        table = np.empty((len(texts), len(answers)))
        computed = 0
        for tail in sorted({ids[:-1] for ids in answers}):
            columns = [j for j, ids in enumerate(answers) if ids[:-1] == tail]
            endings = Endings(tail, tuple(answers[j][-1] for j in columns))
            values, cost = self._score(texts, endings)
            table[:, columns] = values
            computed += cost
        return table, computed

    def _score(self, texts: list[Tokens], endings: Endings) -> tuple[Floats, int]:
        """Log-probabilities (texts, endings), one forward pass a text; and the tokens that were computed."""
        import torch

        packing = self._packing_for(texts, len(endings.tail))
        ids = [text.ids for text in texts]
        computed = 0
        found = []
        for rows, cost in batches(ids, self.batch_tokens, packing is not None, len(endings.tail)):
            self.lock.give_way()
            batch = [texts[i] for i in rows]
            values = self._forward(batch, endings, packing)
            if values is None:
                self._halve(len(rows), cost)
                smaller, cost = self._score(batch, endings)
                values = torch.from_numpy(smaller)
            found.append((rows, values))
            computed += cost
        table = np.empty((len(texts), len(endings.last)))
        for rows, values in found:  # only now: a GPU computes one batch while the next is laid out here
            table[rows] = values.cpu().numpy()
        return table, computed

    def _halve(self, texts: int, cost: int) -> None:
        """Memory ran out: smaller batches from now on. Raises ModelError where it did with a single text."""
        import torch

        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if texts == 1:
            raise ModelError(
                f"{self.label} has no memory left for one text of {cost} tokens: "
                "end what else uses it, shorten the prompt, or take a smaller model."
            )
        self.batch_tokens = max(1, min(self.batch_tokens, cost) // 2)

    def _packing_for(self, texts: list[Tokens], extra: int) -> Packing | None:
        """The packing, if these texts may be packed with `extra` tokens after each.

        That is, nothing is hidden, and no sliding window ends within.
        """
        packing = self.packing
        if packing is None:
            return None
        fits = all(text.seen is None and len(text.ids) + extra <= packing.longest for text in texts)
        return packing if fits else None

    def _forward(self, texts: list[Tokens], endings: Endings, packing: Packing | None) -> Any:
        """Log-probabilities (texts, endings) by one forward pass;

        None where memory ran out (what it held is free again then).
        """
        try:
            with handing_over(self):
                return self._logs(texts, endings, packing)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _logs(self, texts: list[Tokens], endings: Endings, packing: Packing | None) -> Any:
        import torch

        logs = self._log_rows(texts, endings.tail, packing)
        # log p(answer) = Σ log p(token | the tokens before it)
        before = torch.zeros(len(texts), device=self.device)
        for j, token in enumerate(endings.tail):
            before = before + logs[:, j, token]
        out = torch.stack([before + logs[:, -1, token] for token in endings.last], dim=1)
        return out.double()

    def _log_rows(self, texts: list[Tokens], tail: tuple[int, ...], packing: Packing | None) -> Any:
        """Log-probabilities (texts, 1 + tail, vocabulary) after each text and each token of its tail."""
        import torch

        # the state that is read for a token is the one before it
        reads = [range(len(text.ids) - 1, len(text.ids) + len(tail)) for text in texts]
        whole = [[*text.ids, *tail] for text in texts]
        if packing is not None:
            states = packing.states(whole, reads)
        else:
            states = self._padding.states(whole, reads, [text.seen for text in texts])
        return torch.log_softmax(self.logits(states), dim=-1)

    def _rate(self, tokens: int) -> float:
        """Tokens a second in a batch of so many, on made-up texts without a common beginning.

        For the size of batches on a GPU.
        """
        import torch

        vocabulary = len(self.head_weight)
        texts = [Tokens(made_up(vocabulary, PROBED, i)) for i in range(max(1, tokens // PROBED))]
        times = []
        for _ in range(2):  # the first one pays for what is made once
            start = time.perf_counter()
            with torch.inference_mode():
                self._logs(texts, Endings((), (0,)), self.packing).cpu()
            times.append(time.perf_counter() - start)
        return tokens / min(times)
