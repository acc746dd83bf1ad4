import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

import spexviz as sv
from spexviz.results import Fidelity
from spexviz.views import fidelity_curve, graph, heat, path, residuals
from tests.explanations import changed


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def all_figures(run, dark=False):
    return [
        graph(run, dark=dark),
        graph(run.interactions("SII", 2), dark=dark),
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


def test_graph_has_one_marker_a_set_and_only_the_players_of_the_top_sets(review):
    figure = graph(review, top=4)
    top = [list(m) for m, _ in review.interactions().top(4, include_singletons=False)]
    (sets,), (players,) = traces(figure, "sets"), traces(figure, "players")
    assert [list(m) for m in sets.customdata] == top
    assert (
        list(sets.marker.symbol) == ["circle" if len(m) == 2 else "diamond" for m in top]
        and "diamond" in sets.marker.symbol
    )
    assert [i for (i,) in players.customdata] == sorted({i for m in top for i in m})
    assert len(traces(graph(review, top=0), "sets")) == 0


def test_graph_says_sign_by_glyph_and_doubt_by_dashes(review):
    found = review.interactions()
    figure = graph(review, top=12)
    (sets,) = traces(figure, "sets")
    assert [text.strip("<b>/") for text in sets.text] == [
        "+" if found[tuple(m)] > 0 else "−" for m in sets.customdata
    ]
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    unsure = [low <= 0 <= high for low, high in (found.intervals[tuple(m)] for m in sets.customdata)]
    assert [line.line.dash == "dash" for line in lines] == unsure and any(unsure) and not all(unsure)


def test_graph_curves_start_and_end_at_their_players(review):
    figure = graph(review, top=1)
    (players,) = traces(figure, "players")
    curve = figure.data[0]
    ends = {(round(curve.x[k], 6), round(curve.y[k], 6)) for k in (0, -1)}
    assert ends == {(round(x, 6), round(y, 6)) for x, y in zip(players.x, players.y, strict=True)}


def test_graph_dims_what_is_not_selected(review):
    (sets,) = traces(graph(review, selection=(2, 3)), "sets")
    lit = [
        m
        for m, opacity in zip(map(tuple, sets.customdata), sets.marker.opacity, strict=True)
        if opacity > 0.5
    ]
    assert lit == [(2, 3)]
    (sets,) = traces(graph(review, selection=(2,)), "sets")
    lit = [
        m
        for m, opacity in zip(map(tuple, sets.customdata), sets.marker.opacity, strict=True)
        if opacity > 0.5
    ]
    assert len(lit) > 1 and all(2 in m for m in lit)


def test_poor_fits_fade(make):
    alpha = [
        float(graph(make(("a", "b"), {(0, 1): 1.0}, r2=r2)).data[0].line.color.split(",")[-1].strip(")"))
        for r2 in (0.95, 0.3)
    ]
    assert alpha[1] < 0.6 * alpha[0]


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


def test_notebook_use_and_cheap_import(review):
    assert isinstance(sv.views.graph(review, top=12), go.Figure)
    heavy = {"streamlit", "torch", "pandas", "sklearn", "lightgbm"}
    code = f"import sys, spexviz.views; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
