"""What games say of their question, their model and what stands around the text; nothing is loaded for it."""

from __future__ import annotations

import pytest

from spexviz import models
from spexviz.games.base import Game
from spexviz.games.function import game
from spexviz.games.heads.game import HeadsGame
from spexviz.games.prompt.game import PromptGame
from spexviz.games.synthetic import SyntheticGame
from spexviz.games.training.game import TrainingGame
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear

ABSENT = "spexviz/there-is-no-such-model"
PARIS = ("The Eiffel Tower is in", " Paris", " London")


def prompt(model: str = ABSENT, **settings: object) -> PromptGame:
    return PromptGame(model, "a good film", **settings)


def heads(model: str = ABSENT, **settings: object) -> HeadsGame:
    return HeadsGame(model, *PARIS, **settings)


def test_a_question_never_loads_a_model_and_never_changes_a_fingerprint(monkeypatch) -> None:
    def refused(name: str) -> None:
        raise AssertionError(f"{name} was loaded")

    monkeypatch.setattr(models, "load", refused)
    for value in ("log-odds", "log-probability", "greedy"):
        subject = prompt(value=value, chat=True).subject
        assert subject.question and subject.model == ABSENT
    several = (PARIS, ("Rome is in", " Italy", " Spain"))
    for value in ("log-odds", "log-probability", "accuracy"):
        for questions in ((), several):
            one = heads(value=value, questions=questions)
            assert one.question and one.before == PARIS[0] and one.model_title == ABSENT
    with pytest.raises(AssertionError, match="was loaded"):
        _ = prompt().fingerprint


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (prompt("toy"), "how much more likely “positive” than “negative” comes next"),
        (prompt(), "how much more likely the model answers “positive” than “negative”"),
        (prompt("endpoint:x", target="\n"), "how much more likely “↵” than “negative” comes next"),
        (prompt("toy", value="log-probability", target=" fine"), "how likely “fine” comes next"),
        (prompt(value="log-probability"), "how likely the model answers “positive”"),
        (prompt(value="greedy"), "how likely the model writes its own answer"),
        (
            prompt("bundled", chat=True),
            "how much more likely “positive” than “negative” comes next, asked in the model's chat format",
        ),
        (heads("bundled"), "how much more likely “Paris” than “London” comes next"),
        (heads(value="log-probability"), "how likely the model answers “Paris”"),
        (
            heads(questions=[PARIS] * 16),
            "how much more likely the right answer (here “Paris”) than the wrong one (“London”), "
            "on average over 16 questions such as this one",
        ),
        (
            heads(questions=[PARIS] * 16, value="log-probability"),
            "how likely the right answer is (here “Paris”), on average over 16 questions such as this one",
        ),
        (
            heads(questions=[PARIS] * 16, value="accuracy"),
            "the share of 16 questions such as this one answered right (here “Paris”, not “London”)",
        ),
        (
            heads(value="accuracy"),
            "whether the right answer “Paris” is more likely than “London”: 1 where it is, else 0",
        ),
        (game(lambda masks: masks.sum(1), 3), "what the function returns"),
        (SyntheticGame("x0 & ~x1"), "what x0 & ~x1 returns (1 = kept, 0 = left out)"),
        (SyntheticGame(f"x0 + {'x1 + ' * 40} x2"), "what the function returns"),
        (
            TrainingGame("digits", 3),
            "how far the retrained classifier prefers the right label of this picture, “3”, over the next "
            "best (margin: above 0 it is right)",
        ),
        (
            TrainingGame("reviews", "Slow {thing}.", value="loss", answer="negative"),
            "how wrong the retrained classifier is about this text, whose right label is “negative” "
            "(loss: less is better)",
        ),
        (
            TrainingGame("reviews", value="accuracy"),
            "the share of 50 held-out examples that the retrained classifier gets right",
        ),
    ],
)
def test_what_is_measured_in_words(made: Game, says: str) -> None:
    assert made.question == says


def test_where_the_answer_is_read_is_said_once_the_model_tells(monkeypatch) -> None:
    class Blank(type(models.load("toy"))):
        blank = "[MASK]"

    class Labels(type(models.load("toy"))):
        kind = "classifier"

    said = "how much more likely “positive” than “negative” stands at [MASK]"
    assert prompt(Blank(), template="{} It was [MASK].").question == said
    assert prompt(Labels()).question == "how much more likely the label “positive” than “negative” is"
    assert prompt(Labels(), value="log-probability").question == "how likely the label “positive” is"


def test_a_run_names_the_answer_that_its_model_wrote() -> None:
    class Writing(type(models.load("toy"))):
        def greedy(self, text: str, tokens: int) -> str:
            return " positive"

    run = pipeline.explain(prompt(Writing(), value="greedy"), Linear(), 8)
    assert run.subject.question == "how likely the model writes its own answer “positive”"


def test_the_template_stands_around_the_text() -> None:
    made = prompt(template="Review: {}\nSentiment:")
    assert made.subject.before + made.prompt + made.subject.after == made.wrap(made.prompt)
    assert (prompt().before, prompt().after) == ("", "")


def test_the_query_of_training_data_is_what_was_asked() -> None:
    own = TrainingGame("reviews", "Slow and dull.", answer="negative")
    assert own.before == "Slow and dull." and TrainingGame("reviews", value="test loss").before == ""
    first = TrainingGame("reviews", 0)
    assert first.before == first.examples.test.texts[0]


def test_people_know_models_by_their_names(tmp_path) -> None:
    assert prompt("bundled").subject.model == "SmolLM2-135M-Instruct (bundled)"
    assert prompt(str(tmp_path / "my-model")).subject.model == "my-model"
    assert prompt("endpoint:mine").subject.model == "endpoint:mine"
