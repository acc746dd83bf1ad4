from __future__ import annotations

import numpy as np
import pytest

from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.scripts import boundaries, is_unspaced
from spexviz.games.prompt.segments import render_one, segment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("这部电影很好，我喜欢。", ["这", "部", "电", "影", "很", "好，", "我", "喜", "欢。"]),
        ("「すごい」コンピュータ 3.5点", ["「す", "ご", "い」", "コンピュータ", "3.5", "点"]),
        ("ไม่เลว", ["ไ", "ม่", "เ", "ล", "ว"]),
        ("한국어 문장입니다.", ["한국어", "문장입니다."]),
        ("It isn't (very) good… 😀!", ["It", "isn't", "(very)", "good…", "😀!"]),
        ("!!!", ["!!!"]),
        (" \n", []),
    ],
)
def test_words_between_the_boundaries_of_unicode(text: str, words: list[str]) -> None:
    """Source: https://unicode.org/reports/tr29/#Default_Word_Boundaries, and marks on their word."""
    assert [text[start:stop] for start, stop in boundaries(text)] == words


def test_a_removed_word_leaves_no_space_where_there_was_none() -> None:
    segments = segment("这部 film 很好。", "boundaries")
    assert segments.labels == ("这", "部", "film", "很", "好。")
    assert render_one(segments, [True, False, False, True, True]) == "这 很好。"
    assert render_one(segments, [False, True, True, False, True]) == "部 film 好。"
    assert render_one(segments, [False, True, True, False, True], "_") == "_部 film _好。"


def test_scripts_without_spaces_are_told_by_their_letters() -> None:
    unspaced = ["这部电影很好", "すごい映画だった", "ไม่เลว", "ភាសាខ្មែរ", "这部 film 很好看"]
    spaced = ["not bad", "한국어 문장입니다.", "привет мир", "مرحبا", "!!!", "", "the word 好 means good"]
    assert [is_unspaced(text) for text in [*unspaced, *spaced]] == [True] * 5 + [False] * 7


def test_a_prompt_of_a_single_player_says_what_to_do() -> None:
    chinese = PromptGame("toy", "这部电影很好，我喜欢。")
    assert len(chinese.players) == 1 and 'split it into "boundaries"' in chinese.remarks[-1]
    split = PromptGame("toy", "这部电影很好，我喜欢。", split="boundaries")
    assert len(split.players) == 9 and split.remarks == ()
    assert split.texts(np.ones((1, 9), bool)) == ["这部电影很好，我喜欢。"]
    assert 'split it into "tokens"' in PromptGame("toy", "Good").remarks[-1]
    assert "take a longer prompt" in PromptGame("toy", "好", split="boundaries").remarks[-1]
