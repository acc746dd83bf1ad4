"""Zooming keeps the rest of the text as it was typed, and merged players are those of the coarser split."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.errors import GameError, SolverError
from spexviz.games.prompt import zoom
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import ends, uniform_masks

TEXT = "The room was cold. Nobody came, and nobody cared!\n\nStill, we slept well.  Would I go again? Never."
TEMPLATE = "Review: {}\nVerdict:"


def game(text: str = TEXT, split: str = "sentences", **options) -> PromptGame:
    return PromptGame("toy", text, TEMPLATE, split=split, **options)


@pytest.mark.parametrize("members", [(0,), (1,), (4,), (1, 3), (0, 1, 2), (0, 1, 2, 3, 4)])
def test_only_what_is_inside_is_removed(members: tuple[int, ...]) -> None:
    whole = game()
    zoomed = whole.zoomed(members, "words")
    inside = " ".join(whole.players[i] for i in members).split()
    assert list(zoomed.players) == inside and zoomed.prompt == TEXT
    nothing, everything = zoomed.texts(ends(len(inside)))
    assert everything == TEMPLATE.format(TEXT)
    for i, sentence in enumerate(whole.players):
        assert (sentence in nothing) == (i not in members)
    masks = uniform_masks(len(inside), min(8, 2 ** len(inside)), 0)
    for kept, text in zip(masks.sum(1), zoomed.texts(masks), strict=True):
        assert len(text.split()) == len(nothing.split()) + kept


def test_tokens_at_the_edge_of_a_sentence_and_words_without_spaces_are_players() -> None:
    tokens = game().zoomed((1,), "tokens")
    assert "".join(tokens.players) == "Nobodycame,andnobodycared!"
    japanese = game("部屋は寒い。誰も来ない。よく眠れた。")
    (split,) = zoom.finer(japanese, (1,))
    assert split == "boundaries"
    assert "".join(zoom.finer(japanese, (1,))[split].players) == "誰も来ない。"


def test_what_can_be_zoomed_into_and_merged() -> None:
    assert list(zoom.finer(game(), (1,))) == ["words"]
    assert {split: len(one.players) for split, one in zoom.finer(game(split="lines"), (1,)).items()} == {
        "sentences": 3,
        "words": 9,
    }
    assert not zoom.finer(game(), (4,)) and not zoom.finer(game(split="words"), (2, 3))
    with pytest.raises(SolverError):
        game().zoomed((9,))
    with pytest.raises(GameError):
        game().zoomed((), "words")
    assert {split: len(one.players) for split, one in zoom.coarser(game(split="words"), 18).items()} == {
        "sentences": 5,
        "lines": 2,
    }
    hard = ("One. Two. Three. Four\n" * 2 + "\n") * 2
    counts = {split: len(one.players) for split, one in zoom.coarser(game(hard, "words"), 16).items()}
    assert counts == {"sentences": 14, "lines": 4, "paragraphs": 2}
    assert zoom.finer(game(hard, "paragraphs"), (1,))["words"].players == tuple(hard.split()[8:])
    assert not zoom.coarser(game("One sentence only", "words"), 3)
    assert not zoom.coarser(game().zoomed((1,), "words"), 5)


def test_groups_give_the_texts_of_the_coarser_split() -> None:
    fine = game(split="words")
    coarse = zoom.coarser(fine, 18)["sentences"]
    groups = zoom.groups(fine.text_spans, coarse)
    assert sorted(i for group in groups for i in group) == list(range(len(fine.players)))
    masks = uniform_masks(5, 20, 0)
    of_words = np.zeros((20, len(fine.players)), dtype=bool)
    for g, group in enumerate(groups):
        of_words[:, list(group)] = masks[:, [g]]
    assert fine.texts(of_words) == coarse.texts(masks)
    protected = game(split="words", protected=[(0, 18)])
    coarse = zoom.coarser(protected, 14)["sentences"]
    assert len(coarse.players) == 4 and zoom.groups(protected.text_spans, coarse)[0] == (0, 1, 2, 3, 4)


def test_zooming_in_again_keeps_what_was_kept() -> None:
    paragraph = game(split="lines").zoomed((1,), "sentences")
    words = paragraph.zoomed((0,), "words")
    assert zoom.inside(game(), words) == (2,) and zoom.inside(game(split="lines"), paragraph) == (1,)
    assert zoom.inside(words, paragraph) == () and zoom.inside(game("Not. This. Text."), words) == ()
    assert words.players == ("Still,", "we", "slept", "well.")
    assert words.texts(np.zeros((1, 4), bool))[0].startswith("Review: The room was cold.")
