"""spexviz: how parts of a language model's world act together.

    import spexviz as sv
    game = sv.PromptGame(model="bundled", prompt="Her acting never fails to impress", template="Review:
    {}\\nSentiment (positive or negative):") result = sv.explain(game, sv.ProxySPEX(), budget=512)
    result.interactions("FBII", order=3).top(5)

Names are loaded when first used, so that importing spexviz never imports torch.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Design": "spexviz.solvers.base",
    "Spectrum": "spexviz.spectrum",
    "Interactions": "spexviz.indices",
    "interactions": "spexviz.indices",
    "uniform_masks": "spexviz.masks",
    "all_masks": "spexviz.masks",
    "SPEX": "spexviz.solvers.spex.solver",
    "ProxySPEX": "spexviz.solvers.proxyspex.solver",
    "Linear": "spexviz.solvers.linear",
    "GaussianProcess": "spexviz.solvers.gp.solver",
    "Auto": "spexviz.solvers.auto",
    "Lasso": "spexviz.solvers.baselines",
    "FBII2": "spexviz.solvers.baselines",
    "LIME": "spexviz.solvers.baselines",
    "KernelSHAP": "spexviz.solvers.baselines",
    "LeaveOneOut": "spexviz.solvers.baselines",
    "Game": "spexviz.games.base",
    "game": "spexviz.games.function",
    "PromptGame": "spexviz.games.prompt.game",
    "TrainingGame": "spexviz.games.training.game",
    "SyntheticGame": "spexviz.games.synthetic",
    "HeadsGame": "spexviz.games.heads.game",
    "Explanation": "spexviz.results",
    "Fidelity": "spexviz.results",
    "Check": "spexviz.results",
    "Subject": "spexviz.results",
    "RunSpec": "spexviz.spec",
    "explain": "spexviz.run.pipeline",
    "validate": "spexviz.run.checks",
}
_MODULES = {
    "views": "spexviz.views",
    "errors": "spexviz.errors",
    "metrics": "spexviz.metrics",
    "optimum": "spexviz.analysis.optimum",
    "redundancy": "spexviz.analysis.redundancy",
    "datasets": "spexviz.games.training.data",
    "retraining": "spexviz.games.training.retraining",
}
__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    raise AttributeError(f"spexviz has no {name!r}. It has: {', '.join(__all__)}.")


def __dir__() -> list[str]:
    return sorted(__all__)
