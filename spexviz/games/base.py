"""Game: anything whose parts can be kept or removed, and whose value can then be measured."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from spexviz.errors import GameError
from spexviz.masks import Masks, Values


@runtime_checkable
class Game(Protocol):
    """`game(masks) -> values`; nothing after the values knows what was ablated.

    A game is a frozen dataclass with a class variable `name`; its fields are its JSON form (spec.describe).
    Optional attributes, read with a default: `layout` (n, k) positions of the players, `text` and `text_spans`
    (where each player stands in a text), `keep` (the probability with which masks keep a player, 0.5 where it has none),
    `remarks` (sentences that must be read with the values), `noun` (what one player is: "word", "head", "example"),
    `call_masks` (how many masks pay in one call, where these are more than the runner asks else).
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


def keep_of(game: Game) -> float:
    """The probability with which the masks of a run on this game keep a player. Raises GameError unless it lies in (0, 1)."""
    keep = getattr(game, "keep", 0.5)
    if isinstance(keep, bool) or not isinstance(keep, int | float) or not 0.0 < keep < 1.0:
        raise GameError(f"The probability of keeping a player must lie strictly between 0 and 1, not {keep!r:.40}: 0.5 for uniform masks.")
    return float(keep)
