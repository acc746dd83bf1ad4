"""The largest interactions of a Gaussian process's posterior mean, without listing them all.

The posterior mean of a coefficient is F(S) = weight(S) · Σ_j α_j χ_S(m_j). All pairs are looked at; from
order 3 on, only sets that grow by one player out of the `BEAM` largest sets of the order below (real spectra
are hierarchies: facts, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats, Ints
from spexviz.masks import Interaction
from spexviz.solvers.gp.kernel import AnyFloats, Prior

BEAM = 300  # sets of an order from which the next order grows

_Found = tuple[float, Interaction]
"""(−|posterior mean|, set): in order, the largest come first, and equal ones by their players."""


@dataclass(frozen=True)
class _Process:
    """What the posterior means are made of, in single precision: `signs` (m, n), `alpha` (m,)."""

    prior: Prior
    signs: AnyFloats
    alpha: AnyFloats


@dataclass(frozen=True)
class _Parents:
    """Sets of one order from which larger ones grow: `members` (k, order), `characters` (k, m) of ±1."""

    members: Ints
    characters: AnyFloats


@dataclass(frozen=True)
class _Grown:
    """Sets of one order, the largest posterior `mean` (k,) first: `members` (k, order).

    `parent` (k,) position of the set that each grew from, `joined` (k,) the player that it took in.
    """

    members: Ints
    mean: AnyFloats
    parent: Ints
    joined: Ints

    def at(self, rows: Ints | slice) -> _Grown:
        members = self.members[rows]
        mean = self.mean[rows]
        parent = self.parent[rows]
        joined = self.joined[rows]
        return _Grown(members, mean, parent, joined)


def largest_terms(
    prior: Prior, signs: Floats, alpha: AnyFloats, max_order: int, count: int
) -> list[Interaction]:
    """Up to `count` interactions of order 2…max_order with the largest posterior mean, largest first.

    `signs` (m, n), `alpha` (m,) = (K + noise)⁻¹ values.
    """
    process = _Process(prior, signs.astype(np.float32), alpha.astype(np.float32))
    n = signs.shape[1]
    by_player = process.signs.T
    players = np.arange(n)[:, None]
    parents = _Parents(players, by_player)
    found: list[_Found] = []
    highest = min(max_order, n)
    for _ in range(2, highest + 1):
        grown = _grown(process, parents, max(count, BEAM))
        found += _sized(grown.at(slice(count)))
        # the next order grows from the best; χ of a set is χ of its parent times the sign of who joined
        best = grown.at(slice(BEAM))
        of_parents = parents.characters[best.parent]
        of_joined = by_player[best.joined]
        parents = _Parents(best.members, of_parents * of_joined)
    found.sort()
    return [term for _, term in found[:count]]


def _sized(grown: _Grown) -> list[_Found]:
    """The sets whose mean is not 0."""
    means = grown.mean.tolist()
    members = grown.members.tolist()
    out = []
    for mean, players in zip(means, members, strict=True):
        if mean:
            out.append((-abs(mean), tuple(players)))
    return out


def _grown(process: _Process, parents: _Parents, count: int) -> _Grown:
    """The `count` largest sets with one player more than the parents."""
    n = process.signs.shape[1]
    order = parents.members.shape[1] + 1
    mean = _means(process, parents).ravel()
    wanted = count if order == 2 else count * order  # a set may come from each of its subsets
    top = _positions_of_largest(np.abs(mean), wanted)
    parent, joined = np.divmod(top, n)
    unsorted = np.column_stack([parents.members[parent], joined])
    members = np.sort(unsorted, axis=1)
    grown = _Grown(members, mean[top], parent, joined)
    # each set once; largest first, and of equal ones the set that comes first by its players
    code, first = np.unique(_codes(members, n), return_index=True)
    size = np.abs(grown.mean[first])
    largest_first = np.lexsort((code, -size))
    return grown.at(first[largest_first[:count]])


def _means(process: _Process, parents: _Parents) -> AnyFloats:
    """Posterior means (k, n) of every parent with every player joined; 0 where that is no new set."""
    prior = process.prior
    # weight(S ∪ {i}) = Σ_c base_c ρ_c^S ρ_ci
    shrinkage = prior.shrinkage(parents.members)
    of_parents = shrinkage * prior.base[:, None]
    left = of_parents.T.astype(np.float32)
    right = prior.rho.astype(np.float32)
    weight = left @ right
    # Σ_j α_j χ_S(m_j) z_ji
    weighted = parents.characters * process.alpha
    fitted = weighted @ process.signs
    mean = weight * fitted
    if parents.members.shape[1] == 1:
        return np.triu(mean, 1)  # each pair once
    np.put_along_axis(mean, parents.members, 0.0, axis=1)
    return mean


def _positions_of_largest(size: AnyFloats, count: int) -> Ints:
    """Positions of the `count` largest sizes above 0, in any order."""
    rest = max(0, len(size) - count)
    top = np.argpartition(size, rest)[rest:]
    above_zero = size[top] > 0
    return top[above_zero]


def _codes(members: Ints, n: int) -> Ints:
    """A number for each set (k, order): its players as the digits of base n."""
    code = np.zeros(len(members), dtype=np.int64)
    for players in members.T:
        # n^5 < 2^63 up to n = 6,208; beyond order 5 it may wrap, and still names the set
        code = code * n + players
    return code
