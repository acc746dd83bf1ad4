"""Other words over some segments: the same players, the same masks, and the tokens of the new text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Runner
from spexviz.errors import GameError
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import ends, leave_one_out_masks

TEXT = "  Her acting\tnever fails\n\nto impress, even  though the plot is bad. "
GAMES: dict[str, dict[str, Any]] = {
    "words": {},
    "one space": {"space": "one"},
    "sentences": {"split": "sentences", "prompt": "Not bad.  Not at all! Fine\n\nby me."},
    "lines": {"split": "lines", "prompt": "one\n  two \n\nthree"},
    "paragraphs": {"split": "paragraphs", "prompt": "one\n  two \n\nthree\n\n\nfour"},
    "tokens": {"split": "tokens"},
    "regex": {"split": "regex", "pattern": r"\w+"},
    "spans": {"split": "spans", "spans": [(2, 5), (5, 12), (20, 26)]},
    "boundaries": {"split": "boundaries", "prompt": "你好，我很好。 yes"},
    "replaced": {"masking": "replace", "replacement": "[]"},
    "hidden": {"masking": "attention", "template": "{}\nIt was"},
    "protected": {"protected": [(2, 5), (7, 9), (24, 24), (40, 52)]},
    "protected in place": {"split": "regex", "pattern": r"\w+", "protected": [(6, 12), (30, 41)]},
    "arabic": {"prompt": "مرحبا بالعالم، كيف حالك"},
}


def game_of(name: str, **more: Any) -> PromptGame:
    return PromptGame(**{"model": "toy", "prompt": TEXT, "template": "Review: {} =>"} | GAMES[name] | more)


def some_masks(game: PromptGame, count: int = 60) -> np.ndarray:
    n = len(game.players)
    masks = np.random.default_rng(n).random((count, n)) < 0.6
    return np.concatenate([ends(n), leave_one_out_masks(n), masks])


@pytest.mark.parametrize("name", GAMES)
def test_the_same_words_are_the_same_texts_on_every_mask(name: str) -> None:
    game = game_of(name)
    same = game.reworded({i: label for i, label in enumerate(game.players) if label.strip()})
    assert same.prompt == game.prompt and same.players == game.players
    masks = some_masks(game)
    assert same.texts(masks) == game.texts(masks)
    assert same(masks).tolist() == game(masks).tolist()


@pytest.mark.parametrize("name", GAMES)
def test_other_words_stand_where_the_old_ones_stood_whatever_is_removed(name: str) -> None:
    """Each text holds the new words exactly where that of the same mask held the old ones."""
    game = game_of(name)
    n = len(game.players)
    marks = {i: f"⟦{i}⟧" for i in range(n)}
    long = {i: f"⟦{i}⟧ and more, of «{i}» 👍🏽" for i in range(n)}
    one, other = game.reworded(marks), game.reworded(long)
    assert len(one.players) == len(other.players) == n and one.noun == game.noun
    for text, longer in zip(one.texts(some_masks(one)), other.texts(some_masks(other)), strict=True):
        for mark, instead in zip(marks.values(), long.values(), strict=True):
            text = text.replace(mark, instead)
        assert text == longer


@pytest.mark.parametrize("name", GAMES)
def test_with_everything_kept_the_model_reads_the_reworded_prompt(name: str) -> None:
    game = game_of(name)
    words = {0: " quite other words ", len(game.players) - 1: "<b>{}</b>"}
    other = game.reworded(words)
    (text,) = other.texts(ends(len(other.players))[1:])
    plain = replace(game_of(name), prompt=other.prompt, split="lines", spans=None, protected=())
    if game.space == "one":
        plain = replace(plain, prompt=" ".join(other.prompt.split()))
    (same,) = plain.texts(ends(len(plain.players))[1:])
    assert text == same and "quite other words" in text and "<b>{}</b>" in text
    model = other.asked_model
    assert model.encode(text) == model.encode(same)
    wanted = game.prompt
    for i in sorted(words, reverse=True):
        start, stop = game.segments.spans[i]
        old = game.prompt[start:stop]
        wanted = wanted[:start] + old.replace(old.strip(), words[i].strip()) + wanted[stop:]
    assert other.prompt == wanted
    values = other(ends(len(other.players))[1:])
    if game.masking != "attention":
        assert values.tolist() == plain(ends(len(plain.players))[1:]).tolist()


def test_protected_ranges_move_with_their_text() -> None:
    game = game_of("protected")
    held = {game.prompt[start:stop] for start, stop in game.segments.fixed}
    other = game.reworded({0: "!" * 50, 2: "x"})
    assert held and {other.prompt[start:stop] for start, stop in other.segments.fixed} == held
    (nothing,) = other.texts(ends(len(other.players))[:1])
    assert nothing == game.texts(ends(len(game.players))[:1])[0]


def test_it_has_its_own_place_in_the_cache_and_its_own_answer() -> None:
    game = game_of("words")
    other, third = game.reworded({2: "always"}), game.reworded({2: "great"})
    prints = {game.fingerprint, other.fingerprint, third.fingerprint}
    assert len(prints) == 3 and game.reworded({2: "always"}).fingerprint == other.fingerprint
    cache = MemoryCache()
    masks = some_masks(game, 8)
    values = [Runner(one, cache)(masks).tolist() for one in (game, other, third)]
    assert values[0] != values[1] != values[2]
    again = Runner(game.reworded({2: "always"}), cache)
    assert again(masks).tolist() == values[1] and again.cached == len(masks)
    assert other.subject.text == other.prompt and other.question == game.question
    twice = other.reworded({2: "never"})
    assert twice.prompt == game.prompt and twice.texts(masks) == game.texts(masks)


def test_pieces_that_stay_are_told_apart_in_the_cache() -> None:
    """The same players and the same protected range, once as one piece and once as two."""
    prompt, given = "a b  c", {"model": "toy", "protected": [(2, 6)], "space": "one"}
    one = PromptGame(prompt=prompt, spans=[(0, 1), (2, 6)], **given)
    two = PromptGame(prompt=prompt, spans=[(0, 1), (2, 3), (5, 6)], **given)
    mask = np.array([[True]])
    assert one.texts(mask) != two.texts(mask) and one.fingerprint != two.fingerprint


def test_the_answer_that_is_read_is_the_one_to_the_prompt_as_it_was() -> None:
    game = game_of("words", value="greedy")
    other = game.reworded({2: "always"})
    assert other.answers == game.answers and other.unit == game.unit
    assert getattr(other.answers[0], "ids", None) == getattr(game.answers[0], "ids", None)
    full = ends(len(game.players))[1:]
    logs = game.asked_model.log_probabilities(other.texts(full), game.answers)
    assert other(full).tolist() == logs[:, 0].tolist()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({99: "x"}, "99 is no player of this text: give positions from 0 to 11"),
        ({-1: "x"}, "-1 is no player"),
        ({True: "x"}, "True is no player"),
        ({"0": "x"}, "'0' is no player"),
        ({0: ""}, r"no words for the player 0 \('Her'\): type some, or switch it off"),
        ({0: " \n\t"}, "no words for the player 0"),
        ({0: 3}, "no words for the player 0"),
        ({0: "half \ud83d"}, "half a character in the prompt"),
    ],
)
def test_what_cannot_stand_there_is_refused_with_the_remedy(words: Any, said: str) -> None:
    with pytest.raises(GameError, match=said):
        game_of("words").reworded(words)


@pytest.mark.model
@pytest.mark.parametrize("chat", [False, True])
def test_the_tokens_of_a_real_model_are_those_of_the_reworded_text(bundled: Any, chat: bool) -> None:
    """Whatever is removed: also where the new words are several tokens, or join the ones beside them."""
    game = PromptGame(bundled, "He said:\n“It isn't  bad at all”, twice.", "Review: {}\nIt is", chat=chat)
    other = game.reworded({2: "“This — naïve 👩‍👩‍👧 café —", 3: "was\nnot", 6: "-all”,"})
    masks = some_masks(other, 40)
    for mask, text in zip(masks, other.texts(masks), strict=True):
        kept = [label for label, keep in zip(other.players, mask, strict=True) if keep]
        plain = text[text.index("Review: ") + 8 : text.rindex("\nIt is")]
        assert plain.split() == " ".join(kept).split()
        assert bundled.encode(text) == bundled.encode(game.wrap(plain))
    (full,) = other.texts(masks[1:2])
    assert full == PromptGame(bundled, other.prompt, "Review: {}\nIt is", chat=chat).wrap(other.prompt)


def test_what_is_too_long_is_refused_before_it_is_asked() -> None:
    game = game_of("words")
    with pytest.raises(GameError, match="shorten it"):
        game.reworded({0: "x" * 5_000_000})
    long = game.reworded({0: "many words " * 20_000})
    with pytest.raises(GameError, match=r"reads at most .*: shorten it"):
        long(ends(len(long.players))[1:])
