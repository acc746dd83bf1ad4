"""spexviz: how parts of a language model's world act together.

    import spexviz as sv

    game = sv.PromptGame(
        model="bundled",
        prompt="Her acting never fails to impress",
        template="Review: {}\\nSentiment (positive or negative):",
    )
    result = sv.explain(game, sv.ProxySPEX(), budget=512)
    result.interactions(order=3).top(5)

Names are loaded when first used, so that importing spexviz never imports torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names of `_HOME` and `_MODULES` below, for editors and type checkers
    from spexviz import errors as errors
    from spexviz import metrics as metrics
    from spexviz import views as views
    from spexviz.analysis import optimum as optimum
    from spexviz.analysis import redundancy as redundancy
    from spexviz.games.base import Game as Game
    from spexviz.games.function import game as game
    from spexviz.games.heads.game import HeadsGame as HeadsGame
    from spexviz.games.prompt.game import PromptGame as PromptGame
    from spexviz.games.synthetic import SyntheticGame as SyntheticGame
    from spexviz.games.training import data as _data
    from spexviz.games.training import retraining as retraining
    from spexviz.games.training.game import TrainingGame as TrainingGame
    from spexviz.indices import Interactions as Interactions
    from spexviz.indices import interactions as interactions
    from spexviz.masks import all_masks as all_masks
    from spexviz.masks import uniform_masks as uniform_masks
    from spexviz.models import model as model
    from spexviz.results import Check as Check
    from spexviz.results import Explanation as Explanation
    from spexviz.results import Fidelity as Fidelity
    from spexviz.results import load as load
    from spexviz.results.subject import Subject as Subject
    from spexviz.run.checks import validate as validate
    from spexviz.run.pipeline import explain as explain
    from spexviz.solvers.auto import Auto as Auto
    from spexviz.solvers.base import Design as Design
    from spexviz.solvers.baselines import FBII2 as FBII2
    from spexviz.solvers.baselines import LIME as LIME
    from spexviz.solvers.baselines import KernelSHAP as KernelSHAP
    from spexviz.solvers.baselines import Lasso as Lasso
    from spexviz.solvers.baselines import LeaveOneOut as LeaveOneOut
    from spexviz.solvers.gp.solver import GaussianProcess as GaussianProcess
    from spexviz.solvers.linear import Linear as Linear
    from spexviz.solvers.proxyspex.solver import ProxySPEX as ProxySPEX
    from spexviz.solvers.spex.solver import SPEX as SPEX
    from spexviz.spec import RunSpec as RunSpec
    from spexviz.spectrum import Spectrum as Spectrum
    from spexviz.views.document import report as report

    datasets = _data

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
    "model": "spexviz.models",
    "PromptGame": "spexviz.games.prompt.game",
    "TrainingGame": "spexviz.games.training.game",
    "SyntheticGame": "spexviz.games.synthetic",
    "HeadsGame": "spexviz.games.heads.game",
    "Explanation": "spexviz.results",
    "Fidelity": "spexviz.results",
    "Check": "spexviz.results",
    "load": "spexviz.results",
    "Subject": "spexviz.results.subject",
    "RunSpec": "spexviz.spec",
    "explain": "spexviz.run.pipeline",
    "validate": "spexviz.run.checks",
    "report": "spexviz.views.document",
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

if not TYPE_CHECKING:  # a checker that saw `__getattr__` would believe every name
    __all__ = [*_HOME, *_MODULES]

    def __getattr__(name: str) -> object:
        if name in _HOME:
            return getattr(importlib.import_module(_HOME[name]), name)
        if name in _MODULES:
            return importlib.import_module(_MODULES[name])
        raise AttributeError(f"spexviz has no {name!r}. It has: {', '.join(__all__)}.")

    def __dir__() -> list[str]:
        return sorted(__all__)
