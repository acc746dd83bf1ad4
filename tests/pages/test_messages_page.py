"""Messages, marks and proposals in the form of a prompt, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from spexviz.games.prompt.game import PromptGame
from spexviz.jobs import store as states
from spexviz.run.plan import Request
from spexviz.ui.lenses.prompt import marker
from spexviz.views.marker import text_id
from tests.pages.app import button, components, page, said, wait

SENTENCE = "This film is not good at all"


def typed(text: str = SENTENCE, **fields: Any) -> Any:
    at = page()
    at.text_area(key="form-prompt").set_value(text)
    for key, value in fields.items():
        at.session_state[f"form-{key}"] = value
    return at.run()


def asked(manager: Any, at: Any) -> PromptGame:
    """The game of the run that Explain starts; the run is done."""
    button(at, "Explain").click().run()
    assert not at.exception, at.exception
    run = manager.store.list()[0]
    wait(lambda: manager.store.get(run.id).state == states.DONE)
    return Request.of(manager.store.get(run.id).spec).game


def keep(at: Any, use: str, *ranges: tuple[int, int]) -> Any:
    """The page with these marks on its prompt."""
    held = {"text": at.text_area(key="form-prompt").value, "ranges": ranges, "serial": 1, "said": ""}
    at.session_state[f"form-marks-{use}"] = held
    return at.run()


@pytest.fixture
def session(monkeypatch) -> dict[str, Any]:
    """A session in which the prompt has been drawn with a mark on its word "not"."""
    state: dict[str, Any] = {}
    monkeypatch.setattr(marker.st, "session_state", state)
    marker.fill(SENTENCE, {"spans": ((13, 16),)})
    return state


def test_a_conversation_is_typed_and_asked_and_comes_back(manager):
    at = typed(chat=True)
    assert not at.exception and "only the words of one message are removed" in said(at)
    button(at, "Add a system message").click().run()
    button(at, "Add a message").click().run()
    system, other = (area for area in at.text_area if "form-messages" in (area.key or ""))
    system.set_value("Be a critic.")
    other.set_value("Ready?").run()
    roles = [box for box in at.selectbox if "form-messages" in (box.key or "")]
    assert [box.value for box in roles] == ["system", "user", "user"]
    roles[1].set_value("assistant").run()
    game = asked(manager, at)
    assert game.turns == (("system", "Be a critic."), ("assistant", "Ready?"), ("user", None))
    at.run()
    button(at, "New run").click().run()
    assert not at.exception
    areas = [area.value for area in at.text_area if "form-messages" in (area.key or "")]
    assert areas == ["Be a critic.", "Ready?"]


def test_another_message_can_be_taken_apart_and_the_conversation_stays_word_for_word(manager):
    at = typed(chat=True, template="Review: {}")
    before = "User: Context is fun.\nUser: Review: This film is not good at all\nAnswer:"
    button(at, "Add a message").click().run()
    box = next(area for area in at.text_area if "form-messages" in (area.key or ""))
    box.set_value("Context is fun.").run()
    button(at, "Remove its words instead").click().run()
    assert at.text_area(key="form-prompt").value == "Context is fun."
    game = asked(manager, at)
    assert game.turns == (("user", None), ("user", "Review: This film is not good at all"))
    assert game.wrap(game.prompt) == before and game.players == ("Context", "is", "fun.")


def test_empty_messages_are_left_out_and_what_cannot_be_answered_is_said(manager):
    at = typed(chat=True)
    button(at, "Add a message").click().run()
    assert not at.exception and "is empty" not in said(at)
    button(at, "Up").click().run()  # the prompt before it
    box = next(area for area in at.text_area if "form-messages" in (area.key or ""))
    box.set_value("So?").run()
    next(box for box in at.selectbox if "form-messages" in (box.key or "") and box.value == "user")
    last = [box for box in at.selectbox if "form-messages" in (box.key or "")][-1]
    last.set_value("assistant").run()
    assert not at.exception and "The model answers after the last message" in said(at)
    button(at, "Delete").click().run()
    assert not at.exception and asked(manager, at).turns == ()


def test_marked_pieces_are_the_players_and_what_is_marked_as_staying_stays(manager):
    at = typed(split="spans")
    assert not at.exception and "no piece of it is marked: mark at least one" in said(at)
    keep(at, "spans", (0, 9), (13, 21))
    game = asked(manager, at)
    assert game.players == ("This film", "not good") and game.split == "spans"
    at.run()
    button(at, "New run").click().run()
    assert at.session_state["form-marks-spans"]["ranges"] == ((0, 9), (13, 21))
    (shown,) = [one for one in components(at, "marks") if one["every"]]
    assert shown["marks"] == [[0, 9], [13, 21]] and shown["text"] == SENTENCE
    at.selectbox(key="form-split").set_value("words").run()
    keep(at, "protected", (0, 9))
    assert asked(manager, at).players == ("is", "not", "good", "at", "all")


@pytest.mark.parametrize(
    "report",
    [
        {"serial": 1, "ranges": [[0, 99]]},
        {"serial": 1, "ranges": [[0, 9], [3, 5]]},
        {"serial": "x", "ranges": "abc"},
        {"serial": -5, "ranges": None},
        {"serial": 10**30, "ranges": [["<b>", 1]]},
        {},
    ],
)
def test_forged_marks_change_nothing_and_say_why(session, report):
    marker.heard("spans", "mark", {"of": text_id(SENTENCE), **report})
    assert marker.ranges("spans", SENTENCE) == ((13, 16),)
    assert "mark" in session["form-marks-spans"]["said"]
    assert 0 <= session["form-marks-spans"]["serial"] < 2**53


@pytest.mark.parametrize("report", [None, 3, [], {"of": "another text", "serial": 2, "ranges": [[0, 4]]}])
def test_reports_of_nothing_or_of_another_text_are_passed_over(session, report):
    before = dict(session)
    marker.heard("spans", "mark", report)
    assert session == before


def test_reports_are_taken_and_every_word_is_marked_by_the_rules_of_the_split(session):
    marker.heard("spans", "mark", {"of": text_id(SENTENCE), "serial": 7, "ranges": [[13, 21], [0, 9]]})
    assert marker.ranges("spans", SENTENCE) == ((0, 9), (13, 21))
    assert session["form-marks-spans"]["serial"] == 7
    marker.heard("spans", "every", {"of": text_id(SENTENCE), "serial": 8, "what": "sentences"})
    assert marker.ranges("spans", SENTENCE) == ((0, 28),)
    for what in ("words", "<script>", None, 3, []):
        marker.heard("spans", "every", {"of": text_id(SENTENCE), "serial": 9, "what": what})
        assert len(marker.ranges("spans", SENTENCE)) == 7
    assert marker.ranges("protected", SENTENCE) == ()


def test_marks_follow_the_text_and_lost_ones_are_named(manager):
    at = typed(split="spans")
    keep(at, "spans", (0, 9), (13, 21))
    at.text_area(key="form-prompt").set_value("The film is not good at all").run()
    assert "had no clear place in the changed prompt" in said(at) and "Your mark on" in said(at)
    assert at.session_state["form-marks-spans"]["ranges"] == ((12, 20),)


def test_a_long_text_is_offered_its_sentences_and_a_budget_that_is_enough(manager):
    text = "This film is not good but it is never dull. " * 31
    at = typed(text)
    assert at.selectbox(key="form-split").value == "words"  # not silently
    assert "This text has 310 words" in said(at)
    assert "512 ablations cannot tell even single words apart among 310" in said(at)
    button(at, "Ask for 2,048 ablations").click().run()
    assert not at.exception and "cannot tell" not in said(at)
    at.select_slider(key="form-budget").set_value(512).run()
    button(at, "Start with its 31 sentences").click().run()
    assert not at.exception and at.selectbox(key="form-split").value == "sentences"
    assert "This text has" not in said(at) and "cannot tell" not in said(at)


def test_the_names_of_what_marks_are_for_are_settings_of_the_game():
    assert {marker.PLAYERS, marker.KEPT} <= set(PromptGame.__dataclass_fields__)
