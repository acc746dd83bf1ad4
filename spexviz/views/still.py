"""Still: the picture of a run as plain HTML or SVG, for where no script runs, as in a notebook on the web."""

from __future__ import annotations

import html
from collections.abc import Iterator

from spexviz.results import Explanation, Subject
from spexviz.views import theme
from spexviz.views.board import Board, Square
from spexviz.views.heat import heat
from spexviz.views.story import Look
from spexviz.views.theme import clear_sign, number

PICTURES = ("strip", "squares", "cards")  # components that are the picture of the players
MOST = 40  # names
_SIDE, _GAP, _LEFT, _SIZE = 22, 3, 40, 11  # pixels of a square, between two, of the layers' names, of letters


def still(explanation: Explanation, look: Look) -> str:
    """The players on the colours of their values: heads in a grid, words in their text, others by name.

    "" where these are too many to be read.
    """
    if explanation.spec.game_name == "heads":
        return _grid(Board.of(explanation, look.at(explanation)), explanation.subject, look.dark)
    if explanation.subject.text is None and len(explanation.players) > MOST:
        return ""
    return str(heat(explanation, dark=look.dark, index=look.index, order=look.order))


def _grid(board: Board, subject: Subject, dark: bool) -> str:
    width = _LEFT + board.columns * (_SIDE + _GAP)
    height = len(board.layers) * (_SIDE + _GAP)
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    said = html.escape(f"{len(board.squares)} {subject.noun}s by layer", quote=True)
    inside = "".join(_layers(board, dark)) + "".join(
        _square(one, board, subject.unit, dark) for one in board.squares
    )
    font = html.escape(theme.FONT, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} aria-label="{said}" font-family="{font}" '
        f'font-size="{_SIZE}">{inside}</svg>'
    )


def _layers(board: Board, dark: bool) -> Iterator[str]:
    """The names of the rows, the lowest layer at the bottom."""
    for row, layer in enumerate(board.layers):
        middle = _top(board, row) + _SIDE / 2
        yield (
            f'<text x="{_LEFT - 6}" y="{middle}" text-anchor="end" dominant-baseline="central" '
            f'fill="{theme.tokens(dark).muted}">L{layer}</text>'
        )


def _square(one: Square, board: Board, unit: str, dark: bool) -> str:
    x = _LEFT + one.x * (_SIDE + _GAP)
    y = _top(board, one.y)
    fill = theme.colour(one.effect, board.limit, dark)
    said = html.escape(f"{one.name} {number(one.effect)} {unit}")
    sign = clear_sign(one.effect, board.limit, 0.15)
    mark = (
        f'<text x="{x + _SIDE / 2}" y="{y + _SIDE / 2}" text-anchor="middle" dominant-baseline="central" '
        f'fill="{theme.ink(dark)}">{sign}</text>'
    )
    shape = f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="4" fill="{fill}"/>'
    return f"<g><title>{said}</title>{shape}{mark if sign else ''}</g>"


def _top(board: Board, row: int) -> int:
    return (len(board.layers) - 1 - row) * (_SIDE + _GAP)
