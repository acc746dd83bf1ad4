"""What is said of going on from a run, and how a text is shown of which a piece is taken apart."""

from __future__ import annotations

import pytest

from spexviz.results import Subject
from spexviz.views import deeper
from spexviz.views.strip import BESIDE, pieces_of

TEXT = "One is kept. Two is not. Three is kept."


def subject(*spans: tuple[int, int], text: str = TEXT, noun: str = "word") -> Subject:
    players = tuple(text[start:stop] for start, stop in spans)
    return Subject(players, "nats", noun, text=text, spans=spans)


def test_the_text_in_pieces_is_the_text_and_says_what_is_taken_apart() -> None:
    inner = subject((13, 16), (17, 19), (20, 24))
    assert inner.pieces == (("One is kept. ", False), ("Two is not.", True), (" Three is kept.", False))
    whole = subject((0, 12), (13, 24), (25, 39))
    assert whole.pieces == ((TEXT, True),)
    odd = [((13, 24), (0, 12)), ((0, 20), (13, 39)), ((3, 3), (0, 0))]
    for one in (inner, whole, *(subject(*spans) for spans in odd)):
        assert "".join(piece for piece, _ in one.pieces) == TEXT
    assert Subject(("a",), "nats", text="of no place").pieces == (("of no place", True),)


def test_a_long_text_that_is_kept_is_shown_next_to_its_piece_only() -> None:
    text = f"{'before ' * 60}here it is{' after' * 60}"
    at = text.index("here")
    written, gaps = pieces_of(subject((at, at + 4), (at + 5, at + 7), (at + 8, at + 10), text=text))
    assert written == ["here", "it", "is"] and set(gaps) == {"0", "3"}
    assert gaps["0"].startswith(" … before") and gaps["0"].endswith("before ")
    assert gaps["3"].startswith(" after") and gaps["3"].endswith("after … ")
    assert all(len(gap) < BESIDE + 5 for gap in gaps.values())


def test_sentences_say_where_a_run_stands_and_what_more_would_bring() -> None:
    assert deeper.place("sentence", 31, (2,)) == "sentence 3 of 31"
    assert deeper.place("sentence", 31, (0, 2, 4, 9)) == "sentences 1, 3, 5 … of 31"
    assert deeper.whence("word", "sentence", 31, (2,)).startswith("Words of sentence 3 of 31; the rest")
    said = deeper.more(1024, 512, "about 40 s", 0.83, (0.78, 0.88))
    assert said == "With 1,024 ablations (512 more, about 40 s) expect R² 0.83, likely between 0.78 and 0.88."
    assert "cannot be told" in deeper.more(128, 64, "")
    assert deeper.zoom("word", 1, 8, "") == "1 word, with the rest of the text kept: 8 ablations."


@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", "a\u202eb\nc", "**bold** :red[x]"])
def test_players_in_a_list_are_one_line(hostile: str) -> None:
    told = deeper.part(subject((0, len(hostile)), text=hostile, noun="part"), 0, seen=True)
    assert "\n" not in told and "\u202e" not in told and told.endswith("(looked into)")
