"""Energy: how much of what a surrogate explains single players carry, and how much sets of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from plotly.graph_objects import Figure

from spexviz.kit.arrays import Ints
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.board import places
from spexviz.views.index_words import MEAN
from spexviz.views.parts import STILL, legend_below
from spexviz.views.theme import percent
from spexviz.views.words import plural

KINDS = ("alone", "within a layer", "across layers")


def energy(explanation: Explanation, *, dark: bool = False) -> Figure:
    """The shares as one slim bar under the sentence that says them."""
    t = theme.tokens(dark)
    shares = energy_shares(explanation)
    figure = Figure()
    for kind, colour in zip(KINDS, (t.muted, t.solvers[1], t.solvers[2]), strict=True):
        text = f"{kind} {percent(shares[kind])}"
        bar = {"x": [shares[kind]], "y": [""], "name": text, "hovertext": text, "marker_color": colour}
        edge = {"color": t.page, "width": 2}
        figure.add_bar(**bar, orientation="h", marker_line=edge, hoverinfo="text")
    said = in_words(shares, explanation.subject.noun)
    theme.apply(
        figure, dark, title="What acts alone, and what together", subtitle=said, height=238, text=said
    )
    legend = legend_below(0, yanchor="top", traceorder="normal")
    figure.update_layout(barmode="stack", legend=legend, bargap=0.1, margin_t=112, margin_b=76)
    whole = max(1e-9, sum(shares.values()))
    figure.update_xaxes(visible=False, range=[0, whole], **STILL)
    return figure.update_yaxes(visible=False, **STILL)


def in_words(shares: Mapping[str, float], noun: str) -> str:
    """ "Single heads carry 59 %, heads of one layer together 10 %, …"."""
    nouns = plural(noun)
    alone, within, across = (percent(shares[kind]) for kind in KINDS)
    parts = (f"Single {nouns} carry {alone}", f"{nouns} of one layer together {within}")
    last = f"{nouns} of different layers together {across}"
    return f"{', '.join(parts)}, {last} of how the surrogate's answer varies."


def energy_shares(explanation: Explanation) -> dict[str, float]:
    """Share of the surrogate's variance by KINDS: single players, sets within one layer, across layers."""
    where = places(explanation)
    order = min(5, len(explanation.players))
    interactions = explanation.interactions(MEAN, order)
    found: dict[str, float] = dict.fromkeys(KINDS, 0.0)
    for members, share in interactions.shares.items():
        if members and math.isfinite(share):
            found[_kind(members, where)] += share
    return found


def _kind(members: Interaction, where: Ints | None) -> str:
    """Which of KINDS a set is; without places, no two players are in one layer."""
    alone, within, across = KINDS
    if len(members) == 1:
        return alone
    if where is None:
        return across
    layers = {int(where[i, 0]) for i in members}
    if len(layers) == 1:
        return within
    return across
