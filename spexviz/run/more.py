"""More: what a run with a larger budget takes over from a finished one, and the R² to expect of it.

Designs are nested, so every mask of the smaller run is one of the larger: what it has measured is found in
the cache, or given back to it (`adopt`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spexviz.ablate.cache import Cache
from spexviz.ablate.runner import Runner
from spexviz.games.base import Game
from spexviz.masks import Masks, Values, ends, keys
from spexviz.results import Explanation, Sample
from spexviz.run import cost
from spexviz.run.cost import Cost
from spexviz.run.plan import Plan, Request, plan
from spexviz.spec import RunSpec

TRIED = 8  # masks that are asked again before what was measured once is believed
ROUNDING = 0.001  # of R²: what answers that differ by rounding may cost
TRYING = "asking a few masks again"


def larger(spec: RunSpec, budget: int) -> RunSpec:
    """The run with so many ablations, which it spends whatever it finds on its way."""
    options = replace(spec.options, target_r2=None, stop_when_flat=False)
    return replace(spec, budget=budget, options=options)


def planned(explanation: Explanation, request: Request) -> Plan:
    """What a run on the players of a finished one will ask; no model is loaded for it."""
    subject = explanation.subject
    game = request.game
    keep, metered = float(game.keep), bool(game.metered)
    asked = (len(subject.players), request.solver, request.budget, request.seed)
    return plan(*asked, subject.layout, keep, request.options, metered)


def known(explanation: Explanation, planned: Plan) -> int:
    """How many of the masks that a run will ask a finished one has measured."""
    return int((~np.isnan(explanation.asked(cost.masks_of(planned)))).sum())


@dataclass(frozen=True)
class _Remembered:
    """A cache that also knows what a run has measured."""

    explanation: Explanation
    cache: Cache

    def get(self, fingerprint: str, masks: Masks) -> Values:
        found = self.cache.get(fingerprint, masks)
        return np.where(np.isnan(found), self.explanation.asked(masks), found)

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        self.cache.put(fingerprint, masks, values)


def cost_of(explanation: Explanation, request: Request, cache: Cache) -> Cost:
    """The cost of the larger run, what the smaller one has measured being known; loads the model."""
    of_run = planned(explanation, request)
    checks = of_run.checks if request.options.validate else 0
    remembered = _Remembered(explanation, cache)
    return cost.estimate(request.game, of_run, request.solver, remembered, checks, request.told)


def adopt(explanation: Explanation, game: Game, runner: Runner) -> int:
    """Give the cache what a run has measured and it lacks, as long as that still holds; how many values.

    A few of the masks are asked again: where the model answers otherwise, by more than rounding, it is not
    the one that was asked then, and nothing is taken. `game`: that of the run, in its precision.
    """
    masks, values = measured_by(explanation)
    missing = np.flatnonzero(np.isnan(runner.cache.get(runner.fingerprint, masks)))
    if len(missing) <= TRIED:
        return 0
    tried = missing[:: len(missing) // TRIED][:TRIED]
    again = runner(masks[tried], TRYING)
    off = float(((again - values[tried]) ** 2).mean())
    if off > ROUNDING * float(values.var()):
        return 0
    rest = np.setdiff1d(missing, tried)
    runner.cache.put(runner.fingerprint, masks[rest], values[rest])
    return len(rest)


def measured_by(explanation: Explanation) -> tuple[Masks, Values]:
    """All masks that a run has asked and kept, each once, with their values."""
    both = Sample(ends(len(explanation.players)), np.array(explanation.ends))
    samples = [both, explanation.sample, explanation.held_out]
    if explanation.measured is not None:
        samples.append(explanation.measured.sample)
    masks = np.concatenate([sample.masks for sample in samples])
    values = np.concatenate([sample.values for sample in samples])
    place = {key: row for row, key in enumerate(keys(masks))}
    rows = np.array(sorted(place.values()))
    return masks[rows], values[rows]
