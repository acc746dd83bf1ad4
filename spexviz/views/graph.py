"""Graph: the top sets as a hypergraph. Words stand in reading order on an oval; a pair is a curve, every
larger set one diamond tied to its members (a triple is one object, never three pairs)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from spexviz.indices import Interactions
from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.views import theme
from spexviz.views.captions import check_text, shown_quality
from spexviz.views.oval import Spot, half_width, label_lines, middles, ring, rows_of
from spexviz.views.parts import STILL, note
from spexviz.views.words import escape, joined, names, plural

_FADE = {"good": 1.0, "fair": 0.8, "poor": 0.4}
MOST = 200  # sets drawn at most
_CURVE = 24  # points of a curve


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
    known = _known(source, index, order)
    count = max(0, min(int(top), MOST))
    shown = known.found.top(count, include_singletons=False)
    players = _members(shown) or _alone(known.found.top(top))
    spots = ring(players)
    scene = _Scene(
        known=known,
        shown=shown,
        players=players,
        spots=spots,
        middles=middles(list(shown.values), spots),
        label=names(known.found.players, 16),
        selected=tuple(sorted({int(i) for i in selection})),
        dark=dark,
    )
    figure = go.Figure()
    for members, _ in shown:
        _draw_edge(figure, scene, members)
    if len(shown):
        _draw_sets(figure, scene)
    if players:
        _draw_players(figure, scene)
        _draw_signs(figure, scene)
    else:
        note(figure, f"Nothing to draw: no set of {escape(plural(known.noun))} stands out.", dark)

    height = max(400, 170 + 34 * rows_of(len(players)))
    text = describe_graph(known.found, top)
    theme.apply(figure, dark, title=_title(len(shown)), subtitle=_subtitle(scene), height=height, text=text)
    lines = [line for i in players for line in label_lines(scene.label[i])]
    wide = half_width(max(map(len, lines), default=0))
    figure.update_xaxes(visible=False, range=[-wide, wide], **STILL)
    figure.update_yaxes(visible=False, range=[-1.05, 1.05], **STILL)
    return figure.update_layout(showlegend=False, hovermode="closest", dragmode=False)


def describe_graph(interactions: Interactions, top: int = 12) -> str:
    """The graph in words, for a screen reader."""
    label = names(interactions.players)
    shown = interactions.top(top, include_singletons=False)
    if not len(shown):
        return "No interactions to show."
    sets = "; ".join(f"{joined(members, label)} {theme.number(value)}" for members, value in shown)
    return f"The strongest interactions ({interactions.index}, {interactions.unit}): {sets}."


@dataclass(frozen=True)
class _Known:
    """What there is to draw from, of a run or of interactions alone."""

    found: Interactions
    effects: list[float]  # main effect of each player
    noun: str = "player"
    fade: float = 1.0  # of all sets: how far the fit can be trusted
    checks: Mapping[Interaction, Check] | None = None


def _known(source: Explanation | Interactions, index: str, order: int) -> _Known:
    if isinstance(source, Interactions):
        effects = [source[(i,)] for i in range(len(source.players))]
        return _Known(source, effects)
    return _Known(
        found=source.interactions(index, order),
        effects=source.main_effects().tolist(),
        noun=source.subject.noun,
        fade=_FADE[shown_quality(source)],
        checks={check.members: check for check in source.checks},
    )


@dataclass(frozen=True)
class _Scene:
    """What is drawn, and where: `players` at their `spots`, the sets `shown` at their `middles`."""

    known: _Known
    shown: Interactions
    players: list[int]
    spots: Mapping[int, Spot]
    middles: Mapping[Interaction, Spot]
    label: Sequence[str]
    selected: Interaction
    dark: bool

    def is_lit(self, members: Interaction) -> bool:
        """Whether nothing is selected, or this set, or the one selected player is in it."""
        if not self.selected or members == self.selected:
            return True
        return len(self.selected) == 1 and self.selected[0] in members

    def check(self, members: Interaction) -> Check | None:
        """What checking the set on the real model has found."""
        return (self.known.checks or {}).get(members)

    def is_contradicted(self, members: Interaction) -> bool:
        check = self.check(members)
        return check is not None and check.verdict == "contradicted"

    def interval(self, members: Interaction) -> tuple[float, float] | None:
        return (self.shown.intervals or {}).get(members)


def _members(shown: Interactions) -> list[int]:
    """The players of the sets, in reading order."""
    return sorted({i for members, _ in shown for i in members})


def _alone(shown: Interactions) -> list[int]:
    """The players that stand alone, in reading order."""
    return sorted(members[0] for members, _ in shown if len(members) == 1)


def _title(sets: int) -> str:
    if sets == 0:
        return "No interactions"
    if sets == 1:
        return "The strongest interaction"
    return f"The {sets} strongest interactions"


def _subtitle(scene: _Scene) -> str:
    found = scene.known.found
    text = f"{escape(found.index)} up to order {found.order}, in {escape(found.unit)}; "
    text += "read down the left side, then the right<br>"
    text += "Orange + raises, purple − lowers; a diamond is a set of three or more"
    if found.intervals is not None:
        text += "; dashed: interval crosses 0"
    if any(map(scene.is_contradicted, scene.shown.values)):
        text += "; hollow: contradicted by the model"
    return text


def _draw_edge(figure: go.Figure, scene: _Scene, members: Interaction) -> None:
    """One trace a set: a curve through the marker of a pair, a tie from the diamond to each of more members."""
    value = scene.shown.values[members]
    largest = max(map(abs, scene.shown.values.values())) or 1.0
    width = 1.2 + 5.5 * abs(value) / largest
    middle = scene.middles[members]
    ends = [scene.spots[i] for i in members]
    x: list[float | None] = []
    y: list[float | None] = []
    if len(members) == 2:
        start, end = ends
        x += _curve(start.x, middle.x, end.x)
        y += _curve(start.y, middle.y, end.y)
    else:
        for end in ends:
            x += [middle.x, end.x, None]  # None: the pen is lifted
            y += [middle.y, end.y, None]
        width = 1.0 + 0.5 * (width - 1.0)
    alpha = scene.known.fade
    if not scene.is_lit(members):
        alpha *= 0.18
    colour = theme.faded(theme.mark(value, scene.dark), round(0.75 * alpha, 3))
    dash = "solid"
    if theme.crosses_zero(scene.interval(members)):
        dash = "dash"
    line = {"color": colour, "width": width, "dash": dash}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _curve(start: float, middle: float, end: float) -> list[float]:
    """One coordinate of a quadratic Bézier curve, its control point set so that it is at `middle` for t = ½."""
    t = np.linspace(0, 1, _CURVE)
    control = 2 * middle - (start + end) / 2
    return ((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end).tolist()


@dataclass(frozen=True)
class _Marker:
    """How the clickable marker of one set looks; `sign`: the colour of the glyph on it."""

    symbol: str
    size: int
    fill: str
    sign: str
    edge: str
    edge_width: float
    opacity: float


def _marker(scene: _Scene, members: Interaction) -> _Marker:
    """A small disc in the middle of a pair, a diamond for a larger set; hollow if its check contradicts it."""
    t = theme.tokens(scene.dark)
    symbol, size = "diamond", 25
    if len(members) == 2:
        symbol, size = "circle", 17
    colour = theme.mark(scene.shown.values[members], scene.dark)
    fill, sign, edge = colour, t.on_mark, t.page
    if scene.is_contradicted(members):
        fill, sign, edge = t.page, colour, colour
    edge_width = 1.5
    if members == scene.selected:
        edge, edge_width = t.ink, 3
    opacity = 0.3
    if scene.is_lit(members):
        opacity = max(scene.known.fade, 0.6)
    return _Marker(symbol, size, fill, sign, edge, edge_width, opacity)


def _draw_sets(figure: go.Figure, scene: _Scene) -> None:
    """The clickable markers, each with its sign."""
    sets = list(scene.shown.values)
    spots = [scene.middles[members] for members in sets]
    markers = [_marker(scene, members) for members in sets]
    edges = {
        "width": [marker.edge_width for marker in markers],
        "color": [marker.edge for marker in markers],
    }
    drawn = {
        "symbol": [marker.symbol for marker in markers],
        "size": [marker.size for marker in markers],
        "color": [marker.fill for marker in markers],
        "opacity": [marker.opacity for marker in markers],
        "line": edges,
    }
    figure.add_scatter(
        x=[spot.x for spot in spots],
        y=[spot.y for spot in spots],
        mode="markers+text",
        marker=drawn,
        text=[f"<b>{theme.sign(value)}</b>" for value in scene.shown.values.values()],
        textfont={"color": [marker.sign for marker in markers], "size": 13},
        hovertext=[_hover(scene, members) for members in sets],
        hoverinfo="text",
        customdata=[list(members) for members in sets],
        name="sets",
    )


def _draw_players(figure: go.Figure, scene: _Scene) -> None:
    """The clickable players on the colour of their main effects, their labels on the outside."""
    t = theme.tokens(scene.dark)
    limit = max(map(abs, scene.known.effects), default=0.0)
    colours, edges, widths, texts, sides, tips = [], [], [], [], [], []
    for i in scene.players:
        effect = scene.known.effects[i]
        name = escape(scene.label[i])
        is_selected = i in scene.selected
        colours.append(theme.colour(effect, limit, scene.dark))
        edges.append(t.ink if is_selected else t.muted)
        widths.append(3 if is_selected else 1.5)
        texts.append("<br>".join(f" {escape(line)} " for line in label_lines(scene.label[i])))
        sides.append("middle right" if scene.spots[i].x > 0 else "middle left")
        amount = f"{theme.number(effect)} {escape(scene.known.found.unit)}"
        tips.append(f"<b>{name}</b><br>main effect {amount}")
    outline = {"width": widths, "color": edges}
    figure.add_scatter(
        x=[scene.spots[i].x for i in scene.players],
        y=[scene.spots[i].y for i in scene.players],
        mode="markers+text",
        marker={"size": 26, "color": colours, "line": outline, "opacity": 1},
        text=texts,
        textposition=sides,
        textfont={"size": 14, "color": t.ink},
        hovertext=tips,
        hoverinfo="text",
        customdata=[[i] for i in scene.players],
        cliponaxis=False,
        name="players",
    )


def _draw_signs(figure: go.Figure, scene: _Scene) -> None:
    """The sign of each clear main effect, on its player."""
    effects = scene.known.effects
    limit = max(map(abs, effects), default=0.0)
    figure.add_scatter(
        x=[scene.spots[i].x for i in scene.players],
        y=[scene.spots[i].y for i in scene.players],
        mode="text",
        text=[theme.clear_sign(effects[i], limit) for i in scene.players],
        textfont={"size": 15, "color": theme.ink(scene.dark)},
        hoverinfo="skip",
        name="signs",
    )


def _hover(scene: _Scene, members: Interaction) -> str:
    """A set's name, value, interval, share of variance, and what its check found."""
    shown = scene.shown
    name = escape(joined(members, scene.label))
    value = theme.number(shown.values[members])
    lines = [f"<b>{name}</b>", f"{value} {escape(shown.unit)} ({escape(shown.index)})"]
    interval = scene.interval(members)
    interval_text = theme.interval_text(interval)
    if interval_text:
        doubt = ""
        if theme.crosses_zero(interval):
            doubt = ": the sign is not certain"
        lines.append(f"90 % interval {interval_text}{doubt}")
    share = shown.shares.get(members, 0.0)
    lines.append(f"{theme.percent(share)} of the variance")
    check = scene.check(members)
    if check is not None:
        found = check_text(check, shown.unit).replace("; ", ";\n")
        lines.append(escape(found).replace("\n", "<br>"))
    return "<br>".join(lines)
