"""Oval: where the words and the sets of a graph stand, and how labels break into lines."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Interaction

_LINE = 10  # letters that a label may have in one line
_ROUNDS = 60  # in which markers push each other apart


class Spot(NamedTuple):
    """A place in the figure; both axes go from about −1 to 1, y upward."""

    x: float
    y: float


def ring(players: Sequence[int]) -> dict[int, Spot]:
    """Places on an oval, down its left side, then its right, in even steps: labels beside never overlap."""
    left = rows_of(len(players))
    right = len(players) - left
    spots = {}
    for row, player in enumerate(players[:left]):
        x, y = _beside_axis(row, left)
        spots[player] = Spot(-x, y)
    for row, player in enumerate(players[left:]):
        x, y = _beside_axis(row, right)
        spots[player] = Spot(x, y)
    return spots


def rows_of(count: int) -> int:
    """Places on the left side of the oval, which has one more where they are odd."""
    return (count + 1) // 2


def _beside_axis(row: int, rows: int) -> Spot:
    """The place of a row on the right side."""
    y = 1 - 2 * (row + 0.5) / rows
    x = 0.35 + 0.65 * math.sqrt(max(0.0, 1 - y * y))
    return Spot(x, 0.95 * y)


def middles(sets: Sequence[Interaction], spots: Mapping[int, Spot]) -> dict[Interaction, Spot]:
    """Where each set's own marker stands: near the middle of its members, pushed apart from the others."""
    if not sets:
        return {}
    home = np.array([_home(members, spots) for members in sets])
    places = np.clip(_settled(home), -0.95, 0.95)
    settled = [Spot(x, y) for x, y in places.tolist()]
    return dict(zip(sets, settled, strict=True))


def _settled(home: Floats) -> Floats:
    """(k, 2) places near `home` that keep apart: pushed by all too close, and drawn back a little."""
    count = len(home)
    wide = min(0.27, 1.6 / np.sqrt(count))  # less than this apart is too close
    # markers at one place move apart in set directions
    directions = [[np.cos(k), np.sin(k)] for k in range(count)]
    place = home + 1e-3 * np.array(directions)
    for _ in range(_ROUNDS):
        place = place + _push(place, wide) + 0.05 * (home - place)
    return place


def _home(members: Interaction, spots: Mapping[int, Spot]) -> Floats:
    """Between the middle of the figure and that of the members; a pair's curve bends less than ties may."""
    inward = 0.35
    if len(members) == 2:
        inward = 0.6
    middle = np.mean([spots[i] for i in members], 0)
    return middle * inward


def _push(place: Floats, wide: float) -> Floats:
    """(k, 2) how far each place is pushed by all closer than `wide`: half of what is missing."""
    apart = place[:, None] - place[None]
    distance = np.linalg.norm(apart, axis=-1) + np.eye(len(place))  # of itself: 1, never divide by 0
    missing = (wide - distance) / (2 * distance)  # in shares of the distance
    push = np.where(distance < wide, missing, 0.0)
    np.fill_diagonal(push, 0.0)
    return (apart * push[..., None]).sum(1)


def label_lines(label: str) -> list[str]:
    """A label in at most two lines: a long one beside its marker would leave a narrow window."""
    half = -(-len(label) // 2)  # rounded up
    width = max(_LINE, half + 1)
    lines = textwrap.wrap(label, width, max_lines=2, placeholder="…")
    return lines or [label]


def half_width(letters: int, width: int = 350) -> float:
    """Half the range of an x axis with room for a label's longest line in a figure `width` pixels wide."""
    share = (24 + 7.8 * letters) / width  # of the width, at each side
    return 1 / (1 - 2 * min(0.32, share))
