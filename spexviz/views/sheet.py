"""Sheet: what a panel shows, as HTML in two themes at once, which stands also where no script runs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plotly.graph_objects import Figure

from spexviz.results import Explanation
from spexviz.views import rows, theme
from spexviz.views.heat import heat
from spexviz.views.plot import HALF, NARROW, WIDE, drawn
from spexviz.views.plot.write import safe
from spexviz.views.story import Component, Look, Panel, Shown, Table, Words
from spexviz.views.theme import number

COLOUR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b|rgba?\([\d., ]+\)")
_METER = 5


@dataclass
class Colours:
    """Pairs of a colour in the light and in the dark theme, each under a name of its own."""

    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def both(self, light: str, dark: str) -> str:
        """The light text with each colour under the name of its pair; both texts say the same else."""
        others = iter(COLOUR.findall(dark))
        return COLOUR.sub(lambda found: self._named(found[0], next(others)), light)

    def of_figure(self, drawn_: str) -> str:
        """The same for a figure that is drawn in light colours."""
        return COLOUR.sub(lambda found: self._named(found[0], theme.in_dark(found[0])), drawn_)

    def _named(self, light: str, dark: str) -> str:
        name = self.names.setdefault((light, dark), f"--c{len(self.names)}")
        return f"var({name})"

    def css(self) -> str:
        """What the names stand for; on paper always the light ones."""
        light = "".join(f"{name}:{pair[0]};" for pair, name in self.names.items())
        dark = "".join(f"{name}:{pair[1]};" for pair, name in self.names.items())
        return f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark) {{:root{{{dark}}}}}\n"


@dataclass(frozen=True)
class Writer:
    """Writes the panels of one run.

    `looks`: in light and in dark; `run`: links its views; `colours`, `components`: takes in those it uses.
    """

    explanation: Explanation
    looks: Sequence[Look]
    run: str
    colours: Colours
    components: dict[str, None]

    def panel(self, panel: Panel, *, under: bool = False) -> str:
        """A panel under its title; `under`: that stands over it already. "" where it shows nothing."""
        light = panel.make(self.looks[0])
        inside = self._shown(panel, light)
        if not inside:
            return ""
        title, small = _heading(panel, light)
        over = "" if under and title == panel.title else _titled(title)
        over += "".join(f'<p class="small">{_line(line)}</p>' for line in small)
        return f'<div class="panel">{over}{inside}</div>'

    def _shown(self, panel: Panel, light: Shown) -> str:
        if isinstance(light, Words):
            return _words(light)
        if isinstance(light, Figure):
            return self._figure(light, panel.room == "beside")
        if isinstance(light, Table):
            linked = {"selects": panel.selects and bool(light.members), "selection": self.looks[0].selection}
            data = [rows.data(light, panel.title, **linked, dark=look.dark) for look in self.looks]
            return self._placed("rows", data, _table(light))
        if isinstance(light, Component):
            dark: Any = panel.make(self.looks[1])
            return self._placed(light.name, [light.data, dark.data], self._instead(light))
        return ""

    def _figure(self, light: Figure, is_half: bool) -> str:
        """For a wide and for a narrow window; of the narrow one a screen reader hears nothing again."""
        half = " half" if is_half else ""
        title = safe(_head(light)[0])
        parts = [f'<div class="plot{half}" data-run="{self.run}" data-title="{title}">']
        for width, name in ((HALF if is_half else WIDE, "wide"), (NARROW, "narrow")):
            svg = self.colours.of_figure(drawn(light, width))
            parts.append(f'<div class="{name}">{svg}</div>')
        return "".join([*parts, "</div>"])

    def _placed(self, name: str, data: Sequence[Mapping[str, Any]], instead: str) -> str:
        """A component: what stands where scripts do not run, and its data, of the dark theme what differs."""
        self.components[name] = None
        light, dark = ({**one, "run": self.run} for one in data)
        other = {key: value for key, value in dark.items() if light[key] != value}
        return (
            f'<div class="view" data-view="{name}"><div class="instead">{instead}</div>'
            f'<script type="application/json">{_json([light, other])}</script></div>'
        )

    def _instead(self, shown: Component) -> str:
        """The text on its colours, its sets being in the next panel; of others what they show in words."""
        if shown.name != "strip":
            return f"{_titled(shown.data.get('title', ''))}<p>{_line(shown.text)}</p>"
        light, dark = (
            str(heat(self.explanation, dark=look.dark, index=look.index, order=look.order))
            for look in self.looks
        )
        return self.colours.both(light, dark)


def _heading(panel: Panel, shown: Shown) -> tuple[str, Sequence[str]]:
    """The title of what is shown, and its small print; what bears its own has none."""
    if isinstance(shown, Figure):
        title, *small = _head(shown)
        return title, small
    if isinstance(shown, Table):
        return panel.title, ()
    if isinstance(shown, Component):
        title = panel.title if panel.is_titled else shown.title
        return title, [line for line in [shown.subtitle] if line]
    return "", ()


def _head(figure: Any) -> list[str]:
    """The title of a figure, and what is under it."""
    return (figure.layout.meta or {}).get("head") or ["Figure"]


def _titled(title: str) -> str:
    return f"<h2>{_line(title)}</h2>" if title else ""


def _line(text: str) -> str:
    """A line of text; a number and its sign stay together."""
    return safe(re.sub(r"(\d) %", "\\1\u00a0%", text))


def _words(shown: Words) -> str:
    """Sentences of a kind, with a meter beside them and a fold under them where they have such."""
    lines = [line for line in shown.lines if line]
    if not lines and not shown.more:
        return ""
    written = [f"<p>{_line(line)}</p>" for line in lines]
    if shown.kind == "headline" and lines:
        written[0] = f"<h2>{_line(lines[0])}</h2>"
    if shown.level is not None:
        written.insert(0, _meter(shown.level))
    if shown.more:
        folded = "".join(f"<p>{_line(line)}</p>" for line in shown.more)
        is_open = " open" if shown.is_open else ""
        written.append(f"<details{is_open}><summary>{safe(shown.fold)}</summary>{folded}</details>")
    metered = " metered" if shown.level is not None else ""
    return f'<div class="words {shown.kind}{metered}">{"".join(written)}</div>'


def _meter(level: float) -> str:
    lit = max(int(level > 0), round(_METER * level))
    steps = "".join(f"<i{' class=on' if k < lit else ''}></i>" for k in range(_METER))
    return f'<span class="meter" role="img" aria-label="{lit} of {_METER}">{steps}</span>'


def _table(shown: Table) -> str:
    """All rows, as they are read."""
    if not shown.rows:
        return "<p>Nothing to show.</p>"
    head = "".join(f"<th>{safe(str(name))}</th>" for name in shown.rows[0])
    body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in shown.rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    for value in row.values():
        text = str(value)
        if isinstance(value, float):
            text = "" if math.isnan(value) else number(value)
        yield f"<td>{safe(text)}</td>"


def _json(value: Any) -> str:
    """JSON that ends no <script>, and no comment in it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
