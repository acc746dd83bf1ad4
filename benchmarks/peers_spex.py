"""SPEX beside the soft decoder of spectralexplain, and the approximators of shapiq.

Sections of `make bench-full`.

Functions of SPEX: 2^(b−1) random sets of order 1 to 5, coefficients ±U(0.3, 1), Gaussian noise at 5 dB; each
side draws its own masks, equally many, and its own noise. On the 36 heads of the last layers no spectrum is
true, so held-out R² stands for recovery.
"""

from __future__ import annotations

import argparse
import time
from functools import cache
from typing import Any

import numpy as np

from benchmarks import games
from benchmarks.peers_process import PeerError, Peers
from benchmarks.store import Peak, Store, code
from spexviz.ablate.cache import SqliteCache
from spexviz.ablate.runner import Runner
from spexviz.masks import Masks, Values, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.spex.solver import SPEX, decode
from spexviz.spectrum import Spectrum

ORDER, DECIBELS = 5, 5.0
DECODING = 3600.0  # seconds that the reference's decoder may take
CELLS = (
    (32, 7, 0),
    (128, 6, 0),
    (32, 8, 0),
    (64, 7, 0),
    (32, 6, 0),
    (64, 6, 0),
    (256, 6, 0),
    (32, 6, 1),
    (64, 6, 1),
    (128, 7, 0),
    (64, 8, 0),
)
LAST_HEADS, LM_LEVELS = games.Parts(games.PARIS, (26, 27, 28, 29)), (6, 7, 8)
SHAPIQ = ("ProxySPEX", "regression FBII", "regression FSII", "KernelSHAP-IQ", "SPEX")
ON_GAMES = (*SHAPIQ, "lime")
ON_FUNCTIONS = (*SHAPIQ, "spectralexplain ProxySPEX")
FUNCTIONS = [
    (kind, n, noise) for n in (20, 100, 1000) for kind in ("peak", "hierarchy") for noise in (0.0, 0.1)
]
SUBJECTS = (
    ("review_n12", 512),
    ("review_n12", 1024),
    ("heads_n27_paris", 512),
    ("agree_n15", 512),
    ("review_n20", 512),
    ("news_n32", 512),
    ("heads_n54_agree", 512),
    *((f"{kind}_n{n}_noise{noise:g}", 512) for kind, n, noise in FUNCTIONS),
)


def problem(n: int, b: int, seed: int) -> dict[str, Any]:
    """A random function: terms, coefficients, standard deviation of the noise."""
    rng = np.random.default_rng([seed, n, b])
    terms: set[tuple[int, ...]] = set()
    while len(terms) < 2 ** (b - 1):
        terms.add(tuple(sorted(map(int, rng.choice(n, rng.integers(1, ORDER + 1), replace=False)))))
    coefficients = rng.uniform(0.3, 1.0, len(terms)) * rng.choice([-1.0, 1.0], len(terms))
    noise = float(np.sqrt((coefficients**2).sum() / 10 ** (DECIBELS / 10)))
    listed = [list(term) for term in sorted(terms)]
    return {
        "n": n,
        "b": b,
        "t": ORDER,
        "seed": seed,
        "terms": listed,
        "coefficients": coefficients.tolist(),
        "noise": noise,
    }


def solved(n: int, b: int, seed: int, play: Any) -> tuple[dict[str, Any], Spectrum]:
    """Our answer: masks, seconds of the decoding alone and of the whole fit, peak memory.

    And the refitted spectrum.
    """
    solver = SPEX(max_order=ORDER)
    design = solver.design(n, solver._level_cost(n, b), seed)
    values = play(design.masks)
    decode(design, values)  # warm
    began, cpu = time.perf_counter(), time.process_time()
    decode(design, values)
    decoding, decoding_cpu = time.perf_counter() - began, time.process_time() - cpu
    with Peak() as peak:
        began = time.perf_counter()
        spectrum = solver.fit(design, values, seed=seed)
        whole = time.perf_counter() - began
    seconds = {"seconds": decoding, "cpu": decoding_cpu, "fit seconds": whole}
    return {"masks": len(design), **seconds, "megabytes": peak.megabytes}, spectrum


def scores(found: Spectrum, truth: Spectrum) -> dict[str, float]:
    """Share of the true terms found, number of other terms, R² on 2,000 fresh masks without noise."""
    masks, names = uniform_masks(truth.n, 2000, seed=99), set(found.terms) - {()}
    right = set(truth.terms)
    return {
        "recall": len(names & right) / len(right),
        "false": len(names - right),
        "r2": r2(truth(masks), found(masks)),
    }


def spectrum_of(n: int, found: list) -> Spectrum:
    return Spectrum(n, [(tuple(term), value) for term, value in found]) if found else Spectrum(n, [((), 0.0)])


def spex(store: Store, options: argparse.Namespace) -> None:
    """Synthetic cells and the game, side by side.

    The reference's first call compiles, so a small problem goes first.
    """
    with Peers() as peers:
        packages = ("spectralexplain", "sparse-transform")
        theirs_made_by = ", ".join(f"{name} {peers.versions[name]}" for name in packages)
        made_by = f"{code('spex/*.py')}, {theirs_made_by}"
        warm, live = False, []
        for cell in (*CELLS[:6], *LM_LEVELS, *CELLS[6:]):
            on_game = isinstance(cell, int)
            key = f"last_heads_n36/{cell}" if on_game else "/".join(map(str, cell))
            if store.known(key, made_by) and not options.redo:
                continue
            if not warm:
                peers.call({"do": "spex", **problem(32, 3, 0), "noise": 1e-3})
                warm = True
            if on_game and not live:
                live.append(LAST_HEADS.game())
            print(f"spex {key} …", flush=True)
            before = store.data["cells"].get(key, {"made by": ""})
            theirs = (
                before["reference"]
                if before["made by"].endswith(theirs_made_by) and not options.redo
                else None
            )
            found = beside_game(peers, live[0], cell, theirs) if on_game else beside(peers, *cell, theirs)
            store.keep(key, {**found, "made by": made_by})
            print(f"spex {key}: {store.data['cells'][key]}", flush=True)


def beside(peers: Peers, n: int, b: int, seed: int, theirs: dict[str, Any] | None) -> dict[str, Any]:
    """Both on a random function; `theirs`: what the reference gave before, which outlives changes of ours."""
    asked = problem(n, b, seed)
    truth = Spectrum(
        n, [(tuple(term), c) for term, c in zip(asked["terms"], asked["coefficients"], strict=True)]
    )
    noise = np.random.default_rng([seed, 7])
    ours, spectrum = solved(
        n, b, seed, lambda masks: truth(masks) + noise.normal(size=len(masks)) * asked["noise"]
    )
    if theirs is None:
        try:
            theirs = peers.call({"do": "spex", **asked}, limit=DECODING)
            theirs |= scores(spectrum_of(n, theirs.pop("found")), truth)
        except PeerError as error:
            theirs = {"error": str(error)}
    return {"n": n, "b": b, "ours": {**ours, **scores(spectrum, truth)}, "reference": theirs}


def beside_game(peers: Peers, game: Any, level: int, theirs: dict[str, Any] | None) -> dict[str, Any]:
    """Both on the heads of the last layers, which both ask live."""
    n, held = LAST_HEADS.n, uniform_masks(LAST_HEADS.n, games.HELD_OUT, games.SEED)
    values = played(game, held)
    ours, spectrum = solved(n, level, 0, lambda masks: played(game, masks))
    ours |= {"terms": len(spectrum), "r2": r2(values, spectrum(held))}
    if theirs is None:
        theirs = peers.call(
            {"do": "spex game", "n": n, "b": level, "t": ORDER, "seed": 0},
            lambda masks: played(game, masks),
            DECODING,
        )
        found = spectrum_of(n, theirs.pop("found"))
        theirs |= {"terms": len(found), "r2": r2(values, found(held))}
    return {"n": n, "b": level, "ours": ours, "reference": theirs}


@cache
def ablations() -> SqliteCache:
    return SqliteCache()


def played(game: Any, masks: Masks) -> Values:
    """Values of a game.

    Those of a model's game are kept in the cache of this machine, so that a killed run pays for none twice.
    """
    masks = np.asarray(masks, dtype=bool)
    return Runner(game, ablations())(masks) if hasattr(game, "fingerprint") else game(masks)


def others(store: Store, options: argparse.Namespace) -> None:
    """shapiq's approximators and lime on games, and the published ProxySPEX too on known functions, beside
    auto, gp and linear on equally many masks.
    """
    from benchmarks.peers import fit

    with Peers() as peers:
        made_by = f"{code()}, " + ", ".join(
            f"{name} {peers.versions[name]}" for name in ("shapiq", "spectralexplain", "lime")
        )
        for name, budget in SUBJECTS:
            # the published ProxySPEX: hours there
            methods = ON_GAMES if name in games.GAMES else SHAPIQ if "_n1000_" in name else ON_FUNCTIONS
            if (
                all(store.known(f"{name}/{budget}/{method}", made_by) for method in methods)
                and not options.redo
            ):
                continue
            game, live = subject(name, budget)
            ours = {solver: fit(solver, game, np.arange(budget)) for solver in ("auto", "gp", "linear")}
            for method in methods:
                key = f"{name}/{budget}/{method}"
                if store.known(key, made_by) and not options.redo:
                    continue
                store.keep(
                    key,
                    {"ours": ours, "peer": answered(peers, method, game, live, budget), "made by": made_by},
                )
                print(key, store.data["cells"][key], flush=True)


def subject(name: str, budget: int) -> tuple[games.Recorded, Any]:
    """A game as recorded, and as a peer may ask it with masks of its own.

    For a function its noise is in what fits see, not in what scores them.
    """
    if name in games.GAMES:
        game = games.recorded(name)
        return game, known_values(game) or games.GAMES[name].game()
    from benchmarks.engine_cells import truth_of

    kind, n, noise = next(which for which in FUNCTIONS if name == f"{which[0]}_n{which[1]}_noise{which[2]:g}")
    truth, rng = truth_of(kind, n, 0), np.random.default_rng([budget, n])

    def noisy(masks: Masks) -> Values:
        return truth(masks) + rng.normal(size=len(masks)) * np.sqrt(noise * truth.energy())

    masks, held = uniform_masks(n, budget, 0), uniform_masks(n, 2000, 99)
    return games.Recorded(name, masks, noisy(masks), held, truth(held), None), noisy


def answered(peers: Peers, method: str, game: games.Recorded, live: Any, budget: int) -> dict[str, Any]:
    """A peer's answer on `budget` masks, with its held-out R²; {"error": …} where it has none."""
    n, order = game.masks.shape[1], 5 if "SPEX" in method else 2
    try:
        if method in SHAPIQ:
            request = {"do": "shapiq", "n": n, "method": method, "order": order, "budget": budget, "seed": 0}
            answer = peers.call(request, lambda masks: played(live, masks))
        else:
            request = {
                "do": "lime" if method == "lime" else "proxyspex",
                "file": saved(game),
                "rows": list(range(budget)),
            }
            return peers.call(request)
    except PeerError as error:
        return {"error": str(error)}
    found = {tuple(sorted(term)): value for term, value in answer.pop("found")}
    held, guess = game.held_out_masks, np.zeros(len(game.held_out_masks))
    # an index of order k as a surrogate: the sum over the sets that a mask holds
    for term, value in found.items():
        guess += value * held[:, list(term)].all(1)
    return {
        **answer,
        "terms": sum(1 for term, value in found.items() if term and value),
        "r2": r2(game.held_out_values, guess),
    }


def saved(game: games.Recorded) -> str:
    """The game as a file that the peers' process reads."""
    games.folder().mkdir(parents=True, exist_ok=True)
    path = games.folder() / f"{game.name}.rows.npz"
    np.savez(path, X=game.masks, y=game.values, Xt=game.held_out_masks, yt=game.held_out_values)
    return str(path)


def known_values(game: games.Recorded) -> Any:
    """A game whose masks are all recorded, as a look-up; None for others."""
    n = game.masks.shape[1]
    if len(game.masks) + len(game.held_out_masks) < 2**n:
        return None
    table, weights = np.empty(2**n), 1 << np.arange(n)
    for masks, values in ((game.masks, game.values), (game.held_out_masks, game.held_out_values)):
        table[masks @ weights] = values
    return lambda masks: table[masks @ weights]
