"""Masks: which players are kept. Aliases, enumeration, seeded sampling, packing.

A mask is a row of a bool array `(b, n)`; True means that the player is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import SolverError

Masks = NDArray[np.bool_]
"""(b, n) bool, True = the player is kept."""
Values = NDArray[np.float64]
"""(b,) float64, in the unit of the game."""
Interaction = tuple[int, ...]
"""Sorted positions of the players of a set; () is the constant."""

ENUMERATE_UP_TO = 20  # 2^20 masks: the most that an exact transform will hold
_SMALL = 12  # up to here sampling permutes all 2^n masks, above it draws and drops repeats
_PATIENCE = 500  # blocks in a row without a new mask, after which there are none to be had
_BLOCK = 1024  # rows drawn at a time: fixed, so that a short sample is the start of a long one


def all_masks(n: int) -> Masks:
    """Every mask of n players: (2^n, n); row r keeps player i where bit i of r is set.

    Raises SolverError above n = 20.
    """
    if n > ENUMERATE_UP_TO:
        raise SolverError(
            f"All 2^{n} masks do not fit in memory; enumerate at most {ENUMERATE_UP_TO} players, or sample with uniform_masks."
        )
    rows = np.arange(2**n, dtype=np.int64)
    return (rows[:, None] >> np.arange(n)) & 1 == 1


def ends(n: int) -> Masks:
    """The empty and the full mask: (2, n)."""
    return np.array([[False], [True]]).repeat(n, axis=1)


def all_but(sets: Sequence[Interaction], n: int) -> Masks:
    """All players but each set: (sets, n)."""
    return ~holders(sets, n)


def is_complete(masks: Masks) -> bool:
    """Whether distinct masks (b, n) are all 2^n that there are."""
    return masks.shape[1] <= ENUMERATE_UP_TO and len(masks) == 2 ** masks.shape[1]


def leave_one_out_masks(n: int) -> Masks:
    """The full mask, then the n masks without one player each: (n + 1, n)."""
    return all_but([(), *((i,) for i in range(n))], n)


def uniform_masks(n: int, count: int, seed: int, keep: float = 0.5, exclude: Masks | None = None) -> Masks:
    """`count` distinct random masks of n players, each player kept with probability `keep`: (count, n).

    Nested: `uniform_masks(n, 100, s)[:50]` equals `uniform_masks(n, 50, s)`. No row of `exclude` is returned.
    Raises SolverError if there are fewer than `count` such masks, or for a negative seed.
    """
    if n < 1 or count < 0 or seed < 0:
        raise SolverError(
            f"Masks need at least one player, a count and a seed of at least 0, not n = {n}, count = {count}, seed = {seed}."
        )
    if not 0.0 < keep < 1.0:
        raise SolverError(
            f"The probability of keeping a player must lie strictly between 0 and 1, not {keep}."
        )
    forbidden = set() if exclude is None else set(keys(exclude))
    if n < 63 and count + len(forbidden) > 2**n:
        raise SolverError(
            f"{n} players have only {2**n} masks, {2**n - len(forbidden)} of them free: ask for fewer than {count}."
        )
    rng = np.random.default_rng([seed, n])
    if n <= _SMALL:
        return _small_sample(n, count, keep, forbidden, rng)
    rows: list[Masks] = []
    found = fruitless = 0
    while found < count and fruitless < _PATIENCE:
        block = rng.random((_BLOCK, n)) < keep
        new = [i for i, key in enumerate(keys(block)) if key not in forbidden and not forbidden.add(key)]
        rows.append(block[new])
        found += len(new)
        fruitless = 0 if new else fruitless + 1
    if found < count:
        raise SolverError(
            f"Only {found} distinct masks were found when keeping players with probability {keep}: ask for fewer, or choose a probability nearer to 0.5."
        )
    return np.concatenate(rows)[:count] if rows else np.zeros((0, n), dtype=bool)


def _small_sample(n: int, count: int, keep: float, forbidden: set[bytes], rng: np.random.Generator) -> Masks:
    """Weighted sampling without replacement by Gumbel keys: a prefix of the order is itself a sample."""
    masks = all_masks(n)
    kept = masks.sum(1)
    score = kept * np.log(keep) + (n - kept) * np.log1p(-keep) + rng.gumbel(size=len(masks))
    masks = masks[np.argsort(-score, kind="stable")]
    if forbidden:
        masks = masks[[key not in forbidden for key in keys(masks)]]
    return masks[:count]


def holders(sets: Sequence[Interaction], n: int) -> NDArray[np.bool_]:
    """Which of n players each set holds: (k, n) bool, in the order of the sets."""
    out = np.zeros((len(sets), n), dtype=bool)
    for row, members in enumerate(sets):
        out[row, list(members)] = True
    return out


def set_of(members: Iterable[int], n: int) -> Interaction:
    """A set of n players as its one key: sorted positions. Raises SolverError for what is no such set.

    >>> set_of([2, 0], 3)
    (0, 2)
    """
    given = tuple(members) if isinstance(members, Iterable) else None
    try:
        found = tuple(sorted(index(i) for i in given or ()))
    except TypeError:
        given = None
    if given is None or len(set(found)) != len(found) or (found and not 0 <= found[0] <= found[-1] < n):
        raise SolverError(
            f"{members!r:.60} is no set of {n} players: give distinct positions from 0 to {n - 1}."
        )
    return found


def pack(masks: Masks) -> NDArray[np.uint8]:
    """(b, n) bool -> (b, ceil(n/8)) bytes, player 0 in the lowest bit."""
    return np.packbits(np.asarray(masks, dtype=bool), axis=1, bitorder="little")


def unpack(packed: NDArray[np.uint8], n: int) -> Masks:
    """The reverse of `pack`."""
    return np.unpackbits(np.asarray(packed, dtype=np.uint8), axis=1, count=n, bitorder="little").astype(bool)


def keys(masks: Masks) -> list[bytes]:
    """One hashable key a mask: its packed bytes."""
    packed = np.ascontiguousarray(pack(masks))
    width = packed.shape[1]
    data = packed.tobytes()
    return [data[i : i + width] for i in range(0, len(data), width)] if width else [b""] * len(packed)


def distinct(masks: Masks) -> Masks:
    """The rows of `masks` without repeats, in order of first appearance."""
    seen: set[bytes] = set()
    return masks[[i for i, key in enumerate(keys(masks)) if key not in seen and not seen.add(key)]]
