"""Game: anything whose parts can be kept or removed, and whose value can then be measured."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sized
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np

from spexviz.errors import GameError
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.masks import Masks, Values
from spexviz.results.subject import Scale, Subject

ONCE = "-once-"  # in the fingerprint of what no other session can know again


def _cannot_tell(masks: Masks) -> None:
    """What a game answers that knows neither seconds nor tokens."""


@dataclass(frozen=True)
class Asking:
    """What a game can say of being asked, for the cost before a run; None where it cannot tell (yet).

    `seconds(masks)` of one call, `tokens(masks)` that a model reads; `memory`: bytes that its model takes;
    `call_masks`: masks that pay in one call, where these are more than the runner asks else.
    """

    seconds: Callable[[Masks], float | None] = _cannot_tell
    tokens: Callable[[Masks], int | None] = _cannot_tell
    memory: int | None = None
    call_masks: int = 0


class Game:
    """`game(masks) -> values`; nothing after the values knows what was ablated.

    Derive from it; every option has its default here. A game that comes back from a file is a frozen
    dataclass with a class variable `name`: its fields are its JSON form. `keep`: the probability with which
    masks keep a player. `question`: what is measured, in words that go on "measured is …"; `before`, `after`:
    what stands around the text whenever it is asked, or all that is asked where no text is ablated.
    `model_name`: the model that evaluates it, one call at a time; `precision`: what that computes in;
    `metered`: whether every ablation costs money, so that it is not enumerated beyond its budget;
    `hands_over`: whether a question of a page goes between two of its batches; `preparing`: what it does, in
    words, before its first value; `path_adds`: whether the way
    from nothing to everything puts players in, which says little where next to nothing works without most of
    them: then they are taken out. What a game must be is checked before its first ablation (`checked`).
    """

    name: ClassVar[str] = "own"
    title: ClassVar[str] = "Own game"

    players: tuple[str, ...] = ()  # labels: words, "L3.H7", "example 12"
    unit: str = "value"  # "log-odds", "nats", "margin", …
    keep: float = 0.5
    noun: str = "player"
    text: str | None = None
    text_spans: tuple[tuple[int, int], ...] = ()
    layout: Floats | None = None
    remarks: tuple[str, ...] = ()
    scale: Scale = Scale()
    question: str = ""
    before: str = ""
    after: str = ""
    model_name: str | None = None
    precision: str | None = None
    metered: bool = False
    hands_over: bool = False
    path_adds: bool = True
    preparing: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """Content hash of everything that changes a value; of a game that has none, of this object alone.

        See docs/decisions/08-the-fingerprint.md.
        """
        import uuid

        return f"{self.name}{ONCE}{uuid.uuid4().hex}"

    def __call__(self, masks: Masks) -> Values:
        """Values (b,) of the masks (b, n), True = kept."""
        raise GameError(f"{type(self).__name__} cannot be asked: give it `__call__(masks) -> values`.")

    def check_size(self) -> None:
        """Raise where it is plainly too large for its model, before masks are made for its players."""

    def check(self) -> None:
        """Raise what only a loaded model can tell, before the first ablation."""

    def at_full_precision(self) -> Game | None:
        """The same game in fp32, where its `precision` is another; None where that cannot be had."""
        return None

    def asking(self) -> Asking:
        """What it can say of seconds, tokens, memory and size of a call."""
        return Asking()

    @property
    def model_title(self) -> str:
        """The name that people know its model by; "" for none."""
        return self.model_name or ""

    @property
    def subject(self) -> Subject:
        """All that views may know of it, but for its remarks: these come with the ablations.

        No model is loaded for it where players need none.
        """
        layout = self.layout
        if layout is not None:
            layout = np.asarray(layout, dtype=np.float64)
        return Subject(
            tuple(self.players),
            self.unit,
            self.noun,
            self.title,
            self.text,
            tuple(self.text_spans),
            layout,
            scale=self.scale,
            model=self.model_title,
            question=self.question,
            before=self.before,
            after=self.after,
        )


def hashed(name: str, content: str) -> str:
    """A fingerprint: the name of a game, and 24 hex digits of the hash of what changes its values."""
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name}-{digest[:24]}"


def lacking(kind: type) -> str:
    """What a class of another package lacks to be offered as a game; "" for nothing."""
    return "" if issubclass(kind, Game) else "it does not derive from spexviz.Game"


def check_is_game(thing: object) -> None:
    """Raise GameError, with the remedy, for what is no game."""
    if isinstance(thing, Game):
        return
    what = f"of the type {type(thing).__name__}"
    if callable(thing) and not hasattr(thing, "players"):
        what = "a function"
    raise GameError(
        f"This is {what}, not a game: make it one with spexviz.game(function, players=[…]), "
        "or derive its class from spexviz.Game."
    )


def check_keep(keep: float) -> None:
    """Raise GameError for a probability of keeping a player that lies outside (0, 1)."""
    if isinstance(keep, bool) or not isinstance(keep, Real) or not 0.0 < keep < 1.0:
        raise GameError(
            f"The probability of keeping a player must lie strictly between 0 and 1, not {keep!r:.40}: "
            "0.5 for uniform masks."
        )


def checked(game: Game) -> Subject:
    """The subject of a game that can be asked.

    Raises GameError, with the remedy, for what is no game, or does not fit together.
    """
    check_is_game(game)
    check_keep(game.keep)
    players = game.players
    labels: list[object] = []
    if isinstance(players, Sized) and not isinstance(players, str):  # what is used up when it is read is none
        labels = list(players)
    if not labels or not all(isinstance(label, str) for label in labels):
        raise GameError(
            "The players of a game are labels, one text each and at least one, "
            f"not {players!r:.80}: give it `players`, a tuple of labels."
        )
    if not isinstance(game.unit, str) or not game.unit:
        raise GameError(f"The unit of a game is a text, not {game.unit!r:.40}.")
    try:
        return game.subject
    except (TypeError, ValueError) as error:
        raise GameError(f"This game does not fit together: {error}.") from None
