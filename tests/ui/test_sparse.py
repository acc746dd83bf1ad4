"""What lesson 3 shows is computed: sums of structured masks, their peeling, and trees on random masks."""

from __future__ import annotations

import numpy as np

from spexviz.masks import all_masks
from spexviz.spectrum import Spectrum
from spexviz.ui.learn import book, sparse
from spexviz.views.bins import bins
from spexviz.views.four import four
from spexviz.views.growth import told
from spexviz.views.passing import passing
from spexviz.views.two_ways import recovered


def test_peeling_finds_the_known_function_exactly_and_says_what_is_left_in_each_round() -> None:
    peeling = sparse.peeling()
    truth = {term: value for term, value in sparse.TRUTH.coefficients.items() if term}
    found = sparse.by_peeling()
    assert found.keys() == truth.keys() and np.allclose([found[t] for t in truth], list(truth.values()))
    assert sparse.explained(found) == 1.0
    for at, one in enumerate(peeling.rounds):
        known: dict[tuple[int, ...], float] = {}
        for earlier in peeling.rounds[: at + 1]:
            for members, value in earlier.found:
                known[members] = known.get(members, 0.0) + value
        for places, group in zip(peeling.places, one.sums, strict=True):
            left = np.zeros(len(group))
            for term, place in zip(peeling.terms, places, strict=True):
                left[place] += truth[term] - known.get(term, 0.0)
            assert np.allclose([rows[0] for rows in group], left), "each bin is the sum of what falls into it"


def test_the_lesson_says_what_is_computed() -> None:
    peeling = sparse.peeling()
    lesson = book.lesson_of(3)
    assert lesson is not None
    peel, trees = (step for step in lesson.steps if step.until.did in (("peeled",), ("trees",)))
    assert f"exactly with {peeling.masks} masks" in peel.seen and len(peeling.rounds) == 4
    few, enough = trees.given["masks"]
    assert sparse.explained(sparse.by_trees(few)) < 0.9 < sparse.explained(sparse.by_trees(enough))
    truth = {term for term in sparse.TRUTH.coefficients if term}
    assert set(sparse.by_trees(enough)) == truth < set(sparse.by_trees(few)) | truth
    rounds = bins(peeling).data["rounds"]
    single = [bin for group in rounds[0]["groups"] for bin in group if len(bin["sets"]) == 1]
    assert all(bin["said"].startswith("One set alone") and bin["sets"][0] in bin["said"] for bin in single)
    assert rounds[-1]["said"].endswith("all sets are found.")


def test_a_bin_that_holds_one_set_turns_its_sign_for_its_members_alone() -> None:
    peeling = sparse.peeling()
    last = peeling.rounds[0].sums
    for places, group in zip(peeling.places, last, strict=True):
        for at, (value, *flipped) in enumerate(group):
            inside = [term for term, place in zip(peeling.terms, places, strict=True) if place == at]
            if len(inside) == 1:
                turned = tuple(i for i, one in enumerate(flipped) if np.isclose(one, -value))
                assert turned == inside[0]


def test_what_was_recovered_is_counted() -> None:
    truth = {(0,): 1.0, (0, 1): -2.0}
    found = {"This": {(0,): 1.0, (2,): 0.5}, "That": dict(truth)}
    shown = recovered(
        truth, found, {"This": 0.25, "That": 1.0}, lambda members: "×".join("ABC"[i] for i in members)
    )
    assert (
        shown.lines[0]
        == "This: 1 of 2 sets found, 1 more that are not there; it explains 25 % of how the function varies."
    )
    assert "2 of 2 sets found, all as they are" in shown.lines[1]
    assert [row["Set"] for row in shown.table.rows] == ["A", "A×B", "C"] and shown.table.rows[1][
        "This"
    ] == "–"


def test_how_many_masks_there_are() -> None:
    assert told(2)[0] == "2 words: 4 masks" and "less than a second" in told(2)[1]
    assert told(27) == (
        "27 words: 134,217,728 masks",
        "At 100 masks a second, asking them all would take about 16 days.",
    )


def test_masks_pass_as_the_run_asked_them() -> None:
    run = book.run_of("prompt.turns")
    data = passing(run).data
    kept = np.array([[letter == "1" for letter in mask] for mask in data["masks"]])
    assert (kept == run.sample.masks).all() and len(data["answers"]) == len(data["bars"]) == len(run.sample)
    fits = {point.budget: point.r2 for point in run.proof.curve if point.solver != "linear"}
    assert {row["at"]: row["share"] for row in data["learnt"]} == {
        at: round(r2, 3) for at, r2 in fits.items()
    }


def test_the_table_of_four_masks_is_what_the_run_says() -> None:
    run = book.run_of("prompt.never-fails")
    data = four(run, (2, 3), (), {()}, "analyst").data
    values = dict(zip([tuple(cell["off"]) for cell in data["cells"]], data["cells"], strict=True))
    masks = ~np.array([[i in off for i in range(6)] for off in values])
    assert [cell["small"].replace("−", "-") for cell in values.values()] == [
        f"{value:+.2f}" for value in run.asked(masks)
    ]
    f = dict(zip(values, run.asked(masks), strict=True))
    both = f[()] - f[(2,)] - f[(3,)] + f[(2, 3)]
    assert f"{both:+.2f}" in data["result"][-1] and len(four(run, (2, 3), (), {()}).data["result"]) == 1


def test_r2_over_all_masks() -> None:
    every = all_masks(8)
    assert sparse.explained({}) < 0.01 and np.isclose(
        sparse.TRUTH(every).mean(), Spectrum(8, {})(every).mean()
    )
