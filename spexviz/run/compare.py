"""Other solvers on the ablations that a run has already paid for, scored on the same held-out masks. Never asks the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spexviz.errors import SolverError
from spexviz.kit.registry import offered
from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL, Explanation, Fidelity
from spexviz.solvers.base import AnyMasks, Design, Solver, timed_fit


def rivals(explanation: Explanation) -> list[Solver]:
    """Every offered solver that can fit any masks and is not on the run's curve yet, with its default settings."""
    shown = {point.solver for point in explanation.curve}
    return [kind() for name, kind in offered("spexviz.solvers").items() if issubclass(kind, AnyMasks) and name not in shown]


def compare(explanation: Explanation, solvers: Sequence[Solver]) -> Iterator[Fidelity]:
    """The fidelity of each solver on all the masks of the run; a solver that cannot work with them is left out.

    Nothing is compared for an exact run: it has no held-out masks.
    """
    if explanation.exact or not len(explanation.held_out_values):
        return
    design, seed = Design(explanation.masks, explanation.layout), explanation.spec.seed
    real = explanation.held_out_values
    for solver in solvers:
        try:
            spectrum, seconds = timed_fit(solver, design, explanation.values, seed)
        except SolverError:
            continue
        said = spectrum(explanation.held_out_masks)
        terms = int((spectrum.orders > 0).sum())
        interval = r2_interval(real, said, level=LEVEL, seed=seed)
        yield Fidelity(solver.name, len(design), r2(real, said), interval, len(real), terms, explanation.fidelity.keep, seconds)
