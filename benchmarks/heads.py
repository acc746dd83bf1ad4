"""Heads of the bundled model.

Ablations a second and share of peak, R² of the solvers, and what removal keeps.

    python -m benchmarks.heads [speed] [r2] [pruning] [--masks 4096] [--budget 1024] [--tasks facts …]
    [--ablation mean] [--show]

Each part is stored in results/heads.json when it is done (r2 and pruning: after every fit), and what is there
already with the same settings is not asked again; `--show` prints what is stored. Ablations of r2 and pruning
are kept in the cache of this machine. Share of peak: 2 · parameters · tokens of the layers that run, against
the 90th percentile of products of 2048³ in the same precision, probed between the calls.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ablations import product_rate
from benchmarks.store import Store
from spexviz import models
from spexviz.ablate.cache import SqliteCache
from spexviz.ablate.executors import chunk_of
from spexviz.ablate.runner import Runner
from spexviz.games.heads import removal
from spexviz.games.heads.game import HeadsGame
from spexviz.kit.registry import offered
from spexviz.masks import uniform_masks
from spexviz.metrics import r2, r2_interval
from spexviz.results import LEVEL
from spexviz.run import pipeline
from spexviz.solvers.base import Design, timed_fit

RESULTS = Path(__file__).with_name("results") / "heads.json"
TASKS = Path(__file__).resolve().parents[1] / "assets" / "heads"
PROMPTS = {
    "Eiffel": ("The Eiffel Tower is located in the city of", " Paris", " London"),
    "keys": ("The keys to the old wooden cabinet", " are", " is"),
}
# 96: eleven layers are 99 heads, the last three are left out
LAYERS = {54: range(12, 18), 96: range(10, 21), 270: range(30)}
SOLVERS = ("linear", "proxyspex", "gp", "auto")
HELD_OUT, SEED = 512, 20261
SHARES = (0.5, 0.66, 0.83)
PARTS = ("speed", "r2", "pruning")


def game(prompt: str, n: int, **settings: Any) -> HeadsGame:
    """So many heads of the bundled model on a prompt."""
    text, target, contrast = PROMPTS[prompt]
    labels = [f"L{layer}.H{head}" for layer in LAYERS[n] for head in range(9)][:n]
    return HeadsGame("bundled", text, target, contrast, layers=list(LAYERS[n]), only=labels, **settings)


def speed(masks: int) -> dict[str, Any]:
    """Ablations a second at each number of heads, and the share of this machine's peak, probed between the
    calls.
    """
    import torch

    model, rows = models.load("bundled"), {}
    for n in LAYERS:
        asked, peaks, seconds = game("Eiffel", n), [], 0.0
        drawn, chunk = uniform_masks(n, masks, SEED), chunk_of(asked)
        asked(drawn[:chunk])
        for begin in range(0, masks, chunk):
            peaks.append(product_rate(model))
            start = time.perf_counter()
            asked(drawn[begin : begin + chunk])
            seconds += time.perf_counter() - start
        peak = float(np.quantile(peaks, 0.9))
        share = flops(asked) * masks / seconds / peak
        rows[str(n)] = {
            "masks": masks,
            "a call": chunk,
            "seconds": seconds,
            "a second": masks / seconds,
            "share of peak": share,
        }
        rows[str(n)] |= {
            "peak GFLOP/s": peak / 1e9,
            "peak GFLOP/s, least and most": [min(peaks) / 1e9, max(peaks) / 1e9],
        }
        print(
            f"  {n} heads: {masks / seconds:.0f} ablations a second, {share:.2f} of {peak / 1e9:.0f} GFLOP/s",
            flush=True,
        )
    return {"precision": model.precision, "threads": torch.get_num_threads(), **rows}


def flops(asked: HeadsGame) -> float:
    """Of one ablation: the layers from the first ablated one up, and the output head at one token."""
    model, parts = asked.language_model, asked.parts
    layer = sum(parameter.numel() for parameter in parts.layers[0].module.parameters())
    tokens = sum(len(one["input_ids"]) for one in asked.inputs)
    return 2.0 * layer * (
        len(parts.layers) - asked.first_layer
    ) * tokens + 2.0 * model.head_weight.numel() * len(asked.asked)


def fidelities(store: Store, most: int, cache: SqliteCache) -> None:
    """R² of the solvers on 512 held-out masks, at 512, 1,024, … masks, 54 and 270 heads, keep .5 and .9."""
    budgets = [count for count in (512, 1024, 2048, 4096) if count <= most]
    for prompt in PROMPTS:
        for n, keep, ablation in (
            (54, 0.5, "mean"),
            (54, 0.5, "zero"),
            (54, 0.9, "mean"),
            (270, 0.5, "mean"),
            (270, 0.9, "mean"),
            (270, 0.9, "zero"),
        ):
            name = f"{prompt} {n} heads, keep {keep:g}, {ablation}"
            asked = game(prompt, n, keep=keep, ablation=ablation)
            drawn = uniform_masks(n, HELD_OUT + budgets[-1], SEED, keep)
            cells = dict(store.data["cells"].get(f"r2: {name}", {}))
            todo = [(s, b) for b in budgets for s in SOLVERS if f"{s} {b}" not in cells]
            if not todo:
                continue
            values = Runner(asked, cache, len(drawn), _told(name))(drawn)
            for solver, budget in todo:
                fitter = offered("spexviz.solvers")[solver]()
                design = Design(drawn[HELD_OUT : HELD_OUT + budget], asked.layout)
                spectrum, seconds = timed_fit(fitter, design, values[HELD_OUT : HELD_OUT + budget], 0)
                said = spectrum(drawn[:HELD_OUT])
                low, high = r2_interval(values[:HELD_OUT], said, level=LEVEL)
                cells[f"{solver} {budget}"] = {
                    "r2": r2(values[:HELD_OUT], said),
                    "low": low,
                    "high": high,
                    "seconds": seconds,
                }
                store.keep(f"r2: {name}", cells)
            print(
                f"  {name}: " + ", ".join(f"{cell} {found['r2']:.3f}" for cell, found in cells.items()),
                flush=True,
            )


def prune(store: Store, budget: int, tasks: list[str], ablation: str, cache: SqliteCache) -> None:
    """For every task the held-out log-odds of what each method keeps, at equal ablations of the fit
    questions.
    """
    for task in tasks:
        data = json.loads((TASKS / f"{task}.json").read_text(encoding="utf-8"))
        key = f"pruning: {task}, {ablation} ablation, {budget} ablations"
        cells = dict(store.data["cells"].get(key, {}))
        if len(cells) == len(SHARES):
            continue
        asked = HeadsGame("bundled", questions=data["fit"], ablation=ablation)
        solver = offered("spexviz.solvers")["auto"]()
        run = pipeline.explain(asked, solver, budget, cache=cache, progress=_told(task))
        judge = asked.on(data["held_out"])
        full = judge.by_question(np.ones((1, len(asked.players)), dtype=bool))[0]
        ask = Runner(asked, cache, budget, _told(f"{task}, best of N"))
        for share in SHARES:
            found = removal.kept(run, judge, round(share * len(asked.players)), ask=ask, n_best=budget)
            cells[f"{share:g}"] = {
                "r2": run.fidelity.r2,
                "linear": run.baseline.r2,
                "full": float(full.mean()),
            } | {
                one.method: {
                    "value": float(one.values.mean()),
                    "interval": one.interval,
                    "accuracy": float((one.values > 0).mean()),
                }
                for one in found
            }
            best = found[0]
            for other in found[1:]:
                cells[f"{share:g}"][other.method]["spectrum less this"] = best.against(other)
            store.keep(key, cells)
        print(f"  {task}: R² {run.fidelity.r2:.3f} (linear {run.baseline.r2:.3f})", flush=True)


def show(cells: dict[str, Any]) -> None:
    """The tables of what is stored."""
    totals: dict[str, list[float]] = {}
    for key, found in sorted(cells.items(), key=lambda cell: PARTS.index(cell[0].partition(":")[0])):
        part, _, name = key.partition(": ")
        if part == "speed":
            print(f"heads, speed ({found['precision']}, {found['threads']} threads)")
            for n in map(str, LAYERS):
                row = found[n]
                print(
                    f"  {n:>3} heads: {row['a second']:.0f} ablations a second, {row['share of peak']:.2f} "
                    f"of peak ({row['peak GFLOP/s']:.0f} GFLOP/s)"
                )
        elif part == "r2":
            print(f"\nR² on {HELD_OUT} held-out masks: {name}")
            for budget in sorted({int(cell.split()[1]) for cell in found}):
                print(
                    f"  {budget:>5} masks  "
                    + "  ".join(
                        f"{s} {found[f'{s} {budget}']['r2']:.3f}" for s in SOLVERS if f"{s} {budget}" in found
                    )
                )
        elif part == "pruning":
            print(f"\nlog-odds on held-out questions: {name}")
            for share, row in found.items():
                _show_share(name, float(share), row, totals)
    for name, differences in totals.items():
        print(f"spectrum less {name}: {np.mean(differences):+.3f} on average over {len(differences)}")


def _show_share(name: str, share: float, row: dict[str, Any], totals: dict[str, list[float]]) -> None:
    print(f"  {share:.0%} kept (all kept {row['full']:+.2f}; R² {row['r2']:.2f}, linear {row['linear']:.2f})")
    for method in removal.METHODS:
        text = f"    {method:10} {row[method]['value']:+.2f}  accuracy {row[method]['accuracy']:.2f}"
        if difference := row[method].get("spectrum less this"):
            text += "  spectrum less this {:+.2f} [{:+.2f}, {:+.2f}]".format(*difference)
            totals.setdefault(f"{method}, {name.split(', ', 1)[1]}, {share:.0%} kept", []).append(
                difference[0]
            )
        print(text)


def _told(name: str) -> Any:
    last = [time.monotonic()]

    def tell(progress: Any) -> None:
        if time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            print(
                f"  {name}: {progress.done} of {progress.total}, {progress.rate:.0f} a second",
                file=sys.stderr,
                flush=True,
            )

    return tell


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help="speed, r2, pruning; all where none is given")
    parser.add_argument("--masks", type=int, default=4096, help="of speed, and the most of r2")
    parser.add_argument("--budget", type=int, default=1024, help="of pruning")
    parser.add_argument("--tasks", nargs="*", default=["facts", "agreement", "sentiment", "copying"])
    parser.add_argument("--ablation", default="mean", help="of pruning: mean or zero")
    parser.add_argument("--show", action="store_true", help="only print what is stored")
    options = parser.parse_args()
    parts = options.parts or PARTS
    store = Store(RESULTS)
    if not options.show:
        cache = SqliteCache()
        if "speed" in parts:
            store.keep("speed", speed(options.masks))
        if "r2" in parts:
            fidelities(store, options.masks, cache)
        if "pruning" in parts:
            prune(store, options.budget, options.tasks, options.ablation, cache)
    show(store.data["cells"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
