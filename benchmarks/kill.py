"""`python -m benchmarks.kill [--kills 20] [--precision auto]`.

SIGKILL at a random moment of a run, then the run resumed, again and again.

Each time: the values are those of an uninterrupted run, to the last bit, and no mask is evaluated twice in
one precision apart from the chunk in flight. A run in half precision asks some masks in fp32 too, to know
what rounding costs, and all of them where it costs too much. The run is a process of its own, with a
SPEXVIZ_HOME of its own; every mask is noted before it is evaluated.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PROMPT = "Her acting never fails to impress, although nobody asked for it."  # 11 words
TEMPLATE = "Review: {}\nSentiment (positive or negative):"
BUDGET = 256
ENDS = 2  # the full and the empty mask, on top of what is for fits
PATIENCE = 3600.0


@dataclass(frozen=True)
class Kind:
    """What kind of run is killed."""

    model: str = "bundled"
    precision: str = "fp32"
    budget: int = BUDGET

    @property
    def planned(self) -> int:
        """Masks before the text itself is measured."""
        return self.budget + ENDS


def child(kind: Kind) -> None:
    """The run: prints its values as JSON when it is done."""
    from spexviz.ablate.cache import SqliteCache
    from spexviz.games.prompt.game import PromptGame
    from spexviz.models.bundled import BundledModel
    from spexviz.run import pipeline
    from spexviz.solvers.linear import Linear
    from tests.browser.counting import note_masks

    note_masks()
    game = PromptGame(
        BundledModel(precision=kind.precision) if kind.model == "bundled" else kind.model, PROMPT, TEMPLATE
    )
    result = pipeline.explain(game, Linear(), kind.budget, cache=SqliteCache())
    samples = [result.sample, result.held_out, result.measured.sample]
    values = np.concatenate([sample.values for sample in samples])
    print(json.dumps([*result.ends, *values.tolist()]))


def start(home: Path, kind: Kind) -> subprocess.Popen:
    command = [sys.executable, "-m", "benchmarks.kill", "--child", "--budget", str(kind.budget)]
    command += ["--model", kind.model, "--precision", kind.precision]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "SPEXVIZ_HOME": str(home)}, stdout=subprocess.PIPE, text=True
    )


def finish(home: Path, kind: Kind) -> list[float]:
    """The values of the run, from start or from where it was killed."""
    process = start(home, kind)
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, f"the run ended with {process.returncode}"
    return json.loads(printed.splitlines()[-1])


def asked(home: Path) -> list[str]:
    """The masks that were asked, in order, each with the precision: "bf16 0110 …"."""
    log = home / "asked.log"
    return log.read_text().splitlines() if log.exists() else []


def kept_of(home: Path) -> dict[str, int]:
    """{fingerprint: ablations in the cache} of each game: of the run, and of what it compares in fp32."""
    from spexviz.ablate.cache import FILE, MIGRATIONS
    from spexviz.kit.database import Database

    if not (home / FILE).exists():
        return {}
    query = "SELECT fingerprint, COUNT(*) FROM ablations JOIN games ON game = id GROUP BY game"
    return dict(Database(home / FILE, MIGRATIONS).read(query))


def committed(home: Path) -> int:
    """Ablations in the cache, in either precision."""
    return sum(kept_of(home).values())


def kill_somewhere(home: Path, kind: Kind, at: int, after: float) -> int:
    """Kill the run `after` seconds after its mask number `at` was asked; how many were asked until then."""
    process, end = start(home, kind), time.monotonic() + PATIENCE
    try:
        while len(asked(home)) < at and process.poll() is None:
            assert time.monotonic() < end, "the run stands still"
            time.sleep(0.02)
        time.sleep(after)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return len(asked(home))


def trial(home: Path, kind: Kind, rng: random.Random, expected: list[float]) -> dict[str, int]:
    """One kill and one resumed run, checked; what was asked, kept and asked again."""
    from spexviz.ablate.executors import CHUNK

    count = kill_somewhere(home, kind, rng.randrange(kind.planned), rng.random() * 0.5)
    kept = committed(home)
    assert kept <= count <= kept + CHUNK, f"{count} masks asked, {kept} kept: more than a chunk is lost"
    assert finish(home, kind) == expected, "the resumed run has other values"
    again = len(asked(home)) - committed(home)
    assert 0 <= again <= count - kept, "a mask outside the chunk in flight was asked again, or is lost"
    games = kept_of(home)
    assert max(games.values()) == len(expected) > kind.planned, "every mask of the run is in the cache"
    compared = [count for name, count in games.items() if name.endswith(" in fp32")]
    assert sum(compared) <= 16, "the comparison with fp32 asks a few masks"
    return {"asked": count, "kept": kept, "again": again}


def run(
    folder: Path,
    kills: int,
    kind: Kind,
    seed: int = 0,
    tell=lambda line: None,
) -> list[dict[str, int]]:
    """`kills` trials, each in a home of its own below `folder`; raises AssertionError where one fails."""
    from tests.browser.harness import new_home

    rng = random.Random(seed)
    expected = finish(new_home(folder / "whole"), kind)
    trials = []
    for number in range(kills):
        trials.append(trial(new_home(folder / f"kill-{number}"), kind, rng, expected))
        tell(
            f"  kill {number + 1:>2}: {trials[-1]['asked']:>3} of {kind.planned} asked, "
            f"{trials[-1]['kept']:>3} kept, {trials[-1]['again']:>2} asked again"
        )
    return trials


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--model", default="bundled", choices=("bundled", "toy"))
    parser.add_argument("--precision", default="fp32", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", type=int, default=BUDGET)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    kind = Kind(options.model, options.precision, options.budget)
    if options.child:
        return child(kind)
    with tempfile.TemporaryDirectory() as folder:
        trials = run(
            Path(folder),
            options.kills,
            kind,
            options.seed,
            lambda line: print(line, flush=True),
        )
    print(f"{options.kills} kills: every resumed run has the values of the uninterrupted one, bit for bit;")
    print(
        f"asked again: {sum(t['again'] for t in trials) / len(trials):.1f} of {kind.planned} masks on "
        f"average, at most {max(t['again'] for t in trials)}"
    )


if __name__ == "__main__":
    main()
