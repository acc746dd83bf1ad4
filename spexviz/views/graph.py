"""Graph: the top sets as a hypergraph. Words stand in reading order on an oval; a pair is a curve, every
larger set one diamond tied to its members (a triple is one object, never three pairs)."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from spexviz.indices import Interactions
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views import theme
from spexviz.views.captions import check_text, plural, shown_quality
from spexviz.views.words import escape, joined, names

_FADE = {"good": 1.0, "fair": 0.8, "poor": 0.4}
MOST = 200  # sets drawn at most
_CURVE = 24  # points of a curve
_LINE = 10  # letters that a label may have in one line


def graph(
    source: Explanation | Interactions,
    top: int = 12,
    *,
    index: str = "FBII",
    order: int = 3,
    dark: bool = False,
    selection: Sequence[int] = (),
) -> go.Figure:
    """The `top` sets of two or more players (by share of variance) and their members.

    `index`, `order`: used for an Explanation; Interactions come with theirs. `selection`: members of the
    selected set, or one player: what does not belong to it is dimmed. `customdata` of each clickable marker
    is the list of its members' positions.
    """
    run = source if isinstance(source, Explanation) else None
    found = run.interactions(index, order) if run is not None else source
    fade = _FADE[shown_quality(run)] if run is not None else 1.0
    shown = found.top(max(0, min(int(top), MOST)), include_singletons=False)
    players = sorted({i for members, _ in shown for i in members}) or sorted(
        m[0] for m, _ in found.top(top) if len(m) == 1
    )
    spots, height = _ring(players)
    label = names(found.players, 16)
    selected = tuple(sorted({int(i) for i in selection}))
    figure = go.Figure()
    middles = _middles(shown, spots)
    for members, value in shown:
        alpha = fade * (1.0 if _belongs(members, selected) else 0.18)
        _draw_edge(figure, members, value, shown, spots, middles[members], alpha, dark)
    checks = {check.members: check for check in run.checks} if run is not None else {}
    _draw_sets(figure, shown, middles, label, selected, fade, dark, checks)
    effects = (
        run.main_effects().tolist() if run is not None else [found[(i,)] for i in range(len(found.players))]
    )
    _draw_players(figure, players, effects, found.unit, spots, label, selected, dark)
    if not players:
        figure.add_annotation(
            text=f"Nothing to draw: no set of {escape(plural(run.subject.noun if run else 'player'))} stands out.",
            showarrow=False,
            font={"color": theme.tokens(dark).muted, "size": 15},
        )
    subtitle = f"{escape(found.index)} up to order {found.order}, in {escape(found.unit)}; read down the left side, then the right<br>"
    subtitle += "Orange + raises, purple − lowers; a diamond is a set of three or more"
    if found.intervals is not None:
        subtitle += "; dashed: interval crosses 0"
    if any(m in checks and checks[m].verdict == "contradicted" for m, _ in shown):
        subtitle += "; hollow: contradicted by the model"
    title = (
        f"The {len(shown)} strongest interactions"
        if len(shown) > 1
        else "The strongest interaction"
        if len(shown)
        else "No interactions"
    )
    theme.apply(figure, dark, title=title, subtitle=subtitle, height=height, text=describe_graph(found, top))
    wide = _half_width(max((len(line) for i in players for line in _lines(label[i])), default=0))
    figure.update_xaxes(visible=False, range=[-wide, wide], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-1.05, 1.05], fixedrange=True)
    return figure.update_layout(showlegend=False, hovermode="closest", dragmode=False)


def describe_graph(interactions: Interactions, top: int = 12) -> str:
    """The graph in words, for a screen reader."""
    label = names(interactions.players)
    sets = [
        f"{joined(m, label)} {theme.number(v)}" for m, v in interactions.top(top, include_singletons=False)
    ]
    if not sets:
        return "No interactions to show."
    return f"The strongest interactions ({interactions.index}, {interactions.unit}): " + "; ".join(sets) + "."


def _ring(players: Sequence[int]) -> tuple[dict[int, tuple[float, float]], int]:
    """Positions on an oval, down its left side and then down its right, in even steps: labels beside them never overlap."""
    left = (len(players) + 1) // 2
    spots = {}
    for k, player in enumerate(players):
        count, row = (left, k) if k < left else (len(players) - left, k - left)
        y = 1 - 2 * (row + 0.5) / count
        x = 0.35 + 0.65 * math.sqrt(max(0.0, 1 - y * y))
        spots[player] = (-x if k < left else x, 0.95 * y)
    return spots, max(400, 170 + 34 * left)


def _lines(label: str) -> list[str]:
    """A label in at most two lines: a long one beside its marker would leave a narrow window."""
    return textwrap.wrap(label, max(_LINE, -(-len(label) // 2) + 1), max_lines=2, placeholder="…") or [label]


def _half_width(letters: int, width: int = 350) -> float:
    """Half the range of the x axis that leaves room for the longest line of a label in a figure `width` pixels wide."""
    return 1 / (1 - 2 * min(0.32, (24 + 7.8 * letters) / width))


def _middles(
    shown: Interactions, spots: dict[int, tuple[float, float]]
) -> dict[Interaction, tuple[float, float]]:
    """Where each set's own marker stands: near the middle of its members, pushed apart from the others."""
    sets = [members for members, _ in shown]
    if not sets:
        return {}
    home = np.array(
        [np.mean([spots[i] for i in members], 0) * (0.6 if len(members) == 2 else 0.35) for members in sets]
    )
    # markers at one place move apart in set directions
    place = home + 1e-3 * np.array([[np.cos(k), np.sin(k)] for k in range(len(sets))])
    wide = min(0.27, 1.6 / np.sqrt(len(sets)))
    for _ in range(60):
        apart = place[:, None] - place[None]
        distance = np.linalg.norm(apart, axis=-1) + np.eye(len(sets))
        push = np.where(distance < wide, (wide - distance) / (2 * distance), 0.0)
        np.fill_diagonal(push, 0.0)
        place = place + (apart * push[..., None]).sum(1) + 0.05 * (home - place)
    return {
        members: (float(x), float(y))
        for members, (x, y) in zip(sets, np.clip(place, -0.95, 0.95), strict=True)
    }


def _draw_edge(
    figure: go.Figure,
    members: Interaction,
    value: float,
    shown: Interactions,
    spots: dict[int, tuple[float, float]],
    middle: tuple[float, float],
    alpha: float,
    dark: bool,
) -> None:
    """One trace a set: a curve through the marker of a pair, a tie from the diamond to each member of a larger set."""
    largest = max(abs(v) for _, v in shown) or 1.0
    width = 1.2 + 5.5 * abs(value) / largest
    interval = None if shown.intervals is None else shown.intervals[members]
    if len(members) == 2:
        (x0, y0), (x1, y1) = spots[members[0]], spots[members[1]]
        t = np.linspace(0, 1, _CURVE)
        # the curve passes through its marker at t = ½
        cx, cy = 2 * middle[0] - (x0 + x1) / 2, 2 * middle[1] - (y0 + y1) / 2
        x = ((1 - t) ** 2 * x0 + 2 * t * (1 - t) * cx + t**2 * x1).tolist()
        y = ((1 - t) ** 2 * y0 + 2 * t * (1 - t) * cy + t**2 * y1).tolist()
    else:
        x = [c for i in members for c in (middle[0], spots[i][0], None)]
        y = [c for i in members for c in (middle[1], spots[i][1], None)]
        width = 1.0 + 0.5 * (width - 1.0)
    line = {
        "color": theme.faded(theme.mark(value, dark), round(0.75 * alpha, 3)),
        "width": width,
        "dash": "dash" if theme.crosses_zero(interval) else "solid",
    }
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _draw_sets(
    figure: go.Figure,
    shown: Interactions,
    middles: dict,
    label: Sequence[str],
    selected: Interaction,
    fade: float,
    dark: bool,
    checks: Mapping[Interaction, Check],
) -> None:
    """The clickable markers: a small disc in the middle of a pair, a diamond for a larger set, each with its sign.

    A set that its check contradicts is hollow.
    """
    sets = [members for members, _ in shown]
    if not sets:
        return
    t = theme.tokens(dark)
    colours = [theme.mark(shown.values[m], dark) for m in sets]
    hollow = [m in checks and checks[m].verdict == "contradicted" for m in sets]
    figure.add_scatter(
        x=[middles[m][0] for m in sets],
        y=[middles[m][1] for m in sets],
        mode="markers+text",
        marker={
            "symbol": ["circle" if len(m) == 2 else "diamond" for m in sets],
            "size": [17 if len(m) == 2 else 25 for m in sets],
            "color": [t.page if empty else colour for colour, empty in zip(colours, hollow, strict=True)],
            "opacity": [max(fade, 0.6) if _belongs(m, selected) else 0.3 for m in sets],
            "line": {
                "width": [3 if m == selected else 1.5 for m in sets],
                "color": [
                    t.ink if m == selected else c if e else t.page
                    for m, c, e in zip(sets, colours, hollow, strict=True)
                ],
            },
        },
        text=[f"<b>{theme.sign(shown.values[m])}</b>" for m in sets],
        textfont={"color": [c if e else t.on_mark for c, e in zip(colours, hollow, strict=True)], "size": 13},
        hovertext=[_hover(m, shown, label, checks.get(m)) for m in sets],
        hoverinfo="text",
        customdata=[list(m) for m in sets],
        name="sets",
    )


def _draw_players(
    figure: go.Figure,
    players: Sequence[int],
    every: Sequence[float],
    unit: str,
    spots: dict,
    label: Sequence[str],
    selected: Interaction,
    dark: bool,
) -> None:
    if not players:
        return
    t = theme.tokens(dark)
    effects = [every[i] for i in players]
    limit = max(map(abs, every), default=0.0)
    beside = ["middle right" if spots[i][0] > 0 else "middle left" for i in players]
    figure.add_scatter(
        x=[spots[i][0] for i in players],
        y=[spots[i][1] for i in players],
        mode="markers+text",
        marker={
            "size": 26,
            "color": [theme.colour(v, limit, dark) for v in effects],
            "line": {
                "width": [3 if i in selected else 1.5 for i in players],
                "color": [t.ink if i in selected else t.muted for i in players],
            },
            "opacity": 1,
        },
        text=["<br>".join(f" {escape(line)} " for line in _lines(label[i])) for i in players],
        textposition=beside,
        textfont={"size": 14, "color": t.ink},
        hovertext=[
            f"<b>{escape(label[i])}</b><br>main effect {theme.number(v)} {escape(unit)}"
            for i, v in zip(players, effects, strict=True)
        ],
        hoverinfo="text",
        customdata=[[i] for i in players],
        cliponaxis=False,
        name="players",
    )
    signs = [theme.sign(v) if limit and abs(v) >= 0.1 * limit else "" for v in effects]
    x, y = [spots[i][0] for i in players], [spots[i][1] for i in players]
    figure.add_scatter(
        x=x,
        y=y,
        mode="text",
        text=signs,
        textfont={"size": 15, "color": t.ink},
        hoverinfo="skip",
        name="signs",
    )


def _hover(
    members: Interaction, shown: Interactions, label: Sequence[str], check: Check | None = None
) -> str:
    interval = None if shown.intervals is None else shown.intervals[members]
    lines = [
        f"<b>{escape(joined(members, label))}</b>",
        f"{theme.number(shown.values[members])} {escape(shown.unit)} ({escape(shown.index)})",
    ]
    if theme.interval_text(interval):
        lines.append(
            f"90 % interval {theme.interval_text(interval)}"
            + (": the sign is not certain" if theme.crosses_zero(interval) else "")
        )
    lines.append(f"{theme.percent(shown.shares.get(members, 0.0))} of the variance")
    if check is not None:
        lines.append(escape(check_text(check, shown.unit).replace("; ", ";\n")).replace("\n", "<br>"))
    return "<br>".join(lines)


def _belongs(members: Interaction, selected: Interaction) -> bool:
    """Whether a set stays lit: nothing is selected, it is the selected set, or it holds the one selected player."""
    return not selected or members == selected or (len(selected) == 1 and selected[0] in members)
