"""Thumbnails and the shelf: what stands in them is the run's, in no colour, and strict JSON."""

from __future__ import annotations

import json

import pytest

from spexviz.results import Explanation
from spexviz.ui.recorded import RUNS, all_recorded
from spexviz.views import theme
from spexviz.views.cards import Item
from spexviz.views.shelf import Cover, shelf
from spexviz.views.thumbnail import LETTERS, thumbnail
from tests.views.conftest import SENTENCE, build, spans_of


def read(game: str, name: str) -> Explanation:
    return Explanation.from_json((RUNS / game / f"{name}.json").read_text(encoding="utf-8"))


def test_a_text_has_its_levels_and_the_set_that_is_told() -> None:
    picture = thumbnail(read("prompt", "never-fails"))
    assert picture["kind"] == "text" and picture["tokens"][2:4] == ["never", "fails"]
    assert picture["sets"] == [{"m": [2, 3], "up": True}]
    assert len(picture["cells"]) == 6 and max(map(abs, picture["cells"])) == theme.STEPS


def test_heads_are_squares_and_examples_are_those_that_lead() -> None:
    squares = thumbnail(read("heads", "eiffel-tower"))
    assert (squares["rows"], squares["columns"], len(squares["squares"])) == (6, 9, 54)
    run = read("training", "elevator")
    items = [Item("<b>x</b> " * 40, "good") for _ in run.players]
    examples = thumbnail(run, items)
    assert [one["label"] for one in examples["examples"]] == ["good", "good"]
    assert all(len(one["text"]) <= LETTERS for one in examples["examples"])


def test_a_set_that_is_weak_or_no_set_at_all_is_not_drawn() -> None:
    words = SENTENCE.split()
    effects = {(i,): 1.0 + i for i in range(len(words))}
    run = build(words, effects, text=SENTENCE, spans=spans_of(SENTENCE), noise=0.0)
    assert thumbnail(run)["sets"] == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_shelf_is_json_and_its_version_changes_with_it(dark: bool) -> None:
    covers = [run.cover for run in all_recorded()]
    shown = shelf(covers, dark=dark)
    assert json.loads(json.dumps(shown.data, allow_nan=False)) == shown.data
    assert covers[0].finding in shown.text
    other = shelf([*covers[1:], Cover("a.b", "\u202eTitle", "F", "T", 0.5)], dark=dark)
    assert other.data["version"] != shown.data["version"]
    assert "\u202e" not in other.data["cards"][-1]["title"]
