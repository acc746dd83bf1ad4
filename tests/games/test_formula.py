"""Formulas: read as written, refused at the character that is wrong, and never run as code."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from spexviz.errors import FormulaError, GameError
from spexviz.games.formula import DEEPEST, Formula
from spexviz.masks import all_masks


def rows(n: int) -> np.ndarray:
    return np.array(list(itertools.product([False, True], repeat=n)))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("majority(x0, x1, x2)", lambda a, b, c: a + b + c > 1),
        ("and(x0, x1, x2)", lambda a, b, c: a and b and c),
        ("or(x0, x1, x2)", lambda a, b, c: a or b or c),
        ("xor(x0, x1, x2)", lambda a, b, c: (a + b + c) % 2),
        ("not(x0) & !x1 | ¬x2", lambda a, b, c: (not a and not b) or not c),
        ("x0 & x1 | ~x2", lambda a, b, c: (a and b) or not c),
        ("x0 ^ x1 & x2 | x0", lambda a, b, c: (a != (b and c)) or a),
        ("max(x0, 0.5) + min(x1, x2) - -1", lambda a, b, c: max(a, 0.5) + min(b, c) + 1),
        ("2·x0·x1 − 3×x2", lambda a, b, c: 2 * a * b - 3 * c),
        ("x0 + x1 * x2 - x0", lambda a, b, c: b * c),
        ("x0 - x1 - x2", lambda a, b, c: a - b - c),
        ("(x0 + x1) * x2 + .5e1\n", lambda a, b, c: (a + b) * c + 5),
        ("x0 ∧ x1 ∨ x2 ⊕ x0", lambda a, b, c: (a and b) or c != a),
        ("~" * 1990 + "x0", lambda a, b, c: a),
    ],
)
def test_a_formula_is_what_it_says(text: str, truth: object) -> None:
    expected = [float(truth(*map(int, row))) for row in rows(3)]
    assert Formula.read(text)(rows(3)).tolist() == expected


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("", 0, "Nothing is written"),
        ("   ", 0, "Nothing is written"),
        ("x0 +", 4, "the end"),
        ("x0 x1", 3, "“x1”"),
        ("x0 & (x1 | x2", 13, "closing bracket for the “(” of character 6"),
        ("x0 )", 3, "“)”"),
        ("x0 ** 2", 4, "no powers"),
        ("x0 / 2", 3, "0.5*x0"),
        ("x0 and x1", 3, "“and”"),
        ("majority x0", 9, "bracket"),
        ("majority()", 9, "“)”"),
        ("not(x0, x1)", 6, "“,”"),
        ("x0 < x1", 3, "compared"),
        ("x0[1]", 2, "round"),
        ("x7 + 2 * y0", 9, "“y0”"),
        ("x0 + x20", 5, "beyond the last variable, x19"),
        ("x0 + x" + "9" * 900, 5, "beyond the last variable"),
        ("x0*1e999", 3, "too large"),
        ("__import__('os').system('true')", 0, "“__import__”"),
        ("x0.__class__", 2, "“.”"),
        ("x0 # x1", 3, "“#”"),
        ("x0 + \N{MATHEMATICAL BOLD SMALL X}1", 5, "not expected"),
        ("(" * 60 + "x0" + ")" * 60, DEEPEST, "brackets"),
        ("<img src=x onerror=alert(1)>", 0, "“<”"),
        ("x0\x00", 2, "not expected"),
        ("\ud800", 0, "not expected"),
    ],
)
def test_an_error_points_at_its_character(text: str, position: int, word: str) -> None:
    with pytest.raises(FormulaError) as refused:
        Formula.read(text, most=20)
    assert refused.value.position == position
    assert str(refused.value).startswith(f"At character {position + 1}: ") and word in str(refused.value)
    assert isinstance(refused.value, GameError)


def test_the_longest_and_deepest_formulas_are_read_in_no_time() -> None:
    deep = "(x0|x0^x0&x0+x0*" * DEEPEST + "x0" + ")" * DEEPEST
    wide = "+".join(["x0"] * 660)
    start = time.perf_counter()
    for text in (deep, wide, "x0|" * 600 + "x1", "-" * 1900 + "x0"):
        assert np.isfinite(Formula.read(text)(all_masks(2))).all()
    assert time.perf_counter() - start < 2.0
    with pytest.raises(FormulaError, match="at most 2,000 are read"):
        Formula.read("x0" + "+x0" * 1000)
