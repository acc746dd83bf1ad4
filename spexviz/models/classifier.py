"""Any sequence classifier of transformers (…ForSequenceClassification): the answers are its labels.

Labels that exclude each other (a softmax) have their log-probability, so that the log-odds of two are the
difference of their logits. Labels that do not (several at once, or a single logit: binary or regression) each
answer "LABEL" and "not LABEL" with log σ(logit) and log σ(−logit), so that the log-odds of these two are the
logit itself, for a regression its score.
"""

from __future__ import annotations

from typing import Any, ClassVar

from spexviz.errors import ModelError
from spexviz.models import checkpoint
from spexviz.models.encoder import EncoderModel
from spexviz.models.origin import Origin

SHOWN = 20  # labels that an error names
_INDEPENDENT = ("multi_label_classification", "regression")


class ClassifierModel(EncoderModel):
    """A sequence classifier by hub id or folder.

    Raises ModelError where it cannot be had, or for an answer that is no label.
    """

    kind: ClassVar[str] = "classifier"
    auto = "AutoModelForSequenceClassification"
    wanted = "sequence classifier"
    answers: tuple[str, ...]

    def __init__(self, origin: str | Origin, precision: str = "auto"):
        super().__init__(origin, precision)
        config = self.network.config
        labels = tuple(str(config.id2label.get(i, f"LABEL_{i}")) for i in range(config.num_labels))
        self._independent = len(labels) == 1 or config.problem_type in _INDEPENDENT
        self.answers = labels
        if self._independent:
            self.answers += tuple(f"not {label}" for label in labels)
        if len(set(self.answers)) < len(self.answers):
            raise ModelError(
                f"{self.label} has two labels of the same name: give each its own in id2label of its "
                "config.json."
            )

    @staticmethod
    def accepts(name: str) -> bool:
        return checkpoint.backend(name) == "classifier"

    def answer_length(self, answer: str, after: str = "") -> int:
        self.column(answer)  # raises for what is no label
        return 1

    def greedy(self, text: str, tokens: int) -> str:
        logs = self.log_probabilities([text], self.answers)[0]
        return self.answers[int(logs.argmax())]

    def column(self, answer: str, after: str = "") -> int:
        """Where an answer stands in a row of `read_batch`. Raises ModelError for one that is no label."""
        if answer in self.answers:
            return self.answers.index(answer)
        named = ", ".join(map(repr, self.answers[:SHOWN]))
        if len(self.answers) > SHOWN:
            named += " …"
        raise ModelError(
            f"{self.label} is a classifier and cannot answer {answer!r:.60}: "
            f"choose one of its labels, {named}."
        )

    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, labels) of equally long texts; called with the lock held."""
        import torch

        logits = self.network(**batch).logits.float()
        if self._independent:
            return torch.nn.functional.logsigmoid(torch.cat([logits, -logits], dim=1))
        return torch.log_softmax(logits, dim=1)
