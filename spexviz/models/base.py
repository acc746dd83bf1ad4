"""LanguageModel: the one thin seam between games and whatever runs the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""Start and end of a piece of text, in characters."""


class LanguageModel(Protocol):
    """A causal language model by name. Implementations: hf (transformers), bundled, toy."""

    kind: ClassVar[str]  # the file's word for itself: "hf", "toy"
    label: str  # what a person picks: "bundled", "org/model", a folder
    fingerprint: str  # content hash of weights, tokeniser, backend and precision
    context: int  # the longest text in tokens, answer included

    def encode(self, text: str) -> list[int]:
        """Token ids of the text, with nothing added (no BOS, no chat template)."""

    def token_spans(self, text: str) -> list[Span]:
        """Where each token of the text stands."""

    def chat(self, text: str) -> str:
        """The text as a user's turn in the model's chat template, up to where the answer begins. Raises ModelError without one."""

    def greedy(self, text: str, tokens: int) -> str:
        """The model's own most likely continuation, at most `tokens` long."""

    def log_probabilities(self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None) -> NDArray[np.float64]:
        """Log-probability, in nats, of each answer directly after each text: (texts, answers).

        `hidden`: for each text, pieces whose tokens nothing may attend to (masking by attention).
        Raises ModelError where the model cannot be asked.
        """

    # What a model may offer beyond this, and is asked for with getattr:
    #   precision: str                        "fp32", "bf16": what it computes in
    #   reference() -> LanguageModel | None   itself in fp32, to measure the noise of a reduced precision; None without room for it
    #   seconds(texts) -> float | None        what asking the texts in one call takes, by what it took before; None while unknown
    #   memory: int                           bytes that it takes
