"""The noise of the fast path: a model in bf16 or fp16 is compared with itself in fp32, on a few masks.

That happens during a run. Rounding is noise on the values, and no surrogate can explain noise: its share of
their variance is the R² that it costs. Above LIMIT the run begins anew in fp32; the fingerprint covers the
precision, so values of the two are never mixed. The comparison comes after the first checkpoint, so that
nobody waits for the model in fp32 before there is a picture, and before any number is final. Only where texts
are long (`is_slow`) it comes before, after the first colours: fewer values are asked in vain. It is of the
same masks either way, so no number depends on when.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.ablate.cache import Cache, MemoryCache
from spexviz.errors import AblationError
from spexviz.games.base import Game
from spexviz.kit.handover import patiently
from spexviz.masks import Masks, Values

LIMIT = 0.005  # of R²
EXACT_TIMES = 5.0  # how much slower than reduced precision a model is taken to be in fp32
MASKS = 16  # asked once more in fp32: the share is then known within a factor of about two
LONG = 256  # tokens of a text from which an ablation takes a good part of a second on a CPU


@dataclass(frozen=True)
class Precision:
    """What a run computes in: `name`, the R² that its rounding costs (`noise`), and that in words.

    `noise` is None where it was not measured. `asked`: the ablations that finding out took in fp32, which
    count neither as budget nor as held out.
    """

    name: str
    noise: float | None
    text: str
    asked: int = 0


def known(game: Game) -> Precision | None:
    """What can be said before anything is asked;

    None for a game without a precision. A `noise` of None is still to be measured.
    """
    name = game.precision
    if name is None:
        return None
    if name == "fp32":
        return Precision("fp32", 0.0, "fp32: only rounding in the seventh digit")
    return Precision(name, None, f"{name}; what rounding costs is not measured yet")


def is_slow(game: Game, masks: Masks) -> bool:
    """Whether a game asks a model texts so long that a run should not be begun in vain."""
    tokens = game.asking().tokens(masks)
    return tokens is not None and tokens > LONG * len(masks)


def settle(game: Game, masks: Masks, cache: Cache | None = None) -> tuple[Game, Precision]:
    """The game to go on with, and what was found.

    That is the game in fp32 if rounding would cost more than LIMIT of R² on these masks. For a game in
    reduced precision, which offers `at_full_precision()`, the same game in fp32 (None where memory has no
    room for it). At most MASKS ablations in fp32, and those of the game itself that `cache` does not know:
    after a checkpoint none. Where the cache knows both, the model in fp32 is not even loaded, unless the run
    needs it.
    """
    name = str(game.precision)  # such a game has one
    cache = cache or MemoryCache()
    few = masks[:MASKS]
    unmeasured = Precision(
        name,
        None,
        f"{name}; what rounding costs was not measured, since the model cannot be had in fp32 here",
    )
    exact: Game | None = None
    in_fp32 = f"{game.fingerprint} in fp32"
    wanted = cache.get(in_fp32, few)
    if np.isnan(wanted).any():
        exact = game.at_full_precision()
        if exact is None:
            return game, unmeasured
        wanted = _asked(exact, few, cache, in_fp32)
    loss = _loss(game, few, wanted, cache)
    said = f"compared with fp32 on {len(few)} masks"
    if loss <= LIMIT:
        text = f"{name}: rounding costs about {loss:.4f} of R² ({said})"
        return game, Precision(name, loss, text, len(few))
    exact = exact or game.at_full_precision()
    if exact is None:
        return game, unmeasured
    cache.put(exact.fingerprint, few, wanted)  # paid for, and the run may ask for them
    text = f"fp32, since rounding to {name} would cost {loss:.3f} of R² here ({said})"
    return exact, Precision("fp32", 0.0, text, len(few))


def _asked(game: Game, masks: Masks, cache: Cache, name: str) -> Values:
    """The values of the masks, put in the cache under a name."""
    with patiently():  # a question of a page does not wait for it
        values = np.asarray(game(masks))
    cache.put(name, masks, values)
    return values


def _loss(game: Game, masks: Masks, exact: Values, cache: Cache) -> float:
    """The share of noise in the game's values; all of it where one overflows, as a half precision can."""
    try:
        found = cache.get(game.fingerprint, masks)
        if np.isnan(found).any():
            found = _asked(game, masks, cache, game.fingerprint)
    except AblationError:
        return 1.0
    return share(found, exact)


def share(quick: np.ndarray, exact: np.ndarray) -> float:
    """Share of the variance of the values (b,) that is noise; a common offset costs nothing.

    1 where the values do not vary, but the noise does.
    """
    noise = float(np.var(quick - exact))
    values = float(np.var(exact))
    if values > 0:
        return min(1.0, noise / values)
    return float(noise > 0)
