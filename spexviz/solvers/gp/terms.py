"""The largest interactions of a Gaussian process's posterior mean, without listing them all.

The posterior mean of a coefficient is F(S) = weight(S) · Σ_j α_j χ_S(m_j). All pairs are looked at; from
order 3 on, only sets that grow by one player out of the `BEAM` largest sets of the order below (real spectra
are hierarchies: facts, section 3).
"""

from __future__ import annotations

import numpy as np

from spexviz.kit.arrays import Ints
from spexviz.solvers.gp.kernel import Floats, Prior

BEAM = 300  # sets of an order from which the next order grows


def largest_terms(
    prior: Prior, signs: Floats, alpha: Floats, max_order: int, count: int
) -> list[tuple[int, ...]]:
    """Up to `count` interactions of order 2…max_order with the largest posterior mean, largest first.

    `signs` (m, n), `alpha` (m,) = (K + noise)⁻¹ values.
    """
    n = signs.shape[1]
    signs, alpha = signs.astype(np.float32), alpha.astype(np.float32)
    found: list[tuple[float, tuple[int, ...]]] = []
    members = np.arange(n)[:, None]
    columns = signs.T
    for _ in range(2, min(max_order, n) + 1):
        members, mean, parent, joined = _grown(prior, signs, alpha, members, columns, max(count, BEAM))
        found += [
            (-abs(float(f)), tuple(map(int, s)))
            for f, s in zip(mean[:count], members[:count], strict=True)
            if f
        ]
        members = members[:BEAM]
        columns = columns[parent[:BEAM]] * signs.T[joined[:BEAM]]
    return [term for _, term in sorted(found)[:count]]


def _grown(prior: Prior, signs: Floats, alpha: Floats, members: Ints, columns: Floats, count: int):
    """The `count` largest sets with one player more: members, posterior means, position of the parent, the player that joined."""
    n, order = signs.shape[1], members.shape[1] + 1
    factors = np.ones((len(prior.base), len(members)))
    for position in range(members.shape[1]):
        factors *= prior.rho[:, members[:, position]]
    mean = ((factors * prior.base[:, None]).T.astype(np.float32) @ prior.rho.astype(np.float32)) * (
        (columns * alpha) @ signs
    )
    if order == 2:
        mean = np.triu(mean, 1)
    else:
        np.put_along_axis(mean, members, 0.0, axis=1)
    flat = np.abs(mean).ravel()
    wanted = min(count * (order if order > 2 else 1), flat.size)  # a set may come from each of its subsets
    top = np.argpartition(flat, flat.size - wanted)[flat.size - wanted :]
    top = top[flat[top] > 0]
    parent, joined = np.divmod(top, n)
    sets = np.sort(np.column_stack([members[parent], joined]), axis=1)
    real = (np.diff(sets, axis=1) > 0).all(1)
    sets, parent, joined, top = sets[real], parent[real], joined[real], top[real]
    code = np.zeros(len(sets), dtype=np.int64)
    for position in range(order):
        # n^5 < 2^63 up to n = 6,208; beyond order 5 it may wrap, and still names the set
        code = code * n + sets[:, position]
    _, first = np.unique(code, return_index=True)
    size = mean.ravel()[top[first]]
    chosen = first[np.lexsort((code[first], -np.abs(size)))][:count]
    return sets[chosen], mean.ravel()[top[chosen]], parent[chosen], joined[chosen]
