"""Other solvers on the ablations that a run has already paid for, scored as the run is.

Never asks the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools
from spexviz.kit.registry import offered
from spexviz.metrics import r2
from spexviz.results import Explanation, Fidelity, Folds, Proof, Sample, Unseen
from spexviz.run.fits import Fit, score
from spexviz.run.folds import folded, scored
from spexviz.solvers.base import AnyMasks, Design, Solver, Sparse, timed_fit
from spexviz.spec import describe


def rivals(explanation: Explanation) -> list[Solver]:
    """Every offered solver that fits any masks, with its defaults, but the run's own; the fast ones first."""
    solvers: dict[str, type[Solver]] = offered("spexviz.solvers")
    own = explanation.spec.solver_name
    kinds = [kind for name, kind in solvers.items() if issubclass(kind, AnyMasks) and name != own]
    return [kind() for kind in sorted(kinds, key=lambda kind: issubclass(kind, Sparse))]


def compare(explanation: Explanation, solvers: Sequence[Solver]) -> Iterator[Explanation]:
    """What the run would have found with each solver, from all of its masks, with no set checked.

    A solver that cannot work with them is left out. Of an exact run nothing is unseen: R² then is of all
    masks that there are, how much of the exact answer the solver gives back, without doubt.
    """
    sample = explanation.sample
    if not explanation.proof.exact and not len(explanation.unseen.values):
        return
    near: Bools | None = None
    if explanation.folds is not None:
        near = ~explanation.folds.reference
    design = Design(sample.masks, explanation.subject.layout, near)
    for solver in solvers:
        try:
            spectrum, seconds = timed_fit(solver, design, sample.values, explanation.spec.seed)
            fit = Fit(solver.name, len(design), spectrum, seconds)
            point, folds = _scored(explanation, solver, design, fit)
        except SolverError:
            continue
        proof = Proof((point, explanation.baseline), point, explanation.baseline)
        spec = replace(explanation.spec, solver=describe(solver))
        yield replace(explanation, spectrum=spectrum, proof=proof, folds=folds, spec=spec)


def _scored(
    explanation: Explanation, solver: Solver, design: Design, fit: Fit
) -> tuple[Fidelity, Folds | None]:
    """The fidelity of a fit, as the run's own were scored, and its folds if there are any."""
    seed, keep = explanation.spec.seed, explanation.fidelity.keep
    sample = explanation.sample
    if explanation.proof.exact:
        return _of_everything(fit, sample, keep), None
    if explanation.folds is None:
        return score(fit, Unseen.of(explanation.held_out, fit.spectrum), keep, seed), None
    folds, _ = folded(solver, design, sample.values, seed)
    return scored(fit, folds, sample, explanation.ends[1], [], keep, seed), folds


def _of_everything(fit: Fit, everything: Sample, keep: float) -> Fidelity:
    """R² on all masks that there are."""
    explained = r2(everything.values, fit.spectrum(everything.masks))
    terms = int((fit.spectrum.orders > 0).sum())
    exact = (explained, explained)
    return Fidelity(fit.solver, fit.budget, explained, exact, 0, terms, keep, fit.seconds)
