"""How many ablations a run asks in all for the R² of the published ProxySPEX, and whether its R² is honest.

    python -m benchmarks.standing [asked] [coverage] [--draws 3] [--show]

asked     For the 14 recorded games: R² of Auto (on held-out masks of the recording) by the number of
          ablations, all of the reference distribution; the number at which it reaches what the published
          ProxySPEX has with 1,024 masks to fit on and 512 held out; Auto with 512 beside it.
coverage  200 runs on eight functions: how often the R² of the fit that is shown, on 4,096 fresh masks, is
          above the lower end of what the run says, and within both.
Results are kept in benchmarks/results/standing.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import spexviz
from benchmarks import games
from benchmarks.engine_cells import truth_of
from benchmarks.fidelity import reference
from benchmarks.halfmasks import blocks
from spexviz.ablate.cache import MemoryCache
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import uniform_masks
from spexviz.metrics import r2
from spexviz.run.pipeline import explain
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Design
from spexviz.spectrum import Spectrum

RESULTS = Path(__file__).with_name("results")
SIZES = (192, 256, 320, 384, 448, 512)
BEYOND = (576, 640, 768)  # tried where these do not reach it
THEIRS = 1024 + 512  # ablations of the published ProxySPEX: to fit on, and held out
RUNS, FRESH = 25, 4096


def published() -> dict[str, float]:
    """{game: mean R² of the published ProxySPEX with 1,024 masks to fit on}."""
    found = {key.partition("/")[0]: r2 for key, r2 in reference().items() if key.endswith("/1024")}
    cells = json.loads((RESULTS / "proxyspex.json").read_text())["cells"]
    draws: dict[str, list[float]] = {}
    for key, cell in cells.items():
        who, game, size, *_ = key.split("/")
        if who == "reference" and size == "1024" and "r2" in cell:
            draws.setdefault(game, []).append(cell["r2"])
    return {**found, **{game: float(np.mean(scores)) for game, scores in draws.items()}}


def asked(name: str, draws: int) -> dict[str, list[float]]:
    """{number of ablations: R² of every draw} of Auto."""
    beside = {game.name: game for game in games.shared()}
    game = beside.get(name) or games.recorded(name)
    out: dict[str, list[float]] = {}
    for m in (*SIZES, *BEYOND):
        if m in BEYOND and needed(out, published()[name]) < float("inf"):
            break
        out[str(m)] = []
        for rows in blocks(len(game.masks), m, draws):
            spectrum = Auto(draws=0).fit(Design(game.masks[rows], game.layout), game.values[rows])
            out[str(m)].append(r2(game.held_out_values, spectrum(game.held_out_masks)))
    return out


def needed(scores: dict[str, list[float]], wanted: float) -> float:
    """Ablations at which the mean R² reaches `wanted`, between two sizes on a log scale; else inf."""
    sizes = [int(size) for size in scores]
    means = np.maximum.accumulate([float(np.mean(found)) for found in scores.values()])
    if wanted > means[-1]:
        return float("inf")
    return float(np.exp(np.interp(wanted, means, np.log(sizes))))


def functions() -> dict[str, Any]:
    """Eight games: sparse, with all subsets, dense, noisy, linear, thresholds, clipped, none at all."""
    rng = np.random.default_rng(3)
    pairs = [(i, j) for i in range(24) for j in range(i)]
    dense = {tuple(sorted(pair)): 0.25 * float(rng.normal()) for pair in pairs}
    dense |= {(i,): float(rng.normal()) for i in range(24)}
    linear = Spectrum(20, {(i,): float(rng.normal()) for i in range(20)})
    hierarchy = truth_of("hierarchy", 20, 1)
    return {
        "sparse": SyntheticGame(truth_of("peak", 20, 2).truncate(order=5), noise=0.3),
        "hierarchy": SyntheticGame(hierarchy, noise=0.0),
        "hierarchy, noise": SyntheticGame(hierarchy, noise=1.5),
        "dense": SyntheticGame(Spectrum(24, dense), noise=0.5),
        "linear, noise": SyntheticGame(linear, noise=4.0),
        "at least 6 of 9": spexviz.game(lambda masks: (masks[:, :9].sum(1) >= 6) * 1.0, players=20),
        "clipped": spexviz.game(lambda masks: np.clip(linear(masks), -1.5, 1.5), players=20),
        "noise alone": SyntheticGame(Spectrum(20, {(): 0.0}), noise=1.0),
    }


def coverage(name: str, runs: int = RUNS, budget: int = 192) -> dict[str, float]:
    """How often the R² of the fit that ships is above the lower end, and within both."""
    game = functions()[name]
    n = len(game.players)
    above = inside = 0
    said: list[float] = []
    true: list[float] = []
    for seed in range(runs):
        run = explain(game, Auto(draws=0), budget, seed=seed, baselines=(), cache=MemoryCache())
        fresh = uniform_masks(n, FRESH, 10**6 + seed, exclude=run.sample.masks)
        truth = r2(game(fresh), run.spectrum(fresh))
        low, high = run.fidelity.interval
        above += truth >= low
        inside += low <= truth <= high
        said.append(run.fidelity.r2)
        true.append(truth)
    return {
        "above": above,
        "inside": inside,
        "runs": runs,
        "said": float(np.mean(said)),
        "true": float(np.mean(true)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["asked", "coverage"])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--show", action="store_true", help="only print what is recorded")
    options = parser.parse_args()
    path = RESULTS / "standing.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
    work: dict[str, tuple[list[str], Callable[[str], Any]]] = {
        "asked": (sorted(published()), lambda name: asked(name, options.draws)),
        "coverage": (list(functions()), coverage),
    }
    for part in () if options.show else options.parts:
        names, measure = work[part]
        for name in names:
            measured = measure(name)
            found = json.loads(path.read_text()) if path.exists() else {}  # another part may be under way
            found.setdefault(part, {})[name] = measured
            path.write_text(json.dumps(found, indent=1) + "\n")
            print(part, name, found[part][name], flush=True)
    print(markdown(found))


def markdown(found: dict[str, dict[str, Any]]) -> str:
    """The tables, and what they say in sum."""
    return "\n\n".join([*_asked_table(found.get("asked", {})), *_coverage_table(found.get("coverage", {}))])


def _verdict(text: str, good: bool) -> str:
    return f"- {text}: {'PASS' if good else 'FAIL'}"


def _asked_table(scores: dict[str, dict[str, list[float]]]) -> list[str]:
    if not scores:
        return []
    theirs = published()
    lines = [
        "| game | published ProxySPEX, 1,536 asked | Auto, 512 asked | asked for the same R² |",
        "|---|---|---|---|",
    ]
    shares, gaps = [], []
    for name, found in scores.items():
        ours = float(np.mean(found["512"]))
        count = needed(found, theirs[name])
        shares.append(count / THEIRS)
        gaps.append(ours - theirs[name])
        lines.append(f"| {name} | {theirs[name]:.3f} | {ours:.3f} | {count:,.0f} |")
    mean = float(np.mean(shares))
    lines += [
        "",
        _verdict(f"asked for the same R²: {mean:.3f} of theirs on average (aim: .333)", mean <= 1 / 3),
        _verdict(f"at most {max(shares):.3f} on a game (aim: .333)", max(shares) <= 1 / 3),
        _verdict(
            f"512 against 1,024: {np.mean(gaps):+.3f} on average, least {min(gaps):+.3f} (aim: −.005, −.04)",
            float(np.mean(gaps)) >= -0.005 and min(gaps) >= -0.04,
        ),
    ]
    return ["\n".join(lines)]


def _coverage_table(found: dict[str, dict[str, float]]) -> list[str]:
    if not found:
        return []
    lines = [
        "| function | R² said | R² on fresh masks | above the lower end | within both |",
        "|---|---|---|---|---|",
    ]
    for name, one in found.items():
        held = f"{one['above']} | {one['inside']} of {one['runs']}"
        lines.append(f"| {name} | {one['said']:.2f} | {one['true']:.2f} | {held} |")
    runs = sum(one["runs"] for one in found.values())
    above = sum(one["above"] for one in found.values()) / runs
    inside = sum(one["inside"] for one in found.values()) / runs
    lines += [
        "",
        _verdict(f"R² above the lower end in {above:.1%} of {runs} runs (aim: 93 %)", above >= 0.93),
        _verdict(f"R² within both ends in {inside:.1%} (aim: 85 %)", inside >= 0.85),
    ]
    return ["\n".join(lines)]


if __name__ == "__main__":
    main()
