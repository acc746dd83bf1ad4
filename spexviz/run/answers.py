"""The values of some masks, asked little by little."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spexviz.ablate.runner import Runner, Seen
from spexviz.masks import Masks, Values
from spexviz.results import Sample


@dataclass
class Answers:
    """The values of the first of some masks, as many as were asked; `phase`: what is told meanwhile."""

    masks: Masks
    phase: str
    values: Values = field(default_factory=lambda: np.empty(0))

    def ask(self, runner: Runner, count: int, seen: Seen | None = None) -> None:
        """Up to the first `count`, or as many as there are; those already asked stay."""
        new = self.masks[len(self.values) : count]
        if len(new):
            runner.tell(self.phase)
        values = runner(new, self.phase, seen)
        self.values = np.concatenate([self.values, values])

    def sample(self) -> Sample:
        return Sample(self.masks[: len(self.values)], self.values)
