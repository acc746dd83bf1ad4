"""A story one panel at a time, and on one page: the same panels, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.views import path
from spexviz.views.large import BRIEF, Size, enlarged
from spexviz.views.path import way_of
from spexviz.views.steps import LEFT_OUT, steps
from spexviz.views.stories import story
from spexviz.views.story import TRY, Action, Look, told_by, without_actions

NAMES = ("prompt/never-fails", "heads/copying", "training/three")
FILES = [ASSETS / "runs" / f"{name}.json" for name in NAMES]
EVERY = ("rivals", "measure", "ask", "what-if", "deeper", "attention", "removal", "query")
each_run = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])


def load(file: Path) -> Explanation:
    return Explanation.from_json(file.read_text(encoding="utf-8"))


@each_run
def test_each_panel_is_a_step_and_what_is_switched_off_stands_with_its_picture(file: Path) -> None:
    told = story(load(file))
    found = steps(told, Look(), EVERY)
    shown = [panel for step in found for panel in step.panels]
    left_out = [Action(name) for name in LEFT_OUT]
    expected = [panel for panel in told if panel.is_told("anyone") and panel.make not in left_out]
    assert sorted(map(id, shown)) == sorted(map(id, expected)), "each once"
    titles = [step.title for step in found]
    assert len(set(titles)) == len(titles) and titles[0] == "What was asked"
    (with_switch,) = [step for step in found if Action("what-if") in [panel.make for panel in step.panels]]
    assert any(panel.selects and panel.early for panel in with_switch.panels)
    fewer = steps(told, Look(), ())
    assert all(not isinstance(panel.make, Action) for step in fewer for panel in step.panels)


@each_run
def test_one_page_says_sentence_finding_path_trust_and_try_it(file: Path) -> None:
    run = load(file)
    look = Look().of("brief")
    titles = [panel.title for panel in told_by(story(run), look) if panel.title != "The query"]
    assert titles == ["What was asked", "What was found", way_of(run), "How far to trust it", TRY, "What if?"]
    on_paper = [panel.title for panel in told_by(without_actions(story(run)), look)]
    assert TRY not in on_paper and len(on_paper) == 5, "nothing can be tried there"
    assert look.told == "brief" and Look(depth="analyst").told == "analyst"
    assert [step.title for step in steps(story(run), look, EVERY)][-1] == TRY


def test_a_large_figure_has_larger_letters_and_the_same_numbers() -> None:
    figure = path(load(FILES[0]))
    large = enlarged(figure, Size.for_a_room(1.5))
    assert large.layout.font.size == 21 and large.layout.height > figure.layout.height
    assert large.data[0].x == figure.data[0].x and large.data[0].width == figure.data[0].width
    assert large.layout.xaxis.range == figure.layout.xaxis.range and enlarged(figure, Size()) is figure
    high = path(load(FILES[1]))
    assert enlarged(high, BRIEF).layout.height < high.layout.height
    assert enlarged(high, Size.for_a_room(1.0)).layout.height == high.layout.height, "a phone scrolls"
