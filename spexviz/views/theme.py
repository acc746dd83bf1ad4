"""Theme: the colours, fonts and number format of every figure, for light and dark pages.

Orange raises the value, purple lowers it, and a sign glyph always says the same without colour. Cells
(backgrounds under text) and marks (lines, bars, dots on the page) have their own ramps, so that text keeps a
contrast of at least 4.5:1 on every cell and every mark stands out from the page by at least 4.5:1 (WCAG 2.2,
1.4.3).
"""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from plotly.graph_objects import Figure

from spexviz.kit.numerals import interval_text as interval_text
from spexviz.kit.numerals import number as number
from spexviz.kit.numerals import percent as percent
from spexviz.kit.numerals import sign as sign
from spexviz.kit.numerals import within as within

FONT = (
    '"Source Sans", "Source Sans 3", "Source Sans Pro", '
    'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
)
TIMES = "×"
_LINE = 62  # letters of a subtitle line: fits half a page of a laptop
_TOP = 12  # pixels over a plot without a title
STEPS = 16  # levels of a cell colour on each side of zero


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme, as #rrggbb. `cell_*` lie under text of colour `ink`; marks lie on `page`."""

    page: str
    ink: str
    muted: str
    grid: str
    surface: str
    cell_zero: str
    cell_up: str
    cell_down: str
    up: str
    down: str
    on_mark: str
    accent: str
    solvers: tuple[str, ...]


LIGHT = Tokens(
    page="#FFFFFF",
    ink="#1E2230",
    muted="#5A6072",
    grid="#E2E4EA",
    surface="#F6F7F9",
    cell_zero="#F1F2F5",
    cell_up="#F6A057",
    cell_down="#A99DF0",
    up="#B04E06",
    down="#5A43C2",
    on_mark="#FFFFFF",
    accent="#0B6E8A",
    solvers=("#0B6E8A", "#B04E06", "#5A43C2", "#6B6B00", "#8A2D6B"),
)
DARK = Tokens(
    page="#0E1117",
    ink="#F3F4F8",
    muted="#A9B0C0",
    grid="#2C313D",
    surface="#1A1E28",
    cell_zero="#262B37",
    cell_up="#9C4A08",
    cell_down="#5746B8",
    up="#F7A861",
    down="#B3A6FF",
    on_mark="#14171F",
    accent="#5CC8E3",
    solvers=("#5CC8E3", "#F7A861", "#B3A6FF", "#D4D05A", "#F08CC8"),
)


def _twins() -> dict[str, str]:
    """Each colour of a light figure with that of a dark one."""
    light, dark = asdict(LIGHT), asdict(DARK)
    pairs = {light[name]: dark[name] for name in light if name not in ("solvers", "on_mark")}
    return {**dict(zip(LIGHT.solvers, DARK.solvers, strict=True)), **pairs}


_TWINS = _twins()


def tokens(dark: bool = False) -> Tokens:
    """The colours of the dark or the light theme."""
    return DARK if dark else LIGHT


def colour(value: float, limit: float, dark: bool = False) -> str:
    """Background of a cell: neutral at 0, full orange from +limit upward, full purple from −limit down."""
    t = tokens(dark)
    share = _share_of(value, limit)
    extreme = t.cell_down
    if share > 0:
        extreme = t.cell_up
    return _blend(t.cell_zero, extreme, abs(share))


def _share_of(value: float, limit: float) -> float:
    """The value in shares of the limit, from −1 to 1; 0 where there is no limit or no finite value."""
    if not limit > 0 or not math.isfinite(value):
        return 0.0
    share = value / limit
    return max(-1.0, min(1.0, share))


def ink(dark: bool = False) -> str:
    """Text colour that is readable on every cell colour and on the page."""
    return tokens(dark).ink


def mark(value: float, dark: bool = False) -> str:
    """Colour of a line, bar or dot: orange for a positive value, purple for a negative one, grey for zero."""
    t = tokens(dark)
    if value > 0:
        return t.up
    if value < 0:
        return t.down
    return t.muted


def palette(dark: bool = False) -> list[str]:
    """The 2·STEPS + 1 cell colours from −limit to +limit."""
    levels = range(-STEPS, STEPS + 1)
    return [colour(level, STEPS, dark) for level in levels]


def level(value: float, limit: float) -> int:
    """The step of a cell colour, from −STEPS to STEPS."""
    return round(STEPS * _share_of(value, limit))


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two #rrggbb colours, from 1 to 21."""
    lights = (_luminance(one), _luminance(other))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def faded(hex_colour: str, alpha: float) -> str:
    """#rrggbb with an opacity, as rgba()."""
    r, g, b = _rgb(hex_colour)
    return f"rgba({r},{g},{b},{alpha:g})"


def clear_sign(value: float, limit: float, least: float = 0.1) -> str:
    """The sign of a value of at least `least` of the limit, the largest size in the figure; else ""."""
    if not limit:
        return ""
    if abs(value) >= least * limit:
        return sign(value)
    return ""


def listed(values: Iterable[tuple[str, float]]) -> str:
    """ "never +0.50; fails −0.12"."""
    return "; ".join(f"{name} {number(value)}" for name, value in values)


def apply(
    figure: Figure,
    dark: bool = False,
    *,
    title: str = "",
    subtitle: str = "",
    height: int = 420,
    text: str = "",
    layout: Mapping[str, Any] | None = None,
) -> Figure:
    """Give a figure the house style, as `plotly.io.templates["spexviz"]` has it now, in place; returns it.

    Show it in Streamlit with `theme=None`.
    `title`, `subtitle`: Plotly markup, so escape what users wrote; `text`: its twin in plain words, kept as
    `layout.meta["text"]`; `layout`: what this figure has besides, by Plotly's names, without underscores.
    """
    from spexviz.views.templates import look  # built on the colours of this file

    house = look(dark)
    axes = house.pop("xaxis", {}), house.pop("yaxis", {})
    lines = _wrapped(subtitle)
    margin = {"l": 16, "r": 24, "t": _head(len(lines)), "b": 16}
    head = [part for part in (title, *subtitle.split("<br>")) if part]
    house |= {"title": _title(title, lines, house.get("title", {})), "height": height, "margin": margin}
    house |= {"template": "none", "meta": {"text": text, "head": [_plain(part) for part in head]}}
    before = figure.layout.to_plotly_json()
    drawn = {name for name in before if name.startswith(("xaxis", "yaxis"))} | {"xaxis", "yaxis"}
    for name in sorted(drawn):
        house[name] = axes[name.startswith("y")]
    # set as a whole: piece by piece Plotly takes twenty times as long
    figure.layout = _merged(_merged(before, house), layout or {})
    return figure


def untitled(figure: Figure) -> list[str]:
    """Take title and subtitle off a figure of the house style, in place; returns them as lines of plain text.

    A page writes them over the figure, where they wrap at every width. [] where there are none.
    """
    layout = figure.layout
    head = list((layout.meta or {}).get("head", ()))
    if not layout.title.text:
        return []
    freed = titled_room(layout)
    figure.update_layout(height=layout.height - freed, margin_t=layout.margin.t - freed)
    figure.layout.title = None
    return head


def in_dark(colour: str) -> str:
    """The colour that stands in a dark figure where this one stands in a light one; any other stays.

    `colour`: "#rrggbb", the same with two digits of opacity, or "rgba(r,g,b,a)".
    """
    found = _TWINS.get(colour[:7].upper())
    if found is not None:
        return found + colour[7:]
    if colour.startswith("rgba("):
        *rgb, alpha = colour.removeprefix("rgba(").removesuffix(")").split(",")
        found = _TWINS.get("#" + "".join(f"{int(level):02X}" for level in rgb))
        if found is not None:
            return faded(found, float(alpha))
    return colour


def titled_room(layout: Any) -> int:
    """Pixels that the title of a figure of the house style takes over it; 0 where there is none."""
    if not layout.title.text:
        return 0
    subtitle = layout.title.subtitle.text or ""
    return _head(len(subtitle.split("<br>")) if subtitle else 0) - _TOP


def _merged(one: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both, what the second says in place of what the first does, part by part."""
    found = dict(one)
    for name, value in more.items():
        before = found.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            found[name] = _merged(before, value)
        else:
            found[name] = value
    return found


def _plain(markup: str) -> str:
    """What Plotly's markup shows, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


def _head(lines: int) -> int:
    """Pixels of a title over so many lines of a subtitle."""
    return 46 + 18 * lines


def _wrapped(subtitle: str) -> list[str]:
    """The lines of a subtitle: cut where it says <br>, and where it grows too long."""
    lines = []
    for part in subtitle.split("<br>"):
        lines += textwrap.wrap(part, _LINE, break_long_words=False)
    return lines


def _title(title: str, subtitle: list[str], house: Mapping[str, Any]) -> dict[str, Any]:
    """The title in bold over the lines of its subtitle, in the upper left corner of the whole figure."""
    bold = ""
    if title:
        bold = f"<b>{title}</b>"
    small = {**house.get("subtitle", {}), "text": "<br>".join(subtitle)}
    across = {"x": 0, "xref": "container", "xanchor": "left"}
    down = {"y": 1, "yref": "container", "yanchor": "top"}
    return {**house, "text": bold, "subtitle": small, **across, **down, "pad": {"l": 8, "t": 12}}


def _rgb(hex_colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(hex_colour[1:])
    return red, green, blue


def _blend(one: str, other: str, share: float) -> str:
    """The colour at `share` of the way from one to the other."""
    mixed = "#"
    for start, end in zip(_rgb(one), _rgb(other), strict=True):
        level = round(start + (end - start) * share)
        mixed += f"{level:02x}"
    return mixed


def _luminance(hex_colour: str) -> float:
    """Relative luminance, from 0 to 1. Source: WCAG 2.2, its definition of "relative luminance"."""
    red, green, blue = (_linear(level / 255) for level in _rgb(hex_colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(level: float) -> float:
    """The light of one channel of sRGB at a level from 0 to 1."""
    if level <= 0.04045:
        return level / 12.92
    return ((level + 0.055) / 1.055) ** 2.4
