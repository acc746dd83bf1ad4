"""Routes: which page shows the runs of which game. Every link to a run is made here."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.kit.paths import PAGES
from spexviz.kit.registry import offered
from spexviz.results import Explanation
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from spexviz.ui.lenses import lens_of, lenses


def page_of(spec: RunSpec) -> str:
    """The page on which a run opens: its lens's, or the first.

    Its name is its path in the address and the name of its file.
    """
    lens = lens_of(spec.game_name)
    if lens is None or not file_of(lens.page).exists():
        return first()
    return lens.page


def first() -> str:
    """The page of the first lens, for a run of which no more is known."""
    return lenses()[0].page


def file_of(page: str) -> Path:
    """The file of a page, in full: a relative path would start from the shell's folder."""
    return PAGES / f"{page}.py"


def address(spec: RunSpec, run_id: str) -> str:
    """The path that opens a run again."""
    return f"/{page_of(spec)}?run={run_id}"


def lens_name(spec: RunSpec) -> str:
    """What a run's lens is called, as in the navigation; what its game is called where it has none."""
    lens = lens_of(spec.game_name)
    if lens is not None:
        return lens.entry
    kind = offered("spexviz.games").get(spec.game_name)
    if kind is None:
        return spec.game_name
    return kind.title


def solver_name(spec: RunSpec) -> str:
    """What a run's solver is called, as in the form."""
    kind = offered("spexviz.solvers").get(spec.solver_name)
    return spec.solver_name if kind is None else kind.title


def title_of(explanation: Explanation) -> str:
    """A title for a run that came without one: what its lens calls it, or its text, or its first players."""
    called = explanation.subject.text or " ".join(explanation.players[:40])
    lens = lens_of(explanation.spec.game_name)
    if lens is not None:
        with suppress(SpexvizError):  # a file's settings need not fit
            called = lens.called(Request.of(explanation.spec).game)
    return " ".join(called.split())[:90]


def model_name(spec: RunSpec) -> str:
    """What the model that a run asks is called; "" for none. A game is built for it once a run."""
    return short(_model_of(spec.id, spec))


def short(model: str) -> str:
    """What a model is called where there is little room: a folder by its own name."""
    return Path(model).name if Path(model).is_absolute() else model


@st.cache_data(max_entries=2_000, show_spinner=False)
def _model_of(spec_id: str, _spec: RunSpec) -> str:
    try:
        return Request.of(_spec).game.model_name or ""
    except SpexvizError:
        return ""
