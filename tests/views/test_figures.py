import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from spexviz.results import Fidelity
from spexviz.views import fidelity_curve, heat, path, residuals
from tests.explanations import changed


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def all_figures(run, dark=False):
    return [
        fidelity_curve(run, dark=dark),
        residuals(run, dark),
        path(run, dark=dark),
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_every_figure_has_title_text_twin_and_transparent_ground(review, dark):
    for figure in all_figures(review, dark):
        assert isinstance(figure, go.Figure)
        assert figure.layout.title.text and figure.layout.meta["text"]
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
        json.loads(figure.to_json())


def test_no_figure_renders_markup_or_templates_from_labels(hostile):
    for figure in all_figures(hostile):
        text = figure.to_plotly_json()
        text["layout"].pop("meta")  # the text twin is plain text
        assert "<img" not in str(text) and "</script" not in str(text) and "hovertemplate" not in str(text)
    page = heat(hostile)
    assert "<img" not in page.html and "</script" not in page.html and "<img" in page.text


def test_odd_runs_still_draw(make, long):
    nothing = make(("a", "b"), {})
    zero = make(("a", "b", "c"), {(0,): 0.0, (0, 1): 0.0}, draws=False)
    one = make(("a",), {(0,): 1.0}, exact=True, draws=False)
    running = changed(
        nothing,
        curve=(),
        complete=False,
        fidelity=replace(nothing.fidelity, r2=math.nan, interval=(math.nan, math.nan)),
    )
    for run in (nothing, zero, one, running, long):
        for figure in all_figures(run):
            figure.to_json()
        assert heat(run).html


def test_fidelity_curve_shows_every_point_at_its_budget(review):
    figure = fidelity_curve(review)
    solver = next(t for t in figure.data if t.name == "proxyspex")
    mine = [p for p in review.proof.curve if p.solver == "proxyspex"]
    assert [2**x for x in solver.x] == pytest.approx([p.budget for p in mine])
    assert list(solver.y) == pytest.approx([p.r2 for p in mine])
    assert list(np.add(solver.y, solver.error_y.array)) == pytest.approx([p.interval[1] for p in mine])
    assert list(np.subtract(solver.y, solver.error_y.arrayminus)) == pytest.approx(
        [p.interval[0] for p in mine]
    )
    (base,) = [t for t in figure.data if t.name == "linear (baseline)"]
    assert base.line.dash == "dash" and list(figure.layout.xaxis.ticktext) == ["64", "128", "256", "512"]
    (here,) = traces(figure, "here")
    assert here.y[0] == review.fidelity.r2 and 2 ** here.x[0] == pytest.approx(512)


def test_fidelity_below_the_edge_is_told_in_words(review):
    low = Fidelity("linear", 64, -3.5, (-5.0, -2.0), 256, 14)
    figure = fidelity_curve(review, extra=(replace(low, solver="kernelshap"),))
    assert figure.layout.yaxis.range[0] > -0.5
    assert any("−3.50" in (a.text or "") for a in figure.layout.annotations)
    assert min(v for t in figure.data if t.name == "kernelshap" for v in t.y) >= -0.2


def test_exact_runs_say_so(make):
    run = make(("a", "b", "c"), {(0, 1): 1.0}, exact=True)
    assert any("exact, all 8 masks" in a.text for a in fidelity_curve(run).layout.annotations)
    assert "nothing held out" in residuals(run).layout.meta["text"]


def test_the_curve_of_an_exact_run_never_falls_below_zero_and_no_label_lies_on_a_marker(make):
    run = make(("a", "b", "c"), {(0, 1): 1.0}, exact=True)
    low, high = (Fidelity("auto", k, r2, (r2 - 0.3, r2 + 0.1), 4, 3) for k, r2 in ((8, -0.2), (16, 0.15)))
    bad = Fidelity("linear", 16, -0.23, (-0.4, -0.1), 4, 3)
    figure = fidelity_curve(changed(run, curve=(low, high, bad)))
    (line,) = [trace for trace in figure.data if trace.name]
    assert (line.name, list(line.y), list(line.error_y.arrayminus)) == ("auto", [0.15], [0.15])
    assert figure.layout.yaxis.range[0] == 0.0
    told = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert told.count("no better than a guess") == 1
    text = figure.layout.meta["text"]
    assert "linear with 16 ablations: no better than a guess" in text and "−0.2" not in text
    (label,) = [one for one in figure.layout.annotations if "exact" in one.text]
    assert label.y == 1 and label.yanchor == "bottom" and figure.layout.yaxis.range[1] > 1.1


def test_residuals_plot_model_over_surrogate(review):
    (dots,) = traces(residuals(review), "one unseen mask")
    assert np.allclose(dots.x, review.spectrum(review.held_out.masks)) and np.allclose(
        dots.y, review.held_out.values
    )


def test_views_are_cheap_to_import():
    heavy = {"streamlit", "torch", "pandas", "sklearn", "lightgbm"}
    code = f"import sys, spexviz.views; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
