"""Grid: layers × heads as clickable squares, and the energy of their interactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from spexviz.kit.arrays import Ints
from spexviz.masks import Interaction, all_but
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.heads import attention, removal
from spexviz.views.parts import BARE, STILL, Point, colour_bar, columns, legend_below
from spexviz.views.words import escape, joined, names, plural

__all__ = [
    "CELL",
    "HEIGHT",
    "KINDS",
    "WIDTH",
    "attention",
    "describe_grid",
    "energy",
    "energy_shares",
    "grid",
    "places",
    "prediction",
    "removal",
    "title_of_set",
]

CELL, WIDTH, HEIGHT = 42, 500, 700  # pixels: of a square at most, and of all of them
KINDS = ("linear", "within a layer", "across layers")


def places(explanation: Explanation) -> Ints | None:
    """(n, 2) layer and place in it of each player; None for a run without them."""
    layout = explanation.subject.layout
    if layout is None or layout.ndim != 2 or layout.shape[1] != 2:
        return None
    return layout.astype(int)


def grid(explanation: Explanation, *, selection: Sequence[int] = (), dark: bool = False) -> go.Figure:
    """One square a player, coloured by its main effect; those of the selected set have an outline and a dot.

    The tooltip has its rank. `customdata` of each square is the list that holds its position.
    """
    board = _board(explanation)
    players = range(len(explanation.players))
    chosen = sorted(set(selection) & set(players))
    figure = go.Figure()
    _draw_squares(figure, explanation, board, dark)
    if chosen:  # on top of their neighbours
        _draw_outlines(figure, board, chosen, dark)
    noun = escape(explanation.subject.noun)
    nouns = escape(plural(explanation.subject.noun, len(players)))
    colour = f"Colour: average effect of keeping the {noun}, in {escape(explanation.unit)}"
    theme.apply(
        figure,
        dark,
        title=f"{len(players)} {nouns}",
        subtitle=f"{colour}; click to select, dot: in the selected set",
        height=round(len(board.layers) * board.size) + 150,
        text=describe_grid(explanation),
    )
    _set_axes(figure, explanation, board)
    return figure.update_layout(showlegend=False, dragmode=False, hovermode="closest")


def describe_grid(explanation: Explanation) -> str:
    """The grid in words: the strongest players with their rank."""
    label = names(explanation.players)
    effects: list[float] = explanation.main_effects().tolist()
    told = []
    for rank, i in enumerate(_by_size(effects)[:10], 1):
        told.append(f"{label[i]} {theme.number(effects[i])} ({rank} of {len(effects)})")
    strongest = "; ".join(told)
    return f"Main effects ({explanation.unit}), strongest first: {strongest}."


def energy_shares(explanation: Explanation) -> dict[str, float]:
    """Share of the surrogate's variance by KINDS: single players, sets within one layer, across layers."""
    where = places(explanation)
    order = min(5, len(explanation.players))
    found: dict[str, float] = dict.fromkeys(KINDS, 0.0)
    for members, share in explanation.interactions("FBII", order).shares.items():
        if members and np.isfinite(share):
            found[_kind(members, where)] += share
    return found


def _kind(members: Interaction, where: Ints | None) -> str:
    linear, within, across = KINDS
    if len(members) == 1:
        return linear
    if where is None:
        return across
    layers = {int(where[i, 0]) for i in members}
    if len(layers) == 1:
        return within
    return across


def energy(explanation: Explanation, *, dark: bool = False) -> go.Figure:
    """The shares as one bar."""
    t = theme.tokens(dark)
    shares = energy_shares(explanation)
    texts = {kind: f"{kind} {theme.percent(share)}" for kind, share in shares.items()}
    colours = (t.muted, t.solvers[1], t.solvers[2])
    figure = go.Figure()
    for kind, colour in zip(KINDS, colours, strict=True):
        figure.add_bar(
            x=[shares[kind]],
            y=[""],
            orientation="h",
            name=texts[kind],
            marker={"color": colour, "line": {"color": t.page, "width": 2}},
            hovertext=texts[kind],
            hoverinfo="text",
        )
    told = ", ".join(texts.values())
    theme.apply(
        figure,
        dark,
        title="Where the energy is",
        subtitle="Shares of the surrogate's variance",
        height=190,
        text=f"Energy: {told}.",
    )
    legend = legend_below(-0.25, traceorder="normal")
    figure.update_layout(margin_t=84, barmode="stack", legend=legend, bargap=0.35)
    whole = max(1e-9, sum(shares.values()))
    figure.update_xaxes(visible=False, range=[0, whole], **STILL)
    return figure.update_yaxes(visible=False, **STILL)


def prediction(explanation: Explanation, off: Sequence[int]) -> tuple[float, float]:
    """The value with these players off and the rest kept, twice.

    By the surrogate; and by main effects alone, from the real full value.
    """
    mask = all_but([tuple(off)], len(explanation.players))
    surrogate = float(explanation.spectrum(mask)[0])
    full = explanation.ends[1]
    lost = explanation.main_effects()[list(off)].sum()
    return surrogate, float(full - lost)


def title_of_set(explanation: Explanation, members: Sequence[int]) -> str:
    """ "L12.H3 × L14.H0"."""
    return joined(tuple(members), names(explanation.players))


@dataclass(frozen=True)
class _Board:
    """Where the squares of the players stand: `x` is the place in a layer, `y` the row of the layer."""

    x: list[int]
    y: list[int]
    columns: int
    layers: list[int]  # from the lowest row up; a run need not have all layers of its model
    size: float  # pixels of a square and the gap beside it


def _board(explanation: Explanation) -> _Board:
    """Without places, all players stand in one row."""
    where = places(explanation)
    if where is None:
        column = np.arange(len(explanation.players))
        layer = np.zeros_like(column)
    else:
        layer, column = where.T
    layers: list[int] = sorted(set(layer.tolist()))
    row = {layer: i for i, layer in enumerate(layers)}
    columns = int(column.max(initial=0)) + 1
    size = max(12.0, min(CELL, WIDTH / columns, HEIGHT / len(layers)))
    return _Board(column.tolist(), [row[i] for i in layer.tolist()], columns, layers, size)


def _draw_squares(figure: go.Figure, explanation: Explanation, board: _Board, dark: bool) -> None:
    """The squares, with the scale of their colours."""
    effects: list[float] = explanation.main_effects().tolist()
    limit = max(map(abs, effects), default=0.0) or 1.0
    tips = _tips(explanation, effects)
    points = []
    for i, effect in enumerate(effects):
        point: Point = {"x": board.x[i], "y": board.y[i], "customdata": [i]}
        point["marker_color"] = effect
        point["text"] = theme.clear_sign(effect, limit, 0.15)
        point["hovertext"] = tips[i]
        points.append(point)
    lit = {"marker": {"opacity": 1}}  # Plotly would fade what is not selected
    figure.add_scatter(
        **columns(points),
        mode="markers+text",
        marker=_square(limit, board.size, dark),
        textfont={"size": max(9, round(0.36 * board.size)), "color": theme.ink(dark)},
        hoverinfo="text",
        selected=lit,
        unselected=lit,
        name="grid",
    )


def _square(limit: float, size: float, dark: bool) -> dict[str, Any]:
    """What all squares have in common."""
    colours = theme.palette(dark)
    last = len(colours) - 1
    scale = [[i / last, colour] for i, colour in enumerate(colours)]
    edge = {"color": theme.tokens(dark).grid, "width": 1}
    square: dict[str, Any] = {"symbol": "square", "size": 0.78 * size, "line": edge}
    square |= {"cmin": -limit, "cmax": limit, "colorscale": scale}
    square["colorbar"] = colour_bar(dark, len=1.0, x=1.02, nticks=5)
    return square


def _tips(explanation: Explanation, effects: Sequence[float]) -> list[str]:
    """Each player's name, effect, and rank by size of effect."""
    unit = escape(explanation.unit)
    label = names(explanation.players)
    tips = [""] * len(effects)
    for rank, i in enumerate(_by_size(effects), 1):
        effect = f"{theme.number(effects[i])} {unit}"
        place = f"{rank} of {len(effects)} by size of effect"
        tips[i] = f"<b>{escape(label[i])}</b><br>{effect}<br>{place}"
    return tips


def _by_size(effects: Sequence[float]) -> list[int]:
    """The players, the one with the largest effect first."""
    return sorted(range(len(effects)), key=lambda i: -abs(effects[i]))


def _draw_outlines(figure: go.Figure, board: _Board, chosen: Sequence[int], dark: bool) -> None:
    """A frame and a dot in the corner for the squares of the selected set; a click goes through them."""
    t = theme.tokens(dark)
    frames, dots = [], []
    for i in chosen:
        x, y = board.x[i], board.y[i]
        frames.append({"x": x, "y": y})
        dots.append({"x": x + 0.36, "y": y + 0.36})
    frame = {"symbol": "square-open", "size": 0.8 * board.size, "color": t.ink}
    frame["line"] = {"color": t.ink, "width": 3}
    dot = {"size": max(7, 0.24 * board.size), "color": t.accent}
    dot["line"] = {"color": t.page, "width": 1.5}
    figure.add_scatter(**columns(frames), mode="markers", marker=frame, hoverinfo="skip", name="outline")
    figure.add_scatter(**columns(dots), mode="markers", marker=dot, hoverinfo="skip", name="selected")


def _set_axes(figure: go.Figure, explanation: Explanation, board: _Board) -> None:
    """Squares stay square; a tick a place and a tick a layer, fewer where there are many."""
    title = ""
    if explanation.subject.noun == "head":
        title = "head"
    columns: list[int] = []
    if board.columns > 1:
        columns = _some(range(board.columns), 12, 4)
    figure.update_xaxes(
        title_text=title, tickvals=columns, range=[-0.6, board.columns - 0.4], constraintoward="left"
    )
    figure.update_xaxes(scaleanchor="y", scaleratio=1, constrain="domain", **BARE, **STILL)
    rows = _some(range(len(board.layers)), 16, 3)
    layers = [str(board.layers[row]) for row in rows]
    figure.update_yaxes(
        title_text="layer", tickvals=rows, ticktext=layers, range=[-0.6, len(board.layers) - 0.4]
    )
    figure.update_yaxes(constrain="domain", **BARE, **STILL)


def _some(places: Sequence[int], most: int, step: int) -> list[int]:
    """All, or every `step`-th where there are more than `most`."""
    if len(places) > most:
        return list(places[::step])
    return list(places)
