"""Path: from the real value of nothing to that of everything, one player a step, every step measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from spexviz.kit.names import names
from spexviz.kit.numerals import MINUS, PLUS
from spexviz.masks import Interaction
from spexviz.results import Explanation, Measured
from spexviz.results.subject import NUMBER, Subject
from spexviz.views import theme
from spexviz.views.parts import BARE, MIDDLE, STILL, Point, columns, note, tip, written
from spexviz.views.theme import listed, number
from spexviz.views.voice import Voice
from spexviz.views.words import escape, one, plural

UP, DOWN = "From nothing to everything", "From everything to nothing"
_VALUES = 72  # pixels of the column of values
_BESIDE = {"xref": "paper", "x": 1, "xanchor": "right", "xshift": _VALUES - 6}
MISSING = "Not measured: a run does this last, and runs of earlier versions lack it."


@dataclass(frozen=True)
class Step:
    """One bar, from the real value `before` to the real value `after`.

    `said`: what the surrogate says where the bar ends; of the untouched input a fit that has not seen it, as
    is said over all pictures. `members`: what was put in or taken out; none for the two ends, whose bars
    stand on 0.
    """

    label: str
    before: float
    after: float
    said: float
    members: Interaction = ()

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def is_end(self) -> bool:
        return not self.members


def path(explanation: Explanation, *, dark: bool = False, selection: Sequence[int] = ()) -> Figure:
    """Real f(nothing) → the leading players, put in one after the other → the rest → real f(everything).

    The other way round where players are taken out. The surrogate's own path is a thin line beside it, but
    for exact runs. A run that has not measured its path says so. `selection`: players whose steps are marked;
    `customdata` of each bar: what a click on it selects.
    """
    figure = Figure()
    steps = path_steps(explanation)
    subject = explanation.subject
    if not steps:
        note(figure, MISSING, dark, **MIDDLE)
        theme.apply(figure, dark, title=UP, height=200, text=f"{UP}. {MISSING}")
        return figure.update_xaxes(visible=False).update_yaxes(visible=False)
    exact = explanation.proof.exact
    marked = [_is_within(step, selection) for step in steps]
    _draw_bars(figure, steps, marked, subject, dark)
    if not exact:
        _draw_surrogate(figure, steps, dark)
    title = way_of(explanation)
    adding = title == UP
    turn = turned(explanation)
    text = f"{describe_path(steps, subject, title, exact)} {turn}".rstrip()
    height = 150 + 30 * len(steps)
    subtitle = "<br>".join(filter(None, [_subtitle(subject, adding, exact), escape(turn)]))
    drawn = {"shapes": _links(steps, dark), "annotations": _values(steps, dark)}
    layout = {**drawn, **_axes(steps, marked, explanation.unit, dark), "margin": {"r": _VALUES}}
    layout |= {"showlegend": False, "bargap": 0.3}
    return theme.apply(figure, dark, title=title, subtitle=subtitle, height=height, text=text, layout=layout)


def way_of(explanation: Explanation) -> str:
    """Which way a run has gone from one end to the other: the title of its path."""
    if explanation.measured is not None and not explanation.measured.adding:
        return DOWN
    return UP


def turned(explanation: Explanation) -> str:
    """Why the first step goes the other way than its player does on average; "" where it does not."""
    steps = path_steps(explanation)
    if not steps or len(steps[1].members) > 1:
        return ""
    average = explanation.interactions("mean", 1)
    members = steps[1].members
    effect = average.values.get(members, 0.0)
    low, high = (average.intervals or {}).get(members, (effect, effect))
    adding = way_of(explanation) == UP
    here = steps[1].change if adding else -steps[1].change
    if here * effect >= 0 or low <= 0 <= high:
        return ""
    voice = Voice.of(explanation)
    nouns = plural(explanation.subject.noun)
    name = voice.name(next(iter(members)))
    on_average = f"on average {voice.but(effect)} ({number(effect)})"
    if adding:
        first = f"{name} alone {voice.moves(here)} ({number(here)})"
        return f"{first}, {on_average}: on average other {nouns} stand beside it, here none does."
    first = f"{name} {voice.moves(here)} beside all other {nouns} ({number(here)})"
    return f"{first}, {on_average}: on average only some of the others are kept."


def _is_within(step: Step, selection: Sequence[int]) -> bool:
    """Whether all that a step puts in or takes out is selected."""
    return bool(step.members) and set(step.members) <= set(selection)


def path_steps(explanation: Explanation) -> tuple[Step, ...]:
    """The bars, whose changes add up exactly: one end + all steps = the other end; () where not measured.

    Each is the real difference of two masks that the run has asked, so it holds a player's own effect and all
    that it does together with those that are there already.
    """
    measured = explanation.measured
    if measured is None or not measured.path:
        return ()
    values = explanation.asked(measured.stops).tolist()
    if not np.isfinite(values).all():
        return ()
    said = explanation.spectrum(measured.stops)
    said[measured.stops.all(1)] = explanation.ends[1] + explanation.untouched
    said = said.tolist()
    ends = ["nothing kept", "everything kept"]
    if not measured.adding:
        ends.reverse()
    labels = _labels(measured, explanation.subject)
    steps = [Step(ends[0], 0.0, values[0], said[0])]
    for i, members in enumerate(measured.path):
        steps.append(Step(labels[i], values[i], values[i + 1], said[i + 1], members))
    return (*steps, Step(ends[1], 0.0, values[-1], said[-1]))


def _labels(measured: Measured, subject: Subject) -> list[str]:
    """What each step puts in or takes out: "+ never", "− L3.H7", "+ 3 other words"."""
    sign = PLUS if measured.adding else MINUS
    shown = names(subject.players, 28)
    labels = []
    for members in measured.path:
        called = shown[members[0]]
        if len(members) > 1:
            called = f"{len(members)} other {plural(subject.noun, len(members))}"
            if len(measured.path) == 1:
                called = f"all {len(members)} {plural(subject.noun, len(members))}"
        labels.append(f"{sign} {called}")
    return labels


def _subtitle(subject: Subject, adding: bool, exact: bool) -> str:
    """What a bar is, that it is a sum, and what the line says."""
    player = one(subject.noun)
    step = f"{player} is put in beside those above it, so a bar holds all that it does with them"
    if not adding:
        step = f"{player} is taken out after those above it, so a bar holds all that it did with the rest"
    said = f"Every bar is measured: {step}, not its average"
    if exact:
        return said
    return f"{said}<br>Thin line: what the surrogate would have said"


def _draw_bars(
    figure: Figure, steps: Sequence[Step], marked: Sequence[bool], subject: Subject, dark: bool
) -> None:
    """The bars; those of the selection have an outline, and a click leaves the others as they are."""
    points = [_point(row, step, subject, dark) for row, step in enumerate(steps)]
    figure.add_bar(
        **columns(points),
        orientation="h",
        width=0.66,
        marker_line={"width": [2.5 * one for one in marked], "color": theme.tokens(dark).ink},
        unselected_marker_opacity=1,
        hoverinfo="text",
        name="measured",
    )


def _point(row: int, step: Step, subject: Subject, dark: bool) -> Point:
    """A bar: grey for an end, pale for a step of several players."""
    told = [f"{escape(number(step.change))} {escape(subject.unit)}"]
    if not step.is_end:
        told.append(f"from {number(step.before)} to {number(step.after)}")
    if subject.scale.kind != NUMBER:
        told.append(escape(subject.say(step.after)))
    point: Point = {"x": step.change, "base": step.before, "y": row}
    point["hovertext"] = tip(escape(step.label), *told)
    point["customdata"] = list(step.members)
    shade = "99" if len(step.members) > 1 else ""
    point["marker_color"] = theme.mark(step.change, dark) + shade
    if step.is_end:
        point["marker_color"] = theme.tokens(dark).muted
    return point


def _links(steps: Sequence[Step], dark: bool) -> list[dict[str, Any]]:
    """A dotted line from the end of each bar to the next bar."""
    line = {"color": theme.tokens(dark).muted, "width": 1, "dash": "dot"}
    links = []
    for row, step in enumerate(steps[:-1]):
        across = {"x0": step.after, "x1": step.after}
        down = {"y0": row + 0.33, "y1": row + 0.67}
        links.append({"type": "line", **across, **down, "line": line})
    return links


def _draw_surrogate(figure: Figure, steps: Sequence[Step], dark: bool) -> None:
    """What the surrogate says of the mask where each bar ends."""
    colour = theme.tokens(dark).accent
    page = theme.tokens(dark).page  # around the dots, so that they stand out from bars
    tips = [tip("the surrogate would have said", number(step.said)) for step in steps]
    figure.add_scatter(
        x=[step.said for step in steps],
        y=list(range(len(steps))),
        name="surrogate",
        mode="lines+markers",
        line={"color": colour, "width": 1.5},
        marker={"color": colour, "size": 7, "line": {"color": page, "width": 1}},
        hovertext=tips,
        hoverinfo="text",
        unselected_marker_opacity=1,
    )


def _values(steps: Sequence[Step], dark: bool) -> list[dict[str, Any]]:
    """The change of each step, of an end its value, in a column beside the plot, where no bar reaches it."""
    values = []
    for row, step in enumerate(steps):
        value = _bold_end(step, number(step.change))
        values.append(written(value, 13, theme.ink(dark), **_BESIDE, y=row))
    return values


def _axes(steps: Sequence[Step], marked: Sequence[bool], unit: str, dark: bool) -> dict[str, Any]:
    """The values across, all of them with room for what is written; the steps downwards."""
    levels = [0.0]
    for step in steps:
        levels += [step.after, step.said]
    low = min(levels)
    high = max(levels)
    width = (high - low) or 1.0
    room = [low - 0.04 * width, high + 0.04 * width]
    labels = []
    for step, is_marked in zip(steps, marked, strict=True):
        label = _bold_end(step, escape(step.label))
        labels.append(f"<b>● {label}</b>" if is_marked else label)
    rows = {"tickvals": list(range(len(steps))), "ticktext": labels, "tickfont": {"color": theme.ink(dark)}}
    across = {"title": {"text": escape(unit)}, "range": room, **STILL}
    return {"xaxis": across, "yaxis": {**rows, "autorange": "reversed", **BARE, **STILL}}


def _bold_end(step: Step, text: str) -> str:
    """The text, in bold for the two ends."""
    if step.is_end:
        return f"<b>{text}</b>"
    return text


def describe_path(steps: Sequence[Step], subject: Subject, title: str, exact: bool) -> str:
    """The path in words, for a screen reader."""
    first, *between, last = steps
    ends = []
    for step in (first, last):
        value = f"{number(step.after)} {subject.unit} with {step.label}"
        if subject.scale.kind != NUMBER:
            value += f" ({subject.say(step.after)})"
        ends.append(value)
    told = listed((step.label, step.change) for step in between)
    measured = f"{title}, every step measured: from {ends[0]} to {ends[1]}: {told}."
    if exact:
        return measured
    said = ", ".join(number(step.said) for step in steps[:-1])
    return f"{measured} The surrogate would have said {said}."
