"""Graph: the top sets as a hypergraph. Words stand in reading order on an oval; a pair is a curve, every
larger set one diamond tied to its members (a triple is one object, never three pairs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from plotly.graph_objects import Figure

from spexviz.indices import Interactions
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.captions import check_text
from spexviz.views.index_words import MEAN, READINGS, UNSIGNED, asks, named, no_sets, title_of
from spexviz.views.oval import Spot, half_width, label_lines, rows_of
from spexviz.views.parts import STILL, Point, columns, note, tip
from spexviz.views.scene import MOST, Known, Scene
from spexviz.views.theme import clear_sign, crosses_zero, interval_text, listed, number, percent
from spexviz.views.words import escape, joined, plural

__all__ = ["MOST", "describe_graph", "graph"]

_CURVE = 24  # points of a curve


def graph(
    source: Explanation | Interactions,
    top: int = 12,
    *,
    index: str = MEAN,
    order: int = 3,
    dark: bool = False,
    selection: Sequence[int] = (),
) -> Figure:
    """The `top` sets of two or more players (by share of variance) and their members.

    `index`, `order`: used for an Explanation; Interactions come with theirs. `selection`: members of the
    selected set, or one player: what does not belong to it is dimmed. `customdata` of each clickable marker
    is the list of its members' positions.
    """
    known = Known.of(source, index, order)
    scene = Scene.of(known, top, selection, dark)
    figure = Figure()
    for members in scene.shown.values:
        _draw_edge(figure, scene, members)
    if len(scene.shown):
        _draw_sets(figure, scene)
    if scene.players:
        _draw_players(figure, scene)
        if known.found.index not in UNSIGNED:
            _draw_signs(figure, scene)
    else:
        nouns = escape(plural(known.noun))
        note(figure, f"Nothing to draw: no {escape(known.noun)} or set of {nouns} stands out.", dark)

    height = max(400, 170 + 34 * rows_of(len(scene.players)))
    text = describe_graph(known.found, top, known.noun, known.larger)
    theme.apply(figure, dark, title=_title(scene), subtitle=_subtitle(scene), height=height, text=text)
    wide = half_width(_longest_line(scene))
    figure.update_xaxes(visible=False, range=[-wide, wide], **STILL)
    figure.update_yaxes(visible=False, range=[-1.05, 1.05], **STILL)
    return figure.update_layout(showlegend=False, hovermode="closest", dragmode=False)


def describe_graph(
    interactions: Interactions, top: int = 12, noun: str = "player", larger: bool = False
) -> str:
    """The graph in words, for a screen reader."""
    label = names(interactions.players)
    shown = interactions.top(top, include_singletons=False)
    name = named(interactions.index)
    alone = len(shown) == 0
    if alone and top > 0:
        shown = interactions.top(top)
    sets = listed((joined(members, label), value) for members, value in shown)
    if not alone:
        return f"The strongest interactions ({name}, {interactions.unit}): {sets}."
    text = no_sets(interactions, noun, larger)
    if sets:
        text += f" The strongest {plural(noun)} ({name}, {interactions.unit}): {sets}."
    return text


def _title(scene: Scene) -> str:
    sets = len(scene.shown)
    nouns = escape(plural(scene.known.noun))
    if sets == 0 and scene.known.has_none:
        if len(scene.known.found.top(1)) == 0:
            return "Nothing found"
        return "No interactions found"
    if sets == 0:
        return f"Single {nouns}"
    if scene.known.is_poor:
        return "Guesses, not to be read"
    if sets == 1:
        return "The strongest interaction"
    return f"The {sets} strongest interactions"


def _subtitle(scene: Scene) -> str:
    found = scene.known.found
    text = f"{escape(title_of(found.index))} in {escape(found.unit)}; "
    text += "read down the left side, then the right<br>"
    text += READINGS[found.index].sets
    if len(scene.shown) == 0:
        return f"{text}<br>{escape(no_sets(found, scene.known.noun, scene.known.larger))}{_asks(found)}"
    text += "; a diamond is a set of three or more"
    if found.intervals is not None:
        text += "; dashed: interval crosses 0"
    if any(map(scene.is_contradicted, scene.shown.values)):
        text += "; hollow: contradicted by the model"
    return text + _asks(found)


def _asks(found: Interactions) -> str:
    """A further line for another index than the default: what it asks."""
    asked = asks(found)
    if not asked:
        return ""
    return f"<br>{escape(asked)}"


def _longest_line(scene: Scene) -> int:
    """Letters of the longest line of a label."""
    longest = 0
    for i in scene.players:
        for line in label_lines(scene.label[i]):
            longest = max(longest, len(line))
    return longest


def _draw_edge(figure: Figure, scene: Scene, members: Interaction) -> None:
    """One trace a set: a curve through a pair's marker, or a tie from a diamond to each of its members."""
    middle = scene.middles[members]
    ends = [scene.spots[i] for i in members]
    if len(members) == 2:
        start, end = ends
        x = _curve(start.x, middle.x, end.x)
        y = _curve(start.y, middle.y, end.y)
    else:
        x = _ties(middle.x, [end.x for end in ends])
        y = _ties(middle.y, [end.y for end in ends])
    figure.add_scatter(x=x, y=y, mode="lines", line=_stroke(scene, members), hoverinfo="skip")


def _stroke(scene: Scene, members: Interaction) -> dict[str, Any]:
    """Colour, width by size of the value, and dashes where the sign is not certain."""
    value = scene.shown.values[members]
    sizes = map(abs, scene.shown.values.values())
    largest = max(sizes) or 1.0
    width = 1.2 + 5.5 * abs(value) / largest
    if len(members) > 2:  # a tie for each member: thinner
        width = 1.0 + 0.5 * (width - 1.0)
    opacity = round(0.75 * scene.fade(members), 3)
    colour = theme.faded(theme.mark(value, scene.dark), opacity)
    dash = "solid"
    if crosses_zero(scene.interval(members)):
        dash = "dash"
    return {"color": colour, "width": width, "dash": dash}


def _curve(start: float, middle: float, end: float) -> list[float]:
    """One coordinate of a quadratic Bézier curve from start to end that is at `middle` for t = ½."""
    control = 2 * middle - (start + end) / 2
    t = np.linspace(0, 1, _CURVE)
    rest = 1 - t
    curve = rest**2 * start + 2 * t * rest * control + t**2 * end
    return curve.tolist()


def _ties(middle: float, ends: Sequence[float]) -> list[float | None]:
    """One coordinate of straight lines from the middle to each end; at None the pen is lifted."""
    line: list[float | None] = []
    for end in ends:
        line += [middle, end, None]
    return line


def _draw_sets(figure: Figure, scene: Scene) -> None:
    points = [_set_point(scene, members) for members in scene.shown.values]
    figure.add_scatter(
        **columns(points), mode="markers+text", textfont_size=13, hoverinfo="text", name="sets"
    )


def _set_point(scene: Scene, members: Interaction) -> Point:
    """The clickable marker of a set with its sign: a small disc for a pair, a diamond for more.

    A set that its check contradicts is hollow.
    """
    t = theme.tokens(scene.dark)
    value = scene.shown.values[members]
    colour = theme.mark(value, scene.dark)
    point = _at(scene.middles[members])
    point["text"] = f"<b>{theme.sign(value)}</b>"
    point["hovertext"] = _hover(scene, members)
    point["customdata"] = list(members)
    point["marker_symbol"] = "diamond"
    point["marker_size"] = 25
    if len(members) == 2:
        point["marker_symbol"] = "circle"
        point["marker_size"] = 17
    point["marker_opacity"] = 0.3
    if scene.is_lit(members):
        point["marker_opacity"] = max(scene.known.fade, 0.6)

    point["marker_color"] = colour
    point["textfont_color"] = t.on_mark
    point["marker_line_color"] = t.page
    point["marker_line_width"] = 1.5
    if scene.is_contradicted(members):
        point["marker_color"] = t.page
        point["textfont_color"] = colour
        point["marker_line_color"] = colour
    if members == scene.selected:
        point["marker_line_color"] = t.ink
        point["marker_line_width"] = 3
    return point


def _draw_players(figure: Figure, scene: Scene) -> None:
    points = [_player_point(scene, i) for i in scene.players]
    figure.add_scatter(
        **columns(points),
        mode="markers+text",
        marker_size=26,
        marker_opacity=1,
        textfont={"size": 14, "color": theme.ink(scene.dark)},
        hoverinfo="text",
        cliponaxis=False,
        name="players",
    )


def _player_point(scene: Scene, i: int) -> Point:
    """The clickable disc of a player on the colour of its value, its label on the outer side."""
    t = theme.tokens(scene.dark)
    name = escape(scene.label[i])
    effect = scene.known.effects[i]
    found = scene.known.found
    effect_text = f"{number(effect)} {escape(found.unit)} ({escape(named(found.index))})"
    lines = [f" {escape(line)} " for line in label_lines(scene.label[i])]
    spot = scene.spots[i]
    point = _at(spot)
    point["text"] = "<br>".join(lines)
    point["textposition"] = "middle left"
    if spot.x > 0:
        point["textposition"] = "middle right"
    point["hovertext"] = tip(name, effect_text)
    point["customdata"] = [i]
    point["marker_color"] = theme.colour(effect, scene.known.limit, scene.dark)
    point["marker_line_color"] = t.muted
    point["marker_line_width"] = 1.5
    if i in scene.selected:
        point["marker_line_color"] = t.ink
        point["marker_line_width"] = 3
    return point


def _draw_signs(figure: Figure, scene: Scene) -> None:
    """The sign of each clear value, on its player."""
    points = []
    for i in scene.players:
        point = _at(scene.spots[i])
        point["text"] = clear_sign(scene.known.effects[i], scene.known.limit)
        points.append(point)
    font = {"size": 15, "color": theme.ink(scene.dark)}
    figure.add_scatter(**columns(points), mode="text", textfont=font, hoverinfo="skip", name="signs")


def _at(spot: Spot) -> Point:
    return {"x": spot.x, "y": spot.y}


def _hover(scene: Scene, members: Interaction) -> str:
    """A set's name, value, interval, share of variance, and what its check found."""
    shown = scene.shown
    name = escape(joined(members, scene.label))
    value = f"{number(shown.values[members])} {escape(shown.unit)}"
    lines = [f"{value} ({escape(named(shown.index))})"]
    interval = scene.interval(members)
    range_text = interval_text(interval)
    if range_text:
        doubt = ""
        if crosses_zero(interval):
            doubt = ": the sign is not certain"
        lines.append(f"90 % interval {range_text}{doubt}")
    share = shown.shares.get(members, 0.0)
    lines.append(f"{percent(share)} of the variance")
    check = scene.known.checks.get(members)
    if check is not None:
        lines.append(escape(check_text(check, shown.unit)))
    return tip(name, *lines)
