"""Beside ProxySHAP of shapiq 1.8 with its grid search, the strongest public rival: R² at equal fit masks.

    python -m benchmarks.proxyshap PYTHON [game …] [--sizes 512 1024] [--draws 2] [--show]

PYTHON is that of an environment with Python 3.12, shapiq 1.8 and xgboost (see proxyshap_worker). Both see the
same masks of the recordings, and are scored on the same held-out ones; ours has the reading order as layout.
ProxySHAP chooses other masks by itself (uniform over sizes, in pairs): compared is what it makes of these.
Results are kept in benchmarks/results/proxyshap.json; what is there is not measured again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import games
from benchmarks.halfmasks import blocks
from spexviz.metrics import r2
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design

RESULTS = Path(__file__).with_name("results") / "proxyshap.json"
WORKER = Path(__file__).with_name("proxyshap_worker.py")


def theirs(python: str, game: games.Recorded, rows: np.ndarray) -> dict[str, Any]:
    """What ProxySHAP makes of some rows of a game."""
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "in.npz", Path(folder) / "out.json"
        np.savez(
            asked, X=game.masks[rows], y=game.values[rows], Xt=game.held_out_masks, yt=game.held_out_values
        )
        subprocess.run([python, str(WORKER), str(asked), str(found)], check=True, capture_output=True)
        return json.loads(found.read_text())


def ours(game: games.Recorded, rows: np.ndarray) -> float:
    spectrum = Auto(draws=0).fit(Design(game.masks[rows], game.layout), game.values[rows])
    return r2(game.held_out_values, spectrum(game.held_out_masks))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("python")
    parser.add_argument("games", nargs="*")
    parser.add_argument("--sizes", nargs="*", type=int, default=[512])
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="only print what is recorded")
    options = parser.parse_args()
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    beside = {game.name: game for game in games.shared()}
    for name in () if options.show else options.games or [*beside, *games.GAMES]:
        game = beside.get(name) or games.recorded(name)
        for m in options.sizes:
            for draw, rows in enumerate(blocks(len(game.masks), m, options.draws)):
                key = f"{name}/{m}/{draw}"
                if key not in found and len(rows) == m:
                    found[key] = {**theirs(options.python, game, rows), "auto": ours(game, rows)}
                    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
                    print(key, found[key], flush=True)
    print(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """The table, and what it says in sum."""
    names: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for key, cell in found.items():
        name, size, _ = key.split("/")
        names.setdefault((name, size), []).append(cell)
    lines = ["| game | masks | ProxySHAP, grid, 200 terms | Auto |", "|---|---|---|---|"]
    gaps = []
    for (name, size), cells in names.items():
        them, us = (float(np.mean([cell[who] for cell in cells])) for who in ("r2", "auto"))
        gaps.append(us - them)
        lines.append(f"| {name} | {size} | {them:.3f} | {us:.3f} |")
    ahead, least = sum(gap > 0 for gap in gaps), min(gaps, default=0.0)
    good = ahead >= 11 / 14 * len(gaps) and least >= -0.015
    verdict = "PASS" if good else "FAIL"
    lines += ["", f"- ahead on {ahead} of {len(gaps)}, least {least:+.3f} (aim: 11 of 14, −.015): {verdict}"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
