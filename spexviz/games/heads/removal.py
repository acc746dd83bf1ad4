"""Removal: which players to keep when only so many may stay, by the spectrum and by other methods.

Every method sees the same ablations of the fit questions; what they keep is valued on questions that none has
seen, each question apart, so that two methods are compared question by question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spexviz.analysis.optimum import maximise
from spexviz.errors import SolverError
from spexviz.games.heads.questions import Ask
from spexviz.kit.arrays import Bools
from spexviz.masks import Masks, Values
from spexviz.metrics import mean_interval
from spexviz.results import LEVEL, Explanation
from spexviz.spectrum import Spectrum

if TYPE_CHECKING:
    from spexviz.games.heads.game import HeadsGame

METHODS = ("spectrum", "LASSO", "best of N", "random")
RANDOM = 5  # random subsets whose values are averaged
_LIMIT = 5.0  # seconds of the exact search


@dataclass(frozen=True)
class Kept:
    """What a method keeps: masks (k, n), of which `random` has several.

    `values` (questions,): on held-out questions, mean over the masks.
    """

    method: str
    size: int
    masks: Masks
    values: Values

    @property
    def interval(self) -> tuple[float, float]:
        """90 % bootstrap interval of the mean over the questions."""
        return mean_interval(self.values, LEVEL)

    def against(self, other: Kept) -> tuple[float, float, float]:
        """(mean, low, high) of the difference to another method on the same questions.

        Low and high: paired bootstrap interval of the mean.
        """
        difference = self.values - other.values
        low, high = mean_interval(difference, LEVEL)
        return float(difference.mean()), low, high


def subsets(
    explanation: Explanation,
    size: int,
    seed: int = 0,
    ask: Ask | None = None,
    n_best: int = 0,
) -> dict[str, Masks]:
    """{method: masks (k, n)} that keep `size` players each, by what a run has measured.

    "best of N": of `n_best` random masks of this size the one of greatest value, measured by `ask` (the game
    on the fit questions); without it, the best of the run's own masks that keep at most `size`.
    """
    n = len(explanation.players)
    rng = np.random.default_rng([seed, n, size])

    def drawn(count: int) -> Masks:
        """Random masks (count, n) that keep `size` players each: the first ones of a random order."""
        return rng.random((count, n)).argsort(1) < size

    found = {
        "spectrum": _by_spectrum(explanation.spectrum, size)[None],
        "LASSO": _by_lasso(explanation, size)[None],
    }
    if ask is not None and n_best:
        masks = drawn(n_best)
        found["best of N"] = _best(masks, ask(masks))
    else:
        masks = np.concatenate([explanation.sample.masks, explanation.held_out.masks])
        values = np.concatenate([explanation.sample.values, explanation.held_out.values])
        allowed = masks.sum(1) <= size
        if allowed.any():
            found["best of N"] = _best(masks[allowed], values[allowed])
    found["random"] = drawn(RANDOM)
    return found


def _best(masks: Masks, values: Values) -> Masks:
    """(1, n): the mask of greatest value."""
    best = int(np.argmax(values))
    return masks[[best]]


def kept(
    explanation: Explanation,
    game: HeadsGame,
    size: int,
    seed: int = 0,
    ask: Ask | None = None,
    n_best: int = 0,
) -> tuple[Kept, ...]:
    """What each method keeps of the players, valued question by question on `game`.

    `game`: the same players, with held-out questions.
    """
    found = subsets(explanation, size, seed, ask, n_best)
    values = game.by_question(np.concatenate(list(found.values())))
    judged: list[Kept] = []
    start = 0
    for method, masks in found.items():
        stop = start + len(masks)
        judged.append(Kept(method, size, masks, values[start:stop].mean(0)))
        start = stop
    return tuple(judged)


def _by_spectrum(spectrum: Spectrum, size: int) -> Bools:
    found = maximise(spectrum, at_least=size, at_most=size, limit=_LIMIT)
    if found.mask is None:  # of the optimum's questions only `flip` may have no answer
        raise SolverError(found.note)
    return found.mask


def _by_lasso(explanation: Explanation, size: int) -> Bools:
    """The players with the greatest coefficients of a linear fit with an L1 penalty on the same ablations."""
    from spexviz.analysis.sparse import lasso_by_folds

    columns = explanation.sample.masks.astype(np.float64)
    _, slopes, _, _ = lasso_by_folds(columns, explanation.sample.values, explanation.spec.seed)
    greatest = np.argsort(-slopes, kind="stable")[:size]
    mask = np.zeros(len(slopes), dtype=bool)
    mask[greatest] = True
    return mask
