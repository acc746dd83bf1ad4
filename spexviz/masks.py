"""Masks: which players are kept. Aliases, enumeration, seeded sampling, packing.

A mask is a row of a bool array `(b, n)`; True means that the player is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
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
NEAR_MOST = 3  # players that a near mask removes at most
_SMALL = 12  # up to here sampling permutes all 2^n masks, above it draws and drops repeats
_PATIENCE = 500  # blocks in a row without a new mask, after which there are none to be had
_BLOCK = 1024  # rows drawn at a time: fixed, so that a short sample is the start of a long one


def all_masks(n: int) -> Masks:
    """Every mask of n players: (2^n, n); row r keeps player i where bit i of r is set.

    Raises SolverError above n = 20.

    >>> all_masks(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    if n > ENUMERATE_UP_TO:
        raise SolverError(
            f"All 2^{n} masks do not fit in memory; enumerate at most {ENUMERATE_UP_TO} players, "
            "or sample with uniform_masks."
        )
    return _rows(n, 0, 2**n)


def blocks_of_all(n: int, size: int = 1 << 14) -> Iterator[Masks]:
    """Every mask of n players in the order of `all_masks`, at most `size` of them at a time: little memory.

    >>> [len(masks) for masks in blocks_of_all(3, size=4)]
    [4, 4]
    """
    for start in range(0, 2**n, size):
        yield _rows(n, start, min(start + size, 2**n))


def _rows(n: int, start: int, end: int) -> Masks:
    """The masks of these numbers, by their bits."""
    rows = np.arange(start, end, dtype=np.int64)
    bits = rows[:, None] >> np.arange(n)
    return bits & 1 == 1


def ends(n: int) -> Masks:
    """The empty and the full mask: (2, n).

    >>> ends(3).astype(int).tolist()
    [[0, 0, 0], [1, 1, 1]]
    """
    return np.array([[False], [True]]).repeat(n, axis=1)


def all_but(sets: Sequence[Interaction], n: int) -> Masks:
    """All players but each set: (sets, n).

    >>> all_but([(0, 2), (1,)], 3).astype(int).tolist()
    [[0, 1, 0], [1, 0, 1]]
    """
    return ~holders(sets, n)


def is_complete(masks: Masks) -> bool:
    """Whether distinct masks (b, n) are all 2^n that there are.

    >>> is_complete(all_masks(3)), is_complete(ends(3))
    (True, False)
    """
    count, n = masks.shape
    return n <= ENUMERATE_UP_TO and count == 2**n


def leave_one_out_masks(n: int) -> Masks:
    """The full mask, then the n masks without one player each: (n + 1, n).

    >>> leave_one_out_masks(2).astype(int).tolist()
    [[1, 1], [0, 1], [1, 0]]
    """
    singles = [(i,) for i in range(n)]
    return all_but([(), *singles], n)


def uniform_masks(n: int, count: int, seed: int, keep: float = 0.5, exclude: Masks | None = None) -> Masks:
    """`count` distinct random masks of n players, each player kept with probability `keep`: (count, n).

    Nested: `uniform_masks(n, 100, s)[:50]` equals `uniform_masks(n, 50, s)`. No row of `exclude` is returned.
    Raises SolverError if there are fewer than `count` such masks, or for a negative seed.

    >>> uniform_masks(3, 2, seed=0).astype(int).tolist()
    [[0, 0, 1], [1, 1, 0]]
    """
    n, count, seed = map(index, (n, count, seed))  # 2 to a whole number of numpy can overflow
    if n < 1 or count < 0 or seed < 0:
        raise SolverError(
            "Masks need at least one player, a count and a seed of at least 0, "
            f"not n = {n}, count = {count}, seed = {seed}."
        )
    if not 0.0 < keep < 1.0:
        raise SolverError(
            f"The probability of keeping a player must lie strictly between 0 and 1, not {keep}."
        )
    taken: set[bytes] = set()
    if exclude is not None:
        taken.update(keys(exclude))
    if n < 63 and count + len(taken) > 2**n:
        raise SolverError(
            f"{n} players have only {2**n} masks, {2**n - len(taken)} of them free: "
            f"ask for fewer than {count}."
        )
    rng = np.random.default_rng([seed, n])
    if n <= _SMALL:
        return _start_of_all(n, count, keep, taken, rng)
    return _drawn(n, count, keep, taken, rng)


def near_masks(n: int, count: int, seed: int, exclude: Masks | None = None) -> Masks:
    """Up to `count` distinct random masks that remove one to NEAR_MOST of n players: (≤ count, n).

    One size is as likely as another, as long as it has masks left. No row of `exclude` is returned.

    >>> near_masks(9, 2, seed=0).sum(1).tolist()
    [7, 6]
    """
    taken: set[bytes] = set()
    if exclude is not None:
        taken.update(keys(exclude))
    rng = np.random.default_rng([seed, n, 0x4EA2])
    found: list[Masks] = [np.zeros((0, n), dtype=bool)]
    rows = fruitless = 0
    while rows < count and fruitless < _PATIENCE:
        sizes = rng.integers(1, min(NEAR_MOST, n) + 1, size=_BLOCK)
        order = rng.random((_BLOCK, n)).argsort(1)
        block = order >= sizes[:, None]  # the players that come first are removed
        new = _unseen(keys(block), taken)
        found.append(block[new])
        rows += len(new)
        fruitless = 0 if new else fruitless + 1
    return np.concatenate(found)[:count]


def _start_of_all(n: int, count: int, keep: float, taken: set[bytes], rng: np.random.Generator) -> Masks:
    """The first `count` free masks in a random order of all 2^n, the likely ones early.

    The order of log-probability plus Gumbel noise is that of weighted draws without replacement, so every
    start of it is itself such a sample. Source: Efraimidis & Spirakis 2006, their keys u^(1/w) written as
    log w − log(−log u).
    """
    masks = all_masks(n)
    kept = masks.sum(1)
    log_probability = kept * np.log(keep) + (n - kept) * np.log1p(-keep)
    score = log_probability + rng.gumbel(size=len(masks))
    in_order = masks[np.argsort(-score, kind="stable")]
    if taken:
        is_free = [key not in taken for key in keys(in_order)]
        in_order = in_order[is_free]
    return in_order[:count]


def _drawn(n: int, count: int, keep: float, taken: set[bytes], rng: np.random.Generator) -> Masks:
    """Independent draws, a block at a time, without those that came before, until there are `count`."""
    blocks: list[Masks] = [np.zeros((0, n), dtype=bool)]
    found = fruitless = 0
    while found < count and fruitless < _PATIENCE:
        block = rng.random((_BLOCK, n)) < keep
        new = _unseen(keys(block), taken)
        blocks.append(block[new])
        found += len(new)
        if new:
            fruitless = 0
        else:
            fruitless += 1
    if found < count:
        raise SolverError(
            f"Only {found} distinct masks were found when keeping players with probability {keep}: "
            "ask for fewer, or choose a probability nearer to 0.5."
        )
    return np.concatenate(blocks)[:count]


def _unseen(found: Sequence[bytes], seen: set[bytes]) -> list[int]:
    """Where in `found` each key that is not in `seen` comes first; adds those keys to `seen`."""
    rows = []
    for row, key in enumerate(found):
        if key not in seen:
            seen.add(key)
            rows.append(row)
    return rows


def holders(sets: Sequence[Interaction], n: int) -> NDArray[np.bool_]:
    """Which of n players each set holds: (k, n) bool, in the order of the sets.

    >>> holders([(), (0, 2)], 3).astype(int).tolist()
    [[0, 0, 0], [1, 0, 1]]
    """
    out = np.zeros((len(sets), n), dtype=bool)
    for row, members in enumerate(sets):
        out[row, list(members)] = True
    return out


def padded_holders(members: NDArray[np.integer], n: int) -> NDArray[np.bool_]:
    """The same of sets as rows of positions (k, w), filled up with n or −1: (k, n) bool.

    >>> padded_holders(np.array([[0, 2], [1, -1]]), 3)
    array([[ True, False,  True],
           [False,  True, False]])
    """
    out = np.zeros((len(members), n + 1), dtype=bool)  # what fills up goes to a column of its own
    np.put_along_axis(out, members, True, axis=1)
    return out[:, :n]


def is_interaction(members: Sequence[int], n: int) -> bool:
    """Whether these are sorted, distinct positions of n players: the one form of a set.

    >>> is_interaction((0, 2), 3), is_interaction((2, 0), 3), is_interaction((0, 3), 3)
    (True, False, False)
    """
    if not members:
        return True
    if members[0] < 0 or members[-1] >= n:
        return False
    return all(a < b for a, b in itertools.pairwise(members))


def set_of(members: Iterable[int], n: int) -> Interaction:
    """A set of n players as its one key: sorted positions. Raises SolverError for what is no such set.

    >>> set_of([2, 0], 3)
    (0, 2)
    """
    try:
        found = tuple(sorted(map(index, members)))
    except TypeError:  # nothing that can be gone through, or no whole numbers in it
        found = None
    if found is None or not is_interaction(found, n):
        raise SolverError(
            f"{members!r:.60} is no set of {n} players: give distinct positions from 0 to {n - 1}."
        )
    return found


def pack(masks: Masks) -> NDArray[np.uint8]:
    """(b, n) bool -> (b, ceil(n/8)) bytes, player 0 in the lowest bit.

    >>> pack(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    masks = np.asarray(masks, dtype=bool)
    return np.packbits(masks, axis=1, bitorder="little")


def unpack(packed: NDArray[np.uint8], n: int) -> Masks:
    """The reverse of `pack`.

    >>> unpack(np.array([[5]], dtype=np.uint8), 3).tolist()
    [[True, False, True]]
    """
    packed = np.asarray(packed, dtype=np.uint8)
    bits = np.unpackbits(packed, axis=1, count=n, bitorder="little")
    return bits.astype(bool)


def keys(masks: Masks) -> list[bytes]:
    """One hashable key a mask: its packed bytes.

    >>> [key.hex() for key in keys(all_masks(2))]
    ['00', '01', '02', '03']
    """
    packed = np.ascontiguousarray(pack(masks))
    width = packed.shape[1]
    if not width:  # of no players there is one mask
        return [b""] * len(packed)
    data = packed.tobytes()
    return [data[start : start + width] for start in range(0, len(data), width)]


def distinct(masks: Masks) -> Masks:
    """The rows of `masks` without repeats, in order of first appearance.

    >>> distinct(np.array([[True, False], [True, True], [True, False]])).tolist()
    [[True, False], [True, True]]
    """
    return masks[_unseen(keys(masks), set())]
