"""SIGKILL at moments by chance: of a run, imports, deletions, evictions, migrations."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from spexviz.ablate import cache as ablations
from spexviz.ablate import eviction
from spexviz.ablate.cache import SqliteCache
from spexviz.errors import SpexvizError
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.jobs.schema import FILE
from spexviz.jobs.store import RunStore
from spexviz.masks import Masks, ends
from spexviz.results import Explanation
from spexviz.run import pipeline
from tests import old_files
from tests.jobs import waiting
from tools.faults import things
from tools.faults.child import BEGIN, END, Note, inside, killed, span
from tools.faults.trial import Outcome

MOVED = 40  # games in the file of an older version
Check = Callable[[Path, list[Note]], Iterator[str]]
"""Looks at what a kill left, and gives a sentence for each thing that is lost."""


def trials(
    kind: str, folder: Path, rng: random.Random, tries: int, check: Check, home: Path, *arguments: str
) -> Outcome:
    """Kill the deed of that name `tries` times, each on a copy of `home`, and look at what is left."""
    deed = kind.removeprefix("kill-")
    # the shortest of some: on a busy machine one may take many times as long
    copies = [shutil.copytree(home, folder / f"whole-{number}") for number in range(min(3, tries))]
    seconds = min(span(deed, copy, *arguments) for copy in copies)
    lost: list[str] = []
    hits = 0
    for number in range(tries):
        below = shutil.copytree(home, folder / f"try-{number}")
        notes = killed(deed, below, rng, seconds, *arguments)
        hits += inside(notes)
        lost += [f"try {number}: {words}" for words in _checked(check, below, notes)]
        shutil.rmtree(below)
    survived = (
        f"all that was begun is whole or as before; {hits} of {tries} kills fell inside ({seconds:.2f} s)"
    )
    return Outcome(kind, tries, survived, tuple(lost))


def _checked(check: Check, home: Path, notes: list[Note]) -> list[str]:
    try:
        return list(check(home, notes))
    except (SpexvizError, sqlite3.Error, AssertionError) as error:
        return [f"{type(error).__name__}: {error}"]


@contextmanager
def managed(home: Path, **settings: int) -> Iterator[JobManager]:
    """A job manager on a home, as a server that starts has one."""
    manager = JobManager(home / FILE, **settings)
    try:
        yield manager
    finally:
        manager.close()


def run(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """A run by the job manager; then another server finds it and goes on with it."""
    expected = pipeline.run(things.request())
    return trials("kill-run", folder, rng, tries, partial(_run_left, expected), _new(folder))


def _run_left(expected: Explanation, home: Path, notes: list[Note]) -> Iterator[str]:
    kept = {key for what, *rest in notes if what == "kept" for key in rest[1]}
    with managed(home) as manager:
        for found in manager.store.list():
            if found.state not in (states.INTERRUPTED, states.DONE):
                yield f"the run is called {found.state}"
        was_done = any(found.state == states.DONE for found in manager.store.list())
        result = _finished(manager)
    known = SqliteCache(home / ablations.FILE).get(things.request().game.fingerprint, _asked(expected))
    if np.isnan(known).any():
        yield "not every value is in the cache after the run"
    if things.measured(result) != things.measured(expected):
        yield "the resumed run found other values than the uninterrupted one"
    if not was_done and result.spent.asked > len(known) - len(kept):
        yield f"{result.spent.asked} masks asked again, though {len(kept)} of {len(known)} had been kept"


def _finished(manager: JobManager) -> Explanation:
    """The result of the run, resumed or, where the kill came before it was written down, asked for anew."""
    run_id = next((manager.resume(found.id) for found in manager.store.list()), None)
    if run_id is None:
        run_id = manager.submit(things.request())
    ended = waiting.until(manager, run_id, waiting.ended)
    assert ended.state == states.DONE, f"the resumed run ended as {ended.state}: {ended.message}"
    result = manager.store.result(run_id)
    assert result is not None
    return result


def _asked(result: Explanation) -> Masks:
    """Every mask of a run."""
    parts = [ends(things.PLAYERS), result.sample.masks, result.held_out.masks]
    if result.measured is not None:
        parts.append(result.measured.sample.masks)
    return np.concatenate(parts)


def imports(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """Files opened one after the other, beside runs that are there already."""
    results = things.explanations(30)
    home, files = _new(folder), folder / "files"
    files.mkdir()
    store = RunStore(home / FILE)
    for number, result in enumerate(results):
        if number < 5:
            store.insert(result, f"before {number}")
        else:
            (files / f"{number:03}.json").write_text(result.to_json(), encoding="utf-8")
    del store
    texts = {f"{number:03}": result.to_json() for number, result in enumerate(results) if number >= 5}
    texts |= {f"before {number}": results[number].to_json() for number in range(5)}
    check = partial(_imports_left, texts)
    return trials("kill-imports", folder, rng, tries, check, home, str(files))


def _imports_left(texts: dict[str, str], home: Path, notes: list[Note]) -> Iterator[str]:
    begun = {rest[0] for what, *rest in notes if what == BEGIN}
    ended = {rest[0] for what, *rest in notes if what == END}
    before = {title for title in texts if title.startswith("before")}
    if (said := things.whole(home / FILE)) != "ok":
        yield f"the file is damaged: {said}"
    store = RunStore(home / FILE)
    there = _texts(store)
    if not before | ended <= there.keys() <= before | begun:
        yield f"there are {sorted(there)}, though {sorted(ended)} were taken in"
    yield from (f"{title} is not whole" for title, text in there.items() if text != texts[title])
    for title, text in texts.items():
        if title not in before:
            store.insert(Explanation.from_json(text), title)
    if _texts(store) != texts or len(store.list()) != len(texts):
        yield "taken in again, the runs are not there once each"


def _texts(store: RunStore) -> dict[str, str]:
    """{title: result as a text} of every run that is listed."""
    results = {found.title: store.result(found.id) for found in store.list()}
    return {title: result.to_json() if result else "" for title, result in results.items()}


def removals(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """Runs deleted, brought back and removed for good."""
    home = _new(folder)
    store = RunStore(home / FILE)
    texts = {
        store.insert(result, f"{number}"): result.to_json()
        for number, result in enumerate(things.explanations(30))
    }
    del store
    check = partial(_removals_left, texts)
    return trials("kill-removals", folder, rng, tries, check, home, "7")


def _removals_left(texts: dict[str, str], home: Path, notes: list[Note]) -> Iterator[str]:
    where = dict.fromkeys(sorted(texts), things.LISTED)
    allowed = [where]
    for what, *rest in notes:
        if what == BEGIN:
            allowed = [where, things.after(where, *rest)]
        elif what == END:
            where = allowed[-1]
            allowed = [where]
    with closing(sqlite3.connect(home / FILE)) as plain:
        rows = plain.execute("SELECT id, deleted, result FROM runs").fetchall()
    places = {run_id: things.DELETED if deleted else things.LISTED for run_id, deleted, _ in rows}
    if dict.fromkeys(texts, things.GONE) | places not in allowed:
        yield "runs are neither as before the last deed nor as after it"
    yield from (f"the result of {run_id} is not whole" for run_id, _, text in rows if text != texts[run_id])
    if (said := things.whole(home / FILE)) != "ok":
        yield f"the file is damaged: {said}"
    listed = {found.id for found in RunStore(home / FILE).list()}
    if listed != {run_id for run_id, place in places.items() if place == things.LISTED}:
        yield "not every run that is there is listed"


def evictions(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """Room made in the cache, in small slices."""
    return trials("kill-evictions", folder, rng, tries, _evictions_left, _new(folder))


def _evictions_left(home: Path, notes: list[Note]) -> Iterator[str]:
    path = home / ablations.FILE
    kept = Counter(rest[0] for what, *rest in notes if what == "kept")
    at = max(kept, default=0)
    if (said := things.whole(path)) != "ok":
        yield f"the file is damaged: {said}"
    cache = SqliteCache(path, things.CAP)
    found = {game: things.found(cache, game) for game in range(at + 2)}
    yield from (f"{wrong} values of game {game} are wrong" for game, (_, wrong) in found.items() if wrong)
    if found[at][0] < 250 * kept[at]:
        yield f"{found[at][0]} values of the game at work are there, though {250 * kept[at]} were kept"
    things.age(cache)
    for game in (at + 10, at + 11, at + 12):  # more than fits: room is made by this process
        things.age(cache)
        cache.put(things.game(game), things.MASKS, things.values(game))
    if eviction.size(cache._database) > things.CAP:
        yield "the file stays above its cap"
    whole = [game for game in range(at) if things.found(cache, game)[0] not in (0, len(things.MASKS))]
    yield from (f"game {game} stays in part" for game in whole)
    if things.found(cache, at + 12) != (len(things.MASKS), 0):
        yield "what was put after the kill is not there"


def migrations(folder: Path, rng: random.Random, tries: int) -> Outcome:
    """A file of the oldest version, with runs and ablations, brought to the newest schema."""
    home = _new(folder)
    runs = old_files.results(150, things.PLAYERS, 256)
    old_files.write_runs(home / FILE, runs)
    games = {things.game(number): things.values(number) for number in range(MOVED)}
    old_files.write_ablations(home / FILE, things.MASKS, games)
    check = partial(_migrations_left, runs)
    return trials("kill-migrations", folder, rng, tries, check, home)


def _migrations_left(runs: dict[str, Explanation], home: Path, notes: list[Note]) -> Iterator[str]:
    with managed(home, workers=0) as manager:
        store = manager.store
        store.restore(runs["deleted"].spec.id)
        for title, result in runs.items():
            run_id = result.spec.id
            found, text = store.get(run_id), store.result(run_id)
            if found is None or found.title != title:
                yield f"the run {title} is gone"
            elif text is None or text.to_json() != result.to_json():
                yield f"the result of {title} is not whole"
        counts = [things.found(manager.cache, game) for game in range(MOVED)]
    if counts != [(len(things.MASKS), 0)] * MOVED:
        yield f"of the ablations there are (found, wrong): {counts}"
    for file in (FILE, ablations.FILE):
        if (said := things.whole(home / file)) != "ok":
            yield f"{file} is damaged: {said}"


def _new(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    return home
