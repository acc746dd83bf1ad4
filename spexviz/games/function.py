"""FunctionGame: any function of masks is a game, for a notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from spexviz.errors import AblationError, GameError
from spexviz.games.base import Game, hashed
from spexviz.kit.arrays import Floats, real
from spexviz.kit.cached import cached_property
from spexviz.kit.options import REQUIRED, check, option
from spexviz.masks import Masks, Values


@dataclass(frozen=True)
class FunctionGame(Game):
    """A function of masks (b, n), True = kept, that gives one number for each: values (b,).

    `players`: their labels, or how many there are; `known_as`: a name that changes whenever the function's
    values would, so that its ablations are known again in the next session; without it they are kept for this
    object only. Made by `spexviz.game`.
    Raises GameError for settings that do not fit.
    """

    name: ClassVar[str] = "function"
    title: ClassVar[str] = "A function"

    question = "what the function returns"

    function: Callable[[Masks], ArrayLike] = option(
        REQUIRED, "Function", "Of masks (b, n); gives one number for each."
    )
    labels: Sequence[str] | int = option((), "Players", "Their labels, or how many there are.")
    unit: str = option("value", "Unit", "Of a value.")
    noun: str = option("player", "Noun", "What one player is.")
    keep: float = option(0.5, "A mask keeps each with", "The probability with which masks keep a player.")
    positions: Sequence[Sequence[float]] | None = option(
        None, "Positions", "(n, k) places of the players, a hint for solvers."
    )
    known_as: str = option(
        "",
        "Known as",
        "A name that changes whenever the function's values would: then its ablations are known again later.",
    )

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise GameError(
                "This game was made from a Python function, which its settings do not hold: "
                "run it where the function is."
            )
        check(self, GameError)
        if isinstance(self.labels, str) or (isinstance(self.labels, int) and self.labels < 1):
            raise GameError(
                f"The players are a list of labels, or how many there are, not {self.labels!r:.40}."
            )

    @cached_property
    def players(self) -> tuple[str, ...]:
        if isinstance(self.labels, int):
            return tuple(f"x{i}" for i in range(self.labels))
        return tuple(map(str, self.labels))

    @property
    def layout(self) -> Floats | None:
        """(n, k) positions of the players, a hint for solvers."""
        if self.positions is None:
            return None
        return np.asarray(self.positions, dtype=np.float64)

    @cached_property
    def fingerprint(self) -> str:
        if not self.known_as:
            return super().fingerprint
        return hashed("function", repr((self.known_as, self.players)))

    def __call__(self, masks: Masks) -> Values:
        try:
            return real(self.function(masks))
        except (TypeError, ValueError) as error:
            raise AblationError(
                f"The function gave no numbers for {len(masks)} masks ({error}): let it return one for each."
            ) from error


def game(
    function: Callable[[Masks], ArrayLike], players: Sequence[Any] | int, **options: Any
) -> FunctionGame:
    """The game of a function of masks (b, n) that gives one number for each.

    `players`: labels, or how many; options: `unit`, `noun`, `keep`, `positions` (n, k), `known_as` (see
    FunctionGame). Raises GameError for settings that do not fit.

    >>> import numpy as np
    >>> game(lambda masks: masks[:, 0] & masks[:, 1], players=["left", "right"])(np.array([[True, True]]))
    array([1.])
    """
    try:
        labels = players
        if not isinstance(players, int | np.integer | str):
            labels = tuple(str(player) for player in players)
        return FunctionGame(function, labels, **options)
    except TypeError as error:
        raise GameError(
            f"This game cannot be made ({error}): a function of masks, players, "
            "and the options unit, noun, keep, positions, known_as."
        ) from None
