"""Story: what tells a run, panel by panel, as data.

Page, comparison, report and notebook render the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plotly.graph_objects import Figure

from spexviz.masks import Interaction

Depth = Literal["anyone", "analyst", "researcher"]
DEPTHS: tuple[Depth, ...] = ("anyone", "analyst", "researcher")
Room = Literal["top", "picture", "beside", "more"]


@dataclass(frozen=True)
class Look:
    """How a run is looked at: nothing of it changes a number of the run.

    `index`, `order`: of the interactions; `top`: sets shown; `selection`: the selected players; `depth`: for
    whom it is told.
    """

    index: str = "mean"
    order: int = 3
    top: int = 12
    selection: Interaction = ()
    depth: Depth = "anyone"
    dark: bool = False


@dataclass(frozen=True)
class Words:
    """Sentences, plain text: `lines`, and `more` that are folded under them, behind `fold`.

    `kind`: how they are set ("question", "headline", "plain", "strip"); `level`: from 0 to 1, drawn as a
    meter beside them; None for none.
    """

    lines: tuple[str, ...]
    kind: str = "plain"
    fold: str = ""
    more: tuple[str, ...] = ()
    level: float | None = None


@dataclass(frozen=True)
class Component:
    """The data of a component of ours, by its name: "strip", "cards", …; `text`: the same in words."""

    name: str
    data: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers; `members`: what each row stands for; `columns`: {name: what it says}."""

    rows: tuple[Mapping[str, Any], ...]
    members: tuple[Interaction, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


Shown = Figure | Words | Component | Table


@dataclass(frozen=True)
class Panel:
    """One panel of a story: its title, where it stands, and what makes it.

    `room`: "top" above all, "picture" in full width, "beside" another, "more" in a fold or tab of its title.
    """

    title: str
    make: Callable[[Look], Shown]
    room: Room = "picture"
    name: str = ""
