"""Other solvers on the ablations that a run has already paid for, scored on the same masks.

Never asks the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools
from spexviz.kit.registry import offered
from spexviz.results import Explanation, Fidelity, Unseen
from spexviz.run.fits import Fit, score
from spexviz.run.folds import folded, scored
from spexviz.solvers.base import AnyMasks, Design, Solver, timed_fit


def rivals(explanation: Explanation) -> list[Solver]:
    """Every offered solver that fits any masks and is not on the run's curve yet, with its defaults."""
    shown = {point.solver for point in explanation.proof.curve}
    solvers: dict[str, type[Solver]] = offered("spexviz.solvers")
    return [kind() for name, kind in solvers.items() if issubclass(kind, AnyMasks) and name not in shown]


def compare(explanation: Explanation, solvers: Sequence[Solver]) -> Iterator[Fidelity]:
    """The fidelity of each solver on all the masks of the run.

    A solver that cannot work with them is left out. Nothing is compared for an exact run: it has no masks
    that a fit has not seen.
    """
    if explanation.proof.exact or not len(explanation.unseen.values):
        return
    sample = explanation.sample
    seed = explanation.spec.seed
    near: Bools | None = None
    if explanation.folds is not None:
        near = ~explanation.folds.reference
    design = Design(sample.masks, explanation.subject.layout, near)
    for solver in solvers:
        try:
            spectrum, seconds = timed_fit(solver, design, sample.values, seed)
            fit = Fit(solver.name, len(design), spectrum, seconds)
            yield _scored(explanation, solver, design, fit)
        except SolverError:
            continue


def _scored(explanation: Explanation, solver: Solver, design: Design, fit: Fit) -> Fidelity:
    """The fit, as the run's own were scored."""
    seed = explanation.spec.seed
    keep = explanation.fidelity.keep
    if explanation.folds is None:
        return score(fit, Unseen.of(explanation.held_out, fit.spectrum), keep, seed)
    folds, _ = folded(solver, design, explanation.sample.values, seed)
    return scored(fit, folds, explanation.sample, explanation.ends[1], [], keep, seed)
