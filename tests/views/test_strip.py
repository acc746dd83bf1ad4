import json

import pytest

from spexviz.views import strip
from spexviz.views.strip import interaction_mass, pieces
from tests.explanations import changed


def found(run):
    return run.interactions("FBII", 3)


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
    assert data["effects"] == pytest.approx(review.main_effects(), rel=1e-3, abs=1e-9)
    banzhaf = review.interactions("BV", 1)
    assert data["effects"] == pytest.approx([banzhaf[(k,)] for k in range(14)], rel=1e-3, abs=1e-9)
    assert data["limit"] == max(map(abs, data["effects"]))
    assert interaction_mass(i)[2] == pytest.approx(
        sum(s for m, s in i.shares.items() if len(m) > 1 and 2 in m)
    )
    assert (
        len(data["sets"]) == 3 and data["sets"][0]["m"] == [2, 3] and data["sets"][0]["t"] == "never × fails"
    )
    assert data["sets"][0]["i"][0] < data["sets"][0]["v"] < data["sets"][0]["i"][1]


def test_version_ignores_the_selection_only(review):
    i = found(review)
    plain, chosen = strip.data(review, i), strip.data(review, i, selection=(3, 2))
    assert chosen["selection"] == [2, 3] and {**chosen, "selection": []} == plain
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
    assert shown["sets"] == [] == shown["selection"] and set(shown["mass"]) == {0.0} and shown["limit"] == 1.0
    assert max(map(abs, shown["effects"])) == 1.0 and "unit" not in shown
    signs = lambda effects: [(effect > 0) - (effect < 0) for effect in effects if abs(effect) > 0.1]
    assert signs(shown["effects"]) == signs(e / whole["limit"] for e in whole["effects"])
    others = strip.preview(review.subject), strip.preview(review.subject, review.main_effects(), dark=True)
    assert len({data["version"] for data in (shown, *others)}) == 3
    assert set(others[0]["effects"]) == {0.0}, "before the first colours"


def test_five_hundred_tokens_stay_small(long):
    data = strip.data(long, found(long))
    assert len(json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()) < 14_000
    assert len(data["sets"]) == 12


def test_hostile_text_is_data_and_reorders_nothing(hostile):
    data = strip.data(hostile, found(hostile))
    assert data["tokens"][0].startswith("<img") and "\u202e" not in json.dumps(data, ensure_ascii=False)


def test_script_never_parses_text_and_nothing_to_show_still_works(make):
    assert all(
        word not in strip.JS for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(")
    )
    run = make(("a", "b"), {(0,): 0.0}, draws=False)
    data = strip.data(run, found(run), top=0)
    assert data["sets"] == [] and data["limit"] == 0 and data["effects"] == [0, 0]
