"""`python -m tools.numbers`.

Runs of every game and solver, each with its id and digests of its values, spectrum and checks.

Called on two commits (with the other one's checkout as the working directory) it shows whether both give
bit-identical numbers. One thread, so that sums have one order.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

os.environ.setdefault("SPEXVIZ_THREADS", "1")
REVIEW = "Review: {}\nSentiment (positive or negative):"
LONG = "Her acting never fails to impress, even though the plot is anything but original."
FORMULA = "2*x0*x1 - 3*x2*x3*x4 + 0.5*x5 + x6*x7 - x8 + x9*x10*x11"


def runs() -> Iterator[tuple[str, Any, Any, dict[str, Any]]]:
    """(name, game, solver, arguments of explain)."""
    import spexviz as sv

    synthetic = sv.SyntheticGame(FORMULA, noise=0.1, seed=3)
    solvers = (
        sv.Auto(),
        sv.ProxySPEX(),
        sv.GaussianProcess(),
        sv.SPEX(max_order=3),
        sv.Linear(),
        sv.Lasso(),
        sv.FBII2(),
        sv.LIME(),
        sv.KernelSHAP(),
        sv.LeaveOneOut(),
    )
    for solver in solvers:
        yield (
            f"synthetic, {type(solver).name}",
            synthetic,
            solver,
            {"budget": 600, "seed": 1, "validate": type(solver).name in ("auto", "gp")},
        )
    toy = sv.PromptGame("toy", LONG, "Review: {}")
    yield "toy prompt", toy, sv.Auto(), {"budget": 256, "validate": 4}
    yield (
        "toy prompt, stops early",
        toy,
        sv.GaussianProcess(),
        {"budget": 1024, "target_r2": 0.5, "stop_when_flat": True},
    )
    yield (
        "toy prompt, exact",
        sv.PromptGame("toy", "This film is not good at all"),
        sv.Auto(),
        {"budget": 512, "validate": True},
    )
    yield (
        "reviews, ridge",
        sv.TrainingGame("reviews", 0),
        sv.GaussianProcess(),
        {"budget": 256, "validate": 4},
    )
    yield (
        "reviews, logistic",
        sv.TrainingGame(
            "reviews", learner="logistic", value="test loss", players_are="cluster", encoder="words"
        ),
        sv.Auto(),
        {"budget": 128},
    )
    yield (
        "reviews, network",
        sv.TrainingGame("reviews", 1, learner="network", value="loss", players_are="source", encoder="words"),
        sv.Linear(),
        {},
    )
    yield "digits", sv.TrainingGame("digits", 3), sv.Linear(), {"budget": 128}
    if "--model" in sys.argv:
        yield (
            "bundled prompt",
            sv.PromptGame("bundled", LONG, REVIEW),
            sv.Auto(),
            {"budget": 128, "validate": 4},
        )
        yield (
            "bundled prompt, exact",
            sv.PromptGame("bundled", "Her acting never fails to impress", REVIEW),
            sv.Auto(),
            {},
        )
        yield (
            "bundled, greedy",
            sv.PromptGame("bundled", "one two three four", value="greedy", answer_tokens=3),
            sv.Linear(),
            {},
        )
        heads = ("The Eiffel Tower is located in the city of", " Paris", " London")
        yield "bundled heads", sv.HeadsGame("bundled", *heads, layers=[14, 15]), sv.Auto(), {"budget": 64}
        yield (
            "bundled heads, keep .75",
            sv.HeadsGame("bundled", *heads, layers=[14, 15], keep=0.75, ablation="zero"),
            sv.GaussianProcess(),
            {"budget": 64, "validate": 2},
        )


def digest(*parts: Any) -> str:
    """Twelve hex digits of the bytes of arrays, and of what other things print."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return made.hexdigest()[:12]


def line(result: Any) -> str:
    """Id and digests of one result; of the first version's flat form too."""
    composed = hasattr(result, "sample")
    fit = result.sample if composed else result
    held = (
        (result.held_out.masks, result.held_out.values)
        if composed
        else (result.held_out_masks, result.held_out_values)
    )
    values = digest(fit.masks, fit.values, *held, np.array(result.ends))
    spectrum = digest(result.spectrum.terms, result.spectrum.values, result.spectrum.draws)
    checks = digest(
        [(c.members, c.model_mean, c.surrogate_mean, c.interval, c.verdict) for c in result.checks]
    )
    scores = digest(result.fidelity.r2, result.fidelity.interval, result.baseline.r2, result.stopped)
    return f"id {result.spec.id} values {values} spectrum {spectrum} checks {checks} scores {scores}"


def main() -> int:
    import spexviz as sv

    for name, game, solver, options in runs():
        print(f"{name:28} {line(sv.explain(game, solver, **options))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
