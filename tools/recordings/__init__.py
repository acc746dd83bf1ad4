"""The recorded runs that the pages show: one module a lens, with a tuple RUNS.

`python -m tools.record_runs` makes the files.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spexviz.kit.registry import offered
from spexviz.run.plan import Request, new_options
from spexviz.solvers.auto import Auto
from spexviz.solvers.base import Solver
from spexviz.spec import RunSpec, build

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "runs"


@dataclass(frozen=True)
class Recording:
    """One run to record: the stem of its file, its title, and all that makes its RunSpec.

    `about`: what it is an example of, in two or three words.
    """

    file: str
    about: str
    title: str
    game: Mapping[str, Any]
    budget: int = 512
    seed: int = 0
    solver: Solver = field(default_factory=lambda: Auto(terms=80, draws=100))
    checks: int = 8

    @property
    def request(self) -> Request:
        """What is asked."""
        game = build(offered("spexviz.games"), self.game, "game")
        options = new_options(self.solver, validate=self.checks)
        return Request(game, self.solver, self.budget, self.seed, options)

    @property
    def spec(self) -> RunSpec:
        """The run, every setting written out."""
        return self.request.spec

    @property
    def folder(self) -> Path:
        """Where its game's runs lie."""
        return FOLDER / str(self.game["name"])


def all_recordings() -> tuple[Recording, ...]:
    """The recordings of every module here, in file order."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return tuple(run for name in names for run in importlib.import_module(f"{__name__}.{name}").RUNS)
