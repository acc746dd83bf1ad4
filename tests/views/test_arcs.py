"""The data of the arcs: which sets and players, what is said of them, and how a notebook shows them."""

import html
import json

import pytest

import spexviz as sv
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.views import arcs
from spexviz.views.component import script
from spexviz.views.theme import number
from tests.explanations import changed


def recorded(name: str) -> Explanation:
    return Explanation.from_json((ASSETS / "runs" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_top_sets_and_only_their_players_in_reading_order(review):
    found = review.interactions()
    data = arcs.data(review, found, top=4)
    top = [list(members) for members, _ in found.top(4, include_singletons=False)]
    assert [one["m"] for one in data["sets"]] == top and any(len(members) > 2 for members in top)
    assert [player["p"] for player in data["players"]] == sorted({i for members in top for i in members})
    assert data["total"] == sum(1 for members, value in found.values.items() if len(members) > 1 and value)
    assert data["kind"] == "row" and data["title"] == "What acts together" and data["none"] == ""


def test_numbers_signs_and_doubt_are_those_of_the_interactions(review):
    found = review.interactions()
    data = arcs.data(review, found, top=12)
    for one in data["sets"]:
        members = tuple(one["m"])
        assert one["said"] == number(found[members])
        assert one["i"] == pytest.approx(found.intervals[members], rel=1e-3)
    doubted = [one["i"][0] <= 0 <= one["i"][1] for one in data["sets"]]
    assert any(doubted) and not all(doubted)
    effects = review.main_effects()
    for player in data["players"]:
        assert player["said"] == number(effects[player["p"]])


def test_version_ignores_the_selection_only(review):
    found = review.interactions()
    plain, chosen = arcs.data(review, found), arcs.data(review, found, selection=(3, 2))
    assert chosen["selection"] == [2, 3] and {**chosen, "selection": []} == plain
    others = arcs.data(review, found, top=2), arcs.data(review, found, dark=True)
    assert plain["version"] not in {other["version"] for other in others}


def test_where_there_is_no_set_the_strongest_players_stand_alone(review, make):
    alone = arcs.data(review, review.interactions(order=1), top=5)
    assert alone["sets"] == [] and len(alone["players"]) == 5 and alone["title"] == "Single players"
    nothing = make(("a", "b"), {(0,): 0.0}, draws=False)
    data = arcs.data(nothing, nothing.interactions(), top=0)
    assert data["players"] == [] and data["title"] == "Nothing found" and data["none"]


def test_guesses_are_called_guesses(make):
    run = make(("a", "b"), {(0, 1): 1.0}, r2=0.2)
    assert arcs.data(run, run.interactions())["title"] == "Guesses, not to be read"


def test_heads_have_their_layer_and_their_place_in_it():
    run = recorded("heads/copying")
    data = arcs.data(run, run.interactions())
    assert data["kind"] == "layers"
    for player in data["players"]:
        assert player["t"] == run.players[player["p"]] == f"L{player['layer']}.H{player['x']}"
        assert player["full"] == f"layer {player['layer']}, head {player['x']}"


def test_long_names_are_told_whole():
    run = recorded("training/elevator")
    first = arcs.data(run, run.interactions())["players"][0]["p"]
    long = changed(run, players=(*run.players[:first], "word " * 40, *run.players[first + 1 :]))
    player, *others = arcs.data(long, long.interactions())["players"]
    assert player["full"].count("word") == 40 and player["t"].endswith("…")
    assert all("…" not in other["t"] for other in others) and len(others) > 3


def test_another_index_says_what_it_asks_and_what_its_colours_say(review):
    data = arcs.data(review, review.interactions("FBII", 3))
    assert "best surrogate of this order" in data["asks"] and data["legend"] == {
        "up": "raises",
        "down": "lowers",
    }
    influence = arcs.data(review, review.interactions("influence", 1))
    assert "whatever its sign" in influence["legend"]["said"] and "sign" not in influence["players"][0]


def test_no_more_sets_than_can_be_followed(make):
    players = tuple(f"p{i}" for i in range(30))
    pairs = {(i, j): 1.0 + i + j / 100 for i in range(30) for j in range(i)}
    run = make(players, {tuple(sorted(pair)): value for pair, value in pairs.items()}, draws=False)
    data = arcs.data(run, run.interactions(), top=1000)
    assert len(data["sets"]) == arcs.MOST == 24 and data["total"] == 435


def test_the_script_never_parses_text_and_hostile_text_is_data(hostile):
    assert all(
        word not in script("arcs") for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(")
    )
    data = arcs.data(hostile, hostile.interactions())
    assert data["players"][0]["t"].startswith("<img") and "\u202e" not in json.dumps(data, ensure_ascii=False)


def test_a_notebook_shows_it_with_its_script_and_no_markup_of_others(hostile):
    shown = sv.views.graph(hostile, top=12)
    page = shown._repr_html_()
    assert page.count("<script>") == page.count("</script>") == 2 and "<img" not in page
    assert f"<p>{html.escape(shown.text)}</p>" in page, "the words, where scripts do not run"
    assert sv.views.graph(hostile.interactions("SII", 2)).data["sets"], "interactions alone have a graph too"
