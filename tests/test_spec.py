from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from spexviz.errors import GameError, SpecError
from spexviz.kit.options import option
from spexviz.spec import RunSpec, build, describe, is_run_id

GAME, SOLVER = {"name": "synthetic", "source": "x0"}, {"name": "linear"}


def test_round_trip_and_an_id_that_does_not_depend_on_the_order_of_keys() -> None:
    spec = RunSpec({"name": "a", "x": [1, "é"], "b": {"c": None}}, SOLVER, 10, 3)
    again = RunSpec.from_json(spec.to_json())
    assert again == spec and again.id == spec.id and is_run_id(spec.id)
    assert RunSpec({"b": {"c": None}, "x": [1, "é"], "name": "a"}, SOLVER, 10, 3).id == spec.id
    ids = {
        spec.id,
        *(RunSpec({"name": "a"}, SOLVER, budget, seed).id for budget in (10, 11) for seed in (0, 1)),
    }
    assert len(ids) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"game": {}},
        {"game": "synthetic"},
        {"game": {"name": 3}},
        {"solver": None},
        {"budget": 0},
        {"budget": 1.5},
        {"budget": True},
        {"budget": 10**9},
        {"budget": 10**5000},
        {"seed": -(10**5000)},
        {"game": {"name": "synthetic", "n": 10**5000}},
        {"game": {"name": "synthetic", "n": float("inf")}},
        {"budget": "512"},
        {"seed": -1},
        {"seed": 2**32},
        {"options": []},
        {"game": {"name": "a", "x": float("nan")}},
        {"game": {"name": "a", "x": object()}},
        {"game": {"name": "a", "x": "\ud800"}},
    ],
)
def test_wrong_parts_are_refused(change: dict) -> None:
    with pytest.raises(SpecError):
        RunSpec(**{"game": GAME, "solver": SOLVER, "budget": 64, **change})


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "3", "null", '{"game": 1}', '{"surprise": 1}', "[" * 100_000, '{"game":' * 50_000],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        RunSpec.from_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0123456789abcde",
        "0123456789abcdeg",
        "0123456789ABCDEF",
        "0123456789abcdef\n",
        "../../etc/passwd",
        5,
        None,
        ["a"],
    ],
)
def test_untrusted_run_ids(text: object) -> None:
    assert not is_run_id(text)


@dataclass(frozen=True)
class Thing:
    name: ClassVar[str] = "thing"
    size: int = 1
    names: tuple = ()

    def __post_init__(self) -> None:
        if self.size.bit_length() > 8:
            raise GameError("too large: choose at most 255")


def test_describe_and_build() -> None:
    thing = Thing(3, ("a", ("b",)))
    data = json.loads(json.dumps(describe(thing)))
    assert data == {"name": "thing", "size": 3, "names": ["a", ["b"]]}
    assert describe(build({"thing": Thing}, data, "game")) == data


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"name": "other"}, "Choose one of: thing"),
        ({"name": ["thing"]}, "Choose one of|cannot be made"),
        ({}, "Choose one of"),
        ({"name": "thing", "sise": 1}, "Its settings: names, size"),
        ({"name": "thing", "size": "big"}, "cannot be made"),
        ({"name": "thing", "size": None}, "cannot be made"),
    ],
)
def test_build_says_what_there_is(data: dict, word: str) -> None:
    with pytest.raises(SpecError, match=word):
        build({"thing": Thing}, data, "game")


@dataclass(frozen=True)
class Grown(Thing):
    """A Thing that got a field later."""

    name: ClassVar[str] = "thing"
    shade: str = option("light", "Shade", before="dark")


def test_a_field_that_came_later_changes_nothing_that_was_written_before() -> None:
    old = {"name": "thing", "size": 3, "names": ["a"]}
    again = build({"thing": Grown}, old, "game")
    assert again.shade == "dark" and json.loads(json.dumps(describe(again))) == old
    new = json.loads(json.dumps(describe(Grown(3, ("a",)))))
    assert new == {**old, "shade": "light"} and build({"thing": Grown}, new, "game").shade == "light"


def test_build_passes_the_things_own_error_on() -> None:
    with pytest.raises(GameError, match="at most 255"):
        build({"thing": Thing}, {"name": "thing", "size": 999}, "game")


def test_settings_nested_deeper_than_any_are_refused() -> None:
    deep: dict = {}
    for _ in range(600):
        deep = {"a": deep}
    with pytest.raises(SpecError, match="nested deeper than 32"):
        RunSpec({"name": "a", "x": deep}, SOLVER, 10)


def test_an_unknown_option_is_refused_by_name() -> None:
    with pytest.raises(SpecError, match="no options 'faster': it has validate, target_r2, stop_when_flat"):
        RunSpec.from_json(
            '{"game": {"name": "a"}, "solver": {"name": "b"}, "budget": 5, "options": {"faster": true}}'
        )
