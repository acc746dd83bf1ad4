from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pytest

from spexviz.errors import GameError
from spexviz.games.prompt.segments import SPLITS, Segments, render, render_one, segment

REVIEW = "Her acting never fails to impress, even though the plot is anything but original."
TEXTS = [
    REVIEW,
    "  never  never\tnever\n\nnever ",
    "naïve café — «déjà vu» 👩‍👩‍👧‍👦 👍🏽 e\u0301e\u0301",
    "مرحبا بالعالم، كيف حالك؟ שלום עולם",
    "你好。我很好！ 再见",
    "a\u00a0b\u2003c\u2028d\x85e\x1cf",
    "x",
    "Line one.\n\n  indented line\r\nlast",
]


def masks_of(segments: Segments, seed: int = 0, count: int = 40):
    return np.random.default_rng([seed, len(segments)]).random((count, len(segments))) < 0.5


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_exactly_str_split(text):
    words = segment(text, "words")
    assert list(words.labels) == text.split()
    assert render_one(words, [True] * len(words)) == " ".join(text.split())
    assert render_one(words, [False] * len(words)) == ""
    for mask, got in zip(masks_of(words), render(words, masks_of(words)), strict=True):
        assert got == " ".join(word for word, keep in zip(text.split(), mask, strict=True) if keep)
    for mask, got in zip(masks_of(words), render(words, masks_of(words), "[X]"), strict=True):
        assert got == " ".join(word if keep else "[X]" for word, keep in zip(text.split(), mask, strict=True))


def test_words_agree_with_str_split_on_every_space_of_unicode():
    spaces = [
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if c.isspace() or unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc", "Cf")
    ]
    text = "".join(f"w{k}{space}" for k, space in enumerate(spaces))
    assert list(segment(text, "words").labels) == text.split()


def cut(text, spans, mask, replacement=""):
    """Reference: rebuild the text from its right end."""
    for (a, b), keep in reversed(list(zip(spans, mask, strict=True))):
        if not keep:
            text = text[:a] + replacement + text[b:]
    return text


def cutting_segments(text):
    yield segment(text, "regex", pattern=r"\w+")
    yield segment(text, "regex", pattern=r"\S")
    yield segment(text, "spans", spans=[(0, 1)])
    yield segment(text, "tokens", token_spans=[(k, min(k + 3, len(text))) for k in range(0, len(text), 3)])


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_regex_and_spans_cut_exactly_their_characters(text):
    for segments in cutting_segments(text):
        assert render_one(segments, [True] * len(segments)) == text
        assert segments.labels == tuple(text[a:b] for a, b in segments.spans)
        for replacement in (None, "…"):
            for mask, got in zip(
                masks_of(segments), render(segments, masks_of(segments), replacement), strict=True
            ):
                assert got == cut(text, segments.spans, mask, replacement or "")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("split", ["words", "sentences", "lines", "paragraphs"])
def test_spans_stand_where_the_labels_are(text, split):
    segments = segment(text, split)
    assert all(a < b for a, b in segments.spans)
    assert all(left[1] <= right[0] for left, right in zip(segments.spans, segments.spans[1:], strict=False))
    assert segments.labels == tuple(text[a:b] for a, b in segments.spans)
    assert "".join("".join(segments.labels).split()) == "".join(text.split())  # nothing but space is lost


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("split", ["words", "boundaries", "sentences", "lines", "paragraphs"])
def test_with_every_part_kept_white_space_is_as_typed(text, split):
    segments = segment(text, split, as_typed=True)
    assert render_one(segments, [True] * len(segments)) == text
    nothing = render_one(segments, [False] * len(segments))
    assert nothing == text[: segments.spans[0][0]] + text[segments.spans[-1][1] :]
    for mask, got in zip(masks_of(segments), render(segments, masks_of(segments)), strict=True):
        kept = [label for label, keep in zip(segments.labels, mask, strict=True) if keep]
        assert "".join(got.split()) == "".join("".join(kept).split())


def test_a_removed_word_takes_no_line_end_with_it():
    text = "Review: dull\nSentiment:  bad\n\nReview: fun"
    words = segment(text, "words", as_typed=True, protected=[(0, 7)])
    assert words.labels == ("dull", "Sentiment:", "bad", "Review:", "fun")

    def left(*kept, replacement=None):
        return render_one(words, [k in kept for k in range(5)], replacement)

    assert left(1, 2, 3, 4) == "Review:\nSentiment:  bad\n\nReview: fun"
    assert left(0, 2, 3, 4) == "Review: dull\nbad\n\nReview: fun"
    assert left(0, 1, 3, 4) == "Review: dull\nSentiment:\n\nReview: fun"
    assert left(0, 1) == "Review: dull\nSentiment:"
    assert left(4) == "Review:\n\nfun" and left() == "Review:"
    assert left(0, 1, 4, replacement="_") == "Review: dull\nSentiment:  _\n\n_ fun"
    lines = segment("a\n\nb\nc\n", "lines", as_typed=True)
    assert render(lines, np.array([[1, 0, 1], [1, 1, 0]], bool)) == ["a\n\nc\n", "a\n\nb\n"]
    chinese = segment("你好。我很好！", "sentences", as_typed=True)
    assert render_one(chinese, [True, True]) == "你好。我很好！"


def test_sentences():
    text = (
        'Dr. Smith went home. He said "Stop!" and left... maybe.  Was it 3.5? Yes!\n\nA title\n\n'
        "你好。我很好！ok J. R. Tolkien wrote. مرحبا؟ نعم."
    )
    assert segment(text, "sentences").labels == (
        "Dr. Smith went home.",
        'He said "Stop!" and left... maybe.',
        "Was it 3.5?",
        "Yes!",
        "A title",
        "你好。",
        "我很好！",
        "ok J. R. Tolkien wrote.",
        "مرحبا؟",
        "نعم.",
    )
    sentences = segment("One.  Two!\nThree", "sentences")
    assert render(sentences, np.array([[1, 1, 1], [1, 0, 1]], bool)) == ["One. Two! Three", "One. Three"]


def test_lines_keep_their_indentation_and_drop_blank_lines():
    lines = segment("def f():\r\n    return 1  \n\n\t\nf()", "lines")
    assert lines.labels == ("def f():", "    return 1", "f()")
    assert render(lines, np.array([[1, 1, 1], [0, 1, 1]], bool), None) == [
        "def f():\n    return 1\nf()",
        "    return 1\nf()",
    ]


def test_paragraphs_end_at_blank_lines_only():
    text = "A line,\r\n  and one more. \r\n \t\r\n\r\nThe next\none\n\n\n last"
    paragraphs = segment(text, "paragraphs")
    assert paragraphs.labels == ("A line,\r\n  and one more.", "The next\none", " last")
    assert render(paragraphs, np.array([[1, 0, 1], [0, 1, 1]], bool)) == [
        "A line,\r\n  and one more.\n\n last",
        "The next\none\n\n last",
    ]
    typed = segment(text, "paragraphs", as_typed=True)
    assert render_one(typed, [True] * 3) == text


def test_tokens_of_one_character_become_one_player():
    text = "a👍b"  # three byte tokens of the emoji have one and the same offsets; a special token has none
    segments = segment(text, "tokens", token_spans=[(0, 0), (0, 1), (1, 2), (1, 2), (1, 2), (2, 3)])
    assert segments.labels == ("a", "👍", "b")
    assert render(segments, np.array([[1, 0, 1]], bool)) == ["ab"]


def test_protected_parts_always_stay_and_are_no_players():
    text = "Review: the plot is not bad"
    words = segment(text, "words", protected=[(0, 7), (14, 14)])
    assert words.labels == ("the", "plot", "is", "not", "bad")
    assert render_one(words, [False, True, False, True, True]) == "Review: plot not bad"
    assert render_one(words, [False] * 5, "_") == "Review: _ _ _ _ _"
    middle = segment(text, "words", protected=[(14, 15)])  # a part of "plot" is enough
    assert render_one(middle, [False] * len(middle)) == "plot"
    matches = segment(text, "regex", pattern=r"\w+", protected=[(0, 7)])
    assert render_one(matches, [False] * len(matches)) == "Review:     "
    # touching is not overlapping
    assert segment("abc", "regex", pattern=r"\w", protected=[(1, 2)]).labels == ("a", "c")
    with pytest.raises(GameError, match="protect less"):
        segment(text, "words", protected=[(0, len(text))])


def test_a_batch_is_the_same_as_one_by_one():
    segments = segment(REVIEW, "words", protected=[(0, 3)])
    masks = masks_of(segments)
    assert render(segments, masks) == [render_one(segments, mask) for mask in masks]
    assert render(segments, masks[:0]) == []


def test_masks_that_do_not_fit_are_refused():
    segments = segment("a b c", "words")
    for masks in (np.ones((2, 4), bool), np.ones(3, bool), np.ones((2, 3), int)):
        with pytest.raises(GameError, match="3 players"):
            render(segments, masks)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u2003"])
@pytest.mark.parametrize("split", list(SPLITS))
def test_empty_texts_are_refused(text, split):
    with pytest.raises(GameError, match="empty"):
        segment(text, split, token_spans=[], spans=[], pattern="a")


HOSTILE = [r"(a+)+$", r"(a|aa)+$", r"(.*a){25}b"]  # exponential without a limit


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_hostile_pattern_is_stopped(pattern, monkeypatch):
    monkeypatch.setattr("spexviz.games.prompt.patterns.REGEX_SECONDS", 0.1)
    with pytest.raises(GameError, match=r"simplify it"):
        segment("a" * 3000 + "!", "regex", pattern=pattern)


@pytest.mark.parametrize("pattern", [r"a{999999999}", r"((a{999}){999}){999}", r"a{ 1, 99999999 }"])
def test_counts_that_would_hang_the_compiler_are_refused(pattern):
    with pytest.raises(GameError, match="braces"):
        segment("aaa", "regex", pattern=pattern)


@pytest.mark.parametrize("pattern", ["(", "[a", r"\L<words>", "(" * 400 + "a" + ")" * 400, "*"])
def test_an_invalid_pattern_is_refused(pattern):
    with pytest.raises(GameError, match="not a usable regular expression"):
        segment("aaa", "regex", pattern=pattern)


@pytest.mark.parametrize("pattern", [r"(a|b|(?R))*", r"(a(?1)?)", r"(?P<x>a)(?&x)", r"(?P<x>a)(?P>x)"])
def test_a_pattern_that_calls_itself_is_refused(pattern):
    with pytest.raises(GameError, match="calls itself"):
        segment("aaa", "regex", pattern=pattern)


def test_patterns_in_bounds_work():
    assert segment("on 2024-05-06 x", "regex", pattern=r"\d{4}-\d{2}-\d{2}").labels == ("2024-05-06",)
    assert segment("αβ γ", "regex", pattern=r"\p{Greek}+(?=.)").labels == ("αβ",)
    assert segment("abc", "regex", pattern=r"x*|b").labels == ("b",)  # empty matches are no players
    assert segment("a(1 b1", "regex", pattern=r"\(?1").labels == ("(1", "1")  # no call of group 1
    # searched from the end, given in order
    assert segment("a b c", "regex", pattern=r"(?r)\w").labels == ("a", "b", "c")
    for pattern in (None, "", "a" * 1001):
        with pytest.raises(GameError, match="1 to 1000 characters"):
            segment("aaa", "regex", pattern=pattern)
    with pytest.raises(GameError, match="nothing was found"):
        segment("aaa", "regex", pattern="b")


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (None, "needs `spans`"),
        ([(0, 9)], "no range"),
        ([(-1, 2)], "no range"),
        ([(2, 1)], "no range"),
        ([(1, 1)], "is empty"),
        ([(0, 2), (1, 3)], "overlap"),
        ([(0,)], "pairs"),
        ([("a", "b")], "pairs"),
        ([], "no piece of it is marked"),
    ],
)
def test_spans_that_do_not_fit_are_refused(spans, message):
    with pytest.raises(GameError, match=message):
        segment("abcdef", "spans", spans=spans)


def test_hand_given_spans_come_in_order():
    segments = segment("abcdef", "spans", spans=[(4, 6), (0, 2)])
    assert segments.labels == ("ab", "ef")
    assert render(segments, np.array([[0, 1], [1, 0], [0, 0]], bool)) == ["cdef", "abcd", "cd"]


def test_unknown_split_and_missing_token_spans():
    with pytest.raises(GameError, match="choose one of words"):
        segment("abc", "syllables")
    with pytest.raises(GameError, match="token_spans"):
        segment("abc", "tokens")
