"""What every game must do, run over all that spexviz.games offers.

A game without an instance fails the last test, and a field that nothing is known of its own.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.errors import GameError, SpecError, SpexvizError
from spexviz.games.base import Asking, Game, checked
from spexviz.games.function import FunctionGame
from spexviz.kit.options import defaults, options, settings
from spexviz.kit.registry import offered
from spexviz.masks import Masks, Values, all_masks, ends, uniform_masks
from spexviz.results import Explanation
from spexviz.results.subject import LOG_PROBABILITY, NUMBER, ODDS
from spexviz.run import pipeline
from spexviz.run import plan as planning
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec, build, describe
from spexviz.ui import routes
from tests.games.instances import MAKERS
from tests.games.variations import ALIKE, CHANGES, NEVER, REFUSED, Change, Fixture
from tests.models import tiny

GAMES = offered("spexviz.games")
NEEDS_A_MODEL = {("training", "encoder")}
FIELDS = [
    pytest.param(name, kind, field.name, marks=[pytest.mark.model] * ((name, field.name) in NEEDS_A_MODEL))
    for name, kinds in MAKERS.items()
    for kind in kinds
    for field in dataclasses.fields(GAMES[name])
    if field.init
]


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
    said = subject.question
    assert said and said[0] == said[0].lower() and "{" not in said and not said.endswith(".")
    assert (subject.model, subject.before, subject.after) == (game.model_title, game.before, game.after)
    assert bool(subject.model) == (type(game).name not in ("function", "synthetic"))
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


def test_numbers_of_numpy_are_kept_as_those_of_python(game: Game) -> None:
    """Case 16."""
    given = {name: value for name, value in settings(game).items() if isinstance(value, int | float)}
    of_numpy = {name: np.asarray(value)[()] for name, value in given.items()}
    again = replace(game, **of_numpy)
    kept = {name: getattr(again, name) for name in given}
    assert kept == given and list(map(type, kept.values())) == list(map(type, given.values()))
    assert json.dumps(describe(again)) == json.dumps(describe(game)) and again.fingerprint == game.fingerprint


def test_the_same_masks_have_the_same_values_in_any_order_and_company(game: Game, masks: Masks) -> None:
    values = np.asarray(game(masks))
    assert values.shape == (len(masks),) and np.isfinite(values).all() and values.std() > 0
    assert np.allclose(game(masks[::-1])[::-1], values, atol=1e-4) and np.allclose(
        game(masks[3:4]), values[3:4], atol=1e-4
    )
    assert (np.asarray(game(masks)) == values).all()
    assert np.asarray(game(masks[:0])).shape == (0,)


@pytest.fixture(scope="module")
def other_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another tiny Llama."""
    return tiny.save(tmp_path_factory.mktemp("other-llama"), seed=1)


@pytest.fixture(scope="module")
def chatting_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with a chat template."""
    folder = tiny.save(tmp_path_factory.mktemp("chatting-llama"))
    (folder / "chat_template.jinja").write_text(
        "{% for one in messages %}{{ one['content'] }} {% endfor %}Sentiment:"
    )
    return folder


@pytest.fixture(scope="module")
def beginning_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama whose tokeniser sets a token before each text."""
    return tiny.let_begin(tiny.save(tmp_path_factory.mktemp("beginning-llama")))


@pytest.mark.parametrize(("name", "kind", "field"), FIELDS)
def test_the_fingerprint_changes_exactly_when_a_value_may(
    request: pytest.FixtureRequest, name: str, kind: str, field: str
) -> None:
    """Every field is varied, and accepted: what a game refuses is said in tests/games/variations.py."""
    keys = [(name, kind, field), (name, field)]
    change = next((CHANGES[key] for key in keys if key in CHANGES), Change())
    given = {setting: _made(value, request) for setting, value in change.given.items()}
    game = replace(MAKERS[name][kind](request), **given)
    refusal = REFUSED.get((name, kind, field))
    if refusal is not None:
        with pytest.raises(SpexvizError, match=refusal.says):
            _asked(replace(game, **{field: refusal.value}))
        return
    rival = replace(game, **{field: _another(game, field, change, request)})
    same_values = _gives_the_same(game, rival)
    same_fingerprint = game.fingerprint == rival.fingerprint
    if any(key in NEVER for key in keys):
        assert same_values and same_fingerprint
    elif any(key in ALIKE for key in keys):
        assert same_values
    else:
        assert not same_values, "nothing changed: say in tests/games/variations.py what would"
        assert not same_fingerprint


def _another(game: Game, field: str, change: Change, request: pytest.FixtureRequest) -> Any:
    """Another value of a field: what its change says, else by its choices or its type."""
    if change.value is not None:
        return _made(change.value, request)
    value = getattr(game, field)
    choices = options(game)[field].choices
    if choices:
        return next(choice for choice in choices if choice != value)
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value + 0.1
        case str():
            return f"{value} not bad"
        case (_, _, *_):
            return value[:-1]
    pytest.fail(f"say in tests/games/variations.py what {field} may be but {value!r}")


def _made(value: Any, request: pytest.FixtureRequest) -> Any:
    """What a table says, with the text of a fixture where it names one."""
    return str(request.getfixturevalue(value)) if isinstance(value, Fixture) else value


def _gives_the_same(game: Game, rival: Game) -> bool:
    """Whether two games have the same players, and the same values of the same masks."""
    if rival.players != game.players:
        return False
    return np.allclose(_asked(rival), _asked(game), rtol=0.0, atol=1e-4)


def _asked(game: Game) -> Values:
    n = len(game.players)
    return np.asarray(game(np.concatenate([ends(n), uniform_masks(n, min(12, 2**n - 2), 0)])))


def test_what_is_said_of_fields_is_said_of_fields_that_there_are() -> None:
    known = {tuple(param.values) for param in FIELDS}
    known |= {(name, field) for name, _, field in known}
    assert {*CHANGES, *REFUSED, *NEVER, *ALIKE} <= known


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
