"""Foreign: games of other packages as games of ours: those of shapiq, which are called on the same masks.

The other way needs nothing: a game of ours is a callable on masks (b, n), which shapiq's approximators take.
"""

from __future__ import annotations

import sys
import uuid
import weakref
from typing import Any

from spexviz.games.base import ONCE, Game
from spexviz.games.function import game

_names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def as_game(thing: Any) -> Any:
    """The game of ours of a `shapiq.Game`; anything else as it is.

    Its values are shapiq's: where that game is normalized, less the value of the empty coalition. Its
    ablations are known again as long as the object lives: what it computes, its name does not say.
    """
    shapiq = sys.modules.get("shapiq")  # whoever holds a game of it has imported it
    if shapiq is None or isinstance(thing, Game) or not isinstance(thing, shapiq.Game):
        return thing
    labels = thing.player_name_lookup or thing.n_players
    made = game(thing, list(labels) if isinstance(labels, dict) else int(labels))
    name = _names.setdefault(thing, uuid.uuid4().hex)
    vars(made)["fingerprint"] = f"{made.name}{ONCE}{name}"  # as cached_property keeps it
    return made
