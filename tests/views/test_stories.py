"""The story of a result: one list of panels, the same for page and paper, at every depth."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
from plotly.graph_objects import Figure

from spexviz import views
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.views.paper import Story
from spexviz.views.stories import FOUND, TEXT, TOGETHER, WHAT_IF, glance, story
from spexviz.views.story import DEPTHS, Action, Component, Look, Table, Words
from tests.explanations import changed

FILES = sorted(path for path in (ASSETS / "runs").glob("*/*.json") if path.name != "index.json")
each_run = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def load(path: Path) -> Explanation:
    return Explanation.from_json(path.read_text(encoding="utf-8"))


@each_run
def test_every_panel_makes_something_at_every_depth(path: Path) -> None:
    run = load(path)
    panels = story(run)
    assert [panel.title for panel in panels[:3]] == [
        "What was asked",
        "What was found",
        "How far to trust it",
    ]
    lead = views.told(run).sets[0]
    look = Look(depth="researcher", dark=bool(FILES.index(path) % 2), selection=lead)
    for panel in panels:
        shown = panel.make(look)
        assert isinstance(shown, Figure | Words | Component | Table | Action)
        if isinstance(shown, Words):
            assert all(shown.lines)
    least = [panel.title for panel in panels if panel.is_told("anyone")]
    most = [panel.title for panel in panels if panel.is_told("researcher")]
    assert set(least) < set(most) and "The selected set in all indices" in most


@each_run
def test_page_and_paper_show_the_same_panels(path: Path) -> None:
    run = load(path)
    depth = DEPTHS[FILES.index(path) % len(DEPTHS)]
    told = Story(run, Look(depth=depth))
    asked = [panel for panel in story(run) if panel.is_told(depth)]
    assert [panel.title for panel in told.panels] == [
        panel.title for panel in asked if not isinstance(panel.make, Action)
    ]
    pages = list(told.pages())
    assert len(pages) == len(told.panels)
    assert " ".join(views.told(run).sentences) in html.unescape(str(pages[1]))


def test_a_run_that_goes_on_shows_what_it_has(make) -> None:
    run = changed(make(("a", "b", "c"), {(0,): 0.3, (0, 1): 0.5}), complete=False)
    assert [panel.title for panel in story(run)] == [
        "What was asked",
        "How far to trust it",
        "The text",
        "What if?",
        "How good is it, and what did it cost?",
    ]


def test_a_run_of_before_offers_to_measure_what_it_lacks(make) -> None:
    run = make(("a", "b", "c"), {(0,): 0.3, (0, 1): 0.5})
    asks = [panel.make for panel in story(run) if isinstance(panel.make, Action)]
    assert run.measured is None and Action("measure") in asks
    recorded = load(FILES[0])
    assert Action("measure") not in [panel.make for panel in story(recorded)]


def test_another_index_is_shown_without_what_was_measured() -> None:
    run = load(FILES[0].parent.parent / "prompt" / "turns.json")
    assert Look().checks(run) and not Look(index="SV").checks(run)
    (table,) = [panel for panel in story(run) if panel.title == "Sets as a table"]
    assert "Model" in table.make(Look()).columns and "Model" not in table.make(Look(index="FBII")).columns


def test_a_run_at_a_glance_has_its_own_panels_and_the_words_without_a_list() -> None:
    """The landing page's picture: what a press does there, and what it says of the other sets, fits it."""
    run = Explanation.from_json((ASSETS / "runs" / "prompt" / "never-fails.json").read_text(encoding="utf-8"))
    found, words, changed, together = glance(run)
    assert [panel.title for panel in (found, words, changed, together)] == [FOUND, TEXT, WHAT_IF, TOGETHER]
    look = Look(top=3)
    assert found.make(look) == next(panel for panel in story(run) if panel.title == FOUND).make(look)
    strip, arcs = words.make(look), together.make(look)
    assert isinstance(strip, Component) and strip.data["sets"] == [] and strip.data["none"] is None
    assert isinstance(arcs, Component) and len(arcs.data["sets"]) == 3
    assert arcs.data["more"] == "in the whole run" and changed.make(look) == Action("what-if")
