"""The grid of heads and the figures beside it say what the numbers say, and let no label become markup."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spexviz.views import heads, looks, prediction, theme
from spexviz.views.board import named_after
from spexviz.views.energy import energy, energy_shares
from spexviz.views.squares import squares
from tests.explanations import changed
from tests.views.conftest import HOSTILE, build

PLAYERS = tuple(f"L{layer}.H{head}" for layer in (3, 5) for head in range(3))
LAYOUT = np.array([[layer, head] for layer in (3, 5) for head in range(3)], dtype=float)
COEFFICIENTS = {(0,): -0.5, (1,): 0.2, (4,): -0.1, (0, 1): 0.3, (0, 4): -0.4, (1, 2, 5): 0.2}


@pytest.fixture
def run() -> object:
    return changed(build(PLAYERS, COEFFICIENTS), layout=LAYOUT, noun="head")


def test_every_head_stands_in_its_place_with_its_rank(run) -> None:
    shown = squares(run, run.interactions(), top=2)
    data = shown.data
    json.dumps(data, allow_nan=False)
    assert data["layers"] == [3, 5] and data["columns"] == 3 and data["holes"] == []
    places = [(one["p"], one["x"], one["y"]) for one in data["squares"]]
    assert places == [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 0, 1), (4, 1, 1), (5, 2, 1)]
    assert [one["said"] for one in data["squares"]] == [theme.number(value) for value in run.main_effects()]
    assert [one["rank"] for one in data["squares"][:2]] == [1, 2] and data["squares"][4]["rank"] == 3
    assert [one["sign"] for one in data["squares"][:3]] == ["+", "−", ""]
    assert data["squares"][0]["cell"] == theme.STEPS and data["legend"]["high"] == "+1.00 raises"
    assert {tuple(members) for members in data["sets"]} == {(0, 1), (0, 4)}
    assert shown.title == "6 heads" and shown.text.startswith(
        "Mean effect (log-odds), strongest first: L3.H0"
    )


def test_the_data_change_with_all_but_the_selection(run) -> None:
    plain = squares(run, run.interactions()).data
    chosen = squares(run, run.interactions(), selection=(4, 1)).data
    assert chosen["selection"] == [1, 4] and chosen["version"] == plain["version"]
    assert squares(run, run.interactions("FBII", 2)).data["version"] != plain["version"]
    assert squares(run, run.interactions(), dark=True).data["version"] != plain["version"]


def test_without_places_all_stand_in_one_row() -> None:
    data = squares(build(HOSTILE, {(0,): 1.0}), build(HOSTILE, {(0,): 1.0}).interactions()).data
    assert data["layers"] == [0] and data["columns"] == len(HOSTILE) == len(data["squares"])


def test_the_name_of_a_head_is_explained_where_it_is_its_place(run) -> None:
    assert named_after(run, 4) == "L5.H1 is head 1 of layer 5; layers and heads are counted from 0."
    assert named_after(changed(run, noun="group"), 4) == "" and named_after(build(HOSTILE, {}), 0) == ""
    assert named_after(changed(run, layout=LAYOUT + 1), 4) == ""


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
    surrogate, alone = prediction(run, (0, 4))
    assert surrogate == pytest.approx(float(run.spectrum(mask)[0]))
    assert alone == pytest.approx(run.ends[1] - 1.0 - 0.2)


def test_labels_and_tokens_are_never_markup() -> None:
    weights = np.eye(len(HOSTILE))
    rows = [{"method": "<b>x", "size": 2, "value": 1.0, "low": 0.5, "high": 1.5}]
    for figure in (
        heads.attention(HOSTILE, weights, HOSTILE[0]),
        heads.removal(rows, 2.0, "<i>nats"),
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
    figure = heads.removal(rows, 4.0, "nats")
    names = ["chosen by the spectrum", "by a linear fit (LASSO)"]
    assert [trace.name for trace in figure.data] == names and list(figure.data[0].x) == [2, 4]
    assert "all kept +4.00" in figure.layout.meta["text"] and figure.layout.yaxis.rangemode == "tozero"


def test_removal_begins_with_what_it_found() -> None:
    values = {"spectrum": 3.0, "LASSO": 2.9, "random": 1.0}
    rows = [{"method": m, "size": 27, "value": v, "low": v - 1, "high": v + 1} for m, v in values.items()]
    differences = {"LASSO": (0.1, -0.2, 0.4), "random": (2.0, 1.5, 2.5)}
    found, compared = heads.kept_in_words(rows, 4.0, "log-odds (nats)", "54 heads", differences)
    assert found == (
        "Keeping only 27 of 54 heads, chosen by the spectrum, leaves 3.00 of 4.00 log-odds (nats), that is "
        "75 %; 27 chosen at random leave 1.00 of 4.00, that is 25 %."
    )
    assert compared == (
        "On the same questions the spectrum's choice is not clearly different from that of a linear fit "
        "(LASSO); clearly better than a random one."
    )
    found, *_, why = heads.kept_in_words(rows, 2.5, "log-probability (nats)", "54 heads", differences)
    assert why.startswith("Fewer can do better than all") and "that is" not in found


def test_places_that_are_no_player_are_quiet_outlines() -> None:
    where = np.array([[3, 0], [3, 4], [9, 1]], dtype=float)
    sparse = changed(build(PLAYERS[:3], {(0,): 1.0}), layout=where, noun="head")
    data = squares(sparse, sparse.interactions()).data
    assert len(data["holes"]) == 2 * 5 - 3 and [0, 0] not in data["holes"] and [2, 1] in data["holes"]


def test_where_a_head_looks_is_told_of_each_token() -> None:
    tokens = ["A", " red", " dog"]
    weights = np.array([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.0, 0.75, 0.25]])
    shown = looks(tokens, weights, "layer 1, head 2")
    assert shown.data["rows"] == [[[0, 1.0]], [[0, 0.9], [1, 0.1]], [[1, 0.75], [2, 0.25]]]
    assert shown.data["said"][2] == (
        "From “dog”, where the answer is read, it looks at “red” 75 %, “dog” (itself) 25 %."
    )
    assert "nothing to look for" in shown.data["said"][1] and "nothing" not in shown.data["said"][2]
