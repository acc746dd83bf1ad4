"""Runs in the Python of the peers (no spexviz there).

One JSON request a line on stdin, one JSON answer a line on stdout.

    {"do": "proxyspex", "file": npz, "rows": […]}      spectralexplain.utils.proxy_spex, as it is published
    {"do": "lime", "file": npz, "rows": […]}           lime's weighted ridge (LimeBase) on the same masks, all
    players kept in {"do": "spex", "n", "b", "t", "seed", "terms", "coefficients", "noise"}     its soft
    decoder on a known function {"do": "spex game", "n", "b", "t", "seed"}         the same on a game that the
    caller plays, see `ask` {"do": "shapiq", "n", "method", "order", "budget", "seed"}                    an
    approximator of shapiq on such a game

Seconds are of the wall and of the processor, of the method alone: no time of the game is in them.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import sys
import time

from store import Peak

sys.path.pop(0)  # this folder: its file names would hide packages
import numpy as np

OUT = sys.stdout
PLAYED = [0.0, 0.0]  # seconds of the wall and of the processor spent waiting for the caller's game


def ask(masks: np.ndarray) -> np.ndarray:
    """Values of a game that the caller plays.

    It gets a file of masks, and sends the name of a file of values.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    np.save("asked.npy", np.asarray(masks) > 0)
    print(json.dumps({"ask": "asked.npy"}), file=OUT, flush=True)
    values = np.load(json.loads(sys.stdin.readline())["values"], allow_pickle=False)
    PLAYED[0] += time.perf_counter() - wall
    PLAYED[1] += time.process_time() - cpu
    return values


class Clock:
    """Seconds of a block without the game's."""

    def __enter__(self):
        self._start, self._before = (time.perf_counter(), time.process_time()), list(PLAYED)
        return self

    def __exit__(self, *_):
        wall, cpu = time.perf_counter() - self._start[0], time.process_time() - self._start[1]
        self.seconds, self.cpu = wall - PLAYED[0] + self._before[0], cpu - PLAYED[1] + self._before[1]


def r2(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(1.0 - ((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def proxyspex(request: dict) -> dict:
    from spectralexplain.utils import proxy_spex

    with np.load(request["file"], allow_pickle=False) as data:
        masks, values, held, truth = (data[key].astype(float) for key in ("X", "y", "Xt", "yt"))
    with Peak() as peak, Clock() as clock:
        found = proxy_spex((masks[request["rows"]], values[request["rows"]]))
    support, coefficients = np.array(list(found)), np.array(list(found.values()))
    guess = (1.0 - 2.0 * ((held @ support.T) % 2)) @ coefficients
    terms = int((support.sum(1) > 0).sum())
    return {
        "r2": r2(truth, guess),
        "seconds": clock.seconds,
        "cpu": clock.cpu,
        "megabytes": peak.megabytes,
        "terms": terms,
    }


def _lime_kernel(distance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.exp(-(distance**2) / 25.0**2))  # LimeTextExplainer's width


def lime(request: dict) -> dict:
    from lime.lime_base import LimeBase

    with np.load(request["file"], allow_pickle=False) as data:
        masks, values, held, truth = (data[key].astype(float) for key in ("X", "y", "Xt", "yt"))
    n, masks, values = masks.shape[1], masks[request["rows"]], values[request["rows"]]
    # LimeTextExplainer: cosine distance from the whole text, times 100
    away = 100.0 * (1.0 - np.sqrt(masks.mean(1)))
    with Peak() as peak, Clock() as clock:
        constant, slopes, *_ = LimeBase(_lime_kernel).explain_instance_with_data(
            masks, values[:, None], away, 0, n, feature_selection="none"
        )
    weights = np.zeros(n)
    for player, slope in slopes:
        weights[player] = slope
    guess = constant + held @ weights
    return {
        "r2": r2(truth, guess),
        "seconds": clock.seconds,
        "cpu": clock.cpu,
        "megabytes": peak.megabytes,
        "terms": n,
    }


def spex(request: dict) -> dict:
    np.random.seed(request["seed"])  # the reference draws from the global state
    members = np.zeros((len(request["terms"]), request["n"]), dtype=np.float32)
    for row, term in enumerate(request["terms"]):
        members[row, term] = 1.0

    def function(queries):
        signs = 1 - 2 * ((np.asarray(queries, dtype=np.float32) @ members.T).astype(np.int64) % 2)
        return (
            signs @ np.array(request["coefficients"]) + np.random.normal(size=len(queries)) * request["noise"]
        )

    return decoded(request, function)


def spex_game(request: dict) -> dict:
    np.random.seed(request["seed"])
    return decoded(request, lambda queries: ask(np.asarray(queries)))


def decoded(request: dict, function) -> dict:
    import spectralexplain as reference

    n, b, t = request["n"], request["b"], request["t"]
    signal, counts = reference.sampling_strategy(function, b, b, n, None, t=t)
    with Peak() as peak, Clock() as clock:
        found = reference.support_recovery("soft", signal, b, t=t)
    sets = [[[int(i) for i in np.flatnonzero(key)], float(value)] for key, value in found.items()]
    return {
        "found": sets,
        "masks": int(counts[b]),
        "seconds": clock.seconds,
        "cpu": clock.cpu,
        "megabytes": peak.megabytes,
    }


def shapiq(request: dict) -> dict:
    import shapiq as peer

    n, order, budget, seed = request["n"], request["order"], request["budget"], request["seed"]
    makers = {
        "SPEX": lambda: peer.SPEX(n=n, max_order=order, index="FBII", random_state=seed),
        "ProxySPEX": lambda: peer.ProxySPEX(n=n, max_order=order, index="FBII", random_state=seed),
        "KernelSHAP-IQ": lambda: peer.KernelSHAPIQ(n, max_order=order, index="k-SII", random_state=seed),
        "regression FSII": lambda: peer.RegressionFSII(n, max_order=order, random_state=seed),
        "regression FBII": lambda: peer.RegressionFBII(n, max_order=order, random_state=seed),
    }
    np.random.seed(seed)
    with Peak() as peak, Clock() as clock:
        found = makers[request["method"]]().approximate(budget, ask)
    sets = [[list(map(int, term)), float(found[term])] for term in found.interaction_lookup]
    if not any(not term for term, _ in sets):
        sets.append([[], float(found.baseline_value)])
    return {"found": sets, "seconds": clock.seconds, "cpu": clock.cpu, "megabytes": peak.megabytes}


def versions(_: dict) -> dict:
    known = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    return {
        name: known.get(name)
        for name in (
            "spectralexplain",
            "sparse-transform",
            "lightgbm",
            "scikit-learn",
            "numpy",
            "shapiq",
            "lime",
        )
    }


ACTIONS = {
    "proxyspex": proxyspex,
    "lime": lime,
    "spex": spex,
    "spex game": spex_game,
    "shapiq": shapiq,
    "versions": versions,
}

if __name__ == "__main__":
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        with contextlib.redirect_stdout(sys.stderr):
            try:
                answer = ACTIONS[asked["do"]](asked)
            except Exception as error:  # a peer that fails is a result, too
                answer = {"error": f"{type(error).__name__}: {str(error)[:200]}"}
        print(json.dumps(answer), file=OUT, flush=True)
