"""Games of a user's own: a function, a class.

What a game must be is said before the first ablation (case 17).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import spexviz as sv
from spexviz.errors import AblationError, GameError
from spexviz.games.base import checked
from spexviz.masks import Masks, Values
from spexviz.results import Explanation


def either(masks: Masks) -> np.ndarray:
    return 2.0 * (masks[:, 0] & masks[:, 1]) - masks[:, 2]


class Both(sv.Game):
    """The shortest game that there can be."""

    players = ("left", "right", "both")

    def __call__(self, masks: Masks) -> Values:
        return either(masks)


def test_a_function_is_a_game() -> None:
    game = sv.game(either, players=["left", "right", "other"], unit="points", noun="switch")
    result = sv.explain(game, sv.Linear(), budget=8)
    assert (
        result.proof.exact
        and result.players == ("left", "right", "other")
        and result.unit == "points"
        and result.subject.noun == "switch"
    )
    assert result.interactions("FBII", order=2)[(1, 0)] == pytest.approx(2.0)
    again = Explanation.from_json(result.to_json())
    assert (
        again.spec == result.spec and again.spec.game_name == "function" and again.players == result.players
    )


def test_a_class_is_a_game() -> None:
    result = sv.explain(Both(), sv.Linear(), budget=8)
    assert (
        result.players == Both.players and Explanation.from_json(result.to_json()).spec.id == result.spec.id
    )
    assert len({sv.explain(Both(), sv.Linear(), budget=8).spec.id for _ in range(2)}) == 2, (
        "two objects may be two functions"
    )


@pytest.mark.parametrize(
    "players", [4, np.arange(4), [np.int64(3), np.int64(2), np.int64(1), np.int64(0)], ["a", "b", "c", "d"]]
)
def test_players_may_be_labels_numbers_or_how_many(players: object) -> None:
    result = sv.explain(sv.game(lambda masks: masks.sum(1), players=players), sv.Linear(), budget=16)
    assert (
        len(result.players) == 4
        and all(isinstance(player, str) for player in result.players)
        and result.to_json()
    )


@pytest.mark.parametrize(
    "values",
    [
        lambda m: m.sum(1),
        lambda m: m.sum(1).astype(np.float32),
        lambda m: m.sum(1).tolist(),
        lambda m: m.any(1),
    ],
)
def test_values_may_be_whole_single_or_a_list(values: object) -> None:
    assert sv.explain(sv.game(values, players=3), sv.Linear(), budget=8).sample.values.dtype == np.float64


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (lambda m: m.sum(1)[:, None], r"shape \(8, 1\) for 8 masks: let it return one number a mask"),
        (lambda m: m.sum(), r"shape \(\) for 8 masks"),
        (lambda m: np.full(len(m), np.nan), "no usable value for the mask 000"),
        (lambda m: ["x"] * len(m), r"no numbers for 8 masks \(could not convert string.*return one for each"),
        (lambda m: m.sum(1) + 1j, r"no numbers for 8 masks \(complex numbers\): let it return one for each"),
    ],
)
def test_values_that_are_none_are_refused_with_the_remedy(values: object, word: str) -> None:
    for game in (sv.game(values, players=3), but(__call__=lambda self, masks: values(masks))):
        with pytest.raises(AblationError, match=word):
            sv.explain(game, sv.Linear(), budget=8)


class Plain:
    players = ("a", "b")
    unit = "value"

    def __call__(self, masks: Masks) -> Values:
        return masks.sum(1).astype(float)


@pytest.mark.parametrize(
    "thing", [either, Plain(), 5, None, "prompt", Both], ids=lambda thing: type(thing).__name__
)
def test_what_is_no_game_is_told_how_to_become_one(thing: object) -> None:
    with pytest.raises(GameError, match=r"make it one with spexviz.game\(function, players"):
        sv.explain(thing, sv.Linear(), budget=8)


def but(**parts: object) -> sv.Game:
    return type("Odd", (Both,), parts)()


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"players": ()}, "at least one"),
        ({"players": (1, 2, 3)}, "one text each"),
        ({"players": "abc"}, "one text each"),
        ({"players": tuple(np.arange(3))}, "one text each"),
        ({"players": (label for label in "abc")}, "a tuple of labels"),
        ({"players": ("a", "\ud83d", "c")}, "holds half a character"),
        ({"title": 7}, "7 is no text"),
        ({"text": 7}, "7 is no text"),
        ({"scale": None}, "its scale is no Scale"),
        ({"unit": ""}, "unit"),
        ({"unit": None}, "unit"),
        ({"fingerprint": 7}, "fingerprint"),
        ({"keep": 1.0}, "strictly between 0 and 1"),
        ({"noun": "**x**"}, "noun is not a word"),
        ({"layout": np.zeros((2, 1))}, "one row of finite numbers for each player"),
        ({"layout": np.full((3, 1), np.nan)}, "one row of finite numbers for each player"),
        ({"text": "left", "text_spans": ((0, 4),)}, "spans"),
        ({"text": "left", "text_spans": ((0, 4), (0, 4), (2, 9))}, "spans"),
    ],
)
def test_parts_that_do_not_fit_are_named_before_anything_is_asked(parts: dict, word: str) -> None:
    game = but(**parts, __call__=lambda self, masks: pytest.fail("it was asked"))
    with pytest.raises(GameError, match=word):
        sv.explain(game, sv.Linear(), budget=8)


def test_a_misspelt_option_is_an_error() -> None:
    with pytest.raises(GameError, match="the options unit, noun, keep, positions, known_as"):
        sv.game(either, players=3, nuon="switch")
    with pytest.raises(AttributeError):
        _ = Both().nuon


def test_a_game_without_its_parts_says_what_is_missing() -> None:
    class Nothing(sv.Game):
        pass

    with pytest.raises(GameError, match="give it `players`"):
        checked(Nothing())


def test_known_as_keeps_ablations_for_the_next_session() -> None:
    from spexviz.ablate.cache import MemoryCache

    cache, asked = MemoryCache(), []

    def noted(masks: Masks) -> np.ndarray:
        asked.append(len(masks))
        return either(masks)

    for known_as in ("either, version 1", "either, version 1", ""):
        sv.explain(sv.game(noted, players=3, known_as=known_as), sv.Linear(), budget=8, cache=cache)
    assert asked == [8, 8], "once for the name, once for the object without one"


def test_sets_in_any_order_and_what_is_no_set() -> None:
    """Case 4."""
    interactions = sv.interactions(sv.Spectrum(3, {(0, 2): 1.5}), "BII", 2)
    assert (
        interactions[(0, 2)]
        == interactions[(2, 0)]
        == interactions[[2, 0]]
        == interactions[np.array([0, 2])]
        == 6.0
    )
    assert interactions[(0, 1)] == 0.0 and interactions[()] == 0.0
    for wrong in (1, "x1", ["x1"], (0, 99), (0, 0), (-1, 2), (0.5,), None):
        with pytest.raises(
            sv.errors.SolverError, match="is no set of 3 players: give distinct positions from 0 to 2"
        ):
            interactions[wrong]


def test_what_is_asked_is_known_without_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form, the queue and a Ray cluster need no model here."""
    from spexviz import models
    from spexviz.run.plan import Request

    monkeypatch.setattr(models, "_loaded", {})  # whatever another test has left
    monkeypatch.setattr(models, "load", lambda name: pytest.fail(f"{name} is loaded"))
    request = Request(sv.PromptGame("bundled", "never fails to impress " * 4), sv.Linear(), 64)
    assert (
        request.spec.id
        and request.plan.ablations == 64 + 128 + 2
        and request.subject.noun == "word"
        and request.game.model_name == "bundled"
    )


def test_parts_may_be_fields_or_set_when_it_is_made() -> None:
    class Made(sv.Game):
        def __init__(self) -> None:
            self.players, self.unit, self.layout = ("a", "b"), "points", [[0], [1]]

        def __call__(self, masks: Masks) -> Values:
            return masks.sum(1)

    @dataclass(frozen=True)
    class Declared(sv.Game):
        players: tuple[str, ...]

        def __call__(self, masks: Masks) -> Values:
            return masks.sum(1)

    assert sv.explain(Made(), sv.Linear(), budget=4).subject.layout.tolist() == [[0.0], [1.0]]
    assert sv.explain(Declared(("a", "b")), sv.Linear(), budget=4).players == ("a", "b")


def test_two_functions_are_two_runs() -> None:
    ids = {
        sv.explain(sv.game(function, players=3), sv.Linear(), budget=8).spec.id
        for function in (lambda m: m[:, 0], lambda m: m[:, 1])
    }
    assert len(ids) == 2
    named = [sv.game(either, players=n, known_as="either").fingerprint for n in (3, 4, 3)]
    assert named[0] == named[2] != named[1]


@pytest.mark.parametrize("solver", [sv.Linear, "auto", None])
def test_what_is_no_solver_is_said(solver: object) -> None:
    with pytest.raises(sv.errors.SolverError, match=r"make one, such as spexviz.Auto\(\)"):
        sv.explain(Both(), solver, budget=8)


def test_checks_want_a_game_too_and_functions_must_give_numbers() -> None:
    with pytest.raises(GameError, match="make it one"):
        sv.validate(either, sv.Spectrum(3, {(0,): 1.0}), [(0,)])
    with pytest.raises(AblationError, match="gave no numbers for 8 masks"):
        sv.explain(sv.game(lambda masks: ["x"] * len(masks), players=3), sv.Linear(), budget=8)
    positions = sv.explain(sv.game(either, players=3, positions=np.eye(3)), sv.Linear(), budget=8)
    assert positions.spec.game["positions"] == np.eye(3).tolist()
    with pytest.raises(GameError, match="a list of labels, or how many"):
        sv.game(either, players="abc")
