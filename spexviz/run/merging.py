"""Merging: the players of a finished run put together, such as the words of each sentence, without a new run.

The surrogate of the coarser players is exact algebra on that of the finer ones. But it was fitted where a
few words were missing here and there, never a whole sentence: so what it is worth there is measured, on fresh
masks that keep or remove each group whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spexviz.ablate.runner import Runner
from spexviz.errors import SolverError
from spexviz.masks import Interaction, Masks, all_masks, ends, is_complete, uniform_masks
from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL, Explanation, Fidelity, Proof, Sample, Spent, Subject
from spexviz.solvers.base import Design, timed_fit
from spexviz.solvers.linear import Linear
from spexviz.spectrum import Spectrum

FRESH = 48  # masks of groups that are asked
STREAM = 2**34  # added to the seed: other masks than any run's
PHASE = "whole groups"


def merged(
    explanation: Explanation, groups: Sequence[Interaction], subject: Subject, runner: Runner
) -> Explanation:
    """The run with a player a group: its spectrum, and R² of it and of single players on fresh masks.

    `groups`: disjoint sets of players, those in none are always kept; `subject`: what the groups are called.
    `runner`: of the game of the run. Of an exact run nothing is asked. Raises SolverError for a run with
    another probability of keeping a player than ½, and what the game raises.
    """
    if explanation.fidelity.keep != 0.5:
        raise SolverError("Only players that masks keep with probability ½ can be merged.")
    k = len(groups)
    spectrum = explanation.spectrum.merged(groups)
    if explanation.proof.exact:
        masks = all_masks(k)
        values = spectrum(masks)
    else:
        masks = _fresh(k, explanation.spec.seed)
        values = runner(spread(masks, groups, len(explanation.players)), PHASE)
    scored = Sample(masks, values)
    singles = _singles(explanation).merged(groups)
    fit = _fidelity(explanation.fidelity, spectrum, scored, explanation.spec.seed)
    base = _fidelity(explanation.baseline, singles, scored, explanation.spec.seed)
    proof = Proof((fit, base), fit, base, exact=explanation.proof.exact)
    both = (float(explanation.ends[0]), float(explanation.ends[1]))
    if explanation.proof.exact:
        both = (float(values[0]), float(values[-1]))
    nothing = Sample(masks[:0], values[:0])
    spent = Spent(runner.done - runner.cached, runner.cached, seconds={"ablations": runner.seconds})
    merged_run = replace(explanation, folds=None, measured=None, stopped="", noise=None)
    return replace(
        merged_run,
        subject=subject,
        spectrum=spectrum,
        sample=nothing,
        held_out=scored,
        ends=both,
        proof=proof,
        spent=spent,
    )


def spread(masks: Masks, groups: Sequence[Interaction], n: int) -> Masks:
    """The masks (b, n) of the players for masks (b, groups): a group's are kept or removed together.

    >>> spread(np.array([[True, False]]), [(0, 2), (1,)], 4).astype(int).tolist()
    [[1, 0, 1, 1]]
    """
    fine = np.ones((len(masks), n), dtype=bool)
    for g, group in enumerate(groups):
        fine[:, list(group)] = masks[:, [g]]
    return fine


def asks(k: int) -> int:
    """How many masks of k groups are asked."""
    return len(_fresh(k, 0))


def _fresh(k: int, seed: int) -> Masks:
    """All masks of k groups, or so many of them."""
    if 2 ** min(k, 20) <= FRESH:
        return all_masks(k)
    return uniform_masks(k, FRESH, seed + STREAM, exclude=ends(k))


def _singles(explanation: Explanation) -> Spectrum:
    """The linear baseline, fitted on the ablations of the run."""
    if explanation.proof.exact:
        return explanation.spectrum.truncate(order=1)
    sample = explanation.sample
    design = Design(sample.masks, explanation.subject.layout)
    spectrum, _ = timed_fit(Linear(), design, sample.values, explanation.spec.seed)
    return spectrum


def _fidelity(fine: Fidelity, spectrum: Spectrum, scored: Sample, seed: int) -> Fidelity:
    """The fidelity of a fit that was made on finer players, on masks of groups."""
    said = spectrum(scored.masks)
    score = r2(scored.values, said)
    interval = r2_interval(scored.values, said, level=LEVEL, seed=seed)
    if is_complete(scored.masks):  # nothing is left to chance
        interval = (score, score)
    terms = int((spectrum.orders > 0).sum())
    return Fidelity(fine.solver, fine.budget, score, interval, len(scored), terms)
