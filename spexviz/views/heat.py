"""Heat: the text strip's first row as one static piece of HTML, for notebooks and reports. No script."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from spexviz.indices import Interactions
from spexviz.kit.names import names
from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.index_words import MEAN, UNSIGNED, asks, named, singles, title_of
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


def heat(explanation: Explanation, *, dark: bool = False, index: str = MEAN, order: int = 3) -> Html:
    """The text, every player on the colour of its value with this as its tooltip, and a legend.

    `index`, `order`: of the values; the mean effect by default.
    """
    found = explanation.interactions(index, order)
    effects = singles(found)
    limit = max(map(abs, effects), default=0.0)
    labels, gaps = pieces(explanation)
    parts = []
    for i, (label, effect) in enumerate(zip(labels, effects, strict=True)):
        usual = " " if i else ""
        gap = gaps.get(str(i), usual)
        parts.append(html.escape(gap))
        parts.append(_token(label, effect, limit, found.unit, dark))
    rest = gaps.get(str(len(labels)), "")
    parts.append(html.escape(rest))
    parts.append(_legend(explanation, found, limit, dark))
    inside = "".join(parts)
    text = _in_words(names(explanation.players), found)
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


def _legend(explanation: Explanation, found: Interactions, limit: float, dark: bool) -> str:
    """The colours from −limit to +limit (from 0 where there is no sign), and what they stand for."""
    colours = theme.palette(dark)
    low = number(-limit)
    if found.index in UNSIGNED:
        colours = colours[theme.STEPS :]
        low = number(0.0)
    ramp = ",".join(colours[::4])
    style = "display:inline-block;width:7em;height:.8em;border-radius:3px;vertical-align:middle;"
    style += f"background:linear-gradient(90deg,{ramp})"
    scale = f'{low} <span style="{style}"></span> {number(limit)}'
    meaning = f"{found.unit}, average effect of keeping {one(explanation.subject.noun)}"
    if found.index != MEAN:
        meaning = f"{found.unit}, {named(found.index)}. {asks(found)}"
    muted = theme.tokens(dark).muted
    said = html.escape(meaning)
    return f'<div style="font-size:.8em;color:{muted};margin-top:.6em">{scale} {said}</div>'


def _box(dark: bool) -> str:
    """The style of what holds the text."""
    t = theme.tokens(dark)
    font = html.escape(theme.FONT)
    return (
        f"font-family:{font};background:{t.page};color:{t.muted};padding:.8em;line-height:2;"
        "white-space:pre-wrap;overflow-wrap:anywhere"
    )


def _in_words(label: Sequence[str], found: Interactions) -> str:
    """The eight players with the largest values."""
    pairs = zip(label, singles(found), strict=True)
    largest = sorted(pairs, key=lambda pair: -abs(pair[1]))[:8]
    return f"{title_of(found.index)} ({found.unit}): {listed(largest)}."
