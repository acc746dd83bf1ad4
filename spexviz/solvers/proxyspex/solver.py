"""ProxySPEX: boosted trees find the interactions, a ridge regression weighs them.

1. Boosted trees are fitted to the values, after their linear part is taken out.
2. The exact spectrum of the trees names candidate interactions and how large each is likely to be (`trees`).
3. A ridge regression on constant + players + candidates, each with a prior variance ∝ |tree
   coefficient|^power (`stage`).
4. Only the largest terms are kept, and solved again. How many, and whether at all, is chosen by
   cross-validation in which the trees are grown anew in each fold (`choice`), against Linear.

Source: Butler et al., NeurIPS 2025 (arXiv 2505.17495). Step 3's prior, step 4's honest choice and the linear
part are ours. Left out: the adaptive extra ablations of the article's second stage (spexviz.validate does
that check, on any solver).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spexviz.masks import Interaction, Masks, Values, is_complete
from spexviz.metrics import constant
from spexviz.solvers.base import Design, Sparse, checked
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.choice import Choice, choose
from spexviz.solvers.proxyspex.stage import Stage, committee
from spexviz.spectrum import Spectrum

Notes = dict[str, float | str]

ROUNDING = 1e-6  # of the largest deviation of a value from the mean
# standard errors by which interactions must beat Linear: the best of many fits looks better than it is
GAIN = 1.5
FEWEST = 12  # masks: below, no fold could tell an interaction from noise


@dataclass(frozen=True)
class ProxySPEX(Sparse):
    """Sparse spectrum by boosted trees.

    Interactions up to `max_order`, at most `terms` of order 2 or more beside constant and players.
    """

    name: ClassVar[str] = "proxyspex"
    place: ClassVar[int] = 1
    title: ClassVar[str] = "ProxySPEX"
    seconds_of_work: ClassVar[float] = 0.6
    summary: ClassVar[str] = (
        "Decision trees find the interactions, a regression weighs them. "
        "Good from a few hundred ablations on."
    )

    def fit(self, design: Design, values: Values, *, seed: int = 0) -> Spectrum:
        """The sparse spectrum of the values (m,).

        Raises SolverError for values that are not finite or do not match the masks.
        """
        masks, values = checked(design, values)
        n = masks.shape[1]
        mean = float(values.mean())
        if constant(values):
            notes: Notes = {"trees": "none: the values are constant", "terms kept": 0}
            return Spectrum(n, {(): mean}, notes=notes)
        scale = float(np.abs(values - mean).max())
        if is_complete(masks):
            capped = self.capped(Spectrum.of_all(masks, values))
            return _pruned(capped, scale, {"trees": "none: all masks were asked"})
        linear = Linear().fit(design, values)
        reason = self._why_no_trees(masks, values, linear, scale)
        if reason:
            return _pruned(linear, scale, {"trees": reason})
        choice = choose(masks, values, self.max_order, self.terms, seed)
        if choice.gain < GAIN:
            return _pruned(linear, scale, _notes_of_linear(choice))
        stage = Stage.on(masks, values, self.max_order, seed)
        spectrum = _chosen(stage, choice)
        return _pruned(spectrum, scale, _notes_of_trees(choice, n))

    def _why_no_trees(self, masks: Masks, values: Values, linear: Spectrum, scale: float) -> str:
        """Why the linear fit is the answer already; empty where it is not."""
        m, n = masks.shape
        no_pair = n < 2 or self.max_order < 2
        if no_pair or m < FEWEST or self.terms == 0:
            return "none: too few masks, players or terms for interactions"
        # with no more masks than players and constant, a linear fit goes through any values
        overdetermined = m > n + 1
        if overdetermined:
            missed = np.abs(values - linear(masks))
            if missed.max() <= ROUNDING * scale:
                return "none: the values are linear"
        return ""


def _notes_of_linear(choice: Choice) -> Notes:
    error = choice.linear_error
    return {
        "linear CV error": error,
        "CV error": error,
        "trees": "none: not clearly better than linear",
    }


def _notes_of_trees(choice: Choice, n: int) -> Notes:
    """What was fitted, for people."""
    ensembles = [f"{s.rounds} of {s.leaves} leaves at rate {s.rate:g}" for s in committee(n)]
    notes: Notes = {
        "linear CV error": choice.linear_error,
        "CV error": choice.error,
        "trees": " + ".join(ensembles),
    }
    if choice.refit:
        notes["refit"] = "kept"
        notes["prior power"] = choice.power
        notes["lambda"] = choice.noise
    else:
        notes["refit"] = "dropped: the trees alone have less CV error"
    return notes


def _chosen(stage: Stage, choice: Choice) -> Spectrum:
    """The chosen fit on all masks."""
    if choice.refit:
        [full] = stage.full(choice.power, [choice.noise]).T
        coefficients = stage.cut(full, choice.power, choice.noise, choice.size)
        constant = stage.ridge.constant(coefficients)
    else:
        constant, coefficients = stage.trees_alone(choice.size)
    found = stage.found
    n = found.n
    terms: list[tuple[Interaction, float]] = [((), constant)]
    for i, coefficient in enumerate(coefficients[:n]):
        terms.append(((i,), coefficient))
    wide = coefficients[n:]
    for j in np.flatnonzero(wide).tolist():
        members = found.members[j]
        players = members[members >= 0]  # without the padding
        term = tuple(players.tolist())
        terms.append((term, wide[j]))
    return Spectrum(n, terms)


def _pruned(spectrum: Spectrum, scale: float, notes: Notes) -> Spectrum:
    """Without the coefficients that are rounding: below ROUNDING of the values' largest deviation.

    The constant stays.
    """
    least = ROUNDING * scale
    kept = []
    interactions = 0
    for term, value in zip(spectrum.terms, spectrum.values, strict=True):
        if not term or abs(value) > least:
            kept.append((term, value))
            interactions += len(term) > 1
    every = {**spectrum.notes, **notes, "terms kept": interactions}
    return Spectrum(spectrum.n, kept, notes=every)
