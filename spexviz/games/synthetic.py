"""SyntheticGame: a function that is known, to test solvers on and to teach with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import GameError
from spexviz.games.base import Game, hashed
from spexviz.games.formula import LONGEST, MOST_PLAYERS, Formula
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.kit.options import REQUIRED, check, option
from spexviz.masks import Masks, Values, ends, pack
from spexviz.spectrum import Spectrum

SHORT = 120  # characters of an expression that are said
Words = NDArray[np.uint64]
_ONE = np.uint64(1)


@dataclass(frozen=True)
class SyntheticGame(Game):
    """A known function of masks: a Spectrum, its {"n", "terms"} object, or an expression of x0, x1, …

    Expressions (1 = kept, 0 = removed): numbers, + − * and brackets ("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5"), the
    Boolean & | ^ ~ ("x0 & ~x1") and functions ("majority(x0, x1, x2)"): see games/formula.py. `n`: number of
    players, if more than the expression names. `noise`: standard deviation of Gaussian noise that is a fixed
    function of (seed, mask), so asking twice gives the same answer. Raises GameError for what it cannot read.
    """

    name: ClassVar[str] = "synthetic"
    title: ClassVar[str] = "Synthetic function"

    source: str | Spectrum | Mapping[str, Any] = option(
        REQUIRED, "Function", 'Such as "2*x0*x1 - 3*x2*x3 + 0.5*x4", or "x0 & ~x1".', longest=LONGEST
    )
    noise: float = option(
        0.0, "Noise", "Standard deviation of the noise: a fixed function of seed and mask.", low=0.0
    )
    seed: int = option(0, "Seed of the noise", "Another seed, other noise.", low=0)
    n: int = option(
        0, "Players", "How many, where they are more than the expression names.", low=0, high=MOST_PLAYERS
    )

    def __post_init__(self) -> None:
        if isinstance(self.source, Spectrum):
            coefficients = self.source.coefficients
            terms = [[list(term), value] for term, value in coefficients.items()]
            object.__setattr__(self, "source", {"n": self.source.n, "terms": terms})
        check(self, GameError)
        if not 0 <= self.noise < float("inf"):
            raise GameError(f"The noise is a standard deviation of at least 0, not {self.noise}.")
        if self.seed < 0:
            raise GameError(f"The seed of the noise must be at least 0, not {self.seed}.")
        # what cannot be read or computed fails here, not mid-run
        extremes = self._evaluate(ends(len(self.players)))
        if not np.isfinite(extremes).all():
            raise GameError("The expression gives numbers beyond what a computer can hold: use smaller ones.")

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """The true spectrum where it was given; None for an expression.

        (Transform its values on all masks instead.) Raises GameError for what is none.
        """
        source = self.source
        if isinstance(source, str | Spectrum):  # a Spectrum only until __post_init__ makes it an object
            return None
        try:
            n = int(source["n"])
            if not 1 <= n <= MOST_PLAYERS:
                raise GameError(f"A spectrum must have between 1 and {MOST_PLAYERS} players, not {n}.")
            return Spectrum(n, [(tuple(term), float(value)) for term, value in source["terms"]])
        except GameError:
            raise
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise GameError(
                f'A spectrum is given as {{"n": …, "terms": [[[0, 1], 2.0], …]}} ({error}).'
            ) from None

    @cached_property
    def formula(self) -> Formula:
        """The expression as it was read. Raises FormulaError, with the character, where it cannot be."""
        return Formula.read(str(self.source))

    @property
    def question(self) -> str:
        """What the function returns; an expression is written out where it is short."""
        if isinstance(self.source, str) and len(self.source) <= SHORT:
            return f"what {self.source.strip()} returns (1 = kept, 0 = left out)"
        return "what the function returns"

    @cached_property
    def players(self) -> tuple[str, ...]:
        """x0, x1, …. Raises GameError for an expression that names none, or too many."""
        if self.spectrum is not None:
            return tuple(f"x{i}" for i in range(self.spectrum.n))
        n = max(self.formula.n, self.n)
        if not 1 <= n <= MOST_PLAYERS:
            raise GameError(f"The expression must name between 1 and {MOST_PLAYERS} players: x0, x1, …")
        return tuple(f"x{i}" for i in range(n))

    @cached_property
    def fingerprint(self) -> str:
        content = json.dumps([self.source, self.noise, self.seed, len(self.players)], sort_keys=True)
        return hashed("synthetic", content)

    def __call__(self, masks: Masks) -> Values:
        masks = np.asarray(masks, dtype=bool)
        values = self._evaluate(masks)
        if not self.noise:
            return values
        return values + self.noise * _noise(masks, self.seed)

    def _evaluate(self, masks: Masks) -> Values:
        """The values without noise."""
        if self.spectrum is not None:
            return self.spectrum(masks)
        return self.formula(masks)


def _noise(masks: Masks, seed: int) -> Values:
    """Standard normal noise as a fixed function of (seed, mask): hashed bits through Box–Muller."""
    columns = pack(masks).astype(np.uint64) + _ONE
    # two hashes of each mask, each with a random odd multiplier for every column of packed bits
    rng = np.random.default_rng([seed, 0x5E])
    bytes_of_a_mask = columns.shape[1]
    numbers = rng.integers(0, 2**63, size=(2, bytes_of_a_mask), dtype=np.uint64)
    multipliers = numbers | _ONE
    with np.errstate(over="ignore"):
        first = _uniform(_hashed(columns, multipliers[0]))
        second = _uniform(_hashed(columns, multipliers[1]))
    # Box–Muller: two uniform numbers give a normal one
    radius = np.sqrt(-2.0 * np.log(first))
    angle = 2.0 * np.pi * second
    return radius * np.cos(angle)


def _hashed(columns: Words, multipliers: Words) -> Words:
    """64 bits (b,) for each row of columns, modulo 2⁶⁴: these mixed one by one, then their sum."""
    mixed = _mix(columns * multipliers + multipliers)
    return _mix(mixed.sum(1, dtype=np.uint64))


def _uniform(bits: Words) -> Floats:
    """The upper 53 of 64 bits as numbers strictly between 0 and 1."""
    upper = (bits >> np.uint64(11)).astype(np.float64)
    return (upper + 0.5) / 2.0**53


def _mix(x: Words) -> Words:
    """The finaliser of splitmix64 (Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
