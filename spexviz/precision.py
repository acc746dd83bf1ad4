"""The noise of the fast path: a model that runs in bf16 or fp16 is compared with itself in fp32 at the start of a run, on a few masks.

Rounding is noise on the values, and no surrogate can explain noise: its share of their variance is the R² that it costs. Above
LIMIT the run goes on in fp32; the fingerprint covers the precision, so values of the two are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.errors import AblationError
from spexviz.games.base import Game
from spexviz.masks import Masks

LIMIT = 0.005  # of R²
MASKS = 16  # asked once more in either precision: the share is then known within a factor of about two


@dataclass(frozen=True)
class Precision:
    """What a run computes in: `name`, the R² that its rounding costs (`loss`, None where it was not measured), and that in words."""

    name: str
    loss: float | None
    text: str


def settle(game: Game, masks: Masks, cache: Cache | None = None) -> tuple[Game, Precision | None]:
    """The game to run, in fp32 if rounding would cost more than LIMIT of R² on these (uniform) masks, and what was found.

    A game that has a precision offers `precision` and `reference()`, the same game in fp32 (None where memory has no room for
    it); one without is left alone. At most MASKS ablations in each precision; none where the game runs in fp32 anyway, or where
    `cache` knows them: then the model in fp32 is not even loaded, unless the run needs it.
    """
    name = getattr(game, "precision", None)
    if name is None:
        return game, None
    if name == "fp32":
        return game, Precision("fp32", 0.0, "fp32: only rounding in the seventh digit")
    unmeasured = Precision(name, None, f"{name}; what rounding costs was not measured, since memory has no room for the model in fp32")
    cache, few, exact = cache or MemoryCache(), masks[:MASKS], None
    wanted = cache.get(f"{game.fingerprint} in fp32", few)
    if np.isnan(wanted).any():
        if (exact := game.reference()) is None:
            return game, unmeasured
        cache.put(f"{game.fingerprint} in fp32", few, wanted := np.asarray(exact(few)))
    try:
        if np.isnan(found := cache.get(game.fingerprint, few)).any():
            cache.put(game.fingerprint, few, found := np.asarray(game(few)))
        loss = share(found, wanted)
    except AblationError:  # a half precision can overflow
        loss = 1.0
    if loss > LIMIT:
        if (exact := exact or game.reference()) is None:
            return game, unmeasured
        return exact, Precision("fp32", 0.0, f"fp32, since rounding to {name} would cost {loss:.3f} of R² here ({len(few)} masks)")
    return game, Precision(name, loss, f"{name}: rounding costs about {loss:.4f} of R² ({len(few)} masks)")


def share(quick: np.ndarray, exact: np.ndarray) -> float:
    """Share of the variance of the values (b,) that is noise; a common offset costs nothing. 1 where the values do not vary."""
    noise, values = float(np.var(quick - exact)), float(np.var(exact))
    return min(1.0, noise / values) if values > 0 else float(noise > 0)
