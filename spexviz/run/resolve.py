"""Resolve: whether a budget can tell so many players apart, said before the run and with its result.

A linear model of n players has n + 1 coefficients: fewer masks leave them open, and up to about twice as
many masks the noise of all that is not linear drowns them. Measured on two reviews of 28 and 29 words with
the bundled model, R² on masks that no fit has seen, by masks a player:

    masks a player     1        2        3        4        6        8       16
    least squares    < −5   −.3–.3   .3–.5    .4–.5    .5–.6    .5–.6    .7
    Auto's process  .2–.3   .3–.5    .4–.6    .5–.6    .6–.7    .6–.7    .8

What interactions add to single effects begins to show from four on.
"""

from __future__ import annotations

from dataclasses import dataclass

from spexviz.run.plan import Plan

SINGLE, SETS = 2, 4  # masks a player from which single effects are told, and sets


@dataclass(frozen=True)
class Shortfall:
    """A run that asks too little for its `n` players: `masks` of the fits; `needed`: to find sets of them."""

    n: int
    masks: int

    @property
    def needed(self) -> int:
        """Masks from which sets of so many players can be found."""
        return SETS * self.n

    @property
    def most(self) -> int:
        """Players of which so many masks can find sets."""
        return self.masks // SETS

    @property
    def singles(self) -> bool:
        """Whether it tells at least single players apart."""
        return self.masks >= SINGLE * self.n

    def said(self, noun: str) -> str:
        """What the run cannot tell, and both remedies; `noun`: what one player is."""
        what = f"sets of {noun}s" if self.singles else f"even single {noun}s"
        return (
            f"{self.masks:,} ablations cannot tell {what} apart among {self.n:,}: "
            f"take longer parts (at most {self.most:,}), or {self.needed:,} ablations and more."
        )


def shortfall(planned: Plan) -> Shortfall | None:
    """Whether a run asks too little for its players; None where it does not, or asks all masks."""
    if planned.design is None:
        return None
    masks = len(planned.design)
    return Shortfall(planned.n, masks) if masks < SETS * planned.n else None
