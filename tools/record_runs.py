"""Makes the recorded runs of assets/runs, with the real models.

`python -m tools.record_runs [game …]`, all games by default.

Each run is one JSON file, as "Run as JSON" gives it, and a row in the index.json beside it, from which the
cards are drawn. Ablations come from this machine's cache where it has them; `--only FILE` makes one run again
and leaves the rest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from spexviz import views
from spexviz.ablate.cache import SqliteCache
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.ui.lenses import lens_of
from spexviz.views.thumbnail import thumbnail
from tools.recordings import FOLDER, Recording, all_recordings

LARGEST = 400_000  # bytes of one file: it lies in the repository and is read when its card is opened


def make(run: Recording, cache: SqliteCache) -> Explanation:
    """Explain, and write the file."""
    result = pipeline.run(run.request, pipeline.Hooks(cache=cache))
    text = result.to_json()
    if len(text.encode()) > LARGEST:
        raise SystemExit(
            f"{run.file} has {len(text.encode()):,} bytes, more than {LARGEST:,}: ask for fewer terms, draws "
            "or ablations."
        )
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / f"{run.file}.json").write_text(text, encoding="utf-8")
    return result


def row(run: Recording, result: Explanation) -> dict[str, object]:
    """What the run's card shows."""
    lens = lens_of(str(run.game["name"]))
    items = lens.items(result) if lens else ()
    trust = views.trust.trust(result)
    return {
        "title": run.title,
        "about": run.about,
        "finding": views.finding(result),
        "trust": trust.lines[0],
        "level": round(trust.level or 0.0, 3),
        "model": result.subject.model,
        "ablations": result.ablations,
        "players": len(result.players),
        "noun": result.subject.noun,
        "thumbnail": thumbnail(result, items),
        "file": f"{run.file}.json",
    }


def write_index(runs: Sequence[Recording]) -> None:
    """The index.json of every game, from the files that are there."""
    for folder in {run.folder for run in runs}:
        made = [run for run in runs if run.folder == folder and (folder / f"{run.file}.json").exists()]
        rows = [
            row(run, Explanation.from_json((folder / f"{run.file}.json").read_text(encoding="utf-8")))
            for run in made
        ]
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in rows)
        (folder / "index.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="*", help="names of games; all where none is given")
    parser.add_argument("--only", help="the stem of one file")
    options = parser.parse_args(arguments)
    runs, cache = all_recordings(), SqliteCache()
    wanted = [
        run
        for run in runs
        if run.game["name"] in (options.games or [run.game["name"]])
        and run.file == (options.only or run.file)
    ]
    for run in wanted:
        result = make(run, cache)
        print(f"{run.folder.relative_to(FOLDER)}/{run.file}: {views.honesty(result)}", flush=True)
        print(f"  {row(run, result)['finding']}", flush=True)
    write_index(runs)
    return 0 if wanted else 1


if __name__ == "__main__":
    sys.exit(main())
