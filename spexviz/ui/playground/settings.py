"""Settings: what is chosen in the playground; kept while another page is shown, and said by the address.

Anybody can have written an address: each word of it is checked, and what is not possible is left as it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from spexviz.errors import FormulaError
from spexviz.games.formula import LONGEST, Formula
from spexviz.run.playground import AVERAGE, INDICES, MOST_PLAYERS, WRITTEN, Function
from spexviz.ui import browser, pairs
from spexviz.ui.playground.presets import PRESETS, Preset, preset_of

LEAST_PLAYERS = 2
BUDGETS = (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 264, 300, 384, 504, 768, 1024, 1536, 2048, 3072, 4096)
NOISES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
ORDERS = (1, 2, 3, 4, 5)
NAMES = ("f", "n", "noise", "budget", "order", "sets", "solver", "guess")  # in the address
SETS = {WRITTEN: "As it is written", AVERAGE: "On average"}
_FIELDS = ("formula", "n", "noise", "budget", "order", "sets", "solver", "guess")
_KEPT = "playground-kept"  # session_state: what was chosen, also while no widget shows it
_DRAWN = "playground-drawn"  # session_state: the settings whose widgets this drawing shows, and the last one
_WRITTEN = "playground-written"  # session_state: the addresses that this page wrote itself
_NUMBER = re.compile(r"[0-9]{1,4}\Z")


def key(name: str) -> str:
    """Where the session keeps a setting."""
    return f"playground-{name}"


def widget(name: str) -> str:
    """The key of the widget that shows a setting; where it was not there before, the browser gets its value.

    Else the browser would begin with the first value that there is, and the server with the kept one.
    """
    now, before = st.session_state[_DRAWN]
    if name not in before:
        choose(name, chosen(name))
    now.add(name)
    return key(name)


def chosen(name: str) -> Any:
    return st.session_state[key(name)]


def choose(name: str, value: Any) -> None:
    st.session_state[key(name)] = value


def begin() -> None:
    """Give every setting its value: as the address has it on arrival, as it was left, or as at first."""
    kept = {**_of(PRESETS[0]), **st.session_state.get(_KEPT, {})}
    said = tuple(st.query_params.get(name) for name in NAMES)
    if any(said) and said not in st.session_state.setdefault(_WRITTEN, []):
        st.session_state[_WRITTEN].append(said)
        for name, value in read(st.query_params).items():
            choose(name, value)
    for name in _FIELDS:
        st.session_state.setdefault(key(name), kept[name])
    before, _ = st.session_state.get(_DRAWN, (set(), set()))
    st.session_state[_DRAWN] = (set(), before)


def keep() -> None:
    """Remember what is chosen, and say it in the address."""
    st.session_state[_KEPT] = {name: chosen(name) for name in _FIELDS}
    said = {
        "f": chosen("formula"),
        "n": str(chosen("n")),
        "noise": f"{chosen('noise'):g}",
        "budget": str(chosen("budget")),
        "order": str(chosen("order")),
        "sets": chosen("sets"),
        "solver": chosen("solver"),
    }
    if chosen("guess"):
        said["guess"] = "1"
    written = st.session_state.setdefault(_WRITTEN, [])
    written.append(tuple(said.get(name) for name in NAMES))
    del written[:-100]
    browser.settle({}, said, NAMES)


def begin_with(preset: Preset) -> None:
    """Put a preset into the fields; noise, and how sets are counted, stay."""
    for name, value in _of(preset).items():
        if name in ("formula", "n", "budget", "order", "solver"):
            choose(name, value)


def _of(preset: Preset) -> dict[str, Any]:
    return {
        "formula": preset.formula,
        "n": preset.n,
        "noise": 0.0,
        "budget": preset.budget,
        "order": preset.order,
        "sets": WRITTEN,
        "solver": preset.solver,
        "guess": False,
    }


def read(parameters: Mapping[str, str]) -> dict[str, Any]:
    """{setting: value} of what the parameters of an address say that can be meant."""
    found: dict[str, Any] = {}
    formula = parameters.get("f", "")
    if 0 < len(formula) <= LONGEST:
        found["formula"] = formula
    for name, possible in (
        ("n", range(LEAST_PLAYERS, MOST_PLAYERS + 1)),
        ("budget", BUDGETS),
        ("order", ORDERS),
    ):
        given = parameters.get(name, "")
        if _NUMBER.match(given) and int(given) in possible:
            found[name] = int(given)
    for noise in NOISES:
        if parameters.get("noise") == f"{noise:g}":
            found["noise"] = noise
    for name, words in (("sets", INDICES), ("solver", pairs.titles())):
        if parameters.get(name) in words:
            found[name] = parameters[name]
    if parameters.get("guess") == "1":
        found["guess"] = True
    return found


def function() -> Function:
    """What is written, with as many variables as it needs. Raises FormulaError.

    The words of a preset are those of its formula only.
    """
    formula = chosen("formula")
    named = Formula.read(formula, MOST_PLAYERS).n
    choose("n", max(LEAST_PLAYERS, named, min(chosen("n"), MOST_PLAYERS)))
    n = chosen("n")
    if not named:
        raise FormulaError("Nothing here can be left out: name a variable, such as x0.", 0)
    preset = preset_of(formula)
    words = preset.words if preset is not None and preset.n <= n else ()
    return Function(formula, n, chosen("noise"), words)


def budgets(n: int) -> list[int]:
    """Those that the slider has: up to all masks. The chosen one becomes the nearest of them."""
    possible = [budget for budget in BUDGETS if budget <= 2**n]
    if 2**n < BUDGETS[-1] and 2**n not in possible:
        possible.append(2**n)
    wanted = chosen("budget")
    if wanted not in possible:
        choose("budget", min(possible, key=lambda one: abs(math.log(one / wanted))))
    return possible
