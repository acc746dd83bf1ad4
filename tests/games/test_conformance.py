"""What every game must do, run over all that spexviz.games offers.

A game without an instance fails the last test.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spexviz.errors import GameError, SpecError
from spexviz.games.base import Asking, Game, checked
from spexviz.games.function import FunctionGame
from spexviz.kit.options import defaults, options
from spexviz.kit.registry import offered
from spexviz.masks import Masks, all_masks, uniform_masks
from spexviz.results import LOG_PROBABILITY, NUMBER, ODDS, Explanation
from spexviz.run import pipeline
from spexviz.run import plan as planning
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec, build, describe
from spexviz.ui import routes
from tests.games.instances import MAKERS

GAMES = offered("spexviz.games")
CHOICES = {
    " good": " fine",
    " bad": " dull",
    " positive": " negative",
    " negative": " positive",
    "delete": "replace",
    "zero": "mean",
    "mean": "zero",
}


@pytest.fixture(
    scope="module", params=[(game, kind) for game, kinds in MAKERS.items() for kind in kinds], ids=" ".join
)
def game(request: pytest.FixtureRequest) -> Game:
    name, kind = request.param
    return MAKERS[name][kind](request)


@pytest.fixture
def masks(game: Game) -> Masks:
    n = len(game.players)
    ends = np.stack([np.zeros(n, dtype=bool), np.ones(n, dtype=bool)])
    return np.concatenate([ends, uniform_masks(n, min(12, 2**n - 2), 0, game.keep, exclude=ends)])


def test_it_says_what_it_is(game: Game) -> None:
    n = len(game.players)
    assert (
        n >= 3
        and isinstance(game.players, tuple)
        and all(isinstance(player, str) and player for player in game.players)
    )
    assert (
        isinstance(game.unit, str)
        and game.unit
        and isinstance(game.fingerprint, str)
        and len(game.fingerprint) >= 16
    )
    assert dataclasses.is_dataclass(game) and type(game).name in GAMES and type(game).title
    subject = checked(game)
    assert (
        subject.players == game.players
        and subject.noun == subject.noun.lower()
        and not subject.noun.endswith("s")
    )
    assert (
        subject.title == type(game).title
        and subject.scale.kind in (NUMBER, ODDS, LOG_PROBABILITY)
        and subject.say(0.5)
    )
    assert all(isinstance(remark, str) for remark in game.remarks)
    asking = game.asking()
    assert (
        isinstance(asking, Asking)
        and asking.call_masks >= 0
        and (asking.tokens(all_masks(1).repeat(n, axis=1)) or 1) > 0
    )
    assert game.model_name is None or isinstance(game.model_name, str)


def test_every_field_has_a_label_and_help_and_its_default_is_allowed(game: Game) -> None:
    said, first = options(game), defaults(game)
    assert all(option.label and option.help for option in said.values())
    assert all(first[name] in option.choices for name, option in said.items() if option.choices)
    assert all(set(option.offered) <= set(option.choices or option.offered) for option in said.values())


def test_it_is_rebuilt_from_its_json(game: Game) -> None:
    if isinstance(game, FunctionGame):
        with pytest.raises(GameError, match="run it where the function is"):
            build(GAMES, json.loads(json.dumps(describe(game))), "game")
        return
    data = json.loads(json.dumps(describe(game)))
    again = build(GAMES, data, "game")
    assert json.loads(json.dumps(describe(again))) == data
    assert (
        again.players == tuple(game.players)
        and again.unit == game.unit
        and again.fingerprint == game.fingerprint
    )
    spec = planning.Request.of(RunSpec(data, {"name": "linear"}, 64)).spec
    assert (
        planning.Request.of(spec).spec.id == spec.id
        and planning.Request.of(RunSpec.from_json(spec.to_json())).spec.id == spec.id
    )
    with pytest.raises(SpecError, match="no setting 'nonsense'"):
        build(GAMES, {**data, "nonsense": 1}, "game")


def test_the_same_masks_have_the_same_values_in_any_order_and_company(game: Game, masks: Masks) -> None:
    values = np.asarray(game(masks))
    assert values.shape == (len(masks),) and np.isfinite(values).all() and values.std() > 0
    assert np.allclose(game(masks[::-1])[::-1], values, atol=1e-4) and np.allclose(
        game(masks[3:4]), values[3:4], atol=1e-4
    )
    assert (np.asarray(game(masks)) == values).all()
    assert np.asarray(game(masks[:0])).shape == (0,)


def test_what_changes_a_value_changes_the_fingerprint(game: Game, masks: Masks) -> None:
    """Of every field with another value that the game accepts: other values, then another fingerprint."""
    changed = 0
    for field in dataclasses.fields(game):
        other = _another(getattr(game, field.name)) if field.init else None
        if other is None:
            continue
        try:
            rival = replace(game, **{field.name: other})
            if len(rival.players) != len(game.players):
                continue
            differs = not np.allclose(rival(masks), game(masks), atol=1e-3)
        except Exception:  # the game does not accept it
            continue
        assert rival.fingerprint != game.fingerprint or not differs, field.name
        changed += differs
    assert changed or type(game).name in ("synthetic", "function")


def _another(value: Any) -> Any:
    """A value of the same type; None where there is no obvious one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return CHOICES.get(value, f"{value} not bad")
    return None


def test_its_runs_open_on_a_page_and_come_back_from_a_file(game: Game) -> None:
    result = pipeline.explain(game, Linear(), 8 if len(game.players) < 8 else 64)
    again = Explanation.from_json(result.to_json())
    assert again.subject.noun == result.subject.noun == game.noun and again.spec.id == result.spec.id
    assert routes.file_of(routes.page_of(again.spec)).exists() and routes.title_of(again)
    assert np.allclose(
        again.spectrum(all_masks(len(game.players))[:50]), result.spectrum(all_masks(len(game.players))[:50])
    )


def test_every_game_has_an_instance_here() -> None:
    assert set(MAKERS) == set(GAMES), "give the game a small instance in tests/games/instances.py"
