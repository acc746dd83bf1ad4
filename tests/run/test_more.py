"""More ablations: a larger run asks nothing again, and what it will find is said beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Runner
from spexviz.errors import SolverError
from spexviz.games.synthetic import SyntheticGame
from spexviz.kit.registry import offered
from spexviz.masks import keys
from spexviz.run import cost, more
from spexviz.run.pipeline import explain
from spexviz.run.plan import Plan, Request, new_options, plan
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


@pytest.mark.parametrize(("solver", "budget"), [(Linear(), 256), (SPEX(max_order=2), 300)])
def test_what_was_paid_for_is_found_and_only_the_rest_is_asked(solver: object, budget: int) -> None:
    cache = MemoryCache()
    small = explain(Noted(SOURCE), solver, budget, cache=cache)
    ASKED.clear()
    larger = more.larger(small.spec, 2 * budget)
    large = explain(Noted(SOURCE), solver, 2 * budget, cache=cache)
    paid = len(small.sample) + len(small.held_out) + 2
    assert large.spec == larger and large.spent.cached >= paid
    request = Request(Noted(SOURCE), solver, 2 * budget, 0, larger.options)
    planned = more.planned(small, request)
    both = asked(planned) & set(keys(more.measured_by(small)[0]))
    # an end may be among the masks of a design: it is counted twice, as in what is planned
    assert len(both) <= more.known(small, planned) <= len(both) + 2
    of_large = len(asked(planned))
    assert len(set(ASKED)) <= of_large - paid + large.measured.ablations + 2


def test_a_run_that_may_end_early_goes_on_to_the_end() -> None:
    small = explain(Noted(SOURCE), Linear(), 64, stop_when_flat=True, target_r2=0.5)
    options = more.larger(small.spec, 128).options
    assert not options.stop_when_flat and options.target_r2 is None
    assert options.scoring == small.spec.options.scoring


def test_what_was_measured_elsewhere_is_taken_only_while_it_holds() -> None:
    """The values of a run go into the cache after some were asked again; a changed model gets none."""
    run = explain(SyntheticGame(SOURCE), Linear(), 64)
    masks, values = more.measured_by(run)
    game = SyntheticGame(SOURCE)
    runner = Runner(game, MemoryCache())
    assert more.adopt(run, game, runner) == len(set(keys(masks))) - more.TRIED
    assert runner.done == more.TRIED
    np.testing.assert_array_equal(runner.cache.get(game.fingerprint, masks), values)
    assert more.adopt(run, game, runner) == 0  # all is known
    other = SyntheticGame(SOURCE, noise=1.0)
    runner = Runner(other, MemoryCache())
    assert more.adopt(run, other, runner) == 0
    assert np.isnan(runner.cache.get(other.fingerprint, masks)).sum() == len(masks) - more.TRIED


def test_the_cost_of_going_on_knows_what_the_run_has_measured_without_any_cache() -> None:
    run = explain(SyntheticGame(SOURCE), Linear(), 64)
    request = Request(SyntheticGame(SOURCE), Linear(), 128, 0, run.spec.options)
    cost_of = more.cost_of(run, request, MemoryCache())
    assert cost_of.cached == more.known(run, request.plan) >= 66
