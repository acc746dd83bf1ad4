"""Heat: the text strip's first row as one static piece of HTML, for notebooks and reports. No script."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.strip import pieces
from spexviz.views.theme import clear_sign, listed, number
from spexviz.views.words import one


@dataclass(frozen=True)
class Html:
    """HTML that a notebook shows by itself; `text` says the same in words."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __str__(self) -> str:
        return self.html


def heat(explanation: Explanation, *, dark: bool = False) -> Html:
    """The text, every player on the colour of its main effect with the value as its tooltip, and a legend."""
    effects = explanation.main_effects().tolist()
    limit = max(map(abs, effects), default=0.0)
    labels, gaps = pieces(explanation)
    parts = []
    for i, (label, effect) in enumerate(zip(labels, effects, strict=True)):
        usual = " " if i else ""
        gap = gaps.get(str(i), usual)
        parts.append(html.escape(gap))
        parts.append(_token(label, effect, limit, explanation.unit, dark))
    rest = gaps.get(str(len(labels)), "")
    parts.append(html.escape(rest))
    parts.append(_legend(explanation, limit, dark))
    inside = "".join(parts)
    text = _in_words(labels, effects, explanation.unit)
    return Html(f'<div style="{_box(dark)}">{inside}</div>', text)


def _token(label: str, effect: float, limit: float, unit: str, dark: bool) -> str:
    """A word on the colour of its effect, after its sign where the effect is clear."""
    background = theme.colour(effect, limit, dark)
    style = f"background:{background};color:{theme.ink(dark)};padding:.15em .25em;"
    style += "border-radius:4px;unicode-bidi:isolate"
    tip = html.escape(f"{number(effect)} {unit}")
    word = html.escape(label)
    sign = clear_sign(effect, limit)
    if sign:
        word = f'<span style="font-size:.72em;font-weight:700;margin-right:.15em">{sign}</span>{word}'
    return f'<span style="{style}" title="{tip}">{word}</span>'


def _legend(explanation: Explanation, limit: float, dark: bool) -> str:
    """The colours from −limit to +limit, and what they stand for."""
    ramp = ",".join(theme.palette(dark)[::4])
    style = "display:inline-block;width:7em;height:.8em;border-radius:3px;vertical-align:middle;"
    style += f"background:linear-gradient(90deg,{ramp})"
    colours = f'{number(-limit)} <span style="{style}"></span> {number(limit)}'
    unit = html.escape(explanation.unit)
    player = html.escape(one(explanation.subject.noun))
    meaning = f"{unit} average effect of keeping {player}"
    muted = theme.tokens(dark).muted
    return f'<div style="font-size:.8em;color:{muted};margin-top:.6em">{colours} {meaning}</div>'


def _box(dark: bool) -> str:
    """The style of what holds the text."""
    t = theme.tokens(dark)
    font = html.escape(theme.FONT)
    return (
        f"font-family:{font};background:{t.page};color:{t.muted};padding:.8em;line-height:2;"
        "white-space:pre-wrap;overflow-wrap:anywhere"
    )


def _in_words(labels: Sequence[str], effects: Sequence[float], unit: str) -> str:
    """The eight largest main effects."""
    pairs = zip(labels, effects, strict=True)
    largest = sorted(pairs, key=lambda pair: -abs(pair[1]))[:8]
    return f"Main effects ({unit}): {listed(largest)}."
