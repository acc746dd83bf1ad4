"""Steps: a story shown one panel at a time, as a presenter does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from spexviz.views.story import Action, Look, Panel, told_by

LEFT_OUT = ("deeper", "measure")  # they begin runs, or ask for what a run lacks: nothing to look at


@dataclass(frozen=True)
class Step:
    """What is shown at a time: a panel, with those that belong to it, under its title."""

    title: str
    panels: tuple[Panel, ...]


def steps(story: Sequence[Panel], look: Look, actions: Collection[str]) -> tuple[Step, ...]:
    """The steps of a story in its order.

    `actions`: the names of those that the page can draw. What belongs to a panel that is not shown stands
    alone; panels of one title stand together.
    """
    shown = [panel for panel in told_by(story, look) if _is_shown(panel, actions)]
    titles = {panel.title for panel in shown}
    found: dict[str, list[Panel]] = {}
    for panel in shown:
        title = panel.part_of if panel.part_of in titles else panel.title
        found.setdefault(title, []).append(panel)
    return tuple(Step(title, tuple(panels)) for title, panels in found.items())


def _is_shown(panel: Panel, actions: Collection[str]) -> bool:
    if not isinstance(panel.make, Action):
        return True
    return panel.make.name in actions and panel.make.name not in LEFT_OUT
