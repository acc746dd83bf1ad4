"""More ablations: a larger run asks nothing again, and what it will find is said beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spexviz
from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Runner
from spexviz.errors import SolverError
from spexviz.games.synthetic import SyntheticGame
from spexviz.kit.registry import offered
from spexviz.masks import keys
from spexviz.run import cost, more
from spexviz.run.pipeline import explain
from spexviz.run.plan import Plan, Request, new_options, plan
from spexviz.solvers.baselines import LIME
from spexviz.solvers.linear import Linear
from spexviz.solvers.spex.solver import SPEX
from spexviz.spec import FOLDS, HELD_OUT
from tests.run.noted import ASKED, SOURCE, Noted

SOLVERS = offered("spexviz.solvers")


def _one_of_each_design() -> list[str]:
    """A solver for each way to draw masks."""
    return sorted({solver.design: name for name, solver in sorted(SOLVERS.items())}.values())


def asked(planned: Plan) -> set[bytes]:
    return set(keys(cost.masks_of(planned)))


@pytest.mark.parametrize("n", [10, 27])
@pytest.mark.parametrize("name", _one_of_each_design())
def test_a_larger_run_asks_for_every_mask_of_the_smaller(name: str, n: int) -> None:
    """Masks of the fit, near ones, held-out ones: all of them, for every solver and twice its budget."""
    solver = SOLVERS[name]()
    for scoring in (FOLDS, HELD_OUT) if solver.foldable else (HELD_OUT,):
        for keep in (0.5, 0.8) if solver.foldable else (0.5,):
            before: set[bytes] = set()
            for budget in (64, 128, 256, 512, 1024, 2048, 4096):
                options = new_options(solver, scoring)
                try:
                    now = asked(plan(n, solver, budget, n, keep=keep, options=options))
                except SolverError:  # too few for its least level
                    continue
                assert before <= now, (scoring, keep, budget)
                before = now


def test_of_spex_between_two_levels_only_masks_of_the_refit_are_lost() -> None:
    """A budget that is not doubled may take masks from the refit for a level: the others are kept."""
    solver = SPEX(max_order=2)
    small, large = (solver.design(20, budget, 0) for budget in (500, 600))
    lost = set(keys(small.masks)) - set(keys(large.masks))
    structured = set(keys(small.masks[np.unique(small.rows)]))
    assert len(lost) < len(small) and not lost & structured
