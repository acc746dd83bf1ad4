"""What a run will cost, before it is started: seconds, ablations new and cached, tokens, memory.

Nothing is guessed that can be counted: the masks are those that the run will ask, the cache says which are
known, a sample of the rest is made into texts and batches, and the model says how long it takes for these, by
what it was measured to take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spexviz.ablate.cache import Cache
from spexviz.ablate.executors import chunk_of
from spexviz.games.base import Game
from spexviz.kit.handover import patiently
from spexviz.masks import Masks, all_masks, ends
from spexviz.models.base import LanguageModel
from spexviz.run.folds import FOLDS
from spexviz.run.noise import EXACT_TIMES, MASKS
from spexviz.run.plan import Plan, Request
from spexviz.solvers.base import Solver, fit_work, seconds_of_fits

SAMPLED = 4  # chunks of masks that are looked at
CHECKED = 0.6  # share of the ablations allowed for checks that they take, by experience
START = 1.0  # seconds of a run that are neither ablations nor fits
PROBE = "The film was not bad at all, and the acting was better than I had been told. " * 2


@dataclass(frozen=True)
class Cost:
    """Ablations in all, of these known, seconds, tokens to read, bytes of memory.

    Seconds are None until the model has been measured.
    """

    ablations: int
    cached: int
    seconds: float | None = None
    tokens: int | None = None
    memory: int | None = None

    def __str__(self) -> str:
        parts: list[str] = []
        if self.seconds is not None:
            parts.append(f"≈ {duration(self.seconds)}")
        parts.append(f"{self.ablations:,} ablations")
        if self.cached:
            parts[-1] += f", {self.cached:,} already known"
        if self.tokens is not None:
            parts.append(_tokens(self.tokens))
        if self.memory is not None:
            parts.append(f"{self.memory / 1e9:.1f} GB")
        return " · ".join(parts)


def estimate(
    game: Game, planned: Plan, solver: Solver, cache: Cache | None = None, checks: int = 0, told: int = 0
) -> Cost:
    """The cost of the run that `planned` describes.

    `checks`, `told`: ablations that checking sets, and measuring the input itself, may take on top. What the
    game can tell, see `Asking`. Seconds hold within ±30 % on a machine that is as busy as it was when the
    model was measured (`probe`, and every call since).
    """
    masks = masks_of(planned)
    known = np.zeros(len(masks), dtype=bool)
    if cache is not None:
        known = ~np.isnan(cache.get(game.fingerprint, masks))
    new = masks[~known]
    looked_at = new if len(new) else masks
    chunks = _sample(looked_at, chunk_of(game))
    asked = len(new) + round(CHECKED * checks) + told
    asking = game.asking()
    seconds = _per_mask(asking.seconds, chunks)
    tokens = _per_mask(asking.tokens, chunks)
    if seconds is not None:
        compared = 0.0  # with fp32, in masks of the run's own precision
        if game.precision not in (None, "fp32"):
            compared = MASKS * EXACT_TIMES
        seconds = seconds * (asked + compared) + fits(planned, solver) + START
    if tokens is not None:
        tokens = round(tokens * asked)
    ablations = planned.ablations + checks + told
    return Cost(ablations, int(known.sum()), seconds, tokens, asking.memory)


def of(request: Request, cache: Cache | None = None) -> Cost:
    """The cost of a run that is asked for, all that it may ask included."""
    return estimate(
        request.game, request.plan, request.solver, cache, checks=request.checks, told=request.told
    )


def fits(planned: Plan, solver: Solver) -> float:
    """Seconds of all fits on the way to the last, about.

    By what fits of this solver took in this process, or usually take.
    """
    n = planned.n
    budget = 2**n if planned.design is None else len(planned.design)
    checkpoints = solver.checkpoints(n, budget)
    work = sum(fit_work(count, n) for count in checkpoints)
    if planned.by_folds:  # each fit once more without each fold
        work += FOLDS * sum(fit_work(count * (FOLDS - 1) // FOLDS, n) for count in checkpoints)
    return seconds_of_fits(solver, work)


def probe(model: LanguageModel) -> None:
    """Ask a model some short texts, so that it knows its pace: once, and only one that keeps a pace.

    Raises ModelError.
    """
    if model.pace is not None and model.seconds([PROBE]) is None:
        with patiently():
            model.log_probabilities(["The film"], [" positive"])
            model.log_probabilities([f"{i} {PROBE}" for i in range(16)], [" positive"])


def duration(seconds: float) -> str:
    """ "40 s", "3 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def _tokens(count: int) -> str:
    if count >= 999_500:
        return f"{count / 1e6:,.1f} million tokens"
    if count >= 1000:
        return f"{count / 1000:.0f}k tokens"
    return f"{count} tokens"


def masks_of(planned: Plan) -> Masks:
    """The masks that a run is sure to ask."""
    if planned.design is None:
        return all_masks(planned.n)
    return np.concatenate([ends(planned.n), planned.design.masks, planned.held_out])


def _sample(masks: Masks, chunk: int) -> list[Masks]:
    """Chunks as the runner would ask them, spread over the masks."""
    starts = range(0, len(masks), chunk)
    step = -(-len(starts) // SAMPLED)
    return [masks[start : start + chunk] for start in starts[::step]]


def _per_mask(tell: Callable[[Masks], float | None], chunks: list[Masks]) -> float | None:
    """Mean over the masks of what a game tells of a call; None where it cannot tell (yet)."""
    told = [tell(chunk) for chunk in chunks]
    known = [value for value in told if value is not None]
    if len(known) < len(told):
        return None
    masks = sum(map(len, chunks))
    return sum(known) / masks
