"""What is said of a recovery: a line, a sentence, a table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spexviz.analysis.recovery import recovered
from spexviz.views import recovered as views
from spexviz.views.recovered import FALSE, FOUND, MISSED, Held

PLAYERS = ("a", "b", "c")


def held(true: list[float], found: list[float], title: str = "LIME") -> Held:
    tables = np.array(true), np.array(found)
    return Held(title, recovered(*tables), *tables, PLAYERS)


SOME = held([0, 2.0, 0, -3.0, 0, 0, 0, 0], [0, 1.9, 0.5, 0, 0, 0, 0, 1.0])


def test_a_solver_is_told_in_a_sentence() -> None:
    assert views.said(SOME) == (
        "LIME finds 1 of 2 sets. It misses a × b (−3.00). It shows 2 sets that are not in the function: "
        "a × b × c (+1.00), b (+0.50)."
    )
    assert views.said(held([0, 2.0], [9, 1.9])) == "LIME finds the one set, and shows nothing else."
    assert views.said(held([1, 0, 0, 0], [1, 0, 0, 0])).startswith("LIME finds that there is nothing to find")
    many = held([0, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6], [0.0] * 8)
    assert "a × b × c (+1.60), b × c (+1.50), a × c (+1.40) and 4 more" in views.said(many)
    assert views.said(held([0, 1.0, 0, 0], [0, -1.0, 0, 0])).endswith(
        "0 of 1 set. It misses a (+1.00). It shows one set that is not in the function: a (−1.00)."
    )


def test_a_line_of_the_list_counts_and_says_what_it_counts() -> None:
    line = views.line("lime", "LIME", 0.5, SOME.recovery)
    assert line.beside == "1 of 2, 2 false" and line.said == "R² 0.50, 1 of 2 sets found, 1 missed, 2 false"
    guess = views.line("you", "You", math.nan, SOME.recovery, own=True)
    assert guess.said == "1 of 2 sets found, 1 missed, 2 false" and guess.own


def test_the_table_has_what_went_wrong_first() -> None:
    table = views.table(SOME)
    assert [row["Verdict"] for row in table.rows] == [MISSED, FALSE, FALSE, FOUND]
    assert table.members == ((0, 1), (0, 1, 2), (1,), (0,))
    assert table.rows[0] == {"Set": "a × b", "Verdict": MISSED, "In the function": "−3.00", "Shown": "0"}
    assert "10 %" in table.columns["Verdict"]


@pytest.mark.parametrize(
    ("guesses", "said"),
    [
        ([], "You named no set; there are 2."),
        ([(0,)], "Of your 1 guess, 1 is in the function. Not named: a × b (−3.00)."),
    ],
)
def test_a_guess_is_told(guesses: list, said: str) -> None:
    recovery = SOME.recovery
    if not guesses:
        recovery = held([0, 2.0, 0, -3.0, 0, 0, 0, 0], [0.0] * 8).recovery
    assert views.guess_said(recovery, SOME.true, guesses, PLAYERS) == said
