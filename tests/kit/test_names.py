"""Names: words lose the punctuation at their edges, and carry a number only where they repeat."""

from __future__ import annotations

import pytest

from spexviz.kit.names import bare, names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("all.", "all"),
        ("impress,", "impress"),
        ("bad…", "bad"),
        ("“not", "not"),
        ("«bon»!", "bon"),
        ("(good)", "good"),
        ("(not", "not"),
        ("¿Qué?", "Qué"),
        ("「映画」。", "映画"),
        ("‘tis", "tis"),
        ("word—", "word"),
        ("😀!", "😀"),
        ("The room was fine. Really!", "The room was fine. Really"),
        # what stays
        ("C++", "C++"),
        ("-5", "-5"),
        (".5", ".5"),
        ("%", "%"),
        ("50%", "50%"),
        ("—", "—"),
        ("...", "..."),
        (":-)", ":-)"),
        ("f(x)", "f(x)"),
        ("(a) b (c)", "(a) b (c)"),
        ("don’t", "don’t"),
        ("L0.H8", "L0.H8"),
        ("digit 3, no. 55", "digit 3, no. 55"),
        ("$x^2$", "$x^2$"),
        ("", "∅"),
        ("\n", "↵"),
    ],
)
def test_punctuation_at_the_edges(text: str, shown: str) -> None:
    assert names((text,)) == (shown,)
    assert bare(bare(text)) == bare(text)


def test_words_that_repeat_once_bare_carry_their_position() -> None:
    assert names(("bad", "not", "bad.", "Bad")) == ("bad (1)", "not", "bad (3)", "Bad")
    assert names(("all,", "at")) == ("all", "at")


def test_names_are_all_different_whatever_the_labels() -> None:
    for players in (
        ("a", "a.", "a (1)", "a (2)"),
        ("x" * 60, "x" * 70),
        ("", "", " "),
        ("(a (1))", "a", "a"),
    ):
        assert len(set(names(players))) == len(players)


def test_a_long_name_is_cut_after_its_edges_and_keeps_the_sign_of_it() -> None:
    assert names(("“" + "x" * 50 + "”",)) == ("x" * 39 + "…",)
    assert names(("“" + "x" * 40 + "”",)) == ("x" * 40,)
