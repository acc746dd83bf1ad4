"""Heat: the text strip's first row as one static piece of HTML, for notebooks and reports. No script."""

from __future__ import annotations

import html
from dataclasses import dataclass

from spexviz.results import Explanation
from spexviz.views import theme
from spexviz.views.captions import one
from spexviz.views.strip import pieces


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
    """The text with every player on a background of its main effect, sign and value in the tooltip, and a legend."""
    t, effects = theme.tokens(dark), explanation.main_effects().tolist()
    limit = max(map(abs, effects), default=0.0)
    labels, gaps = pieces(explanation)
    parts = []
    for i, (label, effect) in enumerate(zip(labels, effects, strict=True)):
        parts.append(html.escape(gaps.get(str(i), " " if i else "")))
        sign = theme.sign(effect) if limit and abs(effect) >= 0.1 * limit else ""
        style = f"background:{theme.colour(effect, limit, dark)};color:{t.ink};padding:.15em .25em;border-radius:4px;unicode-bidi:isolate"
        tip = f"{theme.number(effect)} {explanation.unit}"
        small = (
            f'<span style="font-size:.72em;font-weight:700;margin-right:.15em">{sign}</span>' if sign else ""
        )
        parts.append(f'<span style="{style}" title="{html.escape(tip)}">{small}{html.escape(label)}</span>')
    parts.append(html.escape(gaps.get(str(len(labels)), "")))
    ramp = ",".join(theme.palette(dark)[::4])
    legend = (
        f'<div style="font-size:.8em;color:{t.muted};margin-top:.6em">{theme.number(-limit)} '
        f'<span style="display:inline-block;width:7em;height:.8em;border-radius:3px;vertical-align:middle;background:linear-gradient(90deg,{ramp})"></span> '
        f"{theme.number(limit)} {html.escape(explanation.unit)} average effect of keeping {html.escape(one(explanation.subject.noun))}</div>"
    )
    box = f"font-family:{html.escape(theme.FONT)};background:{t.page};color:{t.muted};padding:.8em;line-height:2;white-space:pre-wrap;overflow-wrap:anywhere"
    strongest = sorted(zip(effects, labels, strict=True), key=lambda pair: -abs(pair[0]))[:8]
    text = (
        f"Main effects ({explanation.unit}): "
        + "; ".join(f"{label} {theme.number(effect)}" for effect, label in strongest)
        + "."
    )
    return Html(f'<div style="{box}">{"".join(parts)}{legend}</div>', text)
