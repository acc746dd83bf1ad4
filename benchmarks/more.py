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
            found = _kept()
            if f"{name}/{draw}" in found or not (name not in games.GAMES or games.is_recorded(name)):
                continue
            measured = curve(name, draw)
            found[f"{name}/{draw}"] = measured
            PATH.write_text(
                json.dumps(found, indent=None, separators=(",", ":")).replace('],"', '],\n"') + "\n"
            )
            print(name, draw, [(one["masks"], one["at the end"][0]) for one in measured], flush=True)


def _kept() -> dict[str, list[dict[str, Any]]]:
    return json.loads(PATH.read_text()) if PATH.exists() else {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["curves"])
    options = parser.parse_args()
    if "curves" in options.parts:
        curves()
