"""Story: what tells a run, panel by panel, as data.

Page, comparison, report and notebook render the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from plotly.graph_objects import Figure

from spexviz.indices import Interactions
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views.embed import alone
from spexviz.views.index_words import checks_of

Depth = Literal["anyone", "analyst", "researcher"]
DEPTHS: tuple[Depth, ...] = ("anyone", "analyst", "researcher")
Press = Literal["look", "mark", "off"]
Room = Literal["top", "picture", "beside", "more"]
Told = Literal["brief", "anyone", "analyst", "researcher"]
TOLD: tuple[Told, ...] = ("brief", *DEPTHS)  # for whom, and how much: "brief" is one page for anyone
FEW = 3  # sets on the one page
TRY = "Try it"  # the title of the picture there


@dataclass(frozen=True)
class Look:
    """How a run is looked at: nothing of it changes a number of the run.

    `index`, `order`: of the interactions; `top`: sets shown; `selection`: the selected players; `off`: those
    switched off; `depth`: for whom it is told; `brief`: on one page; `still`: nothing can be clicked;
    `press`: what a press on a player does at first: look at it, mark it, or switch it off.
    """

    index: str = "mean"
    order: int = 3
    top: int = 12
    selection: Interaction = ()
    off: Interaction = ()
    depth: Depth = "anyone"
    brief: bool = False
    dark: bool = False
    still: bool = False
    press: Press = "look"

    @property
    def told(self) -> Told:
        """Its depth, or that it is brief, in a word."""
        return "brief" if self.brief else self.depth

    def of(self, told: Told) -> Look:
        """The same, told so."""
        if told == "brief":
            return replace(self, depth="anyone", brief=True, top=FEW)
        return replace(self, depth=told, brief=False)

    def at(self, explanation: Explanation) -> Interactions:
        """The interactions of a run that are looked at."""
        return explanation.interactions(self.index, self.order)

    def checks(self, explanation: Explanation) -> tuple[Check, ...]:
        """What was checked on the model of what is looked at: mean effects, and no other index."""
        return tuple(checks_of(explanation, self.index).values())


@dataclass(frozen=True)
class Words:
    """Sentences, plain text: `lines`, and `more` that are folded under them, behind `fold`.

    `kind`: how they are set ("headline", "plain", "strip"); `is_open`: whether the fold begins open; `level`:
    from 0 to 1, drawn as a meter beside them; None for none.
    """

    lines: tuple[str, ...]
    kind: str = "plain"
    fold: str = ""
    more: tuple[str, ...] = ()
    is_open: bool = False
    level: float | None = None


@dataclass(frozen=True)
class Component:
    """The data of a component of ours, by its name: "strip", "cards", …; `text`: the same in words.

    `title`, `subtitle`: what is written over it; "" where it bears its own, or that of its panel.
    """

    name: str
    data: Mapping[str, Any]
    text: str = ""
    title: str = ""
    subtitle: str = ""

    def _repr_html_(self) -> str:
        return alone(self.name, self.data, self.text)


@dataclass(frozen=True)
class Table:
    """Rows as they are read; `members`: what each row stands for; `columns`: {name: what it says}.

    `numbers`: {name: one for each row}, by which a column of text is sorted.
    """

    rows: tuple[Mapping[str, Any], ...]
    members: tuple[Interaction, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """What asks the model, by its name: a page that can draws it, paper leaves it out. It makes itself."""

    name: str

    def __call__(self, look: Look) -> Action:
        return self


Shown = Figure | Words | Component | Table | Action


@dataclass(frozen=True)
class Panel:
    """One panel of a story: its title, what makes it, and where it stands.

    `room`: "top" above all, "picture" in full width, "beside" another, "more" in a fold or tab of its title.
    `least`: the depth from which it is shown; `early`: also shown of what a run has so far; `selects`: a
    click in it selects players; `is_titled`: its title is written over it (figures bear their own).
    `part_of`: the title of the panel with which it is shown where one is shown at a time; `brief`: its place
    on the one page for who has little time, 0 for none.
    """

    title: str
    make: Callable[[Look], Shown]
    room: Room = "picture"
    least: Depth = "anyone"
    early: bool = False
    selects: bool = False
    is_titled: bool = False
    part_of: str = ""
    brief: int = 0

    def is_told(self, depth: Depth) -> bool:
        """Whether it is shown at this depth."""
        return DEPTHS.index(depth) >= DEPTHS.index(self.least)


def without_actions(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Those that ask no model: what paper can show."""
    return tuple(panel for panel in panels if not isinstance(panel.make, Action))


def told_by(panels: Sequence[Panel], look: Look) -> tuple[Panel, ...]:
    """Those that are shown of a story when it is looked at so, in their order."""
    if not look.brief:
        return tuple(panel for panel in panels if panel.is_told(look.depth))
    found = sorted((panel for panel in panels if panel.brief), key=lambda panel: panel.brief)
    # those in which something can be tried out here
    pictures = {panel.part_of for panel in found if isinstance(panel.make, Action) and panel.early}
    return tuple(_on_one_page(panel, pictures) for panel in found)


def _on_one_page(panel: Panel, pictures: Collection[str]) -> Panel:
    """In full width; a picture in which players can be switched off says so."""
    if panel.title in pictures:
        return replace(panel, title=TRY, is_titled=True, room="picture")
    part_of = TRY if panel.part_of in pictures else panel.part_of
    return replace(panel, room="picture", part_of=part_of)
