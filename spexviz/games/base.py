"""Game: anything whose parts can be kept or removed, and whose value can then be measured."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from spexviz.masks import Masks, Values


@runtime_checkable
class Game(Protocol):
    """`game(masks) -> values`; nothing after the values knows what was ablated.

    A game is a frozen dataclass with a class variable `name`; its fields are its JSON form (spec.describe).
    Optional attributes, read with a default: `layout` (n, k) positions of the players, `text` and `text_spans`
    (where each player stands in a text), `keep` (the probability of keeping a player), `remarks` (sentences that must be
    read with the values).
    """

    @property
    def players(self) -> tuple[str, ...]:
        """Labels: words, "L3.H7", "example 12"."""

    @property
    def unit(self) -> str:
        """ "log-odds", "nats", "margin", …"""

    @property
    def fingerprint(self) -> str:
        """Content hash of everything that changes a value (architecture, decision 9)."""

    def __call__(self, masks: Masks) -> Values:
        """Values (b,) of the masks (b, n), True = kept."""
