"""Playlist: the runs that a presenter goes through, and the place in them: `/present?runs=…&show=2&at=3`.

A run is named by its id, a recorded one by its key. Anybody can have written an address:
what can name no run is left out, and a number that is none is the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from spexviz.spec import is_run_id
from spexviz.ui import address, recorded

PAGE = "present"
RUNS, SHOW, AT = "runs", "show", "at"
NAMES = (RUNS, SHOW, AT)
LAST = "last"  # of the steps of a run, where it is not known how many there are
MOST = 100  # runs
OF_A_RUN = tuple(name for name in address.NAMES if name != "depth")  # what an address says of one run alone
_KEPT = "presented"  # session_state: what the address said on arrival, where one is, whether one has stepped
_NUMBER = re.compile(r"[0-9]{1,4}\Z")


@dataclass(frozen=True)
class Place:
    """`runs`: their names; `show`: which of them is shown, from 1; `at`: its step, from 1, 0 for the last."""

    runs: tuple[str, ...]
    show: int = 1
    at: int = 1

    @property
    def run(self) -> str:
        """The name of the run that is shown; "" for none."""
        return self.runs[self.show - 1] if self.runs else ""

    def words(self) -> dict[str, str]:
        """What its address says: {name: value}."""
        return {RUNS: ",".join(self.runs), SHOW: str(self.show), AT: str(self.at or LAST)}


def read(parameters: Mapping[str, str]) -> Place:
    """The place that an address names, as far as it can be one."""
    given = parameters.get(RUNS, "").split(",", MOST)[:MOST]
    runs = tuple(name for name in given if is_run_id(name) or recorded.of_key(name))
    show = min(_number(parameters.get(SHOW, "")), max(1, len(runs)))
    at = 0 if parameters.get(AT) == LAST else _number(parameters.get(AT, ""))
    return Place(runs, show, at)


def arrive(parameters: Mapping[str, str]) -> Place:
    """Where the presenter is: as the address says on arrival, then where it has stepped to.

    The browser writes each step into the address, and tells the server by a trigger: what the server knows of
    the address stays that of the arrival.
    """
    came = tuple(parameters.get(name, "") for name in NAMES)
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != came:
        st.session_state[_KEPT] = kept = (came, read(parameters), False)
    return kept[1]


def has_stepped() -> bool:
    """Whether it has stepped since it arrived."""
    return st.session_state[_KEPT][2]


def step(said: Any) -> None:
    """Go where the browser says."""
    kept = st.session_state.get(_KEPT)
    if kept is not None and isinstance(said, dict):
        to = {RUNS: ",".join(kept[1].runs), SHOW: str(said.get(SHOW)), AT: str(said.get(AT))}
        st.session_state[_KEPT] = (kept[0], read(to), True)


def leave() -> None:
    """Another page is shown: the next arrival goes by its address, also if it is the same."""
    st.session_state.pop(_KEPT, None)


def _number(text: str) -> int:
    return max(1, int(text)) if _NUMBER.match(text) else 1


def gallery() -> tuple[str, ...]:
    """The names of all recorded runs."""
    return tuple(one.key for one in recorded.all_recorded())


def path(runs: Sequence[str], said: Mapping[str, str] | None = None) -> str:
    """The path that presents these from the first on; `said`: of how that is looked at."""
    words = Place(tuple(runs)).words() | dict(said or {})
    return f"/{PAGE}?{urlencode(words, safe=',')}"
