"""Grid: layers × heads as clickable squares; the energy of their interactions; where a head looks; what removal keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.captions import plural
from spexviz.views.words import escape, joined, names, plain

CELL, WIDTH, HEIGHT = 42, 500, 700  # pixels: of a square at most, and of all of them
KINDS = ("linear", "within a layer", "across layers")


def places(explanation: Explanation) -> np.ndarray | None:
    """(n, 2) layer and place in it of each player; None for a run without them."""
    layout = explanation.subject.layout
    return None if layout is None or layout.ndim != 2 or layout.shape[1] != 2 else layout.astype(int)


def grid(explanation: Explanation, *, selection: Sequence[int] = (), dark: bool = False) -> go.Figure:
    """One square a player: colour = main effect, outline and badge = member of the selected set; the tooltip has its rank.

    `customdata` of each square is the list that holds its position.
    """
    t, where, effects = theme.tokens(dark), places(explanation), explanation.main_effects()
    where = (
        np.stack([np.zeros(len(effects), dtype=int), np.arange(len(effects))], axis=1)
        if where is None
        else where
    )
    limit = float(np.abs(effects).max(initial=0.0)) or 1.0
    rank = np.argsort(np.argsort(-np.abs(effects), kind="stable"), kind="stable") + 1
    layers, columns = sorted(set(where[:, 0].tolist())), int(where[:, 1].max(initial=0)) + 1
    row = {layer: i for i, layer in enumerate(layers)}
    size = max(12.0, min(CELL, WIDTH / columns, HEIGHT / len(layers)))
    label, chosen = names(explanation.players), set(selection)
    y = [row[layer] for layer in where[:, 0]]
    figure = go.Figure()
    figure.add_scatter(
        x=where[:, 1].tolist(),
        y=y,
        mode="markers+text",
        marker={
            "symbol": "square",
            "size": 0.78 * size,
            "color": effects.tolist(),
            "cmin": -limit,
            "cmax": limit,
            "colorscale": [
                [i / (len(theme.palette(dark)) - 1), colour] for i, colour in enumerate(theme.palette(dark))
            ],
            "line": {"color": t.grid, "width": 1},
            "colorbar": {
                "thickness": 10,
                "outlinewidth": 0,
                "tickfont": {"color": t.muted, "size": 12},
                "len": 1.0,
                "x": 1.02,
                "nticks": 5,
            },
        },
        text=[theme.sign(v) if abs(v) >= 0.15 * limit else "" for v in effects],
        textfont={"size": max(9, round(0.36 * size)), "color": t.ink},
        customdata=[[i] for i in range(len(effects))],
        hovertext=[_tip(explanation, label[i], float(effects[i]), int(rank[i])) for i in range(len(effects))],
        hoverinfo="text",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        name="grid",
    )
    members = sorted(chosen & set(range(len(effects))))
    if members:  # on top of their neighbours
        figure.add_scatter(
            x=[where[i, 1] for i in members],
            y=[y[i] for i in members],
            mode="markers",
            marker={
                "symbol": "square-open",
                "size": 0.8 * size,
                "color": t.ink,
                "line": {"color": t.ink, "width": 3},
            },
            hoverinfo="skip",
            name="outline",
        )
        figure.add_scatter(
            x=[where[i, 1] + 0.36 for i in members],
            y=[y[i] + 0.36 for i in members],
            mode="markers",
            marker={"size": max(7, 0.24 * size), "color": t.accent, "line": {"color": t.page, "width": 1.5}},
            hoverinfo="skip",
            name="selected",
        )
    noun = explanation.subject.noun
    subtitle = f"Colour: average effect of keeping the {escape(noun)}, in {escape(explanation.unit)}; click to select, dot: in the selected set"
    theme.apply(
        figure,
        dark,
        title=f"{len(effects)} {escape(plural(noun, len(effects)))}",
        subtitle=subtitle,
        height=round(len(layers) * size) + 150,
    )
    figure.update_layout(
        meta={"text": describe_grid(explanation)}, showlegend=False, dragmode=False, hovermode="closest"
    )
    ticks = list(range(columns)) if columns <= 12 else list(range(0, columns, 4))
    figure.update_xaxes(
        title_text="head" if noun == "head" else "",
        tickvals=ticks if columns > 1 else [],
        range=[-0.6, columns - 0.4],
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(
        scaleanchor="y", scaleratio=1, constrain="domain", constraintoward="left", fixedrange=True
    )
    shown = layers if len(layers) <= 16 else layers[::3]
    figure.update_yaxes(
        title_text="layer",
        tickvals=[row[i] for i in shown],
        ticktext=[str(i) for i in shown],
        range=[-0.6, len(layers) - 0.4],
    )
    return figure.update_yaxes(showgrid=False, zeroline=False, fixedrange=True, constrain="domain")


def describe_grid(explanation: Explanation) -> str:
    """The grid in words: the strongest players with their rank."""
    effects, label = explanation.main_effects(), names(explanation.players)
    order = np.argsort(-np.abs(effects), kind="stable")[:10]
    said = "; ".join(
        f"{label[i]} {theme.number(float(effects[i]))} ({k + 1} of {len(effects)})"
        for k, i in enumerate(order)
    )
    return f"Main effects ({explanation.unit}), strongest first: {said}."


def energy_shares(explanation: Explanation) -> dict[str, float]:
    """Share of the surrogate's variance by KINDS: single players, sets within one layer, sets across layers."""
    where, found = places(explanation), dict.fromkeys(KINDS, 0.0)
    for members, share in explanation.interactions("FBII", min(5, len(explanation.players))).shares.items():
        if not members or not np.isfinite(share):
            continue
        one_layer = where is not None and len({int(where[i, 0]) for i in members}) == 1
        found["linear" if len(members) == 1 else "within a layer" if one_layer else "across layers"] += share
    return found


def energy(explanation: Explanation, *, dark: bool = False) -> go.Figure:
    """The shares as one bar."""
    t, shares = theme.tokens(dark), energy_shares(explanation)
    figure = go.Figure()
    for kind, colour in zip(KINDS, (t.muted, t.solvers[1], t.solvers[2]), strict=True):
        text = f"{kind} {theme.percent(shares[kind])}"
        figure.add_bar(
            x=[shares[kind]],
            y=[""],
            orientation="h",
            name=text,
            marker={"color": colour, "line": {"color": t.page, "width": 2}},
            hovertext=text,
            hoverinfo="text",
        )
    said = ", ".join(f"{kind} {theme.percent(shares[kind])}" for kind in KINDS)
    theme.apply(
        figure,
        dark,
        title="Where the energy is",
        subtitle="Shares of the surrogate's variance",
        height=190,
        text=f"Energy: {said}.",
    )
    figure.update_layout(
        margin_t=84,
        barmode="stack",
        legend={"orientation": "h", "y": -0.25, "x": 0, "traceorder": "normal"},
        bargap=0.35,
    )
    figure.update_xaxes(visible=False, range=[0, max(1e-9, sum(shares.values()))], fixedrange=True)
    return figure.update_yaxes(visible=False, fixedrange=True)


def attention(tokens: Sequence[str], weights: np.ndarray, head: str, *, dark: bool = False) -> go.Figure:
    """Where a head looks: each row is a token (top to bottom), its cells are the tokens that it attends to, (from, to)."""
    t, shown = theme.tokens(dark), [escape(plain(token, 12)) for token in tokens]
    ticks = list(range(len(shown)))
    strongest = [(i, int(np.argmax(row))) for i, row in enumerate(np.asarray(weights))]
    said = "; ".join(
        f"{plain(tokens[i], 12)} → {plain(tokens[j], 12)} {weights[i][j]:.2f}" for i, j in strongest
    )
    figure = go.Figure(
        go.Heatmap(
            z=np.round(np.asarray(weights, dtype=float), 4).tolist(),
            colorscale=[[0, t.surface], [1, t.accent]],
            zmin=0,
            zmax=1,
            xgap=1,
            ygap=1,
            text=[[f"{shown[i]} looks at {shown[j]}: {weights[i][j]:.2f}" for j in ticks] for i in ticks],
            hoverinfo="text",
            colorbar={"thickness": 10, "outlinewidth": 0, "tickfont": {"color": t.muted, "size": 12}},
        )
    )
    theme.apply(
        figure,
        dark,
        title=f"Where {escape(head)} looks",
        subtitle="Rows: from, columns: to; the untouched model",
        height=max(300, 26 * len(shown) + 150),
    )
    figure.update_layout(margin_t=84, meta={"text": f"Strongest attention of {head}: {said}."})
    figure.update_xaxes(
        tickvals=ticks, ticktext=shown, tickangle=-45, showgrid=False, zeroline=False, fixedrange=True
    )
    return figure.update_yaxes(
        tickvals=ticks, ticktext=shown, autorange="reversed", showgrid=False, zeroline=False, fixedrange=True
    )


def removal(rows: Sequence[Mapping[str, Any]], full: float, unit: str, *, dark: bool = False) -> go.Figure:
    """Value on held-out questions against players kept, one line a method.

    Rows: {"method", "size", "value", "low", "high"}.
    """
    t, figure = theme.tokens(dark), go.Figure()
    for k, method in enumerate(dict.fromkeys(row["method"] for row in rows)):
        own = sorted((row for row in rows if row["method"] == method), key=lambda row: row["size"])
        value = [row["value"] for row in own]
        figure.add_scatter(
            x=[row["size"] for row in own],
            y=value,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [row["high"] - row["value"] for row in own],
                "arrayminus": [row["value"] - row["low"] for row in own],
                "thickness": 1,
                "width": 3,
            },
            mode="lines+markers",
            name=escape(method),
            line={
                "color": t.solvers[k % len(t.solvers)],
                "width": 3 if k == 0 else 1.5,
                "dash": "solid" if k == 0 else "dot",
            },
            hovertext=[
                f"{escape(method)}, {row['size']} kept: {theme.number(row['value'])} {theme.interval_text((row['low'], row['high']))}"
                for row in own
            ],
            hoverinfo="text",
        )
    figure.add_hline(
        y=full,
        line={"color": t.muted, "dash": "dash", "width": 1},
        annotation_text="all kept",
        annotation_font={"color": t.muted},
    )
    said = "; ".join(f"{row['method']} {row['size']} kept {theme.number(row['value'])}" for row in rows)
    theme.apply(
        figure,
        dark,
        title="What removal keeps",
        subtitle="On questions that no fit has seen; bars: 90 % intervals over the questions",
        height=380,
    )
    figure.update_layout(
        meta={"text": f"Removal ({unit}): {said}; all kept {theme.number(full)}."},
        legend={"orientation": "h", "y": -0.22, "x": 0},
    )
    figure.update_xaxes(title_text="players kept", fixedrange=True)
    return figure.update_yaxes(title_text=escape(unit), fixedrange=True)


def _tip(explanation: Explanation, label: str, effect: float, rank: int) -> str:
    n = len(explanation.players)
    return f"<b>{escape(label)}</b><br>{theme.number(effect)} {escape(explanation.unit)}<br>{rank} of {n} by size of effect"


def prediction(explanation: Explanation, off: Sequence[int]) -> tuple[float, float]:
    """With these players off and the rest kept: the surrogate's value, and that of main effects alone from the real full value."""
    mask = all_but([tuple(off)], len(explanation.players))
    effects = explanation.main_effects()
    return float(explanation.spectrum(mask)[0]), float(explanation.ends[1] - effects[list(off)].sum())


def title_of_set(explanation: Explanation, members: Sequence[int]) -> str:
    """ "L12.H3 × L14.H0"."""
    return joined(tuple(members), names(explanation.players))
