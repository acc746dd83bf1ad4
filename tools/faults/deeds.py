"""`python -m tools.faults.deeds DEED`: what a child does until it is killed, below its SPEXVIZ_HOME."""

from __future__ import annotations

import hashlib
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spexviz.ablate import eviction
from spexviz.ablate.cache import SqliteCache
from spexviz.errors import SpexvizError
from spexviz.jobs.manager import JobManager
from spexviz.jobs.schema import SPOILED
from spexviz.jobs.store import Run, RunStore
from spexviz.masks import Masks, Values, keys
from spexviz.results import Explanation
from tests.jobs import waiting
from tools.faults import things
from tools.faults.child import BEGIN, DONE, END, PATIENCE, READY, note


def run() -> None:
    """One run by the job manager; every chunk that the cache has taken is noted."""
    put = SqliteCache.put

    def noted(self: SqliteCache, fingerprint: str, masks: Masks, values: Values) -> None:
        put(self, fingerprint, masks, values)
        note("kept", fingerprint, [key.hex() for key in keys(masks)])

    SqliteCache.put = noted
    manager = JobManager()
    note(READY)
    note(BEGIN)
    run_id = manager.submit(things.request())
    waiting.until(manager, run_id, waiting.ended)
    note(END)
    note(DONE)
    manager.close()


def imports(folder: str) -> None:
    """Take in every file of a folder."""
    store = RunStore()
    files = sorted(Path(folder).glob("*.json"))
    note(READY)
    for file in files:
        explanation = Explanation.from_json(file.read_text(encoding="utf-8"))
        note(BEGIN, file.stem)
        store.insert(explanation, file.stem)
        note(END, file.stem)
    note(DONE)


def removals(seed: str) -> None:
    """Delete runs, bring them back, remove them for good: by chance, a hundred times over."""
    rng = random.Random(seed)
    store = RunStore()
    where = dict.fromkeys(sorted(run.id for run in store.list()), things.LISTED)
    note(READY)
    for _ in range(400):
        what, run_id = things.removal(rng, where)
        note(BEGIN, what, run_id)
        things.REMOVALS[what](store, run_id)
        note(END, what, run_id)
        where = things.after(where, what, run_id)
    note(DONE)


def evictions() -> None:
    """Put game after game into a small cache; those before are out of use, and go in small slices."""
    eviction.SLICE, eviction.PAGES, eviction.PAUSE = 40, 2, 0.0
    make_room = eviction.make_room

    def noted(*given: Any, **named: Any) -> None:
        note(BEGIN)
        make_room(*given, **named)
        note(END)

    eviction.make_room = noted
    cache = SqliteCache(cap=things.CAP)
    note(READY)
    for game in range(60):
        things.age(cache)
        values = things.values(game)
        for start in range(0, len(things.MASKS), 250):
            part = slice(start, start + 250)
            cache.put(things.game(game), things.MASKS[part], values[part])
            note("kept", game, start)
    note(DONE)


def migrations() -> None:
    """Open what an older version left."""
    note(READY)
    note(BEGIN)
    manager = JobManager(workers=0)
    note(END)
    note(DONE)
    manager.close()


def filled() -> None:
    """Runs and ablations, half of each in the file and half in its log; then wait to be killed."""
    manager = JobManager(workers=0)
    results = things.explanations(20)
    for half in range(2):
        for number, result in enumerate(results[10 * half : 10 * half + 10], 10 * half):
            manager.store.insert(result, f"{number}")
        for seed in (100 + half, 110 + half, 120 + half):  # these wait, and their process is killed
            manager.submit(things.request(seed=seed), "waiting")
        for game in (2 * half, 2 * half + 1):
            manager.cache.put(things.game(game), things.MASKS, things.values(game))
        if not half:
            manager.store.database.read("PRAGMA wal_checkpoint(TRUNCATE)")
            manager.cache._database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    note(READY)
    time.sleep(PATIENCE)


def _tell_run(store: RunStore, found: Run) -> None:
    """The run with its result, or why that cannot be read."""
    try:
        result = store.result(found.id)
    except SpexvizError as error:
        note("damaged", found.id, str(error))
        return
    again = store.get(found.id)
    if result is None and again is not None and again.message == SPOILED:
        note("damaged", found.id, again.message)
        return
    text = result.to_json() if result else ""
    note("run", found.id, hashlib.sha256(text.encode()).hexdigest(), found.title, found.state)


def start() -> None:
    """Start as a server does, and tell what is there."""
    try:
        manager = JobManager(workers=0)
    except SpexvizError as error:
        note("refused", str(error))
        note(DONE)
        return
    for found in manager.store.list():
        _tell_run(manager.store, found)
    counts = [things.found(manager.cache, game) for game in range(4)]
    note("values", *map(sum, zip(*counts, strict=True)))
    for run_id, title, why in manager.store.unreadable():
        note("damaged", run_id, f"{title}: {why}")
    for notice in manager.notices:
        note("told", notice)
    note(DONE)
    manager.close()


DEEDS: dict[str, Callable[..., None]] = {
    one.__name__: one for one in (run, imports, removals, evictions, migrations, filled, start)
}

if __name__ == "__main__":
    DEEDS[sys.argv[1]](*sys.argv[2:])
