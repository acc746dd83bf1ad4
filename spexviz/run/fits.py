"""A scored fit: what every curve, table and comparison is made of."""

from __future__ import annotations

from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL, Fidelity, Sample
from spexviz.spectrum import Spectrum


def score(
    solver: str, budget: int, spectrum: Spectrum, held_out: Sample, keep: float, seconds: float, seed: int
) -> Fidelity:
    """The fidelity of a fit on masks that it has not seen."""
    predicted = spectrum(held_out.masks)
    interval = r2_interval(held_out.values, predicted, level=LEVEL, seed=seed)
    terms = int((spectrum.orders > 0).sum())
    return Fidelity(
        solver, budget, r2(held_out.values, predicted), interval, len(held_out), terms, keep, seconds
    )
