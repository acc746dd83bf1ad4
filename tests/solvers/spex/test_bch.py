"""Shortened BCH codes: sizes against the published table, every error pattern within reach, both decoders."""

import numpy as np
import pytest

from spexviz.errors import SolverError
from spexviz.solvers.spex.bch import Field, bch, parity_length, unique_rows

ROWS_AT_ORDER_5 = {
    1: 15,
    11: 21,
    12: 28,
    36: 28,
    37: 36,
    92: 36,
    93: 41,
    215: 41,
    216: 46,
    466: 46,
    467: 51,
    973: 51,
    974: 56,
    1992: 56,
    1993: 61,
    2000: 61,
}


def random_words(n, t, count, rng, weight=None):
    """Sets of players, wrong bits and what is observed; |set| + |wrong| ≤ t."""
    code = bch(n, t)
    sets = np.full((count, t), n, dtype=np.intp)
    wrong = np.zeros((count, code.p), dtype=bool)
    for i in range(count):
        size = int(rng.integers(0, min(t, n) + 1)) if weight is None else weight
        sets[i, :size] = np.sort(rng.choice(n, size, replace=False))
        wrong[i, rng.choice(code.p, int(rng.integers(0, t - size + 1)), replace=False)] = True
    return code, sets, wrong, code.encode(sets) ^ wrong


@pytest.mark.parametrize("n", ROWS_AT_ORDER_5)
def test_rows_are_those_of_the_published_table(n):
    assert parity_length(n, 5)[1] + 1 == ROWS_AT_ORDER_5[n]


def test_lower_orders_are_cheaper():
    assert [parity_length(96, t)[1] + 1 for t in (2, 3, 4)] == [15, 22, 29]


@pytest.mark.parametrize("r", [3, 5, 8, 11])
def test_the_field_is_a_field(r):
    gf = Field(r)
    # the polynomial is primitive: the powers reach every element
    assert len(np.unique(gf.exp[: gf.size])) == gf.size
    a, b, c = np.random.default_rng(r).integers(0, 2**r, (3, 500))
    assert (gf.times(a, b ^ c) == gf.times(a, b) ^ gf.times(a, c)).all()
    assert (gf.times(a, np.zeros_like(a)) == 0).all()
    a = np.arange(1, 2**r)
    assert (gf.times(a, gf.inverse(a)) == 1).all()


@pytest.mark.parametrize(
    ("n", "t"),
    [(1, 1), (6, 5), (20, 1), (30, 2), (64, 3), (96, 4), (100, 5), (1000, 5), (300, 6), (40, 7), (2000, 8)],
)
def test_every_set_with_every_wrong_bit_within_reach_is_found(n, t):
    code, sets, _, observed = random_words(n, t, 400, np.random.default_rng([n, t]))
    found, decoded = code.hard(observed)
    assert decoded.all()
    assert (found == sets).all()


def test_all_words_of_a_small_code_against_a_search_through_all_errors():
    code = bch(7, 2)
    words = (np.arange(2**code.p)[:, None] >> np.arange(code.p)) & 1 == 1
    best = {}
    length = code.p + 7
    patterns = [()] + [(i,) for i in range(length)] + [(i, j) for i in range(length) for j in range(i)]
    for pattern in patterns:
        syndrome = tuple(np.bitwise_xor.reduce(code.roots_of[list(pattern)], axis=0)) if pattern else (0, 0)
        best[syndrome] = tuple(sorted(i - code.p for i in pattern if i >= code.p))
    found, decoded = code.hard(words)
    expected = [best.get(tuple(s)) for s in code.syndromes(words)]
    assert [
        tuple(int(i) for i in row if i < 7) if ok else None for row, ok in zip(found, decoded, strict=True)
    ] == expected
    assert 0 < decoded.sum() < len(words)


def test_errors_out_of_reach_are_mostly_refused():
    bits = np.random.default_rng(0).random((2000, bch(100, 5).p)) < 0.5
    assert bch(100, 5).hard(bits)[1].mean() < 0.01


def test_chase_finds_what_hard_decoding_cannot():
    rng = np.random.default_rng(3)
    code, sets, _, _ = random_words(100, 5, 60, rng, weight=5)
    signs = np.column_stack([np.ones(60), 1.0 - 2.0 * code.encode(sets)])
    # two wrong rows a word (the zero row too), both weak
    weak = np.argsort(rng.random(signs.shape), axis=1)[:, :2]
    np.put_along_axis(signs, weak, -0.1 * np.take_along_axis(signs, weak, axis=1), axis=1)
    assert not (code.hard((signs[:, 1:] < 0) ^ (signs[:, :1] < 0))[0] == sets).all(1).any()
    bins, found = code.chase(signs, depth=10, weight=2)
    for i in range(60):
        assert (found[bins == i] == sets[i]).all(1).any()


def test_the_sign_of_the_coefficient_does_not_matter():
    code, sets, _, observed = random_words(50, 4, 50, np.random.default_rng(1), weight=4)
    signs = -np.column_stack([np.ones(50), 1.0 - 2.0 * observed])
    bins, found = code.chase(signs, depth=4, weight=0)
    assert (bins == np.arange(50)).all()
    assert (found == sets).all()


def test_unique_rows_keeps_the_first_of_each():
    assert unique_rows(np.array([[2, 1], [0, 5], [2, 1], [0, 4], [0, 5]])).tolist() == [0, 1, 3]


@pytest.mark.parametrize(("n", "t"), [(0, 5), (10, 0), (10, 9), (10**6, 2)])
def test_what_no_code_covers_names_a_remedy(n, t):
    with pytest.raises(SolverError, match="ProxySPEX"):
        bch(n, t)
