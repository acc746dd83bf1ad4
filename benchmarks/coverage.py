"""Coverage of the Gaussian process's 90 % intervals on games drawn from its own prior.

    python -m benchmarks.coverage [--games 10]

Games: coefficients of all orders up to 4 (n = 12…16) drawn from a product prior with a linear part, plus
noise. Counted: how often the interval of the posterior draws holds the true coefficient, over all terms of
order ≤ 2 that the spectrum keeps.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from spexviz.masks import uniform_masks
from spexviz.solvers.base import Design
from spexviz.solvers.gp.solver import GaussianProcess
from spexviz.spectrum import Spectrum


def drawn_game(n: int, rng: np.random.Generator) -> Spectrum:
    """A function from a prior of the solver's kind: players of uneven strength, orders that decay."""
    rho = 1.5 / n * np.exp(rng.normal(size=n))
    slope = 0.5 / n * (rho * n / 1.5) * np.exp(rng.normal(size=n))
    terms = [term for order in range(5) for term in itertools.combinations(range(n), order)]
    weight = np.array(
        [0.4 * np.prod(rho[list(term)]) + (slope[term[0]] if len(term) == 1 else 0.0) for term in terms]
    )
    return Spectrum(n, list(zip(terms, rng.normal(size=len(terms)) * np.sqrt(weight), strict=True)))


def coverage(n: int, masks: int, noise: float, seed: int) -> list[tuple[int, float]]:
    """(order, 1.0 or 0.0) for every kept term of order 1 and 2: whether its 90 % interval holds the truth."""
    rng = np.random.default_rng([seed, n, masks])
    game = drawn_game(n, rng)
    asked = uniform_masks(n, masks, seed)
    values = game(asked)
    found = GaussianProcess(draws=400).fit(
        Design(asked), values + noise * np.sqrt(game.energy()) * rng.normal(size=masks), seed=seed
    )
    low, high = np.quantile(found.draws, [0.05, 0.95], axis=0)
    truth = game.coefficients
    return [
        (len(t), float(a <= truth[t] <= b))
        for t, a, b in zip(found.terms, low, high, strict=True)
        if 1 <= len(t) <= 2
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--games", type=int, default=10)
    options = parser.parse_args()
    everything = []
    for n, masks, noise in itertools.product((12, 20), (128, 512), (0.1, 0.4)):
        rows = [row for seed in range(options.games) for row in coverage(n, masks, noise, seed)]
        everything += rows
        parts = [f"order {d}: {np.mean([hit for order, hit in rows if order == d]):.3f}" for d in (1, 2)]
        print(f"n = {n}, {masks} masks, noise {noise}: " + ", ".join(parts), flush=True)
    print(f"all: {np.mean([hit for _, hit in everything]):.3f} of {len(everything)} (aim: .85 to .95)")


if __name__ == "__main__":
    main()
