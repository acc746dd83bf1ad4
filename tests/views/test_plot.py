"""A figure as SVG: what it shows is what Plotly shows, whatever stands in it."""

import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from plotly.graph_objects import Figure

import spexviz as sv
from spexviz.views import heads
from spexviz.views.fidelity import fidelity_curve, residuals
from spexviz.views.files import NoBrowser
from spexviz.views.path import path, path_steps
from spexviz.views.plot import NARROW, WIDE, CannotDraw, drawn
from spexviz.views.removal import removal
from spexviz.views.stories import story
from spexviz.views.story import Action, Look
from tests.explanations import changed
from tests.views.test_arcs import recorded

SVG = "{http://www.w3.org/2000/svg}"
RUNS = ("prompt/never-fails", "heads/copying")
TAGS = {"svg", "g", "rect", "line", "text", "path", "title", "circle"}
EVIL = (
    "</svg><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\u202eabc\u202c",
    "a\x00b\x0b",
    "]]>&<b>",
)


@pytest.mark.parametrize("name", RUNS)
def test_every_figure_of_a_story_is_drawn_at_every_width(name):
    look = Look(depth="researcher")
    run = recorded(name)
    panels = [panel for panel in story(run) if not isinstance(panel.make, Action)]
    figures = [shown for panel in panels if isinstance(shown := panel.make(look), Figure)]
    assert len(figures) >= 2
    for figure in figures:
        for width in (NARROW, WIDE):
            found = ET.fromstring(drawn(figure, width, titled=True))
            assert found.get("aria-label") == figure.layout.meta["text"]
            assert found.get("viewBox").split()[:3] == ["0", "0", str(width)]
            assert not list(found.iter(f"{SVG}script"))


def bars(found):
    """(left, right) of the bars, in order."""
    rects = [mark.find(f"{SVG}rect") for mark in found.iter(f"{SVG}g") if mark.get("class") == "mark"]
    places = [(float(one.get("x")), float(one.get("width"))) for one in rects if one is not None]
    return [(x, x + width) for x, width in places]


def test_the_bars_of_the_path_are_as_long_as_its_steps():
    run = recorded("prompt/never-fails")
    found = ET.fromstring(drawn(path(run)))
    steps = path_steps(run)
    drawn_ = bars(found)
    assert len(drawn_) == len(steps)
    scale = (drawn_[-1][1] - drawn_[-1][0]) / abs(steps[-1].change)
    zero = drawn_[-1][0]
    for (left, right), step in zip(drawn_, steps, strict=True):
        ends = sorted((step.before, step.after))
        assert left == pytest.approx(zero + scale * ends[0], abs=1)
        assert right == pytest.approx(zero + scale * ends[1], abs=1)
    members = [mark.get("data-members") for mark in found.iter() if mark.get("data-members")]
    assert members == [",".join(map(str, step.members)) for step in steps if step.members]
    rows = [label.get("data-row") for label in found.iter(f"{SVG}text") if label.get("data-row")]
    assert rows == members


def test_each_dot_stands_where_its_values_are_and_says_them():
    run = recorded("heads/copying")
    figure = residuals(run)
    found = ET.fromstring(drawn(figure))
    dots = [(float(one.get("cx")), float(one.get("cy"))) for one in found.iter(f"{SVG}circle")]
    assert len(dots) == len(run.unseen.values)
    order = sorted(range(len(dots)), key=lambda k: run.unseen.predicted[k])
    assert [dots[k][0] for k in order] == sorted(x for x, _ in dots)
    upward = sorted(range(len(dots)), key=lambda k: run.unseen.values[k])
    assert [dots[k][1] for k in upward] == sorted((y for _, y in dots), reverse=True)
    titles = [one.text for one in found.iter(f"{SVG}title")]
    assert len(titles) == len(dots) and "surrogate" in titles[0] and "<br>" not in "".join(titles)


def test_what_users_wrote_stays_text():
    run = recorded("prompt/never-fails")
    hostile = changed(run, players=(*EVIL, run.players[5]), unit="<script>nats</script>")
    text = drawn(path(hostile), titled=True)
    found = ET.fromstring(text)
    assert {one.tag.removeprefix(SVG) for one in found.iter()} <= TAGS
    assert "<script" not in text and "\x00" not in text
    assert not any(name.startswith("on") for one in found.iter() for name in one.attrib)


def test_the_legend_stands_under_the_curve_and_another_kind_of_figure_is_refused():
    figure = fidelity_curve(recorded("prompt/turns"))
    found = ET.fromstring(drawn(figure, NARROW))
    texts = {one.text: float(one.get("y")) for one in found.iter(f"{SVG}text")}
    axis = texts["ablations that the fit saw (log scale)"]
    names = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert names and all(texts[name] > axis for name in names)
    with pytest.raises(CannotDraw, match="pie cannot be drawn"):
        drawn(Figure({"data": [{"type": "pie", "values": [1]}]}))
    with pytest.raises(CannotDraw, match="upright bars"):
        drawn(Figure({"data": [{"type": "bar", "x": ["a"], "y": [1]}]}))


def test_bands_and_what_all_gives_are_drawn():
    shares, draws = (0.0, 0.5, 1.0), np.array([[0.9, 0.5, 0.1], [0.9, 0.7, 0.3]])
    band = removal(shares, [("ours", np.array([0.9, 0.8, 0.2]))], draws, "accuracy")
    found = ET.fromstring(drawn(band))
    closed = [one for one in found.iter(f"{SVG}path") if one.get("d").endswith("z")]
    assert len(closed) == 1 and closed[0].get("d").count("L") == 5
    rows = [
        {"method": method, "size": size, "value": 3.0, "low": 2.0, "high": 4.0}
        for method in ("spectrum", "LASSO")
        for size in (2, 4)
    ]
    left = ET.fromstring(drawn(heads.removal(rows, 4.5, "nats"), NARROW))
    texts = [one.text for one in left.iter(f"{SVG}text")]
    assert "all kept" in texts and "0" in texts and "4" in texts
    assert len(list(left.iter(f"{SVG}circle"))) == 2 * 2 + 2, "dots, and those of the legend"


def test_a_figure_is_saved_without_a_browser_and_a_wrong_ending_is_refused(tmp_path):
    figure = path(recorded("prompt/never-fails"))
    saved = sv.views.save(figure, tmp_path / "path.svg", width=500)
    assert ET.parse(saved).getroot().get("width") == "500"
    assert "From nothing to everything" in saved.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"neither in \.svg nor in \.png"):
        sv.views.save(figure, tmp_path / "path.pdf")


def test_without_a_browser_the_remedy_is_said_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(NoBrowser, match=r"pip install 'spexviz\[export\]' and playwright install chromium"):
        sv.views.save(path(recorded("prompt/never-fails")), tmp_path / "path.png")
    assert not list(tmp_path.iterdir())
