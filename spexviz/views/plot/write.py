"""Writing on a plot: text of Plotly's markup as SVG, and how much room it takes where nothing measures it."""

from __future__ import annotations

import html
import re
import textwrap
import unicodedata
from collections.abc import Sequence

_BREAK = re.compile(r"<br\s*/?>")
_TAG = re.compile(r"(<[^>]*>)")
_NARROW, _WIDE = frozenset("ijlftrI.,;:'|!()[]-− "), frozenset("mwMWQOGD%@—")
_UNPRINTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")  # XML has no such characters
_BOLD = 1.13  # of a letter in bold, in widths of one that is not
Row = list[tuple[int, float]]  # which thing, and where it begins
_LINE = 1.3  # of lines, in sizes of the letters


def safe(text: str) -> str:
    """Text as it stands in SVG and in HTML."""
    return html.escape(_UNPRINTED.sub("\ufffd", text))


def lines(markup: str) -> list[str]:
    """The lines of some markup, still as markup."""
    return _BREAK.split(markup or "")


def plain(markup: str) -> str:
    """What some markup shows, line by line."""
    return "\n".join(html.unescape(_TAG.sub("", line)) for line in lines(markup))


def wide(text: str, size: float, *, bold: bool = False) -> float:
    """About how many pixels a line takes."""
    return size * sum(map(_share, text)) * (_BOLD if bold else 1.0)


def _share(letter: str) -> float:
    """The width of a letter in sizes of it."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in _NARROW:
        return 0.32
    if letter in _WIDE:
        return 0.86
    return 0.56


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines of about this width."""
    return textwrap.wrap(text, max(12, int(width / (0.5 * size)))) or [""]


def rows(widths: Sequence[float], width: float) -> list[Row]:
    """Things side by side, as many in a row as have room: for each row (which one, where it begins)."""
    found: list[Row] = []
    at = width
    for k, one in enumerate(widths):
        if at + one > width:
            found.append([])
            at = 0.0
        found[-1].append((k, at))
        at += one
    return found


def line(
    text: str,
    x: float,
    y: float,
    size: float,
    colour: str,
    *,
    anchor: str = "start",
    weight: str = "400",
    more: str = "",
) -> str:
    """One line of plain text on its base line; `more`: attributes."""
    style = f"font-size:{size}px;font-weight:{weight};fill:{colour};text-anchor:{anchor}"
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}"{more}>{safe(text)}</text>'


def block(
    markup: str, x: float, y: float, size: float, colour: str, anchor: str, stands: str = "middle"
) -> list[str]:
    """Some markup about a point, by one of its ends.

    `anchor`: "start", "middle" or "end"; `stands`: "top", "middle" or "bottom".
    """
    every = lines(markup)
    step = _LINE * size
    up = {"top": 0.0, "middle": len(every) / 2, "bottom": float(len(every))}[stands]
    first = y - up * step + 0.98 * size
    return [_marked(one, x, first + k * step, size, colour, anchor) for k, one in enumerate(every)]


def _marked(markup: str, x: float, y: float, size: float, colour: str, anchor: str) -> str:
    """A line, in bold where it says so."""
    weight = "400"
    if "<b>" in markup:
        weight = "700"
    return line(plain(markup), x, y, size, colour, anchor=anchor, weight=weight)
