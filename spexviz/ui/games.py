"""The game of a run that is shown, for what the page asks of it later: built once for all visitors."""

from __future__ import annotations

import streamlit as st

from spexviz import models
from spexviz.games.base import Game
from spexviz.results import Explanation
from spexviz.run import pipeline


def game_of(run: Explanation) -> Game:
    """The game of a run. Raises SpexvizError where it cannot be built here."""
    return _built(run.spec.id, run)


def is_loaded(run: Explanation) -> bool:
    """Whether the model of a run is loaded, so that asking it takes no long wait."""
    return models.is_loaded(game_of(run).model)


@st.cache_resource(max_entries=16, show_spinner=False)
def _built(run_id: str, _run: Explanation) -> Game:
    return pipeline.build_game(_run.spec)
