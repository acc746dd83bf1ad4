"""The playground's truth against brute force, and hits, misses and false sets against their definition."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from spexviz.analysis.recovery import LEAST, members_of, number_of
from spexviz.errors import FormulaError, GameError
from spexviz.indices import interactions
from spexviz.masks import Interaction
from spexviz.run.playground import AVERAGE, WRITTEN, Answer, Function, Truth, guessed, solvers, tried
from spexviz.solvers.baselines import FBII2
from spexviz.solvers.linear import Linear
from spexviz.solvers.spex.solver import SPEX

FUNCTIONS = 200
ROWS = 256  # sets whose brute sums are taken of the largest functions
Bits = tuple[int, ...]


class Random:
    """A random function as text, and as a Python function of a tuple of 0s and 1s that knows no parser."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.n = self.random.randint(2, 12)
        self.text, self.call = self.made(3) if seed % 2 else self.sum_of_products()

    def variable(self) -> tuple[str, Callable[[Bits], float]]:
        i = self.random.randrange(self.n)
        return f"x{i}", lambda bits: bits[i]

    def made(self, deep: int) -> tuple[str, Callable[[Bits], float]]:
        """A Boolean function."""
        kind = self.random.choice(["variable", "not", "and", "or", "xor", "majority", "and(", "or(", "xor("])
        if not deep or kind == "variable":
            return self.variable()
        a, f = self.made(deep - 1)
        b, g = self.made(deep - 1)
        c, h = self.made(deep - 1)
        return {
            "not": (f"~({a})", lambda bits: 1 - f(bits)),
            "and": (f"({a}) & ({b})", lambda bits: min(f(bits), g(bits))),
            "or": (f"({a}) | ({b})", lambda bits: max(f(bits), g(bits))),
            "xor": (f"({a}) ^ ({b})", lambda bits: int(f(bits) != g(bits))),
            "majority": (f"majority({a}, {b}, {c})", lambda bits: int(f(bits) + g(bits) + h(bits) >= 2)),
            "and(": (f"and({a}, {b}, {c})", lambda bits: min(f(bits), g(bits), h(bits))),
            "or(": (f"or({a}, {b}, {c})", lambda bits: max(f(bits), g(bits), h(bits))),
            "xor(": (f"xor({a}, {b}, {c})", lambda bits: (f(bits) + g(bits) + h(bits)) % 2),
        }[kind]

    def sum_of_products(self) -> tuple[str, Callable[[Bits], float]]:
        """A real function."""
        terms = []
        for _ in range(self.random.randint(1, 6)):
            sets = self.random.sample(range(self.n), self.random.randint(1, min(4, self.n)))
            terms.append((round(self.random.uniform(-3, 3), 2), sets))
        text = " + ".join("*".join([f"{value}", *(f"x{i}" for i in sets)]) for value, sets in terms)
        return text, lambda bits: sum(value * math.prod(bits[i] for i in sets) for value, sets in terms)

    def values(self) -> np.ndarray:
        """Of every input, the one with the number Σ bit_i 2^i at that place."""
        inputs = [bits[::-1] for bits in itertools.product((0, 1), repeat=self.n)]
        return np.array([float(self.call(bits)) for bits in inputs])


@cache
def signs(n: int) -> np.ndarray:
    """(sets, inputs) of (−1)^|S ∩ m|, by counting; of the largest n some sets only."""
    sets = np.arange(2**n)[:: max(1, 2**n // ROWS)][:, None]
    common = sets & np.arange(2**n)
    return np.where([[bin(one).count("1") % 2 for one in row] for row in common.tolist()], -1.0, 1.0)


@pytest.mark.parametrize("block", range(8))
def test_the_exact_spectrum_equals_brute_force_for_200_random_functions(block: int) -> None:
    for seed in range(block, FUNCTIONS, 8):
        made = Random(seed)
        values = made.values()
        truth = Truth.of(Function(made.text, made.n))
        assert truth.n == made.n, made.text
        rows = np.arange(2**made.n)[:: max(1, 2**made.n // ROWS)]
        np.testing.assert_allclose(truth.coefficients[rows], signs(made.n) @ values / 2**made.n, atol=1e-12)
        # what is not among these sets: the whole sums back up to every value, which only one spectrum does
        moebius = truth.table(WRITTEN)
        again = np.zeros(2**made.n)
        for one in np.flatnonzero(np.abs(moebius) > 1e-12).tolist():
            again += moebius[one] * ((np.arange(2**made.n) & one) == one)
        np.testing.assert_allclose(again, values, atol=1e-9)
        assert truth.ends == pytest.approx((values[0], values[-1]))


def found_by(seed: int, truth: Truth) -> Answer:
    """What one of three solvers finds from few noisy answers."""
    solver = (Linear(), FBII2(), SPEX(2))[seed % 3]
    return tried(truth, solver, min(2**truth.n, 64 << seed % 4), seed)


def counted(values: dict[Interaction, float], least: float) -> dict[Interaction, float]:
    return {one: value for one, value in values.items() if one and abs(value) >= least}


def in_both(true: dict[Interaction, float], shown: dict[Interaction, float]) -> set[Interaction]:
    return {one for one in true if one in shown and (true[one] > 0) == (shown[one] > 0)}


@pytest.mark.parametrize("block", range(8))
def test_hits_misses_and_false_sets_are_right_for_200_random_functions(block: int) -> None:
    answered = 0
    for seed in range(block, FUNCTIONS, 8):
        made = Random(seed)
        truth = Truth.of(Function(made.text, made.n, noise=(0.0, 0.1)[seed % 2]))
        answer = found_by(seed, truth)
        if answer.spectrum is None:
            assert "SPEX" in answer.refused
            continue
        answered += 1
        for index, name in ((WRITTEN, "Moebius"), (AVERAGE, "Fourier")):
            true = {members_of(k): float(value) for k, value in enumerate(truth.table(index))}
            shown = dict(interactions(answer.spectrum, name, made.n).values)
            largest = max(abs(value) for one, value in true.items() if one)
            least = max(LEAST * largest, 1e-9 * max(1.0, abs(true[()]))) * (1 - 1e-9)
            true, shown = counted(true, least), counted(shown, least)
            both = in_both(true, shown)
            recovery = answer.recovery(index)
            assert {members_of(int(k)) for k in recovery.hits} == both, (made.text, answer.solver)
            assert {members_of(int(k)) for k in recovery.missed} == set(true) - both
            assert {members_of(int(k)) for k in recovery.false} == set(shown) - both
        every = Truth.of(Function(made.text, made.n))
        masks = ((np.arange(2**made.n)[:, None] >> np.arange(made.n)) & 1) == 1
        values = made.values()
        if values.std() > 1e-9:
            errors = values - answer.spectrum(masks)
            assert answer.fidelity.r2 == pytest.approx(1 - (errors**2).mean() / values.var(), abs=1e-6)
        assert every.coefficients == pytest.approx(truth.coefficients), "the truth has no noise"
    assert answered > 10


def test_one_slider_away_a_triple_is_three_false_pairs_or_itself() -> None:
    truth = Truth.of(Function("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5", 10))
    triple, pairs = (2, 3, 4), {(2, 3), (2, 4), (3, 4)}

    def sets(numbers: np.ndarray) -> set[Interaction]:
        return {members_of(int(k)) for k in numbers}

    low = tried(truth, SPEX(2), 264).recovery(WRITTEN)
    assert sets(low.missed) == {triple} and {one for one in sets(low.false) if len(one) > 1} == pairs
    high = tried(truth, SPEX(5), 504)
    assert high.recovery(WRITTEN).is_whole and high.fidelity.r2 == pytest.approx(1.0)
    assert "at least 504" in tried(truth, SPEX(5), 264).refused
    (proxy,) = [one for one in solvers(2) if one.name == "proxyspex"]
    assert tried(truth, proxy, 300).recovery(WRITTEN).is_whole


def test_a_guess_is_held_to_the_truth() -> None:
    truth = Truth.of(Function("x0*x1 - 2*x2", 5))
    found = guessed(truth, [(0, 1), (3, 4)], WRITTEN)
    assert [number_of(one) for one in ((0, 1), (2,), (3, 4))] == [
        *found.hits.tolist(),
        *found.missed.tolist(),
        *found.false.tolist(),
    ]


def test_what_cannot_be_played_with_is_refused_in_words() -> None:
    with pytest.raises(FormulaError, match="At character 6: “x20” is beyond the last variable, x19"):
        Truth.of(Function("x0 + x20"))
    with pytest.raises(GameError, match="beyond what a computer can hold"):
        Truth.of(Function("1e300*x0*(1 - x1)*1e300", 3))


def test_twenty_variables_fit_in_little_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    truth = Truth.of(Function("(x0 | x1 | x2) & (x3 ^ x4 ^ x19) + majority(x5, x6, x7)*x18", 20))
    found = truth.shown(AVERAGE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert truth.n == 20 and len(found) > 20 and peak < 150e6
    assert truth.explanation.proof.exact and len(truth.explanation.sample) <= 4096
