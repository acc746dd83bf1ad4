"""What every solver must do, run over all that spexviz.solvers offers."""

import dataclasses
import json

import numpy as np
import pytest

from spexviz import spec
from spexviz.errors import SolverError
from spexviz.kit.options import options, settings
from spexviz.kit.registry import offered
from spexviz.masks import distinct

SOLVERS = offered("spexviz.solvers")
N, BUDGET = 10, 800  # the least level of SPEX is 504 queries at n = 10

pytestmark = pytest.mark.parametrize("solver", [kind() for kind in SOLVERS.values()], ids=list(SOLVERS))


def linear_game(masks):
    return 1.0 + 3.0 * masks[:, 0] - 2.0 * masks[:, 4]


def curved_game(masks):
    return linear_game(masks) + 2.0 * (masks[:, 1] & masks[:, 2]) + np.sin(masks @ np.arange(N))


def test_is_a_frozen_dataclass_that_describes_itself(solver):
    assert dataclasses.is_dataclass(solver) and solver.title and solver.summary
    assert all(option.label and option.help for option in options(solver).values())
    with pytest.raises(dataclasses.FrozenInstanceError):
        solver.anything = 1
    assert spec.build(SOLVERS, spec.describe(solver), "solver") == solver


def test_numbers_of_numpy_are_kept_as_those_of_python(solver):
    of_numpy = {name: np.asarray(value)[()] for name, value in settings(solver).items()}
    again = dataclasses.replace(solver, **of_numpy)
    assert again == solver and json.dumps(spec.describe(again)) == json.dumps(spec.describe(solver))


def test_design_is_distinct_within_cost_and_repeatable(solver):
    design = solver.design(N, BUDGET, 3)
    assert 0 < len(design) <= solver.cost(N, BUDGET) <= BUDGET
    assert len(distinct(design.masks)) == len(design)
    assert (solver.design(N, BUDGET, 3).masks == design.masks).all()
    checkpoints = solver.checkpoints(N, BUDGET)
    assert list(checkpoints) == sorted(set(checkpoints)) and checkpoints[-1] == len(design)


def test_designs_are_nested(solver):
    design = solver.design(N, BUDGET, 3)
    for m in solver.checkpoints(N, BUDGET):
        head = design.head(m)
        assert 0 < len(head) <= m and (head.masks == design.masks[: len(head)]).all()


def test_recovers_a_linear_function(solver):
    design = solver.design(N, BUDGET, 0)
    spectrum = solver.fit(design, linear_game(design.masks))
    expected = {(): 1.5, (0,): -1.5, (4,): 1.0}
    found = spectrum.coefficients
    assert all(abs(found.get(term, 0.0) - expected.get(term, 0.0)) < 0.02 for term in {*found, *expected})


def test_same_seed_same_result(solver):
    design = solver.design(N, BUDGET, 0)
    values = curved_game(design.masks)
    first, second = (solver.fit(design, values, seed=5) for _ in range(2))
    assert first.terms == second.terms and (first.values == second.values).all()


def test_values_that_are_no_number(solver):
    design = solver.design(N, BUDGET, 0)
    values = curved_game(design.masks)
    values[3] = np.nan
    with pytest.raises(SolverError, match="finite"):
        solver.fit(design, values)


def test_values_of_another_shape(solver):
    design = solver.design(N, BUDGET, 0)
    for values in (np.ones(len(design) - 1), np.ones((len(design), 1))):
        with pytest.raises(SolverError, match="shape"):
            solver.fit(design, values)
