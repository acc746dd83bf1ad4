"""How well a run says beforehand what more ablations bring: python -m benchmarks.more [curves] [coverage]

curves     Runs of Auto, scored by folds, on the recorded games and on eight functions, at 64, 128, … 2,048
           masks: the R² at each checkpoint, and of a run that ends there. Kept in results/more.json.
coverage   How often R² at twice and at four times the ablations lay in the interval that was stated before
           (spexviz.run.more), for every run, and for the recorded runs of the app.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import games
from benchmarks.standing import functions
from spexviz.kit.paths import ASSETS
from spexviz.masks import uniform_masks
from spexviz.results import Explanation, Fidelity, Sample
from spexviz.run.expected import Expected, by_curve, own_curve
from spexviz.run.fits import Fit
from spexviz.run.folds import folded, scored
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design, Solver, timed_fit

PATH = Path(__file__).with_name("results") / "more.json"
SIZES = (64, 128, 256, 512, 1024, 2048)
DRAWS = 2
FACTORS = (2, 4)
OF_FUNCTIONS = 1024  # masks at most


def asked(name: str, draw: int) -> tuple[Design, np.ndarray]:
    """The masks of a run in its order, and their values."""
    if name in functions():
        game = functions()[name]
        masks = uniform_masks(len(game.players), OF_FUNCTIONS, draw)
        return Design(masks), game(masks)
    beside = {game.name: game for game in games.shared()}
    game = beside.get(name) or games.recorded(name)
    rows = np.random.default_rng(draw).permutation(len(game.masks))
    return Design(game.masks[rows], game.layout), game.values[rows]


def curve(name: str, draw: int) -> list[dict[str, Any]]:
    """What a run knows at each size, and what one that ends there says."""
    design, values = asked(name, draw)
    points: list[Fidelity] = []
    found: list[dict[str, Any]] = []
    for size in SIZES if draw == 0 else SIZES[:-1]:
        if size > len(design):
            break
        part, known = design.head(size), values[:size]
        solver: Solver = Auto(draws=0)
        point, folds = _point(solver, part, known, points)
        points.append(point)
        last = point
        better = solver.revised(part, known, folds, 0)
        if better is not solver:
            last, _ = _point(better, part, known, points[:-1])
        found.append({"masks": size, "on the way": _said(point), "at the end": _said(last)})
    return found


def _point(solver: Solver, design: Design, values: np.ndarray, before: list[Fidelity]) -> Any:
    spectrum, seconds = timed_fit(solver, design, values, 0)
    folds, _ = folded(solver, design, values, 0)
    fit = Fit(solver.name, len(design), spectrum, seconds)
    return scored(fit, folds, Sample(design.masks, values), math.nan, before, 0.5, 0), folds


def _said(point: Fidelity) -> list[float]:
    return [round(point.r2, 4), *(round(end, 4) for end in point.interval)]


def curves() -> None:
    """Measure what is missing; goes on where it was stopped."""
    for draw in range(DRAWS):
        for name in (*(game.name for game in games.shared()), *games.GAMES, *functions()):
            found = kept()
            if f"{name}/{draw}" in found or not (name not in games.GAMES or games.is_recorded(name)):
                continue
            measured = curve(name, draw)
            found[f"{name}/{draw}"] = measured
            PATH.write_text(
                json.dumps(found, indent=None, separators=(",", ":")).replace('],"', '],\n"') + "\n"
            )
            print(name, draw, [(one["masks"], one["at the end"][0]) for one in measured], flush=True)


def kept() -> dict[str, list[dict[str, Any]]]:
    return json.loads(PATH.read_text()) if PATH.exists() else {}


def _points(run: list[dict[str, Any]], k: int) -> list[Fidelity]:
    """What a run knows that ends at its k-th size."""
    said = [one["on the way"] for one in run[:k]] + [run[k]["at the end"]]
    sizes = [one["masks"] for one in run]
    return [
        Fidelity("auto", size, r2, (low, high)) for size, (r2, low, high) in zip(sizes, said, strict=False)
    ]


def stated(run: list[dict[str, Any]], factor: int) -> Iterator[tuple[Expected, float]]:
    """What each end of a run says of `factor` times its ablations, and what such a run then said."""
    ahead = factor.bit_length() - 1
    for k in range(1, len(run) - ahead):
        said = by_curve(_points(run, k), run[k]["masks"] * factor)
        if said is not None:
            yield said, run[k + ahead]["at the end"][0]


def of_recorded_runs(factor: int) -> Iterator[tuple[Expected, float]]:
    """The same of the runs that come with the app, along their curves."""
    for path in sorted((ASSETS / "runs").glob("*/*.json")):
        if path.name == "index.json":
            continue
        run = Explanation.from_json(path.read_text(encoding="utf-8"))
        points = own_curve(run)
        for k in () if run.proof.exact else range(2, len(points)):
            later = [point for point in points[k:] if point.budget == factor * points[k - 1].budget]
            said = by_curve(points[:k], factor * points[k - 1].budget)
            if said is not None and later:
                yield said, later[0].r2


def coverage(kept: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """{what: how many statements, the share that held, how wide they were} for real games and others."""
    found: dict[str, dict[str, float]] = {}
    made = set(functions())
    for factor in FACTORS:
        kinds = {
            "recorded games": [key for key in kept if key.partition("/")[0] not in made],
            "functions": [key for key in kept if key.partition("/")[0] in made],
        }
        for kind, keys in kinds.items():
            pairs = [pair for key in keys for pair in stated(kept[key], factor)]
            found[f"{kind}, {factor} times"] = _held(pairs)
        found[f"recorded runs, {factor} times"] = _held(list(of_recorded_runs(factor)))
    return found


def _held(pairs: list[tuple[Expected, float]]) -> dict[str, float]:
    inside = [said.interval[0] <= r2 <= said.interval[1] for said, r2 in pairs]
    above = [r2 > said.interval[1] for said, r2 in pairs]
    width = [said.interval[1] - max(0.0, said.interval[0]) for said, _ in pairs]
    off = [r2 - said.r2 for said, r2 in pairs]
    return {
        "statements": len(pairs),
        "held": float(np.mean(inside)),
        "too low": float(np.mean(above)),
        "width": float(np.mean(width)),
        "off": float(np.mean(off)),
    }


def markdown(found: dict[str, dict[str, float]]) -> str:
    lines = [
        "| R² stated beforehand | statements | in the interval | R² was above | mean width | mean error |",
        "|---|---|---|---|---|---|",
    ]
    for kind, one in found.items():
        shares = f"{one['held']:.1%} | {one['too low']:.1%} | {one['width']:.2f} | {one['off']:+.3f}"
        lines.append(f"| {kind} | {one['statements']} | {shares} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["curves", "coverage"])
    options = parser.parse_args()
    if "curves" in options.parts:
        curves()
    print(markdown(coverage(kept())))
