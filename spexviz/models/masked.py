"""Any masked language model of transformers (…ForMaskedLM): the answer is one token, read at the mask token.

The template holds that token, e.g. "{} It was [MASK]."; where a text holds several, the last one is the
answer's. The head is computed at that place only: the vocabulary is most of the work of a small model.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

from spexviz.errors import ModelError
from spexviz.models import checkpoint
from spexviz.models.base import Likely, hint_of_space
from spexviz.models.encoder import EncoderModel, Inputs
from spexviz.models.likely import readable, top_of
from spexviz.models.loaded import Request
from spexviz.models.origin import Origin


class _Now(threading.local):
    """Where the answer is read, (texts,), in the batch that this thread is in."""

    at: Any = None


class MaskedModel(EncoderModel):
    """A masked language model by hub id or folder.

    Raises ModelError where it cannot be had, or for a text without its mask token.
    """

    kind: ClassVar[str] = "masked-lm"
    auto = "AutoModelForMaskedLM"
    wanted = "masked language model"

    def __init__(self, origin: str | Origin, precision: str = "auto"):
        super().__init__(origin, precision)
        self.blank = self.tokenizer.mask_token
        if self.blank is None:
            raise ModelError(
                f"The tokeniser of {self.label} has no mask token, so nothing can be asked: "
                "set mask_token in its tokenizer_config.json."
            )
        if self.body is self.network:
            raise ModelError(
                f"The head of {self.label} is not apart from its body, so it cannot be read at one token: "
                "choose another model."
            )
        self._now = _Now()
        self.body.register_forward_hook(self._keep_blank)

    @staticmethod
    def accepts(name: str) -> bool:
        return checkpoint.backend(name) == "masked-lm"

    def answer_length(self, answer: str, after: str = "") -> int:
        self.column(answer)  # raises for what is no single token
        return 1

    def greedy(self, text: str, tokens: int) -> str:
        return next((word for word, _ in self.likeliest(text, 1)), "")

    def likeliest(self, text: str, count: int) -> tuple[Likely, ...]:
        import torch

        with self.lock, torch.inference_mode():
            logs = self.read_batch(self._padded([self.inputs_of(text)]))[0]

        def is_read(word: str, token: int) -> bool:
            return self.encode(word) == [token]

        return readable(top_of(logs), count, self._word_of, (), is_read)

    def _word_of(self, ids: Sequence[int]) -> str:
        """The text of tokens, special ones left out."""
        return self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def column(self, answer: str, after: str = "") -> int:
        """Where an answer stands in a row of `read_batch`. Raises ModelError unless it is a single token."""
        ids = self.encode(answer)
        what = f"{len(ids)} tokens"
        if len(ids) == 1:
            if ids[0] != self.tokenizer.unk_token_id:
                return ids[0]
            what = "a token that it does not know"
        hint = ""
        if len(ids) != 1:
            hint = hint_of_space(answer, lambda other: len(self.encode(other)))
        raise ModelError(
            f"The answer {answer!r:.60} is {what} for {self.label}, whose {self.blank} stands for one: "
            f"choose a word that is one.{hint}"
        )

    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, vocabulary) at the mask token; called with the lock held."""
        import torch

        ids = batch["input_ids"]
        places = torch.arange(ids.shape[1], device=ids.device)
        is_blank = ids == self.tokenizer.mask_token_id
        self._now.at = (places * is_blank).argmax(dim=1)  # the last one
        return torch.log_softmax(self.network(**batch).logits[:, 0].float(), dim=1)

    def _encoded(self, requests: Sequence[Request]) -> list[Inputs]:
        inputs = super()._encoded(requests)
        for one in inputs:
            if self.tokenizer.mask_token_id not in one["input_ids"]:
                raise ModelError(
                    f"{self.label} reads its answer at {self.blank}: "
                    f'write it into the template, e.g. "{{}} It was {self.blank}."'
                )
        return inputs

    def _keep_blank(self, _: Any, inputs: Any, output: Any) -> Any:
        """Of the last hidden states, only that of the mask token goes on to the head."""
        import torch

        states = output.last_hidden_state
        texts = torch.arange(len(states), device=states.device)
        output.last_hidden_state = states[texts, self._now.at][:, None]
        return output
