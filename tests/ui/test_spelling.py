"""Spelling: what is said of an answer that was typed, and what puts it right with one press."""

from __future__ import annotations

from spexviz.games.prompt.targets import Reading
from spexviz.models.base import Likely
from spexviz.ui.lenses.prompt.spelling import difference, told


def test_a_token_is_told_with_its_probability() -> None:
    found = told(Reading(" positive", 1, 0.41), "target", single=True, is_blank=False)
    assert (found.said, found.why, found.fixes, found.is_wrong) == ("→ ␣positive, p = .41", "", (), False)


def test_another_spelling_is_one_press_away() -> None:
    meant = Likely(" positive", 0.41)
    found = told(Reading("positive", 1, 0.0001, meant), "contrast", single=True, is_blank=False)
    assert found.fixes == (("Use ␣positive", "p = .41", {"contrast": " positive"}),)
    assert found.why == "With a space before it, it is another token, and a likelier one here."
    assert not found.is_wrong


def test_several_tokens_are_wrong_against_another_and_right_alone() -> None:
    reading = Reading(" banana", 2, 0.01, first=Likely(" ban", 0.02))
    found = told(reading, "target", single=True, is_blank=False)
    assert found.is_wrong and "␣banana is 2 tokens. Only one token" in found.problem
    assert [fields for *_, fields in found.fixes] == [{"value": "log-probability"}, {"target": " ban"}]
    contrast = told(reading, "contrast", single=True, is_blank=False)
    assert [fields for *_, fields in contrast.fixes] == [{"contrast": " ban"}]
    alone = told(reading, "target", single=False, is_blank=False)
    assert (alone.said, alone.is_wrong) == ("→ ␣banana, 2 tokens, p = .01", False)


def test_what_no_model_answers_is_said() -> None:
    found = told(Reading("x", 0, None, Likely("X", 0.5)), "target", single=True, is_blank=False)
    assert found.is_wrong and "no answer of this model" in found.said and found.fixes[0][2] == {"target": "X"}
    blank = told(Reading("banana", 2, None), "target", single=True, is_blank=True)
    assert "The mask token stands for one." in blank.why and not blank.fixes


def test_how_spellings_differ() -> None:
    assert difference(" a", "a").startswith("Without its space")
    assert difference(" a", " A").startswith("With another capital")
    assert difference("a", " A").startswith("With another space and another capital")
