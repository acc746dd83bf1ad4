"""Pairs: which two runs are compared, by the address; every link to a comparison is made here."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from spexviz.jobs.store import Run
from spexviz.kit.registry import offered
from spexviz.spec import is_run_id
from spexviz.ui import browser, routes

NAMES = ("a", "b")
PAGE = "compare"


def given() -> list[str | None]:
    """The ids that the address names, None for one that can be none: an address is untrusted."""
    return [_checked(st.query_params.get(name)) for name in NAMES]


def _checked(text: str | None) -> str | None:
    return text if is_run_id(text) else None


def address(a: str | None, b: str | None) -> str:
    """The path of a comparison."""
    chosen = {name: run_id for name, run_id in zip(NAMES, (a, b), strict=True) if run_id}
    return f"/{PAGE}?{urlencode(chosen)}".rstrip("?")


def show(a: str | None, b: str | None) -> None:
    """On the Compare page: make these the two, as a step of history."""
    st.query_params.from_dict({name: one for name, one in zip(NAMES, (a, b), strict=True) if one})


def go(a: str | None, b: str | None) -> None:
    """Leave another page for the comparison of two runs."""
    browser.visit(address(a, b))


def called(run: Run) -> str:
    """A run in a list to choose from: repeated ones have the same title."""
    told = [
        run.title or run.id,
        routes.model_name(run.spec),
        routes.solver_name(run.spec),
        f"seed {run.spec.seed}",
    ]
    if run.active:
        told.append(run.state)
    return " · ".join(filter(None, told))


def titles() -> dict[str, str]:
    """{solver: as it is called}."""
    return {name: kind.title for name, kind in offered("spexviz.solvers").items()}
