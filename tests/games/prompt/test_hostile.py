"""Texts that are made to be slow: every split is a linear scan, with the parts that its definition gives."""

from __future__ import annotations

import re
import time
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
import regex

from spexviz import explain
from spexviz.errors import GameError, SolverError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.length import MOST_CHARACTERS
from spexviz.games.prompt.segments import segment
from spexviz.kit.spans import merged, overlaps
from spexviz.run.plan import plan
from spexviz.solvers.linear import Linear

LETTERS = "..!?…।。！」”\"')( \t\n\n\r\x85\u2028aA中カก็\u0301\u200d1,'" + "\U0001f1e9\U0001f1ea👩"
MADE = {
    "dots": lambda n: "." * n,
    "dots behind a word": lambda n: "x" + "." * n,
    "a line of spaces": lambda n: " " * n + "\nx",
    "spaces before a line break": lambda n: "x" + " " * n + "\n",
    "line breaks": lambda n: "x" + "\n" * n,
    "blank lines": lambda n: "x" + "\n " * (n // 2),
    "quotation marks": lambda n: '."' * (n // 2),
    "brackets": lambda n: "(" * n,
    "flags": lambda n: "\U0001f1e9" * n,
    "marked flags": lambda n: "\U0001f1e9\u0301" * (n // 2),
    "joined": lambda n: "x" + "\u200d" * n,
}


def random_texts(count: int, seed: int) -> list[str]:
    """Half of letters in any order, half of a few long runs."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        letters = rng.choice(list(LETTERS), rng.integers(1, 24))
        runs = rng.integers(1, 2 if k % 2 else 9, len(letters))
        found.append("".join(letter * int(run) for letter, run in zip(letters, runs, strict=True)))
    return [text for text in found if text.strip()] + ["\U0001f1e9" * 131, "a" + "\U0001f1e9\u0301" * 131]


def lines(text):
    return [match.span() for match in re.finditer(r"[^\S\r\n]*\S(?:[^\r\n]*\S)?", text)]


def marks(text):
    return all(unicodedata.category(letter).startswith("P") for letter in text)


def boundaries(text):
    found = []
    for start, stop in pairwise([match.start() for match in regex.finditer(r"(?w)\b", text)]):
        piece = text[start:stop]
        if piece.isspace():
            continue
        word = text[slice(*found[-1])] if found and found[-1][1] == start else None
        follows = marks(piece) and unicodedata.category(piece[0]) not in ("Ps", "Pi")
        if word is not None and (marks(word) or follows):
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|e\.g|i\.e|cf|Fig|Eq|No|[A-Z])\.$"
)
END = re.compile(r"[.!?…؟۔।]+[\"'”’»)\]]*(?=\s)|[。！？]+[”’」』）]*|(?=\n[^\S\n]*\n)")


def sentences(text):
    def ends(match):
        if not match.group() or match.group()[0] in "。！？":
            return True
        following = text[match.end() : match.end() + 64].lstrip()[:1]
        return not following.islower() and not ABBREVIATION.search(text[: match.end()][-8:])

    found, start = [], 0
    for end in [*(match.end() for match in END.finditer(text) if ends(match)), len(text)]:
        part = text[start:end]
        if part.strip():
            found.append((start + len(part) - len(part.lstrip()), start + len(part.rstrip())))
        start = end
    return found


@pytest.mark.parametrize("split", [lines, boundaries, sentences])
def test_the_parts_are_those_of_the_definition(split):
    """The definitions are the searches that there were before, which take seconds on long texts."""
    texts = random_texts(1500, seed=15)
    for text in texts:
        assert list(segment(text, split.__name__).spans) == split(text), repr(text)
    assert len(texts) > 1400


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("split", ["words", "boundaries", "sentences", "lines", "paragraphs"])
def test_a_split_of_a_hostile_text_is_linear(split, name):
    """Before: the square, which is minutes for texts of this length."""
    text = "x " + MADE[name](100_000)
    start = time.perf_counter()
    segment(text, split)
    assert time.perf_counter() - start < 10


def test_many_protected_ranges_are_looked_up():
    """Before: each word was held against each range."""
    text = "a " * 20_000
    ranges = [(4 * k, 4 * k + 1) for k in range(10_000)]
    start = time.perf_counter()
    found = segment(text, "words", protected=ranges)
    assert time.perf_counter() - start < 10
    assert len(found) == 10_000 and found.spans[:2] == ((2, 3), (6, 7))


def test_overlaps_are_those_of_the_definition():
    rng = np.random.default_rng(3)
    for _ in range(300):
        spans = [tuple(sorted(pair)) for pair in rng.integers(0, 20, (rng.integers(0, 6), 2)).tolist()]
        real = [(a, b) for a, b in spans if a < b]
        together = merged(spans)
        assert {i for a, b in together for i in range(a, b)} == {i for a, b in real for i in range(a, b)}
        for start, stop in [(a, b) for a in range(20) for b in range(a, 20)]:
            wanted = any(start < b and a < stop for a, b in real)
            if start < stop:
                assert overlaps((start, stop), together) == wanted


def test_a_prompt_is_counted_before_anything_is_made_of_it():
    """Before: 16 s and 5.6 GB for half a million words, all of it masks."""
    game = PromptGame("toy", "word " * 500_000)
    with pytest.raises(GameError, match="more than 2048 tokens long, but toy reads at most 2048: shorten"):
        explain(game, Linear(), 64)
    assert "segments" not in vars(game)
    with pytest.raises(GameError, match="4,000,001 characters long, and at most 4,000,000 are read: shorten"):
        PromptGame("toy", "." * (MOST_CHARACTERS + 1))


@pytest.mark.parametrize("count", [2047, 2048, 2049, 2100])
def test_the_count_of_the_beginning_refuses_only_what_is_too_long(count):
    game = PromptGame("toy", "a-long-word " * count, split="lines")
    if count <= 2048:
        game.check()
        return
    with pytest.raises(GameError, match="reads at most 2048"):
        game.check()


def test_more_masks_than_memory_holds_are_refused_in_words():
    with pytest.raises(SolverError, match="fewer players"):
        plan(4_000_000, Linear(), 64)
