"""Spectrum: a sparse function of masks, f(m) = Σ_S F(S) · (−1)^{|S ∩ m|}.

A negative F({i}) means that keeping player i raises f. Under uniform masks Var f = Σ_{S≠∅} F(S)², so squared
coefficients are shares of variance. Everything shown (indices, figures, optima) is derived from this one
object.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.kit.cached import cached_property
from spexviz.masks import (
    ENUMERATE_UP_TO,
    Interaction,
    Masks,
    Values,
    all_masks,
    holders,
    is_interaction,
    pack,
    unpack,
)

Notes = Mapping[str, float | str]
"""Diagnostics of a solver: {name: number or text}."""

MOST_SUBSETS = 4_000_000  # of all terms together: seconds
_CELLS = 4_000_000  # masks × terms evaluated at a time: 16 MB of float32


class Spectrum:
    """Frozen sparse spectrum: n players and {Interaction: coefficient}.

    `draws` is an optional (B, k) array of posterior or bootstrap draws of the k coefficients, in the order of
    the mapping given (it is kept aligned when the terms are sorted by order, then position). `notes` holds
    the solver's diagnostics.
    Raises SolverError for a position outside 0…n−1, a repeated or unsorted position, or a coefficient that is
    not finite.

    >>> Spectrum(3, {(): 1.0, (0,): -0.5, (0, 2): 0.25})
    Spectrum(n=3, terms=3, order≤2, energy=0.3125)
    """

    n: int
    values: Values
    draws: Floats | None
    notes: Notes
    _bits: NDArray[np.uint8]

    def __init__(
        self,
        n: int,
        coefficients: Mapping[Interaction, float] | Sequence[tuple[Interaction, float]],
        draws: ArrayLike | None = None,
        notes: Notes | None = None,
    ):
        pairs = coefficients.items() if isinstance(coefficients, Mapping) else coefficients
        items = list(pairs)
        terms = [_term_of(members, n) for members, _ in items]
        values = np.array([float(value) for _, value in items], dtype=np.float64)
        if not np.isfinite(values).all():
            raise SolverError("A coefficient is not a finite number: check the values that were fitted.")
        sort_keys = [(len(term), term) for term in terms]
        order = sorted(range(len(terms)), key=sort_keys.__getitem__)
        if len(set(terms)) != len(terms):
            raise SolverError("An interaction is given twice: add its coefficients up first.")
        membership = holders([terms[j] for j in order], n)
        if draws is not None:
            draws = _draws_in_order(draws, order)
        state = self.__dict__
        state["n"] = int(n)
        state["_bits"] = _frozen(pack(membership))
        state["values"] = _frozen(values[order])
        state["draws"] = draws
        state["notes"] = MappingProxyType(dict(notes or {}))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("A Spectrum is frozen: make a new one.")

    @property
    def membership(self) -> Bools:
        """(k, n) bool: which players each term holds.

        >>> Spectrum(3, {(): 1.0, (0, 2): 0.25}).membership.astype(int).tolist()
        [[0, 0, 0], [1, 0, 1]]
        """
        return unpack(self._bits, self.n)

    @cached_property
    def terms(self) -> tuple[Interaction, ...]:
        """The k interactions, sorted by order, then position.

        >>> Spectrum(3, {(0, 2): 0.25, (1,): 0.5, (): 1.0}).terms
        ((), (1,), (0, 2))
        """
        return tuple(map(_positions, self.membership))

    @cached_property
    def coefficients(self) -> Mapping[Interaction, float]:
        """{Interaction: coefficient}.

        >>> Spectrum(3, {(0, 2): 0.25, (1,): 0.5}).coefficients[(1,)]
        0.5
        """
        return MappingProxyType(dict(zip(self.terms, self.values.tolist(), strict=True)))

    @cached_property
    def orders(self) -> Ints:
        """(k,) number of players of each term.

        >>> Spectrum(3, {(): 1.0, (1,): 0.5, (0, 2): 0.25}).orders.tolist()
        [0, 1, 2]
        """
        return self.membership.sum(1)

    def __call__(self, masks: Masks) -> Values:
        """Values of the function on `masks` (b, n): (b,).

        >>> Spectrum(2, {(): 1.0, (0, 1): 0.5})(all_masks(2)).tolist()
        [1.5, 0.5, 0.5, 1.5]
        """
        masks = np.asarray(masks, dtype=bool)
        if masks.ndim != 2 or masks.shape[1] != self.n:
            raise SolverError(f"This spectrum has {self.n} players; the masks have shape {masks.shape}.")
        membership = self.membership
        out = np.empty(len(masks))
        step = max(1, _CELLS // max(1, len(self.values)))
        for start in range(0, len(masks), step):
            rows = slice(start, start + step)
            out[rows] = characters(masks[rows], membership) @ self.values
        return out

    def energy(self, order: int | None = None) -> float:
        """Σ F(S)² over the non-empty terms (of one order, if given): variance under uniform masks.

        >>> Spectrum(3, {(): 9.0, (1,): 1.0, (0, 2): 2.0}).energy()
        5.0
        """
        chosen = self.orders > 0
        if order is not None:
            chosen &= self.orders == order
        return float((self.values[chosen] ** 2).sum())

    def mean_effects(self, keep: float = 0.5) -> dict[Interaction, float]:
        """{T: mean of δ_T f over masks of the others that keep each with probability `keep`}.

        δ_T is the discrete derivative. The mean is (−2)^|T| Σ_{S⊇T} F(S) (1 − 2 keep)^|S∖T|: the Banzhaf
        interaction for 0.5 (then only the terms themselves, else all their subsets).
        Raises SolverError where the terms have too many subsets.

        >>> Spectrum(3, {(1,): -0.5, (0, 2): 0.25}).mean_effects()
        {(1,): 1.0, (0, 2): 1.0}
        """
        # each member of T gives a factor −2: the step of its sign, from 1 to −1
        if keep == 0.5:
            return {term: (-2.0) ** len(term) * value for term, value in self.coefficients.items()}
        if (2.0**self.orders).sum() > MOST_SUBSETS:
            raise SolverError(
                f"The terms of this spectrum have more than {MOST_SUBSETS:,} subsets: "
                "truncate it to a lower order first."
            )
        # each other member of S gives the mean of its sign, which is 0 only at 0.5
        mean_sign = 1.0 - 2.0 * keep
        effects: dict[Interaction, float] = {}
        for term, value in self.coefficients.items():
            for size in range(len(term) + 1):
                part = value * (-2.0) ** size * mean_sign ** (len(term) - size)
                for subset in itertools.combinations(term, size):
                    effects[subset] = effects.get(subset, 0.0) + part
        return effects

    def shares(self, keep: float = 0.5) -> dict[Interaction, float]:
        """{T ≠ ∅: its share of the variance over masks that keep each player with `keep`}, all together 1.

        `keep` is a probability. The squared coefficients of the basis that is orthonormal for these masks,
        (keep (1 − keep))^{|T|/2} δ_T f on average.
        Source: O'Donnell 2014, Analysis of Boolean Functions, section 8.4.

        >>> Spectrum(3, {(): 9.0, (1,): 1.0, (0, 2): 3.0}).shares()
        {(1,): 0.1, (0, 2): 0.9}
        """
        spread = keep * (1.0 - keep)  # variance of one player's being kept
        energy = {}
        for term, effect in self.mean_effects(keep).items():
            if term:
                energy[term] = spread ** len(term) * effect**2
        total = sum(energy.values()) or 1.0
        return {term: value / total for term, value in energy.items()}

    def truncate(self, order: int | None = None, terms: int | None = None) -> Spectrum:
        """Without the terms above `order`, and of the others the constant and the `terms` largest.

        >>> Spectrum(3, {(): 9.0, (1,): 1.0, (0, 2): 3.0}).truncate(terms=1).terms
        ((), (0, 2))
        """
        kept = np.ones(len(self.values), dtype=bool)
        if order is not None:
            kept = self.orders <= order
        if terms is not None:
            kept = self._largest(terms, kept)
        index = np.flatnonzero(kept)
        draws = self.draws
        if draws is not None:
            draws = draws[:, index]
        rest = [(self.terms[j], self.values[j]) for j in index]
        return Spectrum(self.n, rest, draws, self.notes)

    def _largest(self, terms: int, among: Bools) -> Bools:
        """(k,) bool: of the terms `among` (k,), the constant and the `terms` largest others."""
        is_constant = self.orders == 0
        size = np.where(among & ~is_constant, np.abs(self.values), -1.0)
        largest = np.argsort(-size, kind="stable")[:terms]
        chosen = among & is_constant
        chosen[largest] |= size[largest] >= 0
        return chosen

    def merged(self, groups: Sequence[Interaction]) -> Spectrum:
        """The same function where the players of a group are kept or removed together: a player a group.

        `groups`: disjoint sets of players; those in none are always kept. Exact, draws included: a set
        becomes that of the groups of which it holds an odd number.
        Raises SolverError for groups that overlap, or are no sets of players.

        >>> dict(Spectrum(3, {(0,): 1.0, (0, 1): 0.5, (0, 2): 0.25}).merged([(0, 1), (2,)]).coefficients)
        {(): 0.5, (0,): 1.0, (0, 1): 0.25}
        """
        of_group = holders([_term_of(group, self.n) for group in groups], self.n)
        if (of_group.sum(0) > 1).any():
            raise SolverError("A player stands in two groups: let each be in one, or in none.")
        # a member that is always kept turns the sign; two members of one group do so twice, and cancel
        membership = self.membership.astype(np.int64)
        odd = (membership @ of_group.T.astype(np.int64)) & 1 == 1
        kept = membership[:, ~of_group.any(0)].sum(1)
        sign = 1.0 - 2.0 * (kept & 1)
        terms, place = np.unique(odd, axis=0, return_inverse=True)
        turned = np.zeros((len(self.values), len(terms)))
        turned[np.arange(len(turned)), place.ravel()] = sign
        draws = None if self.draws is None else self.draws @ turned
        pairs = list(zip(map(_positions, terms), self.values @ turned, strict=True))
        return Spectrum(len(groups), pairs, draws, self.notes)

    @classmethod
    def exact(cls, values: ArrayLike, notes: Notes | None = None) -> Spectrum:
        """The spectrum of all 2^n values, ordered as `all_masks(n)` orders the masks.

        Raises SolverError for another number of values. Source: Walsh–Hadamard transform.

        >>> dict(Spectrum.exact([0.0, 0.0, 0.0, 1.0]).coefficients)
        {(): 0.25, (0,): -0.25, (1,): -0.25, (0, 1): 0.25}
        """
        values = np.asarray(values, dtype=np.float64)
        n = len(values).bit_length() - 1
        if values.ndim != 1 or len(values) != 2**n or n > ENUMERATE_UP_TO:
            raise SolverError(
                f"An exact transform needs 2^n values with n ≤ {ENUMERATE_UP_TO}, not {values.shape}."
            )
        # F(S) = 2^{−n} Σ_m f(m) (−1)^{|S ∩ m|}; the sets are numbered by their bits, as the masks are
        dense = walsh_hadamard(values) / len(values)
        terms = map(_positions, all_masks(n))
        return cls(n, list(zip(terms, dense, strict=True)), notes=notes)

    @classmethod
    def of_all(cls, masks: Masks, values: Values, notes: Notes | None = None) -> Spectrum:
        """The spectrum of all 2^n masks (2^n, n) in any order, and their values (2^n,).

        >>> Spectrum.of_all(np.array([[True], [False]]), np.array([3.0, 1.0])).coefficients[(0,)]
        -1.0
        """
        bits = 1 << np.arange(masks.shape[1])
        rows = np.argsort(masks @ bits)
        return cls.exact(np.asarray(values)[rows], notes)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Interaction]:
        return iter(self.terms)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spectrum):
            return False
        return self.n == other.n and self.coefficients == other.coefficients

    def __repr__(self) -> str:
        order = int(self.orders.max(initial=0))
        return f"Spectrum(n={self.n}, terms={len(self)}, order≤{order}, energy={self.energy():.4g})"


def characters(masks: Masks, membership: Bools) -> NDArray[np.float32]:
    """(−1)^{|S ∩ m|} for masks (b, n) and sets (k, n): (b, k) float32 of ±1.

    >>> characters(np.array([[True, False]]), holders([(), (0,), (0, 1)], 2)).tolist()
    [[1.0, -1.0, -1.0]]
    """
    kept = np.asarray(masks, np.float32)
    held = np.asarray(membership, np.float32)
    overlap = kept @ held.T  # exact: counts below 2^24
    is_odd = overlap.astype(np.int32) & 1
    return 1.0 - 2.0 * is_odd.astype(np.float32)


def walsh_hadamard(values: ArrayLike) -> Floats:
    """Unnormalised transform along the last axis (length 2^b): Σ_m (−1)^{popcount(m & k)} v[m].

    The fast Walsh–Hadamard transform: b·2^b sums instead of 4^b. Source: Fino & Algazi 1976.

    >>> walsh_hadamard([0.0, 0.0, 0.0, 1.0]).tolist()
    [1.0, -1.0, -1.0, 1.0]
    """
    out = np.array(values, dtype=np.float64)
    length = out.shape[-1]
    if length & (length - 1) or length == 0:
        raise SolverError(f"A Walsh–Hadamard transform needs a length that is a power of two, not {length}.")
    # The matrix of the transform is [[1, 1], [1, −1]] ⊗ … ⊗ [[1, 1], [1, −1]], one factor a bit. So one bit
    # after the other, each pair (entry without the bit, entry with it) becomes its sum and its difference.
    bit = 1
    while bit < length:
        pairs = out.reshape(*out.shape[:-1], length // (2 * bit), 2, bit)
        without = pairs[..., 0, :]  # views into `out`
        having = pairs[..., 1, :]
        total = without + having  # where k lacks the bit, both count alike
        difference = without - having  # where k has it, −1 goes to the entry that has it too
        without[...] = total
        having[...] = difference
        bit *= 2
    return out


def _term_of(members: Interaction, n: int) -> Interaction:
    """An interaction with positions that are whole numbers of Python's own."""
    term = tuple(int(i) for i in members)
    if not is_interaction(term, n):
        raise SolverError(
            f"{term} is no interaction of {n} players: give sorted, distinct positions from 0 to {n - 1}."
        )
    return term


def _draws_in_order(draws: ArrayLike, order: list[int]) -> Floats:
    """Draws (B, k) as the terms are sorted, for good."""
    table = np.asarray(draws, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(order):
        raise SolverError(
            f"Draws must have one column for each of the {len(order)} terms, not shape {table.shape}."
        )
    return _frozen(table[:, order])


def _positions(row: Bools) -> Interaction:
    """Which entries of a row (n,) are True."""
    return tuple(np.flatnonzero(row).tolist())


def _frozen(array: NDArray) -> NDArray:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
