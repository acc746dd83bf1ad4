"""Captions and tables: sentences and cells say what the numbers say."""

from dataclasses import replace

import numpy as np
import pytest

import spexviz as sv
from spexviz.results import Check
from spexviz.views import arcs, checked, csv, finding, honesty, strip, table
from spexviz.views.table import guarded, members_of
from tests.explanations import changed


def found(run):
    return run.interactions()


@pytest.mark.parametrize(("players", "masks"), [(3, "8"), (16, "64")])
def test_a_value_that_never_changed_is_said_and_no_further_ablations_are_asked_for(players, masks) -> None:
    """Case 20."""
    game = sv.game(lambda asked: np.full(len(asked), 0.25), players=players, unit="margin", noun="word")
    for solver in (sv.Auto(), sv.LIME()):
        run = sv.explain(game, solver, budget=64)
        expected = (
            f"The value never changed: 0.25 margin for all {masks} masks, so there is nothing to explain."
        )
        text = finding(run)
        assert text.startswith(expected) and "Look at another value, or at other words." in text
        assert ("fewer than about 4.7 % of the masks" in text) == (players == 16)
        assert "the value never changed in" in honesty(run)
        for said in (text, honesty(run)):
            assert "may help" not in said and "carries" not in said and "strongest" not in said
        nothing = "Nothing found: no word and no set of words moves the value."
        assert strip.data(run, found(run))["none"] == nothing
        assert arcs.data(run, found(run))["title"] == "Nothing found"


def test_a_value_that_changed_once_did_change(review):
    never, once = (np.zeros(len(sample)) for sample in (review.sample, review.held_out))
    for value in (0.0, 1e-9):
        once[3] = value
        run = changed(
            review,
            sample=replace(review.sample, values=never),
            held_out=replace(review.held_out, values=once),
            ends=(0.0, 0.0),
        )
        assert ("never changed" in honesty(run)) == (value == 0.0)


def checks_of(run):
    """The pair is borne out, the triple is not."""
    pair = Check((2, 3), 2.4, 2.5, 2.44, 2.48, (2.32, 2.56), 7, "confirmed", 4, 128)
    return changed(
        run, checks=(pair, Check((2, 3, 5), 0.1, 1.7, 0.05, 1.68, (-0.3, 0.4), 20, "contradicted", 8, 128))
    )


def test_a_check_says_surrogate_and_measured_side_by_side(review):
    run = checks_of(review)
    says = "never × fails: confirmed: the surrogate says +2.48, the model +2.44 ± 0.12 log-odds."
    assert checked(run, run.checks[0]) == says
    assert "512 ablations, 27 more to check 2 sets;" in honesty(run)
    assert "Stopped after 64" in honesty(
        changed(run, stopped="Stopped after 64 of 512 ablations: it was enough.")
    )


def test_table_and_csv_show_the_checks(review):
    run, i = checks_of(review), found(review)
    frame = table(i, 50, run.checks)
    verdicts = dict(zip(frame["members"], frame[["check", "measured"]].itertuples(index=False), strict=True))
    assert (
        tuple(verdicts["never × fails"]) == ("confirmed", 2.44)
        and verdicts["never × fails × impress"].check == "contradicted"
    )
    assert (frame["check"] != "").sum() == 2 == frame["measured"].notna().sum()
    assert "contradicted" in csv(i, 50, run.checks) and "check" not in table(i, 50).columns


def test_contradicted_sets_are_marked_not_hidden(review):
    run, i = checks_of(review), found(review)
    sets = {tuple(comb["m"]): comb for comb in strip.data(run, i)["sets"]}
    assert (sets[(2, 3)]["c"], sets[(2, 3, 5)]["c"]) == ("confirmed", "contradicted") and "c" not in sets[
        (11, 12)
    ]
    assert strip.data(run, i)["version"] != strip.data(review, i)["version"]
    drawn = {tuple(one["m"]): one for one in arcs.data(run, i)["sets"]}
    assert [members for members, one in drawn.items() if one.get("c") == "contradicted"] == [(2, 3, 5)]
    assert drawn[(2, 3, 5)]["check"].startswith("contradicted: the surrogate says +1.68")
    assert "check" not in drawn[(11, 12)]


def test_table_rows_are_the_top_sets(review):
    i = found(review)
    frame = table(i, 5)
    assert list(frame.columns) == ["members", "order", "value", "low", "high", "share"] and len(frame) == 5
    assert frame.value.tolist() == [i[m] for m in members_of(i, 5)] and (frame.low <= frame.high).all()
    assert frame.share.is_monotonic_decreasing and table(i, 0).empty


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", " =1", "＝1"])
def test_csv_cells_that_a_spreadsheet_would_run_are_guarded(cell):
    assert guarded(cell) == "'" + cell


def test_csv_of_hostile_labels(hostile):
    lines = csv(found(hostile)).splitlines()
    assert lines[0] == "members,order,index,value,low,high,share,unit"
    assert any(line.startswith("'=1+1,1,") for line in lines) and not any(
        line.startswith(("=", "+", "@")) for line in lines
    )
    assert guarded("never × fails") == "never × fails"


def test_rare_values_are_said_with_what_cannot_be_seen() -> None:
    """Case 14: five masks that differ tell of few others."""
    game = sv.game(lambda masks: masks[:, :6].all(1) * 1.0, players=24)
    run = sv.explain(game, sv.Linear(), 256, near=0.0)
    differ = int(run.sample.values.sum())
    assert 0 < differ < 16
    expected = f"All but {differ} of the 256 masks have the same value"
    assert expected in honesty(run) and "fewer than about 1.2 % of the masks cannot be seen" in honesty(run)


def test_many_small_terms_are_said_to_be_spread_out(make) -> None:
    pairs = {(i, j): 0.1 for i in range(12) for j in range(i + 1, 12)}
    run = make(tuple("abcdefghijkl"), {(i,): 0.3 for i in range(12)} | pairs)
    assert "is spread out over many small sets: which of them are real is not certain" in honesty(run)
    large = make(tuple("abcdefghijkl"), {(i,): 0.3 for i in range(12)} | pairs | {(0, 1): 1.0})
    assert "spread out" not in honesty(large)
