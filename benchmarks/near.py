"""Near the text itself: what a share of masks that remove few players gives, and what it costs.

    python -m benchmarks.near [game …] [--draws 2] [--show]

For the ten games that are recorded here, and four more reviews, 512 masks are asked, with and without a tenth
of near ones (the same reference masks first). Fits are scored on masks that none has seen: R² on 512 of the
reference distribution, local R² on 150 that remove one to three players, and the error on the untouched
input. Values are kept in $SPEXVIZ_HOME/bench/near, results in benchmarks/results/near.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import games
from benchmarks.games import GAMES, Parts, Words
from benchmarks.standing import published
from spexviz.kit.paths import home
from spexviz.masks import Masks, Values, ends, keys, near_masks, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design
from spexviz.spec import NEAR

RESULTS = Path(__file__).with_name("results") / "near.json"
BUDGET, HELD, NEAR_HELD = 512, 512, 150
MORE = {
    "review_n18": Words(
        "The plot made no sense at all, but her performance was so good that I did not mind."
    ),
    "review_n23": Words(
        "I wanted to like this book, yet every chapter felt longer than the last and the clever ending came "
        "far too late."
    ),
    "review_n29": Words(
        "It is hard to believe that a team this talented could produce something so dull, although the "
        "music, for what it is worth, is never less than charming."
    ),
    "review_n36": Words(
        "We waited an hour for a table, the waiter forgot our drinks twice and the bread was stale; still, "
        "the pasta was the best I have eaten outside Italy, so I will not say that it was wasted."
    ),
}
WAYS = {"held": (0.0, 400), "near": (NEAR, 400), "near, 200 terms": (NEAR, 200)}


class Asked:
    """The values of a game, each mask asked once, kept in a file."""

    def __init__(self, name: str, spec: Words | Parts):
        self.spec = spec
        self.path = home() / "bench" / "near" / f"{name}.npz"
        self.known: dict[bytes, float] = {}
        if self.path.exists():
            with np.load(self.path, allow_pickle=False) as data:
                self.known = dict(zip(keys(data["masks"] > 0), data["values"].tolist(), strict=True))
                self.masks, self.values = data["masks"] > 0, data["values"]
        else:
            self.masks, self.values = np.zeros((0, spec.n), bool), np.zeros(0)

    def __call__(self, masks: Masks) -> Values:
        new = np.array([key not in self.known for key in keys(masks)])
        if new.any():
            game = self.spec.game()
            parts = [game(masks[new][start : start + 64]) for start in range(0, int(new.sum()), 64)]
            values = np.concatenate(parts)
            self.known.update(zip(keys(masks[new]), values.tolist(), strict=True))
            self.masks = np.concatenate([self.masks, masks[new]])
            self.values = np.concatenate([self.values, values])
            self.path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self.path, masks=self.masks, values=self.values)
        return np.array([self.known[key] for key in keys(masks)])

    def add(self, masks: Masks, values: Values) -> None:
        """Values that were recorded elsewhere."""
        self.known.update(zip(keys(masks), values.tolist(), strict=True))


def references(name: str, spec: Words | Parts, asked: Asked, draw: int) -> tuple[games.Recorded, Masks]:
    """Held-out masks with their values, and the masks of the reference distribution to fit on, of a draw.

    From the recording, where there is one.
    """
    if name in GAMES:
        known = games.recorded(name)
        return known, known.masks[draw * BUDGET : (draw + 1) * BUDGET]
    masks = uniform_masks(spec.n, HELD + (draw + 1) * BUDGET, 0)
    held = masks[:HELD]
    found = games.Recorded(name, held, asked(held), held, asked(held), spec.layout)
    return found, masks[HELD + draw * BUDGET :]


def measured(name: str, spec: Words | Parts, draw: int) -> dict[str, Any]:
    """Each way's R², local R² and error on the untouched input, on masks that no fit has seen."""
    asked, n = Asked(name, spec), spec.n
    known, reference = references(name, spec, asked, draw)
    if name in GAMES:
        asked.add(known.masks, known.values)
        asked.add(known.held_out_masks, known.held_out_values)
    seen = np.concatenate([reference, known.held_out_masks])
    near_held = near_masks(n, NEAR_HELD, 10**7, exclude=seen)
    near = near_masks(n, round(NEAR * BUDGET), draw, exclude=np.concatenate([seen, near_held]))
    full = ends(n)[1:]
    of_near, of_full = asked(near_held), float(asked(full)[0])
    out: dict[str, Any] = {}
    for way, (share, terms) in WAYS.items():
        few = near[: round(share * BUDGET)]
        masks = np.concatenate([reference[: BUDGET - len(few)], few])
        design = Design(masks, spec.layout, np.arange(len(masks)) >= len(masks) - len(few))
        fit = Auto(terms=terms, draws=0).fit(design, asked(masks), seed=draw)
        out[way] = {
            "r2": r2(known.held_out_values, fit(known.held_out_masks)),
            "local": r2(of_near, fit(near_held)),
            "untouched": float(fit(full)[0]) - of_full,
            "sd": float(known.held_out_values.std()),
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("games", nargs="*")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="only print what is recorded")
    options = parser.parse_args()
    every = {**GAMES, **MORE}
    found: dict[str, list[dict[str, Any]]] = {}
    if RESULTS.exists():
        found = json.loads(RESULTS.read_text())
    if not options.show:
        for name in options.games or every:
            found[name] = [measured(name, every[name], seed) for seed in range(options.draws)]
            RESULTS.write_text(json.dumps(found, indent=1) + "\n")
            print(name, found[name], flush=True)
    print(markdown(found))


def markdown(found: dict[str, list[dict[str, Any]]]) -> str:
    """The table, and what it says in sum."""

    def mean(name: str, way: str, what: str) -> float:
        return float(
            np.mean([abs(one[way][what]) if what == "untouched" else one[way][what] for one in found[name]])
        )

    lines = [
        "| game | R² without, with near masks | local R² | error on the untouched input |",
        "|---|---|---|---|",
    ]
    for name in found:
        cells = [
            f"{mean(name, 'held', what):.3f}, {mean(name, 'near', what):.3f}"
            for what in ("r2", "local", "untouched")
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    gain = {
        what: [mean(name, "near", what) - mean(name, "held", what) for name in found]
        for what in ("r2", "local")
    }
    ratio = [mean(name, "near", "untouched") / mean(name, "held", "untouched") for name in found]
    fewer = np.mean([mean(name, "near, 200 terms", "r2") - mean(name, "near", "r2") for name in found])
    checks = (
        (
            f"local R²: {np.mean(gain['local']):+.3f} on average, least {min(gain['local']):+.3f} "
            "(aim: +.15, 0)",
            np.mean(gain["local"]) >= 0.15 and min(gain["local"]) >= 0,
        ),
        (
            f"R²: {np.mean(gain['r2']):+.4f} on average, least {min(gain['r2']):+.3f} (aim: −.01)",
            np.mean(gain["r2"]) >= -0.01,
        ),
        (
            f"error on the untouched input: × {np.median(ratio):.2f} in the median (aim: .67)",
            np.median(ratio) <= 2 / 3,
        ),
    )
    lines += ["", *(f"- {text}: {'PASS' if good else 'FAIL'}" for text, good in checks)]
    theirs = published()
    reached = [mean(name, "near", "r2") >= theirs[name] - 0.0005 for name in found if name in theirs]
    lines.append(
        f"- with near masks, {BUDGET} asked in all reach what the published ProxySPEX has with 1,536 on "
        f"{sum(reached)} of {len(reached)} games"
    )
    lines.append(f"- 200 terms in place of 400: {fewer:+.4f} of R²")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
