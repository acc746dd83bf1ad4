"""SPEX beside the soft decoder of spectralexplain, and the approximators of shapiq: sections of `make bench-full`.

Functions of SPEX: 2^(b−1) random sets of order 1 to 5, coefficients ±U(0.3, 1), Gaussian noise at 5 dB; each side draws its own
masks, equally many, and its own noise. On the game of 54 heads no spectrum is true, so held-out R² stands for recovery.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from spexviz.masks import Masks, Values, uniform_masks
from spexviz.metrics import r2
from spexviz.solvers.spex import SPEX, decode
from spexviz.spectrum import Spectrum
from tests.benchmarks import games
from tests.benchmarks.peers_process import PeerError, Peers
from tests.benchmarks.store import Peak, Store, code

ORDER, DECIBELS = 5, 5.0
CELLS = ((32, 6, 0), (64, 6, 0), (128, 6, 0), (32, 6, 1), (64, 6, 1), (32, 7, 0), (256, 6, 0), (64, 7, 0), (32, 8, 0), (128, 7, 0), (64, 8, 0))
LM_GAME, LM_LEVEL = "heads_n54_agree", 6
SHAPIQ = ("ProxySPEX", "regression FBII", "regression FSII", "KernelSHAP-IQ", "SPEX")
SHAPIQ_GAMES = ("review_n12", "heads_n27_paris")
SHAPIQ_BUDGETS = (512, 1024)


def problem(n: int, b: int, seed: int) -> dict[str, Any]:
    """A random function: terms, coefficients, standard deviation of the noise."""
    rng = np.random.default_rng([seed, n, b])
    terms: set[tuple[int, ...]] = set()
    while len(terms) < 2 ** (b - 1):
        terms.add(tuple(sorted(map(int, rng.choice(n, rng.integers(1, ORDER + 1), replace=False)))))
    coefficients = rng.uniform(0.3, 1.0, len(terms)) * rng.choice([-1.0, 1.0], len(terms))
    noise = float(np.sqrt((coefficients**2).sum() / 10 ** (DECIBELS / 10)))
    listed = [list(term) for term in sorted(terms)]
    return {"n": n, "b": b, "t": ORDER, "seed": seed, "terms": listed, "coefficients": coefficients.tolist(), "noise": noise}


def solved(n: int, b: int, seed: int, play: Any) -> tuple[dict[str, Any], Spectrum]:
    """Our answer: masks, seconds of the decoding alone and of the whole fit, peak memory; and the refitted spectrum."""
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
    return {"recall": len(names & right) / len(right), "false": len(names - right), "r2": r2(truth(masks), found(masks))}


def spectrum_of(n: int, found: list) -> Spectrum:
    return Spectrum(n, [(tuple(term), value) for term, value in found]) if found else Spectrum(n, [((), 0.0)])


def spex(store: Store, options: argparse.Namespace) -> None:
    """Synthetic cells and the game, side by side; the reference's first call compiles, so a small problem goes first."""
    with Peers() as peers:
        made_by = f"{code()}, spectralexplain {peers.versions['spectralexplain']}, sparse-transform {peers.versions['sparse-transform']}"
        warm = False
        for cell in ("game", *CELLS) if options.redo or store.known("/".join(map(str, CELLS[1])), made_by) else (*CELLS[:2], "game", *CELLS[2:]):
            key = "/".join(map(str, cell)) if cell != "game" else f"{LM_GAME}/{LM_LEVEL}"
            if store.known(key, made_by) and not options.redo:
                continue
            if not warm:
                small = problem(32, 3, 0)
                peers.call({"do": "spex", **small, "noise": 1e-3})
                warm = True
            print(f"spex {key} …", flush=True)
            store.keep(key, {**(beside_game(peers) if cell == "game" else beside(peers, *cell)), "made by": made_by})
            print(f"spex {key}: {store.data['cells'][key]}", flush=True)


def beside(peers: Peers, n: int, b: int, seed: int) -> dict[str, Any]:
    asked = problem(n, b, seed)
    truth = Spectrum(n, [(tuple(term), c) for term, c in zip(asked["terms"], asked["coefficients"], strict=True)])
    noise = np.random.default_rng([seed, 7])
    ours, spectrum = solved(n, b, seed, lambda masks: truth(masks) + noise.normal(size=len(masks)) * asked["noise"])
    theirs = peers.call({"do": "spex", **asked})
    found = spectrum_of(n, theirs.pop("found"))
    return {"n": n, "b": b, "ours": {**ours, **scores(spectrum, truth)}, "reference": {**theirs, **scores(found, truth)}}


def beside_game(peers: Peers) -> dict[str, Any]:
    """Both on the game of 54 heads, which both ask live. `refitted`: the reference's sets with our refit on its own masks."""
    game, n = games.GAMES[LM_GAME].game(), games.GAMES[LM_GAME].n
    held = games.recorded(LM_GAME)
    ours, spectrum = solved(n, LM_LEVEL, 0, lambda masks: played(game, masks))
    theirs = peers.call({"do": "spex game", "n": n, "b": LM_LEVEL, "t": ORDER, "seed": 0}, lambda masks: played(game, masks))
    found = spectrum_of(n, theirs.pop("found"))
    out = {"n": n, "b": LM_LEVEL, "ours": {**ours, "terms": len(spectrum)}, "reference": {**theirs, "terms": len(found)}}
    for side, answer in (("ours", spectrum), ("reference", found)):
        out[side]["r2"] = r2(held.held_out_values, answer(held.held_out_masks))
    return out


def played(game: Any, masks: Masks) -> Values:
    masks = np.asarray(masks, dtype=bool)
    return np.concatenate([game(masks[start : start + games.CHUNK]) for start in range(0, len(masks), games.CHUNK)])


def shapiq(store: Store, options: argparse.Namespace) -> None:
    """shapiq's approximators, each with its own masks, beside auto, gp and linear on equally many."""
    from tests.benchmarks.peers import fit

    with Peers() as peers:
        made_by = f"{code()}, shapiq {peers.versions['shapiq']}"
        for budget in SHAPIQ_BUDGETS:
            for name in SHAPIQ_GAMES:
                game, live = games.recorded(name), None
                ours = {}
                for method in SHAPIQ:
                    key = f"{name}/{budget}/{method}"
                    if store.known(key, made_by) and not options.redo:
                        continue
                    live = live or known_values(game) or games.GAMES[name].game()
                    ours = ours or {solver: fit(solver, game, np.arange(budget)) for solver in ("auto", "gp", "linear")}
                    store.keep(key, {"ours": ours, "peer": approximated(peers, method, game, live, budget), "made by": made_by})
                    print(key, store.data["cells"][key], flush=True)


def approximated(peers: Peers, method: str, game: games.Recorded, live: Any, budget: int) -> dict[str, Any]:
    n, order = game.masks.shape[1], 5 if "SPEX" in method else 2
    try:
        request = {"do": "shapiq", "n": n, "method": method, "order": order, "budget": budget, "seed": 0}
        answer = peers.call(request, lambda masks: played(live, masks))
    except PeerError as error:
        return {"error": str(error)}
    found = {tuple(sorted(term)): value for term, value in answer.pop("found")}
    held, guess = game.held_out_masks, np.zeros(len(game.held_out_masks))
    for term, value in found.items():  # an index of order k as a surrogate: the sum over the sets that a mask holds
        guess += value * held[:, list(term)].all(1)
    return {**answer, "terms": sum(1 for term, value in found.items() if term and value), "r2": r2(game.held_out_values, guess)}


def known_values(game: games.Recorded) -> Any:
    """A game whose masks are all recorded, as a look-up; None for others."""
    n = game.masks.shape[1]
    if len(game.masks) + len(game.held_out_masks) < 2**n:
        return None
    table, weights = np.empty(2**n), 1 << np.arange(n)
    for masks, values in ((game.masks, game.values), (game.held_out_masks, game.held_out_values)):
        table[masks @ weights] = values
    return lambda masks: table[masks @ weights]
