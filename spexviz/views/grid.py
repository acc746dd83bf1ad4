"""Grid: layers × heads as clickable squares, and what is said of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from plotly.graph_objects import Figure

from spexviz.indices import Interactions
from spexviz.kit.names import names
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.board import CELL, HEIGHT, WIDTH, Board, Square, in_words, places
from spexviz.views.heads import attention, kept_in_words, removal
from spexviz.views.index_words import MEAN, asks, named, title_of
from spexviz.views.parts import BARE, STILL, Point, colour_bar, columns, tip
from spexviz.views.theme import clear_sign, number
from spexviz.views.words import escape, joined, plural

__all__ = [
    "CELL",
    "HEIGHT",
    "WIDTH",
    "attention",
    "describe_grid",
    "grid",
    "in_words",
    "kept_in_words",
    "places",
    "prediction",
    "removal",
    "title_of_set",
]

# squares stay square: the plot gives way, not the range of an axis
_DOMAIN: dict[str, Any] = {"constrain": "domain"}
_LIT = {"marker": {"opacity": 1}}
_ON_TOP = {"mode": "markers", "hoverinfo": "skip"}  # seen, but never hovered or clicked
_AROUND, _LINE = 190, 26  # pixels of title, axis and scale of colours; of the legend
# the scale of colours and the legend lie under the squares: a column may be narrow
_BELOW = {"yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0.0, "xanchor": "left"}
_SCALE = {"orientation": "h", "lenmode": "pixels", "len": 150, "nticks": 5, **_BELOW, "xpad": 0, "ypad": 6}
_LEGEND = {"orientation": "h", **_BELOW}


def grid(
    explanation: Explanation,
    *,
    selection: Sequence[int] = (),
    dark: bool = False,
    index: str = MEAN,
    order: int = 3,
) -> Figure:
    """One square a player, coloured by its value; those of the selected set have an outline and a dot.

    The tooltip has its rank. `customdata` of each square is the list that holds its position. `index`,
    `order`: of the values; the mean effect by default.
    """
    found = explanation.interactions(index, order)
    board = Board.of(explanation, found)
    figure = Figure()
    _draw_squares(figure, board, found, dark)
    if board.holes:
        _draw_holes(figure, board, explanation.subject.noun, dark)
    chosen = [square for square in board.squares if square.player in selection]
    if chosen:  # on top of their neighbours
        _draw_outlines(figure, chosen, board.mark, dark)
    _set_axes(figure, board, explanation.subject.noun)

    noun = escape(explanation.subject.noun)
    count = len(board.squares)
    title = f"{count} {plural(noun, count)}"
    colour = f"average effect of keeping the {noun}"
    if found.index != MEAN:
        colour = escape(named(found.index))
    subtitle = f"Colour: {colour}, in {escape(found.unit)}; click to select, dot: in the selected set"
    if asked := asks(found):
        subtitle += f"<br>{escape(asked)}"
    legend = 0
    if board.holes:
        legend = _LINE
    height = round(len(board.layers) * board.size) + _AROUND + legend
    text = _described(board, found)
    theme.apply(figure, dark, title=title, subtitle=subtitle, height=height, text=text)
    figure.update_traces(marker_colorbar_y=legend / height, selector={"name": "grid"})
    figure.update_layout(showlegend=bool(board.holes), legend=_LEGEND, margin_b=76 + legend)
    return figure.update_layout(dragmode=False, hovermode="closest")


def describe_grid(explanation: Explanation, index: str = MEAN, order: int = 3) -> str:
    """The grid in words: the strongest players with their rank."""
    found = explanation.interactions(index, order)
    return _described(Board.of(explanation, found), found)


def _described(board: Board, found: Interactions) -> str:
    told = []
    for square in sorted(board.squares, key=attrgetter("rank"))[:10]:
        effect = number(square.effect)
        told.append(f"{square.label} {effect} ({square.rank} of {len(board.squares)})")
    strongest = "; ".join(told)
    return f"{title_of(found.index)} ({found.unit}), strongest first: {strongest}."


def _draw_squares(figure: Figure, board: Board, found: Interactions, dark: bool) -> None:
    """The clickable squares, with the scale of their colours."""
    points = [_point(square, board, found) for square in board.squares]
    font_size = max(9, round(0.5 * board.mark))
    figure.add_scatter(
        **columns(points),
        mode="markers+text",
        marker=_marker(board, dark),
        textfont={"size": font_size, "color": theme.ink(dark)},
        hoverinfo="text",
        selected=_LIT,
        unselected=_LIT,  # Plotly would fade what is not selected
        name="grid",
        showlegend=False,
    )


def _draw_holes(figure: Figure, board: Board, noun: str, dark: bool) -> None:
    """A quiet outline where a layer has a part that is no player, so that no place looks broken."""
    places_ = [{"x": x, "y": y} for x, y in board.holes]
    line = {"color": theme.tokens(dark).grid, "width": 1}
    marker = {"symbol": "square-open", "size": board.mark, "color": line["color"], "line": line}
    figure.add_scatter(
        **columns(places_), **_ON_TOP, marker=marker, name=f"{escape(noun)} never switched off"
    )


def _point(square: Square, board: Board, found: Interactions) -> Point:
    effect = f"{number(square.effect)} {escape(found.unit)} ({escape(named(found.index))})"
    rank = f"{square.rank} of {len(board.squares)} by size"
    point: Point = {"x": square.x, "y": square.y}
    point["marker_color"] = square.effect
    point["text"] = clear_sign(square.effect, board.limit, 0.15)
    name = square.name
    if name != square.label:
        name = f"{name[:1].upper()}{name[1:]} ({square.label})"
    point["hovertext"] = tip(escape(name), effect, rank)
    point["customdata"] = [square.player]
    return point


def _marker(board: Board, dark: bool) -> dict[str, Any]:
    """What all squares have in common."""
    t = theme.tokens(dark)
    colours = theme.palette(dark)
    last = len(colours) - 1
    marker: dict[str, Any] = {"symbol": "square", "size": board.mark}
    marker["line"] = {"color": t.grid, "width": 1}
    marker["cmin"] = -board.limit
    marker["cmax"] = board.limit
    marker["colorscale"] = [[i / last, colour] for i, colour in enumerate(colours)]
    marker["colorbar"] = colour_bar(dark, **_SCALE)
    return marker


def _draw_outlines(figure: Figure, chosen: Sequence[Square], size: float, dark: bool) -> None:
    """A frame and a dot in the corner for the squares of the selected set; a click goes through them."""
    t = theme.tokens(dark)
    frames: list[Point] = []
    dots: list[Point] = []
    for square in chosen:
        frames.append({"x": square.x, "y": square.y})
        dots.append({"x": square.x + 0.36, "y": square.y + 0.36})
    frame = {"symbol": "square-open", "size": size + 1, "color": t.ink}
    frame["line"] = {"color": t.ink, "width": 3}
    dot = {"size": max(7, 0.3 * size), "color": t.accent}
    dot["line"] = {"color": t.page, "width": 1.5}
    figure.add_scatter(**columns(frames), **_ON_TOP, marker=frame, name="outline", showlegend=False)
    figure.add_scatter(**columns(dots), **_ON_TOP, marker=dot, name="selected", showlegend=False)


def _set_axes(figure: Figure, board: Board, noun: str) -> None:
    """Squares stay square; a tick a place and a tick a layer, fewer where there are many."""
    title = ""
    if noun == "head":
        title = "head"
    ticks: list[int] = []
    if board.columns > 1:
        ticks = _some(range(board.columns), 12, 4)
    figure.update_xaxes(title_text=title, tickvals=ticks, range=_room(board.columns))
    figure.update_xaxes(**BARE, **STILL)
    figure.update_xaxes(scaleanchor="y", scaleratio=1, constraintoward="left", **_DOMAIN)
    count = len(board.layers)
    rows = _some(range(count), 16, 3)
    layers = [str(board.layers[row]) for row in rows]
    figure.update_yaxes(title_text="layer", tickvals=rows, ticktext=layers, range=_room(count))
    figure.update_yaxes(constraintoward="top", **_DOMAIN, **BARE, **STILL)


def _some(ticks: range, most: int, step: int) -> list[int]:
    """All, or every `step`-th where there are more than `most`."""
    if len(ticks) > most:
        ticks = ticks[::step]
    return list(ticks)


def _room(squares: int) -> list[float]:
    """The range of an axis with so many squares."""
    return [-0.6, squares - 0.4]


def prediction(explanation: Explanation, off: Sequence[int]) -> tuple[float, float]:
    """The value with these players off and the rest kept, twice.

    By the surrogate; and by main effects alone, from the real full value.
    """
    mask = all_but([tuple(off)], len(explanation.players))
    surrogate = explanation.spectrum(mask)[0]
    full = explanation.ends[1]
    effects = explanation.main_effects()
    lost = effects[list(off)].sum()
    return float(surrogate), float(full - lost)


def title_of_set(explanation: Explanation, members: Sequence[int]) -> str:
    """ "L12.H3 × L14.H0"."""
    return joined(tuple(members), names(explanation.players))
