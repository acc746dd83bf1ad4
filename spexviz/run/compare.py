"""Other solvers on the ablations that a run has already paid for, scored on the same held-out masks.

Never asks the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spexviz.errors import SolverError
from spexviz.kit.registry import offered
from spexviz.results import Explanation, Fidelity, Unseen
from spexviz.run.fits import Fit, score
from spexviz.solvers.base import AnyMasks, Design, Solver, timed_fit


def rivals(explanation: Explanation) -> list[Solver]:
    """Every offered solver that fits any masks and is not on the run's curve yet, with its defaults."""
    shown = {point.solver for point in explanation.proof.curve}
    solvers: dict[str, type[Solver]] = offered("spexviz.solvers")
    return [kind() for name, kind in solvers.items() if issubclass(kind, AnyMasks) and name not in shown]


def compare(explanation: Explanation, solvers: Sequence[Solver]) -> Iterator[Fidelity]:
    """The fidelity of each solver on all the masks of the run.

    A solver that cannot work with them is left out. Nothing is compared for an exact run: it has no held-out
    masks.
    """
    if explanation.proof.exact or not len(explanation.held_out):
        return
    sample = explanation.sample
    held_out = explanation.held_out
    seed = explanation.spec.seed
    keep = explanation.fidelity.keep
    design = Design(sample.masks, explanation.subject.layout)
    for solver in solvers:
        try:
            spectrum, seconds = timed_fit(solver, design, sample.values, seed)
        except SolverError:
            continue
        fit = Fit(solver.name, len(design), spectrum, seconds)
        yield score(fit, Unseen.of(held_out, spectrum), keep, seed)
