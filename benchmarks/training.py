"""Training data: is planted structure found, how many retrainings a second, how good are the solvers?

    python -m benchmarks.training [structure] [mislabelled] [speed] [r2]      all four by default; --learner
    logistic; --show

structure    For a held-out near-copy of each planted pair as the query: the pair's rank among the redundant
pairs of the spectrum. mislabelled  Precision@10 of the ten wrong labels among the most harmful examples:
spectrum, linear datamodel, leave-one-out. speed        10,000 retrainings, and the same by scikit-learn in a
loop (a few hundred, extrapolated). r2           R² on 512 held-out masks: linear datamodel, gp, proxyspex,
auto at equal budgets.

Writes benchmarks/results/training.json, one part after the other.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.store import Store
from spexviz.ablate.cache import MemoryCache
from spexviz.analysis import redundancy
from spexviz.games.training import retraining
from spexviz.games.training.game import TrainingGame
from spexviz.kit.registry import offered
from spexviz.masks import uniform_masks
from spexviz.metrics import r2
from spexviz.run.pipeline import explain
from spexviz.run.plan import HELD_OUT_STREAM
from spexviz.solvers.base import Design

RESULTS = Path(__file__).parent / "results" / "training.json"
DATA = ("reviews", "digits")
LOOPED = 300  # refits by scikit-learn


def structure(learner: str) -> dict[str, Any]:
    """{data, solver, budget: rank of the planted pair for each of ten queries};

    None: not among the redundant pairs.
    """
    out: dict[str, Any] = {}
    for data, solver, budget in [(d, "gp", b) for d in DATA for b in (1024, 2048)]:
        ranks, scores = [], []
        for query, pair in TrainingGame(data).examples.planted_pairs().items():
            result = explain(
                TrainingGame(data, query, learner),
                offered("spexviz.solvers")[solver](),
                budget,
                cache=MemoryCache(),
            )
            found = [group.members for group in redundancy.redundant(result.spectrum)]
            ranks.append(found.index(tuple(sorted(pair))) + 1 if tuple(sorted(pair)) in found else None)
            scores.append(round(result.fidelity.r2, 3))
        hits = sum(rank is not None and rank <= 5 for rank in ranks)
        out[f"{data} {learner} {solver} {budget}"] = {"ranks": ranks, "among 5": hits, "r2": scores}
        print(
            f"{data:8} {learner:9} {solver:5} {budget:5}: among the 5 most redundant {hits} of {len(ranks)}; "
            f"ranks {ranks}; R² {scores}",
            flush=True,
        )
    return out


def mislabelled(learner: str, budget: int = 2048, draws: int = 3) -> dict[str, Any]:
    """Precision@k (k: the number planted) by each ranking, and the paired bootstrap interval of spectrum −
    leave-one-out.
    """
    out: dict[str, Any] = {}
    for data in DATA:
        for value in ("test loss", "accuracy"):
            game = TrainingGame(data, 0, learner, value)
            wrong = game.examples.mislabelled()
            k, n = len(wrong), len(game.players)
            alone = retraining.harmful(game, retraining.leave_one_out(game))
            spectrum, linear = [], []
            for seed in range(draws):
                masks = uniform_masks(n, budget, seed)
                values = game(masks)
                for name, rankings in (("gp", spectrum), ("linear", linear)):
                    fitted = offered("spexviz.solvers")[name]().fit(Design(masks), values, seed=0)
                    effects = np.array([-2.0 * fitted.coefficients.get((i,), 0.0) for i in range(n)])
                    rankings.append(retraining.harmful(game, effects))
            mean = lambda rankings: float(
                np.mean([retraining.precision_at(one, wrong, k) for one in rankings])
            )
            low, high = bootstrap(spectrum, alone, wrong, n)
            row = {
                "spectrum": mean(spectrum),
                "linear": mean(linear),
                "leave-one-out": mean([alone]),
                "chance": k / n,
                "difference": [low, high],
            }
            out[f"{data} {learner} {value}"] = {name: np.round(x, 3).tolist() for name, x in row.items()}
            print(
                f"{data:8} {learner:9} {value:9}: "
                + ", ".join(f"{name} {x}" for name, x in out[f"{data} {learner} {value}"].items()),
                flush=True,
            )
    return out


def bootstrap(
    rankings: list, alone: np.ndarray, wrong: tuple[int, ...], n: int, draws: int = 1000
) -> tuple[float, float]:
    """90 % interval of the mean difference in precision@k over resampled examples.

    In each resample k is the number planted.
    """
    rng, truth, found = np.random.default_rng(0), np.isin(np.arange(n), wrong), []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, n, n), minlength=n)
        k = int(times[truth].sum())
        if k:
            each = [float(np.repeat(truth[one], times[one])[:k].mean()) for one in (*rankings, alone)]
            found.append(np.mean(each[:-1]) - each[-1])
    return tuple(np.quantile(found, [0.05, 0.95]).tolist())  # type: ignore[return-value]


def speed(_: str, retrainings: int = 10_000) -> dict[str, Any]:
    """Seconds of 10,000 retrainings at once, of the features before them, and of scikit-learn's loop."""
    out: dict[str, Any] = {}
    for data in DATA:
        for learner in ("ridge", "logistic", "network"):
            game = TrainingGame(data, 0, learner)
            masks = uniform_masks(len(game.players), retrainings, 0)
            game(masks[:64])
            wall, process = time.perf_counter(), time.process_time()
            few = (
                masks
                if (data, learner) in (("reviews", "ridge"), ("digits", "ridge"), ("reviews", "logistic"))
                else masks[:500]
            )
            game(few)
            scale = retrainings / len(few)
            row = {
                "seconds": scale * (time.perf_counter() - wall),
                "processor seconds": scale * (time.process_time() - process),
                "asked": len(few),
            }
            if (one := refit(game)) is not None:
                wall, process = time.perf_counter(), time.process_time()
                for mask in masks[:LOOPED]:
                    one(mask)
                scale = retrainings / LOOPED
                row |= {
                    "scikit-learn": scale * (time.perf_counter() - wall),
                    "scikit-learn processor": scale * (time.process_time() - process),
                }
            out[f"{data} {learner}"] = {name: round(x, 2) for name, x in row.items()}
            print(
                f"{data:8} {learner:9} {len(game.players)} players, {retrainings:,} retrainings: "
                f"{out[f'{data} {learner}']}",
                flush=True,
            )
    return out


def refit(game: TrainingGame) -> Callable[[np.ndarray], float] | None:
    """One retraining by scikit-learn; None for a learner that it does not have."""
    from sklearn.linear_model import LogisticRegression, Ridge

    x, labels = game._features[0], np.array(game.examples.train.labels)
    onehot, tests = np.eye(len(game.examples.classes))[labels], game.asked[0]
    if game.learner == "ridge":
        return lambda mask: (
            Ridge(alpha=game.penalty, fit_intercept=False).fit(x[mask], onehot[mask]).predict(tests)
        )
    if game.learner != "logistic":
        return None
    model = lambda: LogisticRegression(C=1 / game.penalty, fit_intercept=False, tol=1e-8, max_iter=1000)
    if onehot.shape[1] == 2:
        return lambda mask: model().fit(x[mask], labels[mask]).decision_function(tests)
    return lambda mask: [
        model().fit(x[mask], labels[mask] == c).decision_function(tests) for c in range(onehot.shape[1])
    ]


def solvers(learner: str) -> dict[str, Any]:
    """{game: {solver: {budget: R²}}} on 512 masks that no fit has seen; one draw of the masks."""
    out: dict[str, Any] = {}
    games = [("reviews", 0, "margin"), ("digits", 3, "margin")]
    for data, query, value in games:
        game = TrainingGame(data, query, learner, value)
        n = len(game.players)
        masks = uniform_masks(n, 4096, 0)
        held = uniform_masks(n, 512, HELD_OUT_STREAM, exclude=masks)
        values, truth = game(masks), game(held)
        row: dict[str, Any] = {}
        for name in ("linear", "gp", "proxyspex", "auto"):
            for budget in (512, 1024, 2048, 4096):
                if budget > 1024 and name in ("proxyspex", "auto"):
                    continue
                fitted = offered("spexviz.solvers")[name]().fit(
                    Design(masks[:budget]), values[:budget], seed=0
                )
                row.setdefault(name, {})[budget] = round(r2(truth, fitted(held)), 3)
        out[f"{data} {query} {value} {learner}"] = row
        print(f"{data} query {query} {value} {learner}: {row}", flush=True)
    return out


def show(cells: dict[str, Any]) -> None:
    """The stored figures, a line each."""
    for part in PARTS:
        print(f"training, {part}")
        for key, row in cells.items():
            if key.startswith(f"{part}: "):
                print(
                    f"  {key.removeprefix(f'{part}: '):28} "
                    + ", ".join(f"{name} {value}" for name, value in row.items())
                )


PARTS = {"structure": structure, "mislabelled": mislabelled, "speed": speed, "r2": solvers}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help="structure, mislabelled, speed, r2")
    parser.add_argument("--learner", default="ridge", choices=("ridge", "logistic", "network"))
    parser.add_argument(
        "--show", action="store_true", help="print what was measured last, and measure nothing"
    )
    options = parser.parse_args()
    store = Store(RESULTS)
    if options.show:
        show(store.data["cells"])
        return
    for part in options.parts or PARTS:
        for name, row in PARTS[part](options.learner).items():
            store.keep(f"{part}: {name}", row)


if __name__ == "__main__":
    main()
