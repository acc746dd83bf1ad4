import json

import pytest

from spexviz.views import arcs, strip
from spexviz.views.component import script
from spexviz.views.strip import pieces
from spexviz.views.theme import number
from tests.explanations import changed

AS_FAR, LARGER = "as far as this run can tell", "this run found larger ones"


def found(run):
    return run.interactions()


def rebuilt(run):
    tokens, gaps = pieces(run)
    default = lambda i: " " if 0 < i < len(tokens) else ""
    return "".join(
        gaps.get(str(i), default(i)) + (tokens[i] if i < len(tokens) else "") for i in range(len(tokens) + 1)
    )


def test_the_whole_text_is_shown_including_what_no_player_covers(review):
    assert rebuilt(review) == review.subject.text
    framed = changed(
        review,
        text=f"Review: {review.subject.text}\nEnd",
        spans=tuple((a + 8, b + 8) for a, b in review.subject.spans),
    )
    assert rebuilt(framed) == framed.subject.text
    fewer = changed(
        review,
        text=review.subject.text + "  ",
        spans=tuple((a, b - (b - a > 3)) for a, b in review.subject.spans),
    )
    assert rebuilt(fewer) == fewer.subject.text


@pytest.mark.parametrize("spans", [((5, 9), (0, 4)), ((0, 4), (2, 6)), ()])
def test_spans_that_do_not_fit_fall_back_to_the_players(make, spans):
    run = make(("some", "words"), {(0,): 1.0}, text="some words", spans=spans)
    assert pieces(run) == (["some", "words"], {})


def test_effects_mass_and_combs_are_the_interactions_own_numbers(review):
    i = found(review)
    data = strip.data(review, i, top=3)
    effects = review.main_effects()
    banzhaf = review.interactions("BV", 1)
    assert (
        data["effects"]
        == [number(effect) for effect in effects]
        == [number(banzhaf[(k,)]) for k in range(14)]
    )
    limit = max(map(abs, effects))
    assert data["cells"] == [round(16 * effect / limit) for effect in effects]
    assert data["legend"]["high"] == f"{number(limit)} raises" and data["index"] == "mean effect"
    shares = review.spectrum.shares()
    carried = [sum(s for m, s in shares.items() if len(m) > 1 and k in m) for k in range(14)]
    for order in (1, 3):  # the order limits what is listed, never a number
        shown = strip.data(review, review.interactions(order=order))
        assert shown["mass"] == pytest.approx(carried, abs=1e-4)
    assert any(len(m) == 4 for m in shares)
    assert (
        len(data["sets"]) == 3 and data["sets"][0]["m"] == [2, 3] and data["sets"][0]["t"] == "never × fails"
    )
    assert data["sets"][0]["i"][0] < data["sets"][0]["v"] < data["sets"][0]["i"][1]


def test_version_ignores_the_selection_only(review):
    i = found(review)
    plain, chosen = strip.data(review, i), strip.data(review, i, selection=(3, 2), said="Both.")
    assert (chosen["selection"], chosen["said"]) == ([2, 3], "Both.")
    assert {**chosen, "selection": [], "said": ""} == plain
    for other in (
        strip.data(review, i, top=2),
        strip.data(review, i, dark=True),
        strip.data(review, review.interactions("SII", 2)),
    ):
        assert other["version"] != plain["version"]


def test_a_preview_has_the_text_and_its_colours_and_no_number_of_the_run(review):
    i = found(review)
    whole, shown = strip.data(review, i), strip.preview(review.subject, review.main_effects())
    assert (shown["tokens"], shown["gaps"]) == (whole["tokens"], whole["gaps"]) and shown["preview"]
    assert shown["cells"] == whole["cells"] and max(map(abs, shown["cells"])) == 16
    assert shown["selection"] == [] and not {"sets", "effects", "mass", "legend", "unit"} & set(shown)
    others = strip.preview(review.subject), strip.preview(review.subject, review.main_effects(), dark=True)
    assert len({data["version"] for data in (shown, *others)}) == 3
    assert set(others[0]["cells"]) == {0}, "before the first colours"


def test_five_hundred_tokens_stay_small(long):
    data = strip.data(long, found(long))
    assert len(json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()) < 18_000
    assert len(data["sets"]) == 12


def test_hostile_text_is_data_and_reorders_nothing(hostile):
    data = strip.data(hostile, found(hostile))
    assert data["tokens"][0].startswith("<img") and "\u202e" not in json.dumps(data, ensure_ascii=False)


def test_script_never_parses_text_and_nothing_to_show_still_works(make):
    assert all(
        word not in script("strip") for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(")
    )
    run = make(("a", "b"), {(0,): 0.0}, draws=False)
    data = strip.data(run, found(run), top=0)
    assert data["sets"] == [] and data["cells"] == [0, 0] and data["effects"] == ["0", "0"]


def test_a_word_that_repeats_carries_its_number_on_the_text_too(make):
    words = ("not", "(1)", "bad", "not", "so (5)", "not", "שלום", "שלום")
    data = strip.data(*of(make(words, {(0, 2): 1.0, (2, 3): 0.4})))
    assert data["numbers"] == [0, 3, 5, 6, 7]
    assert [comb["t"] for comb in data["sets"]] == ["not (1) × bad", "bad × not (4)"]


def of(run):
    return run, found(run)


@pytest.mark.parametrize(
    ("coefficients", "index", "order", "says"),
    [
        ({(0, 1): 1.0}, "mean", 1, "Only single words are shown (highest order 1)."),
        ({(0, 1): 1.0}, "BV", 3, "Only single words are shown: this is what the Banzhaf value is of."),
        (
            {(0,): 1.0},
            "mean",
            2,
            "No interactions found: as far as this run can tell, the words act one by one.",
        ),
        (
            {(0, 1, 2): 1.0},
            "BII",
            2,
            "No set of up to 2 words has a value of its own; this run found larger ones.",
        ),
    ],
)
def test_where_no_set_is_shown_it_says_why(make, coefficients, index, order, says):
    run = changed(make(("a", "b", "c"), coefficients, draws=False), noun="word")
    i = run.interactions(index, order)
    assert strip.data(run, i)["none"] == says and strip.data(run, i)["sets"] == []
    shown = arcs.graph(run, index=index, order=order)
    assert shown.text.startswith(says) and shown.data["none"] == says and shown.data["sets"] == []
    assert ("No interactions" in shown.data["title"]) == says.startswith("No interactions")
