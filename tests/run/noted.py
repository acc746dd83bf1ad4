"""A game that notes what it is asked, and runs that are scored on held-out masks."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import Masks, Values, keys
from spexviz.run import pipeline
from spexviz.spectrum import Spectrum

SOURCE = Spectrum(16, {(): 1.0, (0,): -1.0, (1,): 0.5, (0, 1): 0.8, (2, 5): -0.6, (3, 8, 9): 0.4})
ASKED: list[bytes] = []
explain = functools.partial(pipeline.explain, scoring="held-out")  # by folds: test_folds


@dataclass(frozen=True)
class Noted(SyntheticGame):
    """A synthetic game that notes every mask it is asked."""

    name: ClassVar[str] = "synthetic"

    def __call__(self, masks: Masks) -> Values:
        ASKED.extend(keys(masks))
        return super().__call__(masks)
