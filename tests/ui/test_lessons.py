"""The lessons as their files tell them: everything they name is there, and their numbers are the runs'."""

from __future__ import annotations

import pytest

from spexviz.ui import recorded
from spexviz.ui.learn import book, place, stage
from spexviz.ui.learn.pieces import PIECES
from spexviz.ui.learn.place import Progress
from spexviz.ui.lenses import lens_of
from spexviz.views.lesson import DEPTHS, Goal, Lesson, filled, read
from spexviz.views.stories import story
from spexviz.views.story import Look

LESSONS = book.lessons()
NAMES = [f"{lesson.number}" for lesson in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_all_that_a_lesson_names_is_there(lesson: Lesson) -> None:
    facts = book.facts_of(lesson.number)
    assert len(lesson.questions) == 5 and 4 <= len(lesson.steps) <= 9
    for step in lesson.steps:
        run = book.run_of(lesson.run_of(step))
        lens = lens_of(run.spec.game_name)
        titles = {panel.title for panel in story(run, lens.items(run) if lens else ())}
        assert set(step.show) <= titles | set(PIECES) | {stage.CONTROLS, stage.WORDS}, step.title
        assert step.show and step.ask and step.asks and step.seen, step.title
        texts = [*step.said(DEPTHS[-1]), step.ask, step.seen]
        players = [
            *(step.until.off or ()),
            *(step.until.selected or ()),
            *(i for s in step.until.tried for i in s),
        ]
        assert all(i < len(run.players) for i in players)
        assert "{" not in "".join(filled(text, facts) for text in texts)
    for question in lesson.questions:
        texts = [question.ask, *(part for choice in question.choices for part in (choice.text, choice.why))]
        assert "{" not in "".join(filled(text, facts) for text in texts)
    unused = [
        name for name in facts if "{" + name + "}" not in (book.LESSONS / _file(lesson)).read_text("utf-8")
    ]
    assert not unused, "facts that no sentence tells"


def _file(lesson: Lesson) -> str:
    (found,) = book.LESSONS.glob(f"{lesson.number}-*.toml")
    return found.name


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_what_a_step_asks_for_is_recorded_and_not_so_from_the_beginning(lesson: Lesson) -> None:
    """A class waits for no model, and is asked for nothing that is already so."""
    for step in lesson.steps:
        run, begin = book.run_of(lesson.run_of(step)), step.begin
        look = Look(
            index=begin.get("index", "mean"),
            order=begin.get("order", 3),
            selection=begin.get("selected", ()),
            off=begin.get("off", ()),
        )
        assert not step.until.is_met(look, {look.off})
        for off in filter(None, [step.until.off, *step.until.tried]):
            assert stage.what_if.known(run, off) is not None, (step.title, off)


def test_the_facts_are_those_of_the_runs() -> None:
    run = book.run_of("prompt.never-fails")
    facts = book.facts_of(1)
    assert facts["both"] == f"{100 * (run.subject.scale.chance(run.ends[1]) or 0):.0f} %"
    assert facts["masks"] == "64" and facts["share"] == f"{100 * run.interactions().shares[(2, 3)]:.0f} %"


TOLD = """
title = "One"
about = "of it"
minutes = 1
run = "prompt.joking"
[[steps]]
title = "First"
text = "A {x}.\\n\\nB."
analyst = "C."
until = { off = [1], tried = [[], [0, 1]] }
begin = { selected = [0] }
[[questions]]
ask = "Q?"
choices = [{ text = "a", why = "w" }, { text = "b", why = "v", right = true }]
"""


def test_a_file_is_read() -> None:
    lesson = read(TOLD, 9)
    (step,) = lesson.steps
    assert step.said("anyone") == ("A {x}.", "B.") and step.said("researcher") == ("A {x}.", "B.", "C.")
    assert step.until == Goal(off=(1,), tried=((), (0, 1))) and lesson.length == 2
    assert step.until.is_met(Look(off=(1,)), {(), (0, 1)}) and not step.until.is_met(Look(off=(1,)), {()})
    with pytest.raises(ValueError, match="not exactly one answer"):
        read(TOLD.replace(", right = true", ""), 9)
    with pytest.raises(TypeError, match="titel"):
        read(TOLD.replace('title = "First"', 'titel = "First"'), 9)
    with pytest.raises(KeyError):
        filled("{nothing}", {})


def test_an_address_that_names_no_place_is_the_list() -> None:
    first = LESSONS[0]
    assert place.read({"lesson": "1", "step": "2"}) == place.Place(1, 2)
    assert place.read({"lesson": "1"}) == place.Place(1, 1)
    assert place.read({"lesson": "1", "step": "999"}) == place.Place(1, first.length + 1)
    for lesson in ("", "0", "99", "1'", "-1", "<b>"):
        assert place.read({"lesson": lesson, "step": "1"}) is None


def test_progress_is_kept_in_a_cookie_that_anybody_can_have_written() -> None:
    known = {1: Progress(4, 7, "21300"), 3: Progress(2, 2, "")}
    assert place.parsed(place.written(known)) == known
    assert place.parsed("1.99999.1.") == {} and place.parsed("77.1.1._x_1.1") == {}
    assert place.parsed("1.900.3.99999")[1] == Progress(LESSONS[0].length + 1, LESSONS[0].length + 1, "")
    assert Progress(answers="13").chosen(1) == 2 and Progress(answers="1").chosen(4) is None


def test_every_run_of_a_lesson_is_recorded() -> None:
    for lesson in LESSONS:
        assert all(recorded.of_key(lesson.run_of(step)) for step in lesson.steps)
