"""Every index against its own definition, computed from the values of all masks.

None of the formulas of indices.py is used here.
"""

from __future__ import annotations

import dataclasses
import itertools
from math import comb, factorial

import numpy as np
import pytest

from spexviz import indices as module
from spexviz import views
from spexviz.errors import SolverError, SpecError
from spexviz.indices import (
    EFFICIENT,
    FIRST_ORDER,
    INDICES,
    Interactions,
    efficiency_gap,
    from_moebius,
    interactions,
    moebius,
)
from spexviz.masks import all_masks
from spexviz.spectrum import Spectrum

GOLDEN = {(): 0.7, (0,): 1.0, (1,): -0.5, (0, 1): 2.0, (0, 1, 2): 3.0}
SIZES = [
    (1, 1),
    (2, 1),
    (3, 2),
    (4, 1),
    (4, 2),
    (4, 3),
    (4, 4),
    (5, 2),
    (5, 3),
    (6, 2),
    (6, 3),
    (6, 4),
    (3, 5),
]


def subsets(players, least=0, most=None):
    most = len(players) if most is None else min(most, len(players))
    return itertools.chain.from_iterable(itertools.combinations(players, k) for k in range(least, most + 1))


def game(n, seed=0):
    """{set of kept players: value} of a random dense game, and its exact spectrum."""
    values = np.random.default_rng([seed, n]).normal(size=2**n)
    table = {
        tuple(np.flatnonzero(mask).tolist()): value for mask, value in zip(all_masks(n), values, strict=True)
    }
    return table, Spectrum.exact(values)


def union(a, b):
    return tuple(sorted(set(a) | set(b)))


def derivative(f, T, background):
    """Discrete derivative of T at a background that is disjoint from T."""
    return sum((-1) ** (len(T) - len(L)) * f[union(background, L)] for L in subsets(T))


def averaged(f, n, T, weight):
    rest = [i for i in range(n) if i not in T]
    return sum(weight(len(R)) * derivative(f, T, R) for R in subsets(rest))


def brute_sii(f, n, T):
    t = len(T)
    return averaged(f, n, T, lambda r: factorial(r) * factorial(n - r - t) / factorial(n - t + 1))


def brute_bii(f, n, T):
    return averaged(f, n, T, lambda r: 0.5 ** (n - len(T)))


def brute_stii(f, n, order, T):
    """Sundararajan et al.: over random arrival orders, the derivative at what stands before all of T."""
    if len(T) < order:
        return derivative(f, T, ())
    return averaged(f, n, T, lambda r: order / n / comb(n - 1, r))


def stii_by_permutations(f, n, T):
    total = 0.0
    for arrival in itertools.permutations(range(n)):
        first = min(arrival.index(i) for i in T)
        total += derivative(f, T, tuple(sorted(arrival[:first])))
    return total / factorial(n)


BERNOULLI = [1.0, -1 / 2, 1 / 6, 0.0, -1 / 30]


def brute_ksii(f, n, order, T):
    rest = [i for i in range(n) if i not in T]
    return sum(BERNOULLI[len(R)] * brute_sii(f, n, union(T, R)) for R in subsets(rest, 0, order - len(T)))


def unanimity_fit(f, n, order, weight):
    """Weighted least squares of f on the unanimity games of at most `order` players: {set: coefficient}."""
    sets = list(subsets(range(n), 0, order))
    rows = list(f)
    table = np.array([[set(T) <= set(S) for T in sets] for S in rows], dtype=float)
    root = np.sqrt([weight(len(S)) for S in rows])
    fit = np.linalg.lstsq(table * root[:, None], np.array([f[S] for S in rows]) * root, rcond=None)[0]
    return dict(zip(sets, fit, strict=True))


def brute_fsii(f, n, order):
    """The Shapley kernel, with the infinite weights of the empty and the full set as exact constraints (KKT
    system).
    """
    sets = list(subsets(range(n), 0, order))
    rows = list(f)
    table = np.array([[set(T) <= set(S) for T in sets] for S in rows], dtype=float)
    y = np.array([f[S] for S in rows])
    ends = np.array([len(S) in (0, n) for S in rows])
    inner, target = table[~ends], y[~ends]
    w = np.array([(n - 1) / (comb(n, len(S)) * len(S) * (n - len(S))) for S in rows if 0 < len(S) < n])
    c = table[ends]
    size = len(sets)
    system = np.zeros((size + len(c), size + len(c)))
    system[:size, :size], system[size:, :size], system[:size, size:] = inner.T @ (w[:, None] * inner), c, c.T
    solution = np.linalg.lstsq(system, np.concatenate([inner.T @ (w * target), y[ends]]), rcond=None)[0]
    return dict(zip(sets, solution[:size], strict=True))


def assert_same(found: Interactions, expected: dict):
    assert set(found.values) == set(expected)
    for members, value in expected.items():
        assert found.values[members] == pytest.approx(value, abs=1e-9), members


@pytest.mark.parametrize(("n", "order"), SIZES)
def test_derivative_indices(n, order):
    f, spectrum = game(n)
    sets = list(subsets(range(n), 0, order))
    assert_same(interactions(spectrum, "BII", order), {T: brute_bii(f, n, T) for T in sets})
    assert_same(interactions(spectrum, "SII", order), {T: brute_sii(f, n, T) for T in sets})
    assert_same(interactions(spectrum, "Moebius", order), {T: derivative(f, T, ()) for T in sets})


@pytest.mark.parametrize(("n", "order"), SIZES)
def test_or_index_is_the_moebius_of_the_dual_game(n, order):
    f, spectrum = game(n)
    players = set(range(n))
    dual = {T: f[tuple(range(n))] - f[tuple(sorted(players - set(T)))] for T in f}
    assert_same(
        interactions(spectrum, "OR", order), {T: derivative(dual, T, ()) for T in subsets(range(n), 1, order)}
    )


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_values_of_single_players(n):
    f, spectrum = game(n)
    assert_same(interactions(spectrum, "SV", 1), {(i,): brute_sii(f, n, (i,)) for i in range(n)})
    assert_same(interactions(spectrum, "BV", 1), {(i,): brute_bii(f, n, (i,)) for i in range(n)})
    variance = {}
    for i in range(n):  # influence: the expected variance when only player i is redrawn
        pairs = [(f[union(R, (i,))] - f[R]) ** 2 / 4 for R in subsets([j for j in range(n) if j != i])]
        variance[(i,)] = np.mean(pairs)
    assert_same(interactions(spectrum, "influence", 1), variance)


@pytest.mark.parametrize(("n", "order"), SIZES)
def test_stii(n, order):
    f, spectrum = game(n)
    assert_same(
        interactions(spectrum, "STII", order),
        {T: brute_stii(f, n, order, T) for T in subsets(range(n), 0, order)},
    )


def test_stii_of_top_order_by_all_permutations():
    f, spectrum = game(5)
    found = interactions(spectrum, "STII", 3)
    for T in itertools.combinations(range(5), 3):
        assert found.values[T] == pytest.approx(stii_by_permutations(f, 5, T), abs=1e-9)


@pytest.mark.parametrize(("n", "order"), [s for s in SIZES if s[1] <= s[0]])
def test_ksii(n, order):
    f, spectrum = game(n)
    expected = {T: brute_ksii(f, n, order, T) for T in subsets(range(n), 1, order)}
    assert_same(interactions(spectrum, "k-SII", order), {(): f[()], **expected})


@pytest.mark.parametrize(("n", "order"), SIZES)
def test_faithful_indices_by_least_squares(n, order):
    f, spectrum = game(n)
    assert_same(interactions(spectrum, "FBII", order), unanimity_fit(f, n, order, lambda s: 1.0))
    assert_same(interactions(spectrum, "FSII", order), brute_fsii(f, n, order))


@pytest.mark.parametrize("index", sorted(EFFICIENT))
@pytest.mark.parametrize("order", [1, 2, 3])
def test_efficient_indices_sum_to_the_full_effect(index, order):
    f, spectrum = game(5, seed=3)
    effect = f[tuple(range(5))] - f[()]
    found = interactions(spectrum, index, order)
    assert efficiency_gap(found, effect) == pytest.approx(0.0, abs=1e-9)
    assert efficiency_gap(found, effect + 0.25) == pytest.approx(0.25)


def test_efficiency_gap_refuses_other_indices():
    _, spectrum = game(3)
    for index in set(INDICES) - EFFICIENT:
        with pytest.raises(SpecError, match="k-SII"):
            efficiency_gap(interactions(spectrum, index, 2), 1.0)


@pytest.mark.parametrize(
    ("index", "order", "expected"),
    [
        ("FSII", 2, {(0,): 0.5, (1,): -1, (2,): -0.5, (0, 1): 3.5, (0, 2): 1.5, (1, 2): 1.5}),
        ("k-SII", 2, {(0,): 0.5, (1,): -1, (2,): -0.5, (0, 1): 3.5, (0, 2): 1.5, (1, 2): 1.5}),
        ("FBII", 2, {(): 1.075, (0,): 0.25, (1,): -1.25, (2,): -0.75, (0, 1): 3.5, (0, 2): 1.5, (1, 2): 1.5}),
        ("STII", 2, {(0,): 1, (1,): -0.5, (2,): 0, (0, 1): 3, (0, 2): 1, (1, 2): 1}),
        ("SV", 1, {(0,): 3, (1,): 1.5, (2,): 1}),
        ("BV", 1, {(0,): 2.75, (1,): 1.25, (2,): 0.75}),
        ("FBII", 1, {(): -0.55, (0,): 2.75, (1,): 1.25, (2,): 0.75}),
        ("BII", 2, {(): 1.825}),
    ],
)
def test_golden_values(index, order, expected):
    found = interactions(from_moebius(3, GOLDEN), index, order)
    for members, value in expected.items():
        assert found[members] == pytest.approx(value, abs=1e-12)


def test_golden_values_where_fsii_and_ksii_part():
    spectrum = from_moebius(4, {(0, 1, 2, 3): 1.0})
    for index, pair, single in (("FSII", 0.3, -0.2), ("k-SII", 1 / 3, -0.25)):
        found = interactions(spectrum, index, 2)
        assert [found[p] for p in itertools.combinations(range(4), 2)] == pytest.approx([pair] * 6)
        assert [found[(i,)] for i in range(4)] == pytest.approx([single] * 4)


def test_moebius_round_trip_on_a_sparse_function_of_many_players():
    rng = np.random.default_rng(5)
    given = {
        tuple(sorted(rng.choice(1500, size=k, replace=False).tolist())): float(rng.normal())
        for k in range(8)
        for _ in range(6)
    }
    spectrum = from_moebius(1500, given)
    back = moebius(spectrum)
    assert back.keys() == given.keys()
    assert all(back[s] == pytest.approx(given[s], abs=1e-9) for s in given)
    masks = rng.random((40, 1500)) < 0.9
    direct = [sum(v for s, v in given.items() if mask[list(s)].all()) for mask in masks]
    assert spectrum(masks) == pytest.approx(direct, abs=1e-4)  # evaluation is in single precision


def test_order_above_eight_bytes_of_key_groups_the_same_sets():
    # 9 and 8 of 2,000 players
    terms = {
        tuple(range(0, 1800, 200)): 1.0,
        tuple(range(0, 1600, 200)): 0.5,
        tuple(range(200, 1800, 200)): 0.25,
    }
    found = interactions(Spectrum(2000, terms), "Moebius", 9)
    assert len(found) == 2**9
    for members in [(), (0,), (200, 400), tuple(range(200, 1600, 200))]:
        expected = (-2.0) ** len(members) * sum(v for s, v in terms.items() if set(members) <= set(s))
        assert found[members] == pytest.approx(expected)


def test_intervals_are_quantiles_of_the_mapped_draws():
    rng = np.random.default_rng(1)
    # not in sorted order: draws must follow their terms
    given = {(0, 1, 2): 0.4, (): 1.0, (1,): -0.5, (0, 1): 0.3, (2,): 0.2}
    draws = np.array(list(given.values())) + rng.normal(scale=0.1, size=(60, 5))
    spectrum = Spectrum(3, given, draws=draws)
    for index in INDICES:
        found = interactions(spectrum, index, 2)
        each = [interactions(Spectrum(3, dict(zip(given, draw, strict=True))), index, 2) for draw in draws]
        for members in found.values:
            assert found.intervals[members] == pytest.approx(
                np.quantile([e[members] for e in each], [0.05, 0.95]), abs=1e-9
            ), (index, members)
    low, high = interactions(spectrum, "BII", 2).intervals[(0, 1)]
    assert low < 1.2 < high
    assert interactions(Spectrum(3, given), "BII", 2).intervals is None


def test_shares_are_of_the_whole_variance():
    spectrum = Spectrum(3, {(): 9.0, (0,): 1.0, (0, 1): 2.0, (0, 1, 2): 1.0})
    found = interactions(spectrum, "FBII", 2)
    assert found.shares == pytest.approx({(): 0.0, (0,): 1 / 6, (1,): 0.0, (0, 1): 4 / 6}, abs=1e-12)


def test_ranking_trap_top_ranks_by_share_not_by_inflated_value():
    nine = tuple(range(9))
    spectrum = Spectrum(10, {(0,): -1.0, (1, 2): 0.6, (3,): 0.2, nine: 0.02})
    found = interactions(spectrum, "BII", 9)
    assert max(found.values, key=lambda s: abs(found.values[s])) == nine  # the trap: 512 × 0.02
    assert list(found.top(3).values) == [(0,), (1, 2), (3,)]
    assert list(found.top(2, include_singletons=False).values) == [(1, 2), nine]
    assert found.top(1).shares == pytest.approx({(0,): 1 / 1.4004})


def test_top_breaks_ties_by_value_and_keeps_intervals_and_drops_nothing_sets():
    spectrum = Spectrum(4, {(): 5.0, (0, 1, 2): 1.0}, draws=np.array([[5.0, 1.0], [5.0, 1.2]]))
    found = interactions(spectrum, "SII", 3)
    top = found.top()
    assert next(iter(top))[0] == (0, 1, 2)
    sizes = [abs(value) for _, value in list(top)[1:]]
    assert sizes == sorted(sizes, reverse=True)
    assert () not in top.values
    assert top.intervals.keys() == top.values.keys() == top.shares.keys()
    assert len(interactions(Spectrum(3, {(0,): 1.0}), "SV", 1).top()) == 1  # players 1 and 2 are at 0


def test_first_order_indices_list_every_player_and_ignore_the_order():
    for index in FIRST_ORDER:
        found = interactions(Spectrum(3, {(1,): 2.0}), index, 4)
        assert (found.order, list(found.values)) == (1, [(0,), (1,), (2,)])
        assert interactions(Spectrum(2, {}), index, 1).values == {(0,): 0.0, (1,): 0.0}
        with_draws = interactions(Spectrum(2, {}, draws=np.zeros((3, 0))), index, 1)
        assert with_draws.intervals == {(0,): (0.0, 0.0), (1,): (0.0, 0.0)}


def test_spellings_units_and_errors():
    spectrum = Spectrum(2, {(0, 1): 1.0})
    assert interactions(spectrum, "Möbius", 2) == interactions(spectrum, "Moebius", 2)
    assert interactions(spectrum, "influence", 1, unit="nats").unit == "nats²"
    assert interactions(spectrum, "BII", 2, unit="nats").unit == "nats"
    with pytest.raises(SpecError, match="k-SII"):
        interactions(spectrum, "Shapley", 1)
    for order in (0, -1, 1.5, None):
        with pytest.raises(SpecError, match="at least 1"):
            interactions(spectrum, "BII", order)
    with pytest.raises(SpecError, match="one label a player"):
        interactions(spectrum, "BII", 2, players=("a",))


def test_an_absurd_expansion_is_refused_before_it_starts():
    with pytest.raises(SolverError, match="truncate"):
        moebius(Spectrum(60, {tuple(range(60)): 1.0}))
    assert interactions(Spectrum(60, {tuple(range(60)): 1.0}), "FBII", 3).values == {}  # nothing of order ≤ 3


def test_interactions_is_frozen_and_sparse():
    found = interactions(Spectrum(3, {(0, 1): 1.0}), "BII", 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.index = "SV"
    assert (len(found), found[(0, 2)], found[(0, 1)], list(found)) == (1, 0.0, 4.0, [((0, 1), 4.0)])


def test_a_repeated_player_is_numbered_wherever_it_is_named():
    """Case 21: as figures do."""
    players = ("not", "so", "not", "a\nb")
    found = interactions(Spectrum(4, {(0, 2): 1.0, (1, 3): 0.5}), "BII", order=2, players=players)
    assert found.label((0, 2)) == "not (1) × not (3)" and found.label((1, 3)) == "so × a b"
    assert list(found.top(2).frame()["label"]) == ["not (1) × not (3)", "so × a b"]
    assert list(views.table(found)["members"])[:2] == ["not (1) × not (3)", "so × a b"]
    for shown in (repr(found), found._repr_html_()):
        assert "not (1) × not (3)" in shown and "not × not" not in shown and "so × a b" in shown


def test_labels_tables_and_frame():
    players = ("never", "<b>fails</b>", "never")  # repeated words stay apart: keys are positions
    spectrum = Spectrum(3, {(): 1.0, (0,): 0.5, (2,): -0.25, (0, 1): 2.0}, draws=np.ones((4, 4)))
    found = interactions(spectrum, "BII", 2, players=players, unit="log-odds")
    assert found.label((0, 1)) == "never (1) × <b>fails</b>"
    assert found.label(()) == "(constant)"
    text = repr(found)
    assert "log-odds" in text and "never (1) × <b>fails</b>" in text and "+8" in text
    page = found._repr_html_()
    assert "<b>" not in page and "never (1) × &lt;b&gt;fails&lt;/b&gt;" in page
    frame = found.top().frame()
    assert list(frame.columns) == ["members", "label", "order", "value", "low", "high", "share"]
    assert frame.members.tolist() == [(0, 1), (0,), (2,)]
    assert frame.value.tolist() == [8.0, -1.0, 0.5]
    assert frame.low.tolist() == [4.0, -2.0, -2.0]
    assert len(interactions(Spectrum(2, {}), "BII", 2).frame()) == 0
    assert interactions(Spectrum(2, {(0,): 1.0}), "BII", 1).frame().low.isna().all()


def test_a_long_table_says_that_it_is_cut():
    spectrum = Spectrum(100, {(i,): float(i + 1) for i in range(100)})
    assert "the 12 with the largest share" in repr(interactions(spectrum, "BII", 1))
    assert interactions(spectrum, "BII", 1)._repr_html_().count("<tr>") == 26


def test_every_index_has_one_plain_sentence():
    assert all(text.endswith(".") and len(text) < 160 for text in INDICES.values())
    assert {name for name, text in INDICES.items() if "order 1 only" in text} == FIRST_ORDER
    assert set(module._SPELLINGS.values()) == set(INDICES)
