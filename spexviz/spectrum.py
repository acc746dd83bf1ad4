"""Spectrum: a sparse function of masks, f(m) = Σ_S F(S) · (−1)^{|S ∩ m|}.

A negative F({i}) means that keeping player i raises f. Under uniform masks Var f = Σ_{S≠∅} F(S)², so squared
coefficients are shares of variance. Everything shown (indices, figures, optima) is derived from this one
object.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.masks import ENUMERATE_UP_TO, Interaction, Masks, Values, all_masks, holders, unpack

MOST_SUBSETS = 4_000_000  # of all terms together: seconds
_CELLS = 4_000_000  # masks × terms evaluated at a time: 16 MB of float32


class Spectrum:
    """Frozen sparse spectrum: n players and {Interaction: coefficient}.

    `draws` is an optional (B, k) array of posterior or bootstrap draws of the k coefficients, in the order of
    the mapping given (it is kept aligned when the terms are sorted by order, then position). `notes` holds
    the solver's diagnostics.
    Raises SolverError for a position outside 0…n−1, a repeated or unsorted position, or a coefficient that is
    not finite.
    """

    n: int
    values: Values
    draws: Floats | None
    notes: Mapping[str, float | str]
    _bits: NDArray[np.uint8]

    def __init__(
        self,
        n: int,
        coefficients: Mapping[Interaction, float] | Sequence[tuple[Interaction, float]],
        draws: ArrayLike | None = None,
        notes: Mapping[str, float | str] | None = None,
    ):
        items = list(coefficients.items() if isinstance(coefficients, Mapping) else coefficients)
        terms = [tuple(int(i) for i in term) for term, _ in items]
        for term in terms:
            if any(a >= b for a, b in itertools.pairwise(term)) or (
                term and not 0 <= term[0] <= term[-1] < n
            ):
                raise SolverError(
                    f"{term} is no interaction of {n} players: give sorted, distinct positions from 0 to {n - 1}."
                )
        values = np.array([float(value) for _, value in items], dtype=np.float64)
        if not np.isfinite(values).all():
            raise SolverError("A coefficient is not a finite number: check the values that were fitted.")
        order = sorted(range(len(terms)), key=lambda j: (len(terms[j]), terms[j]))
        if len(set(terms)) != len(terms):
            raise SolverError("An interaction is given twice: add its coefficients up first.")
        membership = holders([terms[j] for j in order], n)
        if draws is not None:
            draws = np.asarray(draws, dtype=np.float64)
            if draws.ndim != 2 or draws.shape[1] != len(terms):
                raise SolverError(
                    f"Draws must have one column for each of the {len(terms)} terms, not shape {draws.shape}."
                )
            draws = _frozen(draws[:, order])
        state = self.__dict__
        state["n"] = int(n)
        state["_bits"] = _frozen(np.packbits(membership, axis=1, bitorder="little"))
        state["values"] = _frozen(values[order])
        state["draws"] = draws
        state["notes"] = MappingProxyType(dict(notes or {}))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("A Spectrum is frozen: make a new one.")

    @property
    def membership(self) -> Bools:
        """(k, n) bool: which players each term holds."""
        return unpack(self._bits, self.n)

    @cached_property
    def terms(self) -> tuple[Interaction, ...]:
        """The k interactions, sorted by order, then position."""
        return tuple(tuple(map(int, np.flatnonzero(row))) for row in self.membership)

    @cached_property
    def coefficients(self) -> Mapping[Interaction, float]:
        """{Interaction: coefficient}."""
        return MappingProxyType(dict(zip(self.terms, self.values.tolist(), strict=True)))

    @cached_property
    def orders(self) -> Ints:
        """(k,) number of players of each term."""
        return self.membership.sum(1)

    def __call__(self, masks: Masks) -> Values:
        """Values of the function on `masks` (b, n): (b,)."""
        masks = np.asarray(masks, dtype=bool)
        if masks.ndim != 2 or masks.shape[1] != self.n:
            raise SolverError(f"This spectrum has {self.n} players; the masks have shape {masks.shape}.")
        out, membership = np.empty(len(masks)), self.membership
        step = max(1, _CELLS // max(1, len(self.values)))
        for start in range(0, len(masks), step):
            out[start : start + step] = characters(masks[start : start + step], membership) @ self.values
        return out

    def energy(self, order: int | None = None) -> float:
        """Σ F(S)² over the non-empty terms (of one order, if given): variance under uniform masks."""
        chosen = self.orders > 0 if order is None else (self.orders == order) & (self.orders > 0)
        return float((self.values[chosen] ** 2).sum())

    def mean_effects(self, keep: float = 0.5) -> dict[Interaction, float]:
        """{T: mean of δ_T f over masks of the others that keep each with probability `keep`}: (−2)^|T| Σ_{S⊇T} F(S) (1 − 2 keep)^|S∖T|.

        The Banzhaf interaction for 0.5 (then only the terms themselves, else all their subsets). δ_T:
        discrete derivative.
        Raises SolverError where the terms have too many subsets.
        """
        if keep == 0.5:
            return {term: (-2.0) ** len(term) * value for term, value in self.coefficients.items()}
        if (2.0**self.orders).sum() > MOST_SUBSETS:
            raise SolverError(
                f"The terms of this spectrum have more than {MOST_SUBSETS:,} subsets: truncate it to a lower order first."
            )
        found: dict[Interaction, float] = {}
        for term, value in self.coefficients.items():
            for size in range(len(term) + 1):
                part = value * (-2.0) ** size * (1.0 - 2.0 * keep) ** (len(term) - size)
                for subset in itertools.combinations(term, size):
                    found[subset] = found.get(subset, 0.0) + part
        return found

    def shares(self, keep: float = 0.5) -> dict[Interaction, float]:
        """{T ≠ ∅: its share of the variance over masks that keep each player with probability `keep`}, all together 1.

        The squared coefficients of the basis that is orthonormal for these masks, (keep (1 − keep))^{|T|/2}
        δ_T f on average.
        Source: O'Donnell 2014, Analysis of Boolean Functions, section 8.4.
        """
        spread = keep * (1.0 - keep)
        energy = {
            term: spread ** len(term) * effect**2 for term, effect in self.mean_effects(keep).items() if term
        }
        total = sum(energy.values()) or 1.0
        return {term: value / total for term, value in energy.items()}

    def truncate(self, order: int | None = None, terms: int | None = None) -> Spectrum:
        """The spectrum without the terms above `order`, and of the others the constant and the `terms` largest."""
        keep = np.ones(len(self.values), dtype=bool) if order is None else self.orders <= order
        if terms is not None:
            size = np.where(keep & (self.orders > 0), np.abs(self.values), -1.0)
            largest = np.argsort(-size, kind="stable")[:terms]
            chosen = np.zeros_like(keep)
            chosen[largest] = size[largest] >= 0
            keep = chosen | (keep & (self.orders == 0))
        index = np.flatnonzero(keep)
        draws = None if self.draws is None else self.draws[:, index]
        return Spectrum(self.n, [(self.terms[j], self.values[j]) for j in index], draws, self.notes)

    @classmethod
    def exact(cls, values: ArrayLike, notes: Mapping[str, float | str] | None = None) -> Spectrum:
        """The spectrum of all 2^n values, ordered as `all_masks(n)` orders the masks.

        Source: Walsh–Hadamard transform.
        """
        values = np.asarray(values, dtype=np.float64)
        n = len(values).bit_length() - 1
        if values.ndim != 1 or len(values) != 2**n or n > ENUMERATE_UP_TO:
            raise SolverError(
                f"An exact transform needs 2^n values with n ≤ {ENUMERATE_UP_TO}, not {values.shape}."
            )
        dense = walsh_hadamard(values) / len(values)
        terms = [tuple(map(int, np.flatnonzero(row))) for row in all_masks(n)]
        return cls(n, list(zip(terms, dense, strict=True)), notes=notes)

    @classmethod
    def of_all(cls, masks: Masks, values: Values, notes: Mapping[str, float | str] | None = None) -> Spectrum:
        """The spectrum of all 2^n masks (2^n, n) in any order, and their values (2^n,)."""
        return cls.exact(np.asarray(values)[np.argsort(masks @ (1 << np.arange(masks.shape[1])))], notes)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Interaction]:
        return iter(self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spectrum) and self.n == other.n and self.coefficients == other.coefficients

    def __repr__(self) -> str:
        return f"Spectrum(n={self.n}, terms={len(self)}, order≤{int(self.orders.max(initial=0))}, energy={self.energy():.4g})"


def characters(masks: Masks, membership: Bools) -> NDArray[np.float32]:
    """(−1)^{|S ∩ m|} for masks (b, n) and sets (k, n): (b, k) float32 of ±1."""
    overlap = np.asarray(masks, np.float32) @ np.asarray(membership, np.float32).T  # exact: counts below 2^24
    return 1.0 - 2.0 * (overlap.astype(np.int32) & 1).astype(np.float32)


def walsh_hadamard(values: ArrayLike) -> Floats:
    """Unnormalised Walsh–Hadamard transform along the last axis (length 2^b): Σ_m (−1)^{popcount(m & k)} v[m]."""
    out = np.array(values, dtype=np.float64)
    length = out.shape[-1]
    if length & (length - 1) or length == 0:
        raise SolverError(f"A Walsh–Hadamard transform needs a length that is a power of two, not {length}.")
    half = 1
    while half < length:
        pairs = out.reshape(*out.shape[:-1], length // (2 * half), 2, half)
        low, high = pairs[..., 0, :] + pairs[..., 1, :], pairs[..., 0, :] - pairs[..., 1, :]
        pairs[..., 0, :], pairs[..., 1, :] = low, high
        half *= 2
    return out


def _frozen(array: NDArray) -> NDArray:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
