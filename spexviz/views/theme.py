"""Theme: the colours, fonts and number format of every figure, for light and dark pages.

Orange raises the value, purple lowers it, and a sign glyph always says the same without colour. Cells
(backgrounds under text) and marks (lines, bars, dots on the page) have their own ramps, so that text keeps a
contrast of at least
4.5:1 on every cell and every mark stands out from the page by at least 4.5:1 (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

import plotly.graph_objects as go

FONT = '"Source Sans", "Source Sans 3", "Source Sans Pro", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
PLUS, MINUS, TIMES = "+", "−", "×"
_LINE = 62  # letters of a subtitle line: fits half a page of a laptop
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


def tokens(dark: bool = False) -> Tokens:
    """The colours of the dark or the light theme."""
    return DARK if dark else LIGHT


def colour(value: float, limit: float, dark: bool = False) -> str:
    """Background of a cell: neutral at 0, full orange at +limit and beyond, full purple at −limit and beyond."""
    t = tokens(dark)
    share = 0.0 if not limit > 0 or not math.isfinite(value) else max(-1.0, min(1.0, value / limit))
    return _blend(t.cell_zero, t.cell_up if share > 0 else t.cell_down, abs(share))


def ink(dark: bool = False) -> str:
    """Text colour that is readable on every cell colour and on the page."""
    return tokens(dark).ink


def mark(value: float, dark: bool = False) -> str:
    """Colour of a line, bar or dot: orange for a positive value, purple for a negative one, grey for zero."""
    t = tokens(dark)
    return t.up if value > 0 else t.down if value < 0 else t.muted


def palette(dark: bool = False) -> list[str]:
    """The 2·STEPS + 1 cell colours from −limit to +limit."""
    return [colour(level, STEPS, dark) for level in range(-STEPS, STEPS + 1)]


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two #rrggbb colours, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def faded(hex_colour: str, alpha: float) -> str:
    """#rrggbb with an opacity, as rgba()."""
    r, g, b = _rgb(hex_colour)
    return f"rgba({r},{g},{b},{alpha:g})"


def sign(value: float) -> str:
    """ "+", "−", or "" for zero."""
    return PLUS if value > 0 else MINUS if value < 0 else ""


def number(value: float, signed: bool = True) -> str:
    """A number for people: "+1.23", "−0.10", "+0.0042", "0"; two digits after the point, more only for small ones.

    Anything below 1e-9 in size counts as zero (rounding noise of exact transforms); NaN reads "unknown".
    """
    if math.isnan(value):
        return "unknown"
    size = abs(value)
    glyph = sign(value) if signed else (MINUS if value < 0 else "")
    if math.isinf(value):
        return glyph + "∞"
    if size < 1e-9:
        return "0"
    if size >= 1e5 or size < 1e-4:
        digits, power = f"{size:.1e}".split("e")
        return f"{glyph}{digits}e{power.lstrip('+').replace('-', MINUS)}"
    if size >= 0.095:
        return f"{glyph}{size:,.2f}"
    return f"{glyph}{size:.{1 - math.floor(math.log10(size))}f}"


def percent(share: float) -> str:
    """A share as "47 %", "3.2 %", "< 0.1 %"."""
    if not math.isfinite(share):
        return "unknown"
    value = 100 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"


def interval_text(interval: tuple[float, float] | None, signed: bool = True) -> str:
    """ "[+1.90, +2.80]", or "" where there is no interval."""
    if interval is None or any(math.isnan(end) for end in interval):
        return ""
    return f"[{number(interval[0], signed)}, {number(interval[1], signed)}]"


def crosses_zero(interval: tuple[float, float] | None) -> bool:
    """Whether the interval leaves the sign open."""
    return interval is not None and interval[0] <= 0 <= interval[1]


def apply(
    figure: go.Figure,
    dark: bool = False,
    *,
    title: str = "",
    subtitle: str = "",
    height: int = 420,
    text: str = "",
) -> go.Figure:
    """Give a figure the house style in place, with its title, subtitle and text twin (`layout.meta["text"]`); returns it.

    Titles are Plotly markup: escape what users wrote. Show it in Streamlit with `theme=None`.
    """
    t = tokens(dark)
    head = f"<b>{title}</b>" if title else ""
    parts = [
        line for part in subtitle.split("<br>") for line in textwrap.wrap(part, _LINE, break_long_words=False)
    ]
    axis = {
        "gridcolor": t.grid,
        "linecolor": t.grid,
        "zerolinecolor": t.muted,
        "zerolinewidth": 1,
        "tickfont": {"color": t.muted, "size": 13},
        "title": {"font": {"color": t.ink, "size": 14}},
        "automargin": True,
    }
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 14, "color": t.ink},
        title={
            "text": head,
            "subtitle": {"text": "<br>".join(parts), "font": {"size": 13, "color": t.muted}},
            "font": {"size": 17, "color": t.ink},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "pad": {"l": 8},
            "y": 1,
            "yref": "container",
            "yanchor": "top",
        },
        margin={"l": 16, "r": 24, "t": 46 + 18 * len(parts), "b": 16},
        hoverlabel={
            "bgcolor": t.surface,
            "bordercolor": t.grid,
            "font": {"family": FONT, "size": 13, "color": t.ink},
            "align": "left",
        },
        legend={"font": {"color": t.ink, "size": 13}, "bgcolor": "rgba(0,0,0,0)"},
        separators=".,",
        meta={"text": text},
    )
    figure.update_layout(title_pad_t=12)
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def _rgb(hex_colour: str) -> tuple[int, int, int]:
    return tuple(int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))  # type: ignore[return-value]


def _blend(one: str, other: str, share: float) -> str:
    return "#" + "".join(
        f"{round(a + (b - a) * share):02x}" for a, b in zip(_rgb(one), _rgb(other), strict=True)
    )


def _luminance(hex_colour: str) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (x / 255 for x in _rgb(hex_colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
