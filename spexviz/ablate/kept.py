"""Kept: where a run of the library keeps its ablations unless it is told.

In `$SPEXVIZ_HOME` for all that can be known again, and in memory for the rest. The same cell of a notebook
run again then asks nothing, today or next week.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from functools import cache
from pathlib import Path

from spexviz.ablate.cache import Cache, MemoryCache, SqliteCache
from spexviz.errors import StoreError
from spexviz.games.base import ONCE
from spexviz.kit.paths import home
from spexviz.masks import Masks, Values

GAMES = 32  # that are kept in memory, the last ones
_log = logging.getLogger(__name__)
_of_this_session: OrderedDict[str, MemoryCache] = OrderedDict()


class KeptCache:
    """The ablations of this home; those of a game that is known by its object alone in memory.

    Where the home cannot be used, all are in memory, and the log says so.
    """

    def get(self, fingerprint: str, masks: Masks) -> Values:
        return _cache_of(fingerprint).get(fingerprint, masks)

    def put(self, fingerprint: str, masks: Masks, values: Values) -> None:
        _cache_of(fingerprint).put(fingerprint, masks, values)


def _cache_of(fingerprint: str) -> Cache:
    if ONCE not in fingerprint:
        try:
            return _at_home(home())
        except StoreError as error:
            _say_once(str(error))
    found = _of_this_session.setdefault(fingerprint, MemoryCache())
    while len(_of_this_session) > GAMES:
        _of_this_session.popitem(last=False)
    return found


@cache
def _at_home(folder: Path) -> SqliteCache:
    return SqliteCache()


@cache
def _say_once(reason: str) -> None:
    _log.warning("Ablations are kept in memory only, and cost again in the next session: %s", reason)
