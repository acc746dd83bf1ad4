"""Any masked language model of transformers (…ForMaskedLM): the answer is one token, read at the mask token of the text.

The template holds that token, e.g. "{} It was [MASK]."; where a text holds several, the last one is the
answer's. The head is computed at that place only: the vocabulary is most of the work of a small model.
"""

from __future__ import annotations

from typing import Any, ClassVar

from spexviz.errors import ModelError
from spexviz.models import checkpoint
from spexviz.models.encoder import EncoderModel

# most likely tokens among which a greedy answer is looked for: some are no words of their own
_CANDIDATES = 200


class MaskedModel(EncoderModel):
    """A masked language model by hub id or folder.

    Raises ModelError where it cannot be had, or for a text without its mask token.
    """

    kind: ClassVar[str] = "masked-lm"
    auto = "AutoModelForMaskedLM"
    wanted = "masked language model"

    def __init__(self, name: str, precision: str = "auto"):
        super().__init__(name, precision)
        self.blank = self.tokenizer.mask_token
        if self.blank is None:
            raise ModelError(
                f"The tokeniser of {name} has no mask token, so nothing can be asked: set mask_token in its tokenizer_config.json."
            )
        if self.body is self.network:
            raise ModelError(
                f"The head of {name} is not apart from its body, so it cannot be read at one token: choose another model."
            )
        self._at: Any = None
        self.body.register_forward_hook(self._keep_blank)

    @staticmethod
    def accepts(name: str) -> bool:
        return checkpoint.backend(name) == "masked-lm"

    def answer_length(self, answer: str) -> int:
        self._column(answer)
        return 1

    def greedy(self, text: str, tokens: int) -> str:
        import torch

        with self.lock, torch.inference_mode():
            logs = self._logs(self._padded(self._encoded([(text, ())])))[0]
        for token in logs.topk(min(_CANDIDATES, len(logs))).indices.tolist():
            word = self.tokenizer.decode(
                [token], skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
            if self.encode(word) == [token]:
                return word
        return ""

    def _column(self, answer: str) -> int:
        ids = self.encode(answer)
        if len(ids) == 1 and ids[0] != self.tokenizer.unk_token_id:
            return ids[0]
        what = "a token that it does not know" if len(ids) == 1 else f"{len(ids)} tokens"
        hint = (
            f" Did you mean {' ' + answer!r}, with a leading space?"
            if len(self.encode(" " + answer)) == 1 != len(ids)
            else ""
        )
        raise ModelError(
            f"The answer {answer!r:.60} is {what} for {self.label}, whose {self.blank} stands for one: choose a word that is one.{hint}"
        )

    def _encoded(self, requests: Any) -> list[dict[str, list[int]]]:
        inputs = super()._encoded(requests)
        if any(self.tokenizer.mask_token_id not in one["input_ids"] for one in inputs):
            raise ModelError(
                f'{self.label} reads its answer at {self.blank}: write it into the template, e.g. "{{}} It was {self.blank}."'
            )
        return inputs

    def _logs(self, batch: dict[str, Any]) -> Any:
        import torch

        ids = batch["input_ids"]
        places = torch.arange(ids.shape[1], device=ids.device)
        self._at = (places * (ids == self.tokenizer.mask_token_id)).argmax(dim=1)
        return torch.log_softmax(self.network(**batch).logits[:, 0].float(), dim=1)

    def _keep_blank(self, _: Any, inputs: Any, output: Any) -> Any:
        import torch

        states = output.last_hidden_state
        output.last_hidden_state = states[torch.arange(len(states), device=states.device), self._at][:, None]
        return output
