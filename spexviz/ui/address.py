"""Address: what it says of how a run is looked at, so that a link shows what its sender saw.

Anybody can have written an address: each word of it is checked, and what is not possible is left to the page.
It is read when a visitor arrives at a run; from then on it follows what is chosen here (`query`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from spexviz.analysis.leading import MOST_ORDER
from spexviz.indices import FIRST_ORDER
from spexviz.ui import depth
from spexviz.ui.selection import select, switch_off
from spexviz.views.index_words import READINGS
from spexviz.views.story import TOLD, Look

TOPS = range(3, 41)  # sets that can be shown
RUN = "run"
NAMES = ("index", "order", "sets", "depth", "selected", "off")  # of what may stand behind the run
_NUMBER = re.compile(r"[0-9]{1,5}\Z")
_PLAYERS = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})*\Z")
_AT = "address-at"  # session_state: the run that is shown, and what its address said of it


def arrive(run_id: str | None) -> None:
    """A page shows this run, or none: where it did not before, or by another address, that is read."""
    said = tuple(st.query_params.get(name) for name in NAMES)
    if st.session_state.get(_AT) == (run_id, said):
        return
    st.session_state[_AT] = (run_id, said)
    found = read(st.query_params)
    depth.give(found.get("depth"))
    if run_id is not None:
        st.session_state[_chosen(run_id)] = found
        select(run_id, found.get("selected", ()))
        switch_off(run_id, found.get("off", ()))


def keep(run_id: str, said: Mapping[str, str]) -> None:
    """What the address of a run says now, as the page has written it there."""
    st.session_state[_said(run_id)] = dict(said)


def kept(run_id: str) -> dict[str, str]:
    """The same, for another page that shows the run."""
    return st.session_state.get(_said(run_id), {})


def leave() -> None:
    """A run is opened anew: it is looked at as its address says, also if it is the one that was shown."""
    st.session_state.pop(_AT, None)


def chosen(run_id: str, name: str, possible: Sequence[Any], first: Any) -> Any:
    """What was chosen for a run, in its address or since; `first` where it was nothing that is possible."""
    value = st.session_state.get(_chosen(run_id), {}).get(name)
    return value if value in possible else first


def choose(run_id: str, name: str, value: Any) -> None:
    """Keep what a visitor chooses for a run, also while no page shows it."""
    kept = st.session_state.get(_chosen(run_id), {})
    st.session_state[_chosen(run_id)] = {**kept, name: value}


def _said(run_id: str) -> str:
    return f"said-{run_id}"


def _chosen(run_id: str) -> str:
    return f"chosen-{run_id}"


def read(parameters: Mapping[str, str]) -> dict[str, Any]:
    """{name: value} of what the parameters of an address say that can be meant."""
    found: dict[str, Any] = {}
    for name, possible in (("index", READINGS), ("depth", TOLD)):
        if parameters.get(name) in possible:
            found[name] = parameters[name]
    for name, numbers in (("order", range(1, MOST_ORDER + 1)), ("sets", TOPS)):
        given = parameters.get(name, "")
        if _NUMBER.match(given) and int(given) in numbers:
            found[name] = int(given)
    for name in ("selected", "off"):
        if _PLAYERS.match(parameters.get(name, "")):
            members = {int(i) for i in parameters[name].split("-")}
            found[name] = tuple(sorted(members))
    return found


def query(run_id: str, look: Look) -> str:
    """The query that shows a run so, in full."""
    return urlencode({RUN: run_id, **words(look)})


def words(look: Look, first: Look | None = None, told: str = "") -> dict[str, str]:
    """{name: value} of an address, for all that can be chosen.

    Left out is what is as in `first`; `told`: for whom a run is told where the address does not say it.
    """
    said = _words(look)
    plain = {} if first is None else _words(first) | {"depth": told or first.told}
    return {name: value for name, value in said.items() if plain.get(name) != value}


def _words(look: Look) -> dict[str, str]:
    said = {"index": look.index, "sets": str(look.top), "depth": look.told}
    if look.brief:  # nothing of the sets is chosen there
        said = {"depth": look.told}
    elif look.index not in FIRST_ORDER:  # these are of single players, whatever order was chosen
        said["order"] = str(look.order)
    for name, players in (("selected", look.selection), ("off", look.off)):
        if players:
            said[name] = "-".join(map(str, players))
    return said
