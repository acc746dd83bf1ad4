"""Half the masks: GaussianProcess and Auto against the published ProxySPEX on recorded games, at equal masks
and at half.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.halfmasks FOLDER [--solver gp --solver auto] [--draws 5]

Each game is an .npz with `X, y` (masks to fit on, 1 = kept, and values) and `Xt, yt` (held out).
`reference.json` beside them has the published ProxySPEX's held-out R² at 512 and 1,024 masks. Draws of m
masks are disjoint blocks of rows, the first ones those of the reference; where the rows give fewer than
--draws blocks, further draws are random subsets of all rows (they overlap, so the sd is a little small).
Players of text games stand in their order; those of heads_* in rows of nine heads.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from spexviz.kit.registry import offered
from spexviz.metrics import r2
from spexviz.solvers.base import Design

SIZES = (256, 512, 1024)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--solver", action="append")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--no-layout", action="store_true")
    options = parser.parse_args()
    path = options.folder / "reference.json"
    reference = json.loads(path.read_text()) if path.exists() else {}
    games = {path.stem: np.load(path, allow_pickle=False) for path in sorted(options.folder.glob("*.npz"))}
    for name in options.solver or ["gp"]:
        solver = offered("spexviz.solvers")[name]()
        print(f"\n{name}: held-out R², mean ± sd over draws (CPU seconds a fit)")
        scores = {}
        for game, data in games.items():
            scores |= {(game, m): scored(solver, game, data, m, options) for m in SIZES}
            cells = [
                f"{m}: {np.mean(s):.3f} ± {np.std(s):.3f} ({t:.2f} s)"
                for m in SIZES
                for s, t in [scores[game, m]]
            ]
            print(f"  {game:12s}", "  ".join(cells), flush=True)
        for label, share in (("equal masks", 1), ("half the masks", 2)):
            compare(label, share, scores, games, reference)


def compare(label: str, share: int, scores: dict, games: dict, reference: dict) -> None:
    """Print the solver at m / share masks beside the reference at m."""
    print(f"  {label}: ours − published ProxySPEX")
    gaps = []
    for m in (512, 1024):
        for game in games:
            if f"{game}/{m}" in reference:
                ours, theirs = np.mean(scores[game, m // share][0]), np.mean(reference[f"{game}/{m}"]["r2"])
                gaps.append(ours - theirs)
                print(
                    f"    {game:12s} {m // share:5d} against {m:5d}: {ours:.3f} − {theirs:.3f} = "
                    f"{gaps[-1]:+.3f}"
                )
    if gaps:
        print(f"    mean {np.mean(gaps):+.3f}, least {min(gaps):+.3f}")


def scored(solver, game: str, data, m: int, options) -> tuple[list[float], float]:
    """Held-out R² of every draw, and mean CPU seconds."""
    masks, values, held, truth = (
        data["X"].astype(bool),
        data["y"].astype(float),
        data["Xt"].astype(bool),
        data["yt"].astype(float),
    )
    layout = None if options.no_layout else positions(game, masks.shape[1])
    out, began = [], time.process_time()
    for rows in blocks(len(masks), m, options.draws):
        out.append(r2(truth, solver.fit(Design(masks[rows], layout), values[rows])(held)))
    return out, (time.process_time() - began) / len(out)


def blocks(count: int, m: int, draws: int) -> list[np.ndarray]:
    rows = [np.arange(start, start + m) for start in range(0, count - m + 1, m)][:draws]
    rng = np.random.default_rng(m)
    return rows + [np.sort(rng.permutation(count)[:m]) for _ in range(draws - len(rows))]


def positions(game: str, n: int) -> np.ndarray:
    place = np.arange(n, dtype=float)
    return np.stack([place // 9, place % 9], axis=1) if game.startswith("heads") else place[:, None]


if __name__ == "__main__":
    main()
