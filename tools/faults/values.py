"""What a run must come to, whatever happened to it: specs of runs, their values undisturbed, masks asked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from spexviz.ablate.executors import CHUNK
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from tests.jobs import slow

BUDGET = 256


def slow_spec(log: Path, seed: int, pause: float, budget: int = BUDGET) -> RunSpec:
    """A run of the game that takes its time: `pause` seconds a mask, each noted in `log`."""
    slow.offer()
    game = {"name": "slow", "log": str(log), "pause": pause, "n": 20 + seed}
    return RunSpec(game, {"name": "linear"}, budget, seed)


def values_of(result: Explanation) -> list[float]:
    """The numbers of a result that any disturbance would change."""
    sampled = [*result.sample.values.tolist(), *result.held_out.values.tolist()]
    if result.measured is not None:
        sampled += result.measured.sample.values.tolist()
    return [*result.ends, *sampled, *result.spectrum.values.tolist()]


def undisturbed(spec: RunSpec, **changed: object) -> list[float]:
    """The values of a run in this process, with nothing in its way; `changed`: settings of its game."""
    plain = RunSpec({**spec.game, **changed}, spec.solver, spec.budget, spec.seed, spec.options)
    request = Request.of(plain)
    return values_of(pipeline.run(request))


def asked_again(log: Path) -> int:
    """Masks that a run was asked more than once; a chunk in flight may be."""
    counts = Counter(slow.asked(log))
    return sum(times - 1 for times in counts.values())


MOST_AGAIN = CHUNK  # masks that one fault may cost a run: those in flight
