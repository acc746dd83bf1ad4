"""Preview: the first colours of a run, before anything was fitted that could be scored."""

from __future__ import annotations

from dataclasses import dataclass

from spexviz import codec
from spexviz.kit.arrays import Floats
from spexviz.results.subject import Subject


@dataclass(frozen=True)
class Preview:
    """What a page colours while there is no result yet: never a number, never exported, on no curve.

    `effects` (n,): average effect of keeping each player, by a linear fit of the first `masks` ablations; 0
    where these do not tell. Raises ValueError where there is not one for each player.
    """

    subject: Subject
    effects: Floats
    masks: int

    def __post_init__(self) -> None:
        if self.effects.shape != (len(self.subject.players),):
            raise ValueError("its effects are not one for each player")

    def to_json(self) -> str:
        return codec.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Preview:
        """The reverse of `to_json`. Raises SpecError for anything else."""
        return codec.from_plain(codec.parsed(text), cls, "preview")
