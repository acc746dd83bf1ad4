from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from spexviz.errors import GameError, SpexvizError
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import all_masks, uniform_masks
from spexviz.spec import build, describe
from spexviz.spectrum import Spectrum

GAMES = {"synthetic": SyntheticGame}


def test_expression_is_evaluated_as_written() -> None:
    game = SyntheticGame("2*x0*x1 - 3*x2*(x3 + 0.5) - -x1 + 1e1")
    x = all_masks(4).astype(float).T
    np.testing.assert_allclose(game(all_masks(4)), 2 * x[0] * x[1] - 3 * x[2] * (x[3] + 0.5) + x[1] + 10)
    assert game.players == ("x0", "x1", "x2", "x3")
    np.testing.assert_array_equal(SyntheticGame("1", n=2)(all_masks(2)), np.ones(4))


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        ("x0 & ~x1", lambda a, b, c: a and not b),
        ("x0 | x1 & x2", lambda a, b, c: a or (b and c)),
        ("x0 ^ x1 ^ x2", lambda a, b, c: a != b != c if False else (a + b + c) % 2 == 1),
        ("~(x0 | x1) & x2", lambda a, b, c: not (a or b) and c),
    ],
)
def test_boolean_truth_tables(expression: str, truth: object) -> None:
    rows = list(itertools.product([False, True], repeat=3))
    assert SyntheticGame(expression, n=3)(np.array(rows)).tolist() == [float(truth(*row)) for row in rows]


def test_a_spectrum_is_its_own_value_and_survives_json() -> None:
    spectrum = Spectrum(5, {(): 1.0, (0, 3): -2.5, (4,): 0.25})
    game = SyntheticGame(spectrum)
    np.testing.assert_allclose(game(all_masks(5)), spectrum(all_masks(5)))
    again = build(GAMES, json.loads(json.dumps(describe(game))), "game")
    assert (
        again.spectrum == spectrum
        and again.fingerprint == game.fingerprint
        and describe(again) == describe(game)
    )


@pytest.mark.parametrize(
    "game",
    [SyntheticGame("x0*x1", noise=0.5, seed=3, n=4), SyntheticGame(Spectrum(3, {(0, 1): 1.0}), noise=1.0)],
)
def test_describe_and_build_round_trip(game: SyntheticGame) -> None:
    again = build(GAMES, json.loads(json.dumps(describe(game))), "game")
    masks = all_masks(len(game.players))
    assert again.fingerprint == game.fingerprint and (again(masks) == game(masks)).all()


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('os').system('true')",
        "x0.__class__",
        "x0[0]",
        "x0 ** x1",
        "2 ** 10 ** 10",
        "x0 / x1",
        "x0 % 2",
        "[x0 for x0 in (1, 2)]",
        "(lambda: x0)()",
        "x0 if x1 else 2",
        "x0 < x1",
        "x0 and x1",
        "'x0'",
        "x0 + 'x1'",
        "True * x0",
        "1j * x0",
        "y0 + x0",
        "x0 := 3",
        "x0; x1",
        "x99999",
        "x9999",  # beyond 2,000 players
        "x0 + \N{MATHEMATICAL BOLD SMALL X}5000",  # Python reads it as x5000
        "",
        "3.5",
        "x0 +",
        "x0 \x00",
        "\ud800",
        "x0 * 1" + "0" * 400,  # no float holds it
        "x0 * 1" + "0" * 1900,
        "x0 * 1e999",
        "x0 * 1e300 * 1e300",
        "1e999 * (1 - x0)",  # infinite for the empty mask only
        "(" * 900 + "x0" + ")" * 900,
        "x0" + "+x0" * 1000,  # too long
        "-" * 1500 + "[" * 90 + "x0",
    ],
)
def test_hostile_expressions_are_refused_in_words(hostile: str) -> None:
    with pytest.raises(GameError):
        SyntheticGame(hostile)


@pytest.mark.parametrize(
    "settings",
    [
        {"source": {"n": 10**9, "terms": [[[0], 1.0]]}},
        {"source": {"n": 2}},
        {"source": {"n": 2, "terms": [[[5], 1.0]]}},
        {"source": {"n": 2, "terms": [[[0], "a"]]}},
        {"source": {"n": float("inf"), "terms": []}},
        {"source": 5},
        {"source": None},
        {"source": "x0", "noise": -1.0},
        {"source": "x0", "noise": float("nan")},
        {"source": "x0", "noise": float("inf")},
        {"source": "x0", "noise": "loud"},
        {"source": "x0", "seed": -1},
        {"source": "x0", "n": 10**9},
        {"source": "x0", "n": "5"},
        {},
        {"source": "x0", "colour": "red"},
    ],
)
def test_hostile_settings_from_a_file_are_refused_in_words(settings: dict) -> None:
    with pytest.raises(SpexvizError):
        build(GAMES, {"name": "synthetic", **settings}, "game")


def test_noise_is_a_fixed_standard_normal_function_of_the_mask() -> None:
    masks = uniform_masks(30, 20_000, 0)
    noise = SyntheticGame("0*x0", noise=1.0, seed=1, n=30)(masks)
    assert (SyntheticGame("0*x0", noise=1.0, seed=1, n=30)(masks[::-1])[::-1] == noise).all()
    other = SyntheticGame("0*x0", noise=1.0, seed=2, n=30)(masks)
    ordered = np.sort(noise)
    from scipy.stats import kstest

    assert kstest(ordered, "norm").pvalue > 1e-4
    assert abs(np.corrcoef(noise, other)[0, 1]) < 0.03
    signs = 1.0 - 2.0 * masks
    assert np.abs(signs.T @ noise / len(masks)).max() < 5 / np.sqrt(len(masks))  # no player shows in it
    pairs = (signs[:, :1] * signs[:, 1:]).T @ noise / len(masks)
    assert np.abs(pairs).max() < 5 / np.sqrt(len(masks))


def test_fingerprint_tells_games_apart() -> None:
    games = [
        SyntheticGame("x0*x1"),
        SyntheticGame("x0+x1"),
        SyntheticGame("x0*x1", n=3),
        SyntheticGame("x0*x1", noise=1.0),
        SyntheticGame("x0*x1", noise=1.0, seed=1),
    ]
    assert len({game.fingerprint for game in games}) == len(games)
