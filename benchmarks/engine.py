"""`make bench`: our solvers alone, meant for 15 minutes on two cores.

The bundled model's games are recorded already.

    python -m benchmarks.engine [kind …] [--store FILE] [--redo] [--jobs 2]

Cells are kept in $SPEXVIZ_HOME/bench/engine.json (--store: elsewhere) and measured again when a solver's
source changes. Prints markdown; lines that have an aim end with PASS or FAIL. Seconds are of one core
beside another busy one.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

from benchmarks import engine_report, games
from benchmarks.store import Store, code

SYNTHETIC = [
    (kind, n, noise)
    for n in (20, 50, 100, 300, 1000)
    for kind in ("peak", "hierarchy")
    for noise in (0.0, 0.1)
]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "SPEXVIZ_THREADS")


def plan() -> list[tuple[Any, ...]]:
    """Cells in the order in which they are taken; their first word is their kind."""
    cells: list[tuple[Any, ...]] = [("large", 1000, 8, 0)]
    cells += [
        ("fidelity", solver, budget, first, 50)
        for solver, budget in (("gp", 256), ("linear", 1024))
        for first in range(0, 200, 50)
    ]
    cells += [("coefficients", n, m, noise) for n in (12, 20) for m in (128, 512) for noise in (0.1, 0.4)]
    cells += [("peak", n) for n in (20, 50, 100, 300, 1000)]
    cells += [("lm", game.name) for game in games.shared()]
    cells += [("synthetic", *which) for which in SYNTHETIC if which[1] <= 100]
    cells += [("lm", name) for name in games.GAMES]
    return cells + [("synthetic", *which) for which in SYNTHETIC if which[1] > 100]


def measure(cell: tuple[Any, ...]) -> dict[str, Any]:
    """Runs in a worker process."""
    from benchmarks.engine_cells import ACTIONS

    return ACTIONS[cell[0]](*cell[1:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "kinds",
        nargs="*",
        help="kinds of cells to measure: large, fidelity, coefficients, peak, lm, synthetic; by default all",
    )
    parser.add_argument("--store", type=Path)
    parser.add_argument("--redo", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only print what is known")
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    store, made_by, began = (
        Store(options.store or games.folder() / "engine.json"),
        code(),
        time.perf_counter(),
    )
    wanted = [cell for cell in plan() if not options.kinds or cell[0] in options.kinds]
    cells = [
        cell for cell in wanted if options.redo or store.known("/".join(map(str, cell)), made_by) is None
    ]
    if not options.report:
        with concurrent.futures.ProcessPoolExecutor(
            options.jobs, multiprocessing.get_context("spawn")
        ) as pool:
            running = {pool.submit(measure, cell): cell for cell in cells}
            for done in concurrent.futures.as_completed(running):
                key = "/".join(map(str, running[done]))
                store.keep(key, {**done.result(), "made by": made_by})
                print(f"  {time.perf_counter() - began:5.0f} s  {key}", flush=True)
        if cells == plan():
            store.note("seconds in all", round(time.perf_counter() - began))
    print(engine_report.markdown(store.data))


if __name__ == "__main__":
    main()
