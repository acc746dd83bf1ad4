"""The game of a run that is shown, for what the page asks of it later: built once for all visitors."""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

import streamlit as st

from spexviz import models
from spexviz.ablate.runner import Runner
from spexviz.errors import GameError, SpexvizError
from spexviz.games.base import Game
from spexviz.jobs import manager as jobs
from spexviz.results import Explanation
from spexviz.run import measured
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from spexviz.ui import runtime, widgets

Kind = TypeVar("Kind", bound=Game)


def game_of(explanation: Explanation, kind: type[Kind]) -> Kind:
    """The game of a run, of the kind that the page is for.

    Raises SpexvizError where it cannot be built here.
    """
    game = built(explanation.spec)
    if not isinstance(game, kind):
        raise GameError(f"This run is about {game.title.lower()}: open it on the page of that lens.")
    return game


def game_if_any(explanation: Explanation, kind: type[Kind]) -> Kind | None:
    """The same; None where it cannot be built here: a file's settings need not fit."""
    with suppress(SpexvizError):
        return game_of(explanation, kind)
    return None


def is_loaded(explanation: Explanation) -> bool:
    """Whether the model of a run is loaded, or it has none, so that asking takes no long wait."""
    name = game_of(explanation, Game).model_name
    return name is None or models.is_loaded(name)


def is_refused(explanation: Explanation, key: str) -> bool:
    """Whether this server may not ask the run's model, which a file may name; says so, and what to do."""
    try:
        reason = jobs.refusal(game_of(explanation, Game))
    except SpexvizError as error:
        reason = str(error)
    if reason:
        widgets.note(f"The model cannot be asked. {reason}", kind="strip", key=f"{key}-refused")
    return bool(reason)


def asking(explanation: Explanation, total: int = 0, game: Game | None = None) -> Runner:
    """What asks the model of a run; `game`: one made of the run's own. Raises SpexvizError as `game_of`."""
    return measured.asking(explanation, game or game_of(explanation, Game), runtime.manager().cache, total)


def built(spec: RunSpec) -> Game:
    """The game of settings, built once for all visitors. Raises SpexvizError where it cannot be built."""
    return _built(spec.id, spec)


@st.cache_resource(max_entries=64, show_spinner=False)
def _built(spec_id: str, _spec: RunSpec) -> Game:
    return Request.of(_spec).game
