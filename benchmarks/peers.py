"""`make bench-full`: spexviz beside the public implementations, in one run on one machine. Hours.

It goes on where it was stopped.

    python -m benchmarks.peers [timing] [proxyspex] [spex] [others] [--core 0] [--part 0/2] [--games NAME …]
    [--redo]

Every cell is saved to benchmarks/results/*.json when it is done; a cell measured with other solver sources,
or other versions of a peer, is measured again (--redo: all). Seconds are of one core (--core pins to it):
ours are taken right after the peer's, on the same masks. `python -m benchmarks.tables` turns the results into
the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import games, peers_spex
from benchmarks.fidelity import SHARED
from benchmarks.halfmasks import blocks
from benchmarks.peers_process import PeerError, Peers
from benchmarks.store import RESULTS, Peak, Store, code
from spexviz.kit.registry import offered
from spexviz.metrics import r2
from spexviz.solvers.base import Design

DRAWS = {128: 1, 256: 1, 512: 5, 1024: 5, 2048: 1}
ORDER = (
    *((512, draw) for draw in range(2)),
    (1024, 0),
    *((512, draw) for draw in range(2, 5)),
    (1024, 1),
    (256, 0),
    (128, 0),
    (2048, 0),
)
ORDER += tuple((1024, draw) for draw in range(2, 5))  # what matters most first
TIMED = ("sent2_n14", "review_n26", "news_n32", "heads_n54")
TIMED_ALONE = ("review_n45", "review_n130")  # ours only: the reference takes many minutes
SHARES = {"m": 1, "m/2": 2, "m/3": 3}
THIRDS = 2  # draws of which a third is fitted too: an aim, not a claim
OURS = ("gp", "auto", "linear")
REFERENCE = ("spectralexplain", "lightgbm", "scikit-learn")


def fit(name: str, game: games.Recorded, rows: np.ndarray, repeats: int = 1) -> dict[str, Any]:
    """Held-out R² of one of our solvers on some rows, median seconds, peak memory, number of terms."""
    solver, design = offered("spexviz.solvers")[name](), Design(game.masks[rows], game.layout)
    seconds, cpu = [], []
    for _ in range(repeats):
        with Peak() as peak:
            began, busy = time.perf_counter(), time.process_time()
            spectrum = solver.fit(design, game.values[rows])
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - busy)
    score = r2(game.held_out_values, spectrum(game.held_out_masks))
    terms = int((spectrum.orders > 0).sum())
    return {
        "r2": score,
        "seconds": statistics.median(seconds),
        "cpu": statistics.median(cpu),
        "megabytes": peak.megabytes,
        "terms": terms,
    }


def rows_of(game: games.Recorded, m: int, draw: int) -> np.ndarray:
    """The rows of a draw: disjoint blocks, then random subsets."""
    return np.array(blocks(len(game.masks), m, DRAWS[m])[draw])


def part(rows: np.ndarray, share: int) -> np.ndarray:
    """One of `share` equal parts of a draw, the smaller within the larger; all of it for 1."""
    return (
        rows
        if share == 1
        else np.sort(np.random.default_rng(len(rows)).permutation(rows)[: len(rows) // share])
    )


def proxyspex(store: Store, options: argparse.Namespace) -> None:
    """The published ProxySPEX at m masks, ours at m, m / 2 and m / 3 of the same masks, in turn."""
    run, ours_code = f"{time.time():.0f}.{os.getpid()}", code()
    with Peers() as peers:
        theirs_code = " ".join(f"{name} {peers.versions[name]}" for name in REFERENCE)
        for game, m, draw in pending(options):
            key, rows = f"{game.name}/{m}/{draw}", rows_of(game, m, draw)
            theirs = (
                None
                if options.redo
                else store.known(f"reference/{key}", theirs_code) or noted(game.name, m, draw)
            )
            ours = None if options.redo else store.known(f"spexviz/{key}", ours_code)
            if theirs is None and options.only == "ours":
                continue
            if theirs is None:
                request = {"do": "proxyspex", "file": peers_spex.saved(game), "rows": rows.tolist()}
                theirs = {**peers.call(request), "made by": theirs_code, "run": run}
                ours = None  # side by side
            store.keep(f"reference/{key}", {**theirs, "fresh": game.fresh, "n": game.masks.shape[1]})
            if options.only == "reference":
                print(f"{key}: reference {theirs['r2']:.3f}, {theirs.get('seconds', 0):.1f} s", flush=True)
                continue
            if ours is None:
                ours = {"made by": ours_code, "run": run}
                for label, share in SHARES.items():
                    if share < 3 or draw < THIRDS:
                        ours[label] = {
                            name: fit(name, game, part(rows, share))
                            for name in (OURS if share == 1 else ("auto",))
                        }
            store.keep(f"spexviz/{key}", ours)
            whole, half = (ours[share]["auto"]["r2"] for share in ("m", "m/2"))
            told = f"reference {theirs['r2']:.3f}; auto {whole:.3f}, at half {half:.3f}"
            print(
                f"{key}: {told}; reference {theirs.get('seconds', 0):.1f} s, auto "
                f"{ours['m']['auto']['seconds']:.2f} s",
                flush=True,
            )


def timing(store: Store, options: argparse.Namespace) -> None:
    """Seconds of a fit at 1,024 masks with all cores for either side (set OMP_NUM_THREADS and
    SPEXVIZ_THREADS): ours, then the published ProxySPEX.
    """
    known, rows = {game.name: game for game in games.shared()}, np.arange(1024)
    with Peers() as peers:
        made_by = f"{code()} " + " ".join(f"{name} {peers.versions[name]}" for name in REFERENCE)
        for name in (game for game in TIMED + TIMED_ALONE if game in known or game in games.GAMES):
            if store.known(name, made_by) and not options.redo:
                continue
            game = known.get(name) or games.recorded(name)
            for solver in OURS:
                fit(solver, game, rows)  # warm
            cell = {solver: fit(solver, game, rows, 3) for solver in OURS}
            if name in TIMED:
                cell["reference"] = peers.call(
                    {"do": "proxyspex", "file": peers_spex.saved(game), "rows": rows.tolist()}
                )
            threads = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "SPEXVIZ_THREADS")}
            store.keep(name, {**cell, "threads": threads, "n": game.masks.shape[1], "made by": made_by})
            print(
                name,
                {who: round(cell[who]["seconds"], 2) for who in ("reference", *OURS) if who in cell},
                flush=True,
            )


def pending(options: argparse.Namespace) -> Iterator[tuple[games.Recorded, int, int]]:
    """Cells in the order of what they tell.

    A game that another process is still recording comes later, or is recorded here.
    """
    known = {game.name: game for game in games.shared()}
    names = [name for name in (*known, *games.GAMES) if not options.games or name in options.games]
    cells = [
        (m, draw, name)
        for m, draw in ORDER
        for name in names
        if name not in games.GAMES or m <= games.GAMES[name].fit
    ]
    cells = [cell for i, cell in enumerate(cells) if i % options.part[1] == options.part[0]]
    while cells:
        ready = [cell for cell in cells if cell[2] in known or games.is_recorded(cell[2])]
        if not ready and options.wait:
            time.sleep(5)
            continue
        m, draw, name = cell = (ready or cells)[0]
        cells.remove(cell)
        known[name] = known.get(name) or games.recorded(name)
        yield known[name], m, draw


def noted(name: str, m: int, draw: int) -> dict[str, Any] | None:
    """What ../shared/games/reference.json has of a draw: the same masks, the same function.

    Its seconds are of another run.
    """
    path = SHARED / "reference.json"
    entry = json.loads(path.read_text()).get(f"{name}/{m}") if path.exists() else None
    # the first draw is done again: for the seconds, and as a check
    if entry is None or draw >= len(entry["r2"]) or draw == 0:
        return None
    return {"r2": entry["r2"][draw], "made by": "reference.json", "run": "reference.json"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what", nargs="*", help="timing, proxyspex, spex, others: all of them if none is given"
    )
    parser.add_argument("--core", type=int)
    parser.add_argument("--part", type=lambda text: tuple(map(int, text.split("/"))), default=(0, 1))
    parser.add_argument("--games", nargs="+", help="only these")
    parser.add_argument("--redo", action="store_true")
    parser.add_argument(
        "--only",
        choices=("reference", "ours"),
        help="the published ProxySPEX, whose cells outlive changes of ours, or ours where it is known",
    )
    parser.add_argument("--wait", action="store_true", help="another process records the games: wait for it")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    sections = {
        "timing": timing,
        "proxyspex": proxyspex,
        "spex": peers_spex.spex,
        "others": peers_spex.others,
    }
    for what in options.what or sections:
        try:
            sections[what](Store(RESULTS / f"{what}.json"), options)
        except PeerError as error:
            print(f"{what}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
