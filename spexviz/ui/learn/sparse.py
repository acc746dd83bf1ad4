"""Sparse: a known function of eight players, found by peeling and by trees; computed, not written down.

The function is sparse: five of its 256 coefficients are not 0. The first way asks structured masks, so that
the transform of their answers falls into a few bins, and peels them (`solvers/spex`); the second fits trees
to masks drawn at random (`solvers/proxyspex`).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Interaction, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.solvers.spex.decode import Geometry, rounds, transform
from spexviz.solvers.spex.design import structured_masks
from spexviz.solvers.spex.plain import Plain
from spexviz.spectrum import Spectrum
from spexviz.views.bins import Peeling, Round, Sums

NAMES = "ABCDEFGH"
TRUTH = Spectrum(8, {(1,): 1.5, (7,): -0.5, (0, 3): -2.0, (2, 5): 1.0, (1, 4, 6): 2.5})
ORDER, GROUPS, LEVEL = 3, 2, 2  # two groups of 2² bins
SEED = 27  # of the masks: sets collide in both groups, and peeling parts them
CLEAR = 0.05  # the least coefficient that is listed


@cache
def peeling() -> Peeling:
    """The bins of the known function, and what each round of peeling takes out of them."""
    code = Plain(TRUTH.n, ORDER)
    subspaces = np.random.default_rng(SEED).random((GROUPS, TRUTH.n, LEVEL)) < 0.5
    masks, rows = structured_masks(subspaces, code.delays)
    bins = transform(TRUTH(masks)[rows])
    geometry = Geometry.of(subspaces, code.delays)
    terms = [term for term in TRUTH.coefficients if term]
    padded = np.array([[*term, *[TRUTH.n] * (ORDER - len(term))] for term in terms])
    places = tuple(tuple(group) for group in geometry.bins(padded).tolist())
    told = [Round((), _copied(bins))]
    for sets, values in rounds(bins, geometry, code, soft=False):
        members = [tuple(i for i in row if i < TRUTH.n) for row in sets.tolist()]
        found = tuple(zip(members, values.tolist(), strict=True))
        told.append(Round(found, _copied(bins)))
    return Peeling(NAMES, tuple(terms), places, tuple(told), len(masks), 2**TRUTH.n)


def _copied(bins: Floats) -> Sums:
    """What the bins (C, B, R) hold now."""
    return tuple(tuple(tuple(rows) for rows in group) for group in bins.tolist())


@cache
def by_trees(masks: int) -> dict[Interaction, float]:
    """{set: coefficient} that ProxySPEX finds with so many masks, those at about 0 left out."""
    solver = ProxySPEX(max_order=5)
    design = solver.design(TRUTH.n, masks, 0, 0.5)
    found = solver.fit(design, TRUTH(design.masks))
    return {term: value for term, value in found.coefficients.items() if term and abs(value) >= CLEAR}


def by_peeling() -> dict[Interaction, float]:
    """The same by peeling."""
    found: dict[Interaction, float] = {}
    for one in peeling().rounds:
        for members, value in one.found:
            if members:
                found[members] = found.get(members, 0.0) + value
    return {term: value for term, value in found.items() if abs(value) >= CLEAR}


def explained(found: dict[Interaction, float]) -> float:
    """R² of what was found over all masks of the known function."""
    every = uniform_masks(TRUTH.n, 2**TRUTH.n, 0)
    return float(r2(TRUTH(every), Spectrum(TRUTH.n, found)(every)))
