"""Marks on a text: checked as a browser reports them, carried over to a changed text, and splits proposed."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from spexviz.errors import GameError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.marks import MOST_MARKS, checked, moved
from spexviz.games.prompt.proposal import proposed

ASTRAL = "𝔞𝔟 not 😀 bad"
FAMILY = "a 👩‍👩‍👧 e\u0301a b"  # an emoji of five code points, a letter with a combining mark


@pytest.mark.parametrize(
    ("text", "given", "pieces"),
    [
        ("It is not bad.", [[10, 14], [6, 9]], ["not", "bad."]),
        ("It is not bad.", [[5, 10]], ["not"]),  # the white space around it is none of it
        ("It is not bad.", [], []),
        ("It is not bad.", [[2, 3]], []),
        (ASTRAL, [[0, 2], [3, 6], [7, 8]], ["𝔞𝔟", "not", "😀"]),
        (FAMILY, [[3, 5]], ["👩‍👩‍👧"]),
        (FAMILY, [[8, 9]], ["e\u0301"]),
        (FAMILY, [[9, 11]], ["e\u0301a"]),
        ("not not", [[0, 3], [0, 3]], ["not"]),
    ],
)
def test_ranges_are_of_code_points_in_whole_characters(text: str, given: list, pieces: list) -> None:
    found = checked(text, given)
    assert [text[start:stop] for start, stop in found] == pieces
    if pieces:
        game = PromptGame("toy", text, split="spans", spans=found)
        assert list(game.players) == pieces


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([[0, 5], [3, 8]], "overlap"),
        ([[0, 99]], "no range of a text of 14 characters"),
        ([[-1, 3]], "no range"),
        ([[3, 3]], "no range"),
        ([[5, 2]], "no range"),
        ([[0, 2.0]], "whole numbers"),
        ([[True, 2]], "whole numbers"),
        ([["0", "2"]], "whole numbers"),
        (["ab"], "whole numbers"),
        ([[0, 1, 2]], "whole numbers"),
        ([None], "whole numbers"),
        (None, "no marks"),
        ("abc", "no marks"),
        ({"a": 1}, "no marks"),
        (3, "no marks"),
        ([[0, 1]] * (MOST_MARKS + 1), "no marks"),
        ([[0, 10**400]], "no range"),
    ],
)
def test_what_a_forged_message_reports_is_refused(given: object, says: str) -> None:
    with pytest.raises(GameError, match=says):
        checked("It is not bad.", given)


@pytest.mark.parametrize(
    ("old", "new", "spans", "pieces", "lost"),
    [
        ("not so bad", "not quite so bad", [(0, 3), (7, 10)], ["not", "bad"], []),
        ("not bad, not good", "not bad, not very good", [(0, 3), (9, 12)], ["not", "not"], []),
        ("a not b", "x y z not w", [(2, 5)], ["not"], []),
        ("a not b", "x not y not w", [(2, 5)], [], ["not"]),
        ("a not b", "", [(2, 5)], [], ["not"]),
        ("bad film", "bad fine film", [(0, 8)], [], ["bad film"]),
        ("ab bc", "1abc2", [(0, 2), (3, 5)], ["ab"], ["bc"]),
        ("😀 not", "😀😀 not", [(2, 5)], ["not"], []),
    ],
)
def test_marks_follow_their_text_or_are_said_to_be_lost(old, new, spans, pieces, lost) -> None:
    found, gone = moved(spans, old, new)
    assert [new[start:stop] for start, stop in found] == pieces and list(gone) == lost


def test_moved_marks_are_marks_of_the_new_text_whatever_is_typed() -> None:
    draw = random.Random(0)
    for _ in range(500):
        old = "".join(draw.choices("ab c😀", k=draw.randint(1, 12)))
        at = draw.randint(0, len(old))
        new = old[:at] + "".join(draw.choices("ab c", k=draw.randint(0, 4))) + old[at + draw.randint(0, 3) :]
        spans = checked(old, [[k, k + 1] for k in range(len(old)) if draw.random() < 0.5])
        found, gone = moved(spans, old, new)
        assert len(found) + len(gone) == len(spans) and sorted(found) == list(found)
        assert all(a[1] <= b[0] for a, b in pairwise(found))
        kept = [new[start:stop] for start, stop in found]
        assert sorted([*kept, *gone]) == sorted(old[start:stop] for start, stop in spans)


SENTENCE = "This film is not good but it is never dull. "


@pytest.mark.parametrize(
    ("text", "split", "wanted"),
    [
        ("", "words", None),
        ("not bad at all", "words", None),
        ("这部电影很好，我喜欢。", "words", ("boundaries", 9)),
        ("这部电影很好，我喜欢。", "boundaries", None),
        ("这部电影很好，我喜欢。" * 30, "words", ("sentences", 30)),
        (SENTENCE * 20, "words", ("sentences", 20)),
        (SENTENCE * 20, "sentences", None),
        (SENTENCE * 20, "tokens", None),
        ((SENTENCE * 10 + "\n") * 15, "words", ("lines", 15)),
        ((SENTENCE * 10 + "\n") * 15, "sentences", ("lines", 15)),
        ((SENTENCE + "\n") * 500, "words", ("sentences", 500)),  # too many of both: the fewer
        (((SENTENCE * 3 + "\n") * 3 + "\n") * 50, "words", ("paragraphs", 50)),
        ("word " * 3000, "words", None),  # nothing coarser
        ("sour => lemon\nsweet => honey\nsalty => sea\nbitter =>", "words", ("lines", 4)),
        ("Q: one\nA: two\n\nQ: three\nA: four\n", "words", ("lines", 4)),
        ("- one\n- two\n- three\n- four", "words", ("lines", 4)),
        ("1. one\n2. two\n3. three\n4. four", "lines", None),
        ("Roses are red\nviolets are blue\nsugar is sweet\nand so are you", "words", None),
        ("!!!", "words", None),
        ("\u202e" * 50, "words", None),
    ],
)
def test_the_split_is_proposed_by_script_length_and_lines(text: str, split: str, wanted: object) -> None:
    found = proposed(text, split)
    assert (found and (found.split, found.count)) == wanted
    if found:
        assert found.why and len(PromptGame("toy", text, split=found.split).players) == found.count
