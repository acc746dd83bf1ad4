"""Fields: a form's widgets, drawn from the options of a game or solver. A form only arranges them.

FIELDS = Fields("train", TrainingGame, {"own": ""})
FIELDS.begin()
learner = FIELDS.draw("learner", column)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from spexviz.kit import plugins
from spexviz.kit.options import Option, defaults, options
from spexviz.kit.registry import offered
from spexviz.solvers.base import Solver
from spexviz.ui.sentences import note
from spexviz.views.glossary import help_of


@dataclass(frozen=True)
class Fields:
    """The fields of one lens's form: kept in the session as "PREFIX-NAME".

    `kind`: the game whose options they are; `first`: what a field holds at first where its option does not
    say it, and what the form asks beside the game's options; `without`: options that are not the form's.
    """

    prefix: str
    kind: type
    first: Mapping[str, Any] = field(default_factory=dict)
    without: Sequence[str] = ()

    @property
    def firsts(self) -> dict[str, Any]:
        """{field: what it holds at first}, of all but a required one."""
        said = {name: option.first for name, option in options(self.kind).items() if option.first is not None}
        firsts = {**defaults(self.kind), **said, **self.first}
        for name in self.without:
            firsts.pop(name, None)
        return firsts

    def begin(self, **first: Any) -> None:
        """Give every field its first value, unless it holds something.

        `first`: values that only the server knows.
        """
        for name, value in {**self.firsts, **first}.items():
            st.session_state.setdefault(self.key(name), value)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Put the settings of a game into the fields."""
        for name in self.firsts:
            if values.get(name) is not None:
                st.session_state[self.key(name)] = values[name]

    def hold(self, names: Iterable[str]) -> None:
        """Keep what fields hold that are not drawn now: Streamlit forgets a widget that is not there."""
        for name in names:
            st.session_state[self.key(name)] = self.kept(name)

    def kept(self, name: str, offered: Sequence[Any] = ()) -> Any:
        """What a field holds.

        It is given to the widget again as its default: a user who types while the page is still being drawn
        interrupts the script, and the browser never hears of a value that was only in the session state. A
        value of another kind than the field's, or none, is no browser's: the field holds its first again.
        `offered`: what may be chosen, of whatever kind.
        """
        first = self.firsts.get(name, "")
        held = st.session_state.get(self.key(name), first)
        if held not in list(offered) and not _is_like(held, first):
            held = st.session_state[self.key(name)] = first
        return held

    def key(self, name: str) -> str:
        """Where the session keeps a field."""
        return f"{self.prefix}-{name}"

    def draw(self, name: str, place: Any = st, option: str = "", *, told: bool = False, **more: Any) -> Any:
        """The widget of a field, at its place; what it holds.

        `option`: whose label and help it has, by default its own; `told`: what is chosen is said under it.
        """
        described = options(self.kind)[option or name]
        offered = more.get("offered") or described.offered or ()
        chosen = widget(described, self.kept(name, offered), self.key(name), place, **more)
        if told and chosen in described.choices:
            place.caption(described.choices[chosen])
        return chosen

    def draw_if(self, applies: bool, name: str, place: Any = st, **more: Any) -> dict[str, Any]:
        """What a field holds that is shown only where it applies; nothing, and so its default, elsewhere."""
        if applies:
            return {name: self.draw(name, place, **more)}
        self.hold([name])
        return {}

    def draw_all(self, names: Iterable[str]) -> dict[str, Any]:
        """The widgets of some fields, one under another; what they hold."""
        return {name: self.draw(name) for name in names}


def widget(
    option: Option,
    value: Any,
    key: str,
    place: Any = st,
    offered: Sequence[Any] | None = None,
    chooser: str = "selectbox",
    **more: Any,
) -> Any:
    """The widget of an option that holds `value` at first: to choose, to tick, to type a number or a text.

    `offered`: what there is to choose from, where only the page knows; `chooser`: the widget for that; `more`
    goes to the widget, in place of what the option says.
    """
    if offered is None:
        offered = option.offered
    about = {"key": key, "help": help_of(option.label, option.help), **more}
    if offered:
        choices = list(offered)
        first = 0
        if value in choices:
            first = choices.index(value)
        about = {"format_func": option.name_of, **about}
        return getattr(place, chooser)(option.label, choices, first, **about)
    if isinstance(value, bool):
        return place.checkbox(option.label, value, **about)
    if isinstance(value, int | float):
        limits = {"min_value": _limit(option.low, value), "max_value": _limit(option.high, value)}
        return place.number_input(option.label, value=value, **(limits | about))
    typed = {"max_chars": option.longest, "placeholder": option.placeholder}
    text = place.text_area if option.lines else place.text_input
    return text(option.label, value or "", **(typed | about))


def _is_like(held: Any, first: Any) -> bool:
    """Whether a value is of the kind of a field's first one; whole numbers are numbers, truths are not."""
    if first is None:
        return True
    if isinstance(first, list | tuple):
        return isinstance(held, list | tuple)
    if isinstance(first, int | float) and not isinstance(first, bool):
        return isinstance(held, int | float) and not isinstance(held, bool)
    return isinstance(held, type(first))


def _limit(limit: float | None, value: float) -> float | None:
    """A limit as a number of the kind that `value` is: Streamlit mixes no whole numbers with others."""
    if limit is None:
        return None
    return type(value)(limit)


def solvers() -> list[Any]:
    """The kinds of solvers that are offered, in their order."""
    kinds: dict[str, Any] = offered("spexviz.solvers")
    return sorted(kinds.values(), key=lambda kind: (kind.place, kind.name))


def choose_solver(key: str, without: str = "") -> type[Solver]:
    """One of the solvers that are offered, in their order, with what it does under it.

    `without`: the name of one that is left out.
    """
    kinds = {kind.name: kind for kind in solvers() if kind.name != without}
    called = {name: kind.title for name, kind in kinds.items()}
    help_ = help_of("Solver")
    kind = kinds[st.selectbox("Solver", list(kinds), format_func=called.__getitem__, key=key, help=help_)]
    note(kind.summary, kind="quiet", key=f"{key}-summary")
    for number, said in enumerate(plugins.left_out()):  # somebody may look for it here
        note(said, kind="strip", key=f"{key}-left-out-{number}")
    return kind


def solver_settings(kind: type, key: str) -> dict[str, Any]:
    """The options of a solver, drawn one under another from their defaults: {name: what is chosen}."""
    first = defaults(kind)
    return {name: widget(one, first[name], f"{key}-{name}") for name, one in options(kind).items()}
