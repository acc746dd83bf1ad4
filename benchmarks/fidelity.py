"""Fidelity of ProxySPEX on real games: python -m benchmarks.fidelity

Prints held-out R² of Linear, of the published ProxySPEX (recorded in reference.json) and of ours, the mean
over disjoint draws of the masks, and CPU seconds a fit. Without ../shared/games it measures games of its own
on the bundled model; there is no recorded reference for those, and a row passes where ProxySPEX is not below
Linear.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spexviz.masks import uniform_masks
from spexviz.solvers.base import Design
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX

SHARED = Path(__file__).resolve().parents[2] / "shared" / "games"
DRAWS = {512: 3, 1024: 2}
TOLERANCE = 0.01
REVIEWS = {
    "own_short": "The songs were lovely but the story never once found its feet",
    "own_long": "I expected very little from this sequel, yet its quiet humour and a wonderful lead made me "
    "forget how thin the plot really was",
}


@dataclass(frozen=True)
class Recorded:
    """A game as masks and values: to fit on, and held out."""

    name: str
    masks: np.ndarray
    values: np.ndarray
    held_out_masks: np.ndarray
    held_out_values: np.ndarray


def recorded(path: Path) -> Recorded:
    with np.load(path, allow_pickle=False) as data:
        return Recorded(
            path.stem, data["X"] > 0, data["y"].astype(float), data["Xt"] > 0, data["yt"].astype(float)
        )


def shared_games() -> list[Recorded]:
    """The games beside the repository, or none."""
    return [recorded(path) for path in sorted(SHARED.glob("*.npz"))]


def own_game(name: str, fit: int = 2048, held_out: int = 512) -> Recorded:
    """A game measured on the bundled model, and kept in $SPEXVIZ_HOME/bench."""
    from spexviz import PromptGame
    from spexviz.kit.paths import home

    path = home() / "bench" / f"{name}_{fit}.npz"
    if not path.exists():
        game = PromptGame(
            model="bundled",
            prompt=REVIEWS[name],
            template="Review: {}\nSentiment (positive or negative):",
            target=" positive",
            contrast=" negative",
            split="words",
            masking="delete",
        )
        masks = uniform_masks(len(game.players), fit + held_out, 0)
        values = game(masks)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, X=masks[:fit], y=values[:fit], Xt=masks[fit:], yt=values[fit:])
    return recorded(path)


def reference() -> dict[str, float]:
    """{"game/masks": mean R² of the published ProxySPEX}, empty where nothing was recorded."""
    path = SHARED / "reference.json"
    return (
        {key: float(np.mean(entry["r2"])) for key, entry in json.loads(path.read_text()).items()}
        if path.exists()
        else {}
    )


def score(solver, game: Recorded, m: int) -> tuple[float, float]:
    """Mean over the draws of held-out R², and of CPU seconds a fit."""
    scores, seconds = [], []
    for start in range(0, min(DRAWS[m] * m, len(game.masks) - m + 1), m):
        design = Design(game.masks[start : start + m])
        begin = time.process_time()
        spectrum = solver.fit(design, game.values[start : start + m])
        seconds.append(time.process_time() - begin)
        error = spectrum(game.held_out_masks) - game.held_out_values
        scores.append(
            1.0 - (error**2).sum() / ((game.held_out_values - game.held_out_values.mean()) ** 2).sum()
        )
    return float(np.mean(scores)), float(np.mean(seconds))


def main() -> None:
    games, known = shared_games() or [own_game(name) for name in REVIEWS], reference()
    # imports LightGBM, which is no part of a fit
    ProxySPEX().fit(Design(games[0].masks[:64]), games[0].values[:64])
    print(
        "| game | masks | linear | reference | ProxySPEX | seconds a fit | |\n|---|---|---|---|---|---|---|"
    )
    for game in games:
        for m in DRAWS:
            linear, _ = score(Linear(), game, m)
            r2, seconds = score(ProxySPEX(), game, m)
            target = known.get(f"{game.name}/{m}")
            verdict = "PASS" if r2 >= (linear if target is None else target) - TOLERANCE else "FAIL"
            shown = "–" if target is None else f"{target:.3f}"
            print(
                f"| {game.name} | {m} | {linear:.3f} | {shown} | {r2:.3f} | {seconds:.2f} | {verdict} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
