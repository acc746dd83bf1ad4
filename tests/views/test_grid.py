"""The grid of heads and the figures beside it say what the numbers say, and let no label become markup."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.views import grid, looks
from spexviz.views.energy import energy, energy_shares
from tests.explanations import changed
from tests.views.conftest import HOSTILE, build

PLAYERS = tuple(f"L{layer}.H{head}" for layer in (3, 5) for head in range(3))
LAYOUT = np.array([[layer, head] for layer in (3, 5) for head in range(3)], dtype=float)
COEFFICIENTS = {(0,): -0.5, (1,): 0.2, (4,): -0.1, (0, 1): 0.3, (0, 4): -0.4, (1, 2, 5): 0.2}


@pytest.fixture
def run() -> object:
    return changed(build(PLAYERS, COEFFICIENTS), layout=LAYOUT, noun="head")


def test_every_head_stands_in_its_place_with_its_rank(run) -> None:
    squares = grid.grid(run).data[0]
    assert list(squares.x) == [0, 1, 2, 0, 1, 2] and list(squares.y) == [0, 0, 0, 1, 1, 1]
    assert [tuple(one) for one in squares.customdata] == [(i,) for i in range(6)]
    np.testing.assert_allclose(squares.marker.color, run.main_effects())
    assert squares.marker.color[0] == pytest.approx(
        1.0
    ) and squares.marker.cmax == -squares.marker.cmin == pytest.approx(1.0)
    assert (
        "1 of 6" in squares.hovertext[0]
        and "2 of 6" in squares.hovertext[1]
        and "3 of 6" in squares.hovertext[4]
    )
    assert squares.text[0] == "+" and squares.text[1] == "−" and squares.text[2] == ""


def test_the_selected_set_is_outlined_on_top(run) -> None:
    assert len(grid.grid(run).data) == 1
    traces = {trace.name: trace for trace in grid.grid(run, selection=(1, 4), dark=True).data}
    assert (
        list(traces["outline"].x) == [1, 1]
        and list(traces["outline"].y) == [0, 1]
        and len(traces["selected"].x) == 2
    )
    # a click reaches the square below
    assert all(traces[name].hoverinfo == "skip" for name in ("outline", "selected"))


def test_energy_tells_sets_within_a_layer_from_those_across(run) -> None:
    shares = energy_shares(run)
    total = sum(value**2 for value in COEFFICIENTS.values())
    assert shares["alone"] == pytest.approx((0.25 + 0.04 + 0.01) / total)
    assert shares["within a layer"] == pytest.approx(0.09 / total)
    assert shares["across layers"] == pytest.approx((0.16 + 0.04) / total)
    figure = energy(run)
    assert sum(bar.x[0] for bar in figure.data) == pytest.approx(1.0)
    said = figure.layout.meta["text"]
    assert said.startswith("Single heads carry 51 %, heads of one layer together 15 %, heads of different")


def test_prediction_with_heads_off(run) -> None:
    mask = np.ones((1, 6), dtype=bool)
    mask[0, [0, 4]] = False
    surrogate, alone = grid.prediction(run, (0, 4))
    assert surrogate == pytest.approx(float(run.spectrum(mask)[0]))
    assert alone == pytest.approx(run.ends[1] - 1.0 - 0.2)
    assert grid.title_of_set(run, (0, 4)) == "L3.H0 × L5.H1"


def test_labels_and_tokens_are_never_markup() -> None:
    run = build(HOSTILE, {(0,): 1.0, (0, 1): 0.5})
    weights = np.eye(len(HOSTILE))
    rows = [{"method": "<b>x", "size": 2, "value": 1.0, "low": 0.5, "high": 1.5}]
    for figure in (
        grid.grid(run),
        grid.attention(HOSTILE, weights, HOSTILE[0]),
        grid.removal(rows, 2.0, "<i>nats"),
    ):
        # the text twin is never drawn
        shown = figure.update_layout(meta=None).to_json().replace("\\u003c", "<")
        assert (
            "<img" not in shown and "<script" not in shown and "</script" not in shown and "<i>" not in shown
        )


def test_removal_has_a_line_a_method_and_what_all_gives() -> None:
    rows = [
        {"method": m, "size": s, "value": v, "low": v - 1, "high": v + 1}
        for m, v in (("spectrum", 3.0), ("LASSO", 2.0))
        for s in (4, 2)
    ]
    figure = grid.removal(rows, 4.0, "nats")
    names = ["chosen by the spectrum", "by a linear fit (LASSO)"]
    assert [trace.name for trace in figure.data] == names and list(figure.data[0].x) == [2, 4]
    assert "all kept +4.00" in figure.layout.meta["text"] and figure.layout.yaxis.rangemode == "tozero"


def test_removal_begins_with_what_it_found() -> None:
    values = {"spectrum": 3.0, "LASSO": 2.9, "random": 1.0}
    rows = [{"method": m, "size": 27, "value": v, "low": v - 1, "high": v + 1} for m, v in values.items()]
    differences = {"LASSO": (0.1, -0.2, 0.4), "random": (2.0, 1.5, 2.5)}
    found, compared = grid.kept_in_words(rows, 4.0, "log-odds (nats)", "54 heads", differences)
    assert found == (
        "Keeping only 27 of 54 heads, chosen by the spectrum, leaves 3.00 of 4.00 log-odds (nats), that is "
        "75 %; 27 chosen at random leave 1.00 of 4.00, that is 25 %."
    )
    assert compared == (
        "On the same questions the spectrum's choice is not clearly different from that of a linear fit "
        "(LASSO); clearly better than a random one."
    )
    found, *_, why = grid.kept_in_words(rows, 2.5, "log-probability (nats)", "54 heads", differences)
    assert why.startswith("Fewer can do better than all") and "that is" not in found


def test_places_that_are_no_player_are_quiet_outlines() -> None:
    where = np.array([[3, 0], [3, 4], [9, 1]], dtype=float)
    sparse = changed(build(PLAYERS[:3], {(0,): 1.0}), layout=where, noun="head")
    figure = grid.grid(sparse)
    traces = {trace.name: trace for trace in figure.data}
    outlines = traces["head never switched off"]
    assert len(outlines.x) == 2 * 5 - 3 and outlines.hoverinfo == "skip" and figure.layout.showlegend
    assert traces["grid"].hovertext[1].startswith("<b>Layer 3, head 4 (L3.H1)</b>")
    assert traces["grid"].marker.colorbar.len <= 200


def test_where_a_head_looks_is_told_of_each_token() -> None:
    tokens = ["A", " red", " dog"]
    weights = np.array([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.0, 0.75, 0.25]])
    shown = looks(tokens, weights, "layer 1, head 2")
    assert shown.data["rows"] == [[[0, 1.0]], [[0, 0.9], [1, 0.1]], [[1, 0.75], [2, 0.25]]]
    assert shown.data["said"][2] == (
        "From “dog”, where the answer is read, it looks at “red” 75 %, “dog” (itself) 25 %."
    )
    assert "nothing to look for" in shown.data["said"][1] and "nothing" not in shown.data["said"][2]
