"""Residuals: what the model says on masks that no fit has seen, against what the surrogate says."""

from __future__ import annotations

import numpy as np
from plotly.graph_objects import Figure

from spexviz.masks import Values
from spexviz.results import Explanation, Unseen
from spexviz.views import theme
from spexviz.views.parts import MIDDLE, note
from spexviz.views.theme import number
from spexviz.views.words import escape, plural


def residuals(explanation: Explanation, dark: bool = False) -> Figure:
    """The model's value against the surrogate's on every unseen mask, and the line of perfect agreement."""
    figure = Figure()
    subtitle = ""
    unseen = explanation.unseen
    if len(unseen.values):
        _draw_agreement(figure, unseen.values, unseen.predicted, dark)
        _draw_masks(figure, explanation, unseen, dark)
        text = _error_text(explanation, unseen)
        subtitle = escape(text)
    else:
        text = "No masks yet that no fit has seen."
        if explanation.proof.exact:
            text = "Every mask was asked, so there is nothing held out to compare."
        note(figure, text, dark, **MIDDLE)
    theme.apply(figure, dark, title="Model against surrogate", subtitle=subtitle, height=400, text=text)
    unit = escape(explanation.unit)
    figure.update_xaxes(title_text=f"surrogate, {unit}", zeroline=False)
    figure.update_yaxes(title_text=f"model, {unit}", zeroline=False)
    return figure.update_layout(showlegend=False, hovermode="closest")


def _draw_agreement(figure: Figure, real: Values, said: Values, dark: bool) -> None:
    """The diagonal from the smallest to the largest value of both."""
    low = min(real.min(), said.min())
    high = max(real.max(), said.max())
    ends = [float(low), float(high)]
    line = {"color": theme.tokens(dark).muted, "dash": "dot", "width": 1.5}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", name="perfect agreement")


def _draw_masks(figure: Figure, explanation: Explanation, unseen: Unseen, dark: bool) -> None:
    """One dot a mask."""
    t = theme.tokens(dark)
    dot = {"size": 6, "color": theme.faded(t.solvers[0], 0.55)}
    dot["line"] = {"width": 0.5, "color": t.page}
    figure.add_scatter(
        x=unseen.predicted,
        y=unseen.values,
        mode="markers",
        marker=dot,
        hovertext=_tips(explanation, unseen),
        hoverinfo="text",
        name="one unseen mask",
    )


def _tips(explanation: Explanation, unseen: Unseen) -> list[str]:
    """For each mask both values, their distance, and how many players it keeps."""
    unit = escape(explanation.unit)
    nouns = escape(plural(explanation.subject.noun))
    n = len(explanation.players)
    kept = unseen.masks.sum(1)
    tips = []
    for real, surrogate, count in zip(unseen.values, unseen.predicted, kept, strict=True):
        values = f"model {number(real)}, surrogate {number(surrogate)}"
        off = f"off by {number(surrogate - real)} {unit}"
        tips.append(f"{values}<br>{off}; {count} of {n} {nouns} kept")
    return tips


def _error_text(explanation: Explanation, unseen: Unseen) -> str:
    """How far the surrogate is off on the unseen masks, in the unit of the game."""
    squares = (unseen.predicted - unseen.values) ** 2
    error = float(np.sqrt(np.mean(squares)))
    off = f"{number(error, signed=False)} {explanation.unit}"
    masks = f"{len(squares):,} held-out masks"
    if explanation.folds is not None:
        masks = f"{len(squares):,} masks, each predicted by a fit that has not seen it,"
    return f"On {masks} the surrogate is off by {off} (root mean square)."
