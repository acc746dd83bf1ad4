"""LanguageModel: the one thin seam between games and whatever runs the model.

Three kinds of model stand behind it, and differ in where the answer is read: a causal model reads it after the text, a masked
language model at the mask token that stands in the text (`blank`), a classifier from the whole text (its labels: `answers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""Start and end of a piece of text, in characters."""


class LanguageModel(Protocol):
    """A language model by name; the defaults are those of a causal one. Backends derive from it: one file each in this package."""

    kind: ClassVar[str]  # the file's word for itself: "hf", "toy"
    label: str  # what a person picks: "bundled", "org/model", a folder
    fingerprint: str  # content hash of weights, tokeniser, backend and precision
    context: int  # the most tokens that it reads: those of the text, as `encode` counts them, and of the answer all but the last
    answers: tuple[str, ...] | None = None  # all that it can answer, where these are few (the labels of a classifier)
    blank: str | None = None  # the mask token at which it reads the answer, so that every text must hold it
    mask_token: str | None = None  # what may stand for a removed part of a text, where its tokeniser has one

    def encode(self, text: str) -> list[int]:
        """Token ids of the text, with nothing added (no BOS, no [CLS], no chat template)."""

    def token_spans(self, text: str) -> list[Span]:
        """Where each token of the text stands."""

    def chat(self, text: str) -> str:
        """The text as a user's turn in the model's chat template, up to where the answer begins. Raises ModelError without one."""

    def length(self, text: str) -> int:
        """Tokens of the text, to be held against `context`; a server without a tokeniser counts them in its own way."""
        return len(self.encode(text))

    def answer_length(self, answer: str) -> int:
        """Tokens of the answer, 1 for a label: log-odds read one. Raises ModelError for an answer that the model can never give."""
        return len(self.encode(answer))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader of the values must know, in sentences: for a server, how many of them are bounds. Mostly nothing."""
        return ()

    def greedy(self, text: str, tokens: int) -> str:
        """The model's own most likely answer, at most `tokens` long and within the context."""

    def log_probabilities(self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None) -> NDArray[np.float64]:
        """Log-probability, in nats, of each answer to each text: (texts, answers). The answer stands directly after the text; for a
        model with a `blank`, at the last one in the text; for a classifier it is a label.

        `hidden`: for each text, pieces whose tokens nothing may attend to (masking by attention).
        Raises ModelError where the model cannot be asked.
        """

    # What a model may offer beyond this, and is asked for with getattr:
    #   precision: str                        "fp32", "fp16", "bf16": what it computes in
    #   reference() -> LanguageModel | None   itself in fp32, to measure the noise of a reduced precision; None without room for it
    #   seconds(texts) -> float | None        what asking the texts in one call takes, by what it took before; None while unknown
    #   memory: int                           bytes that it takes
    #   call_tokens: int                      tokens that pay in one call (a GPU); 0 where a call of a second's work is enough
