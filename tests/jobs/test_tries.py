"""Tries: quick solvers at once, others as long as somebody looks, and one that fails alone."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest

from spexviz.errors import SolverError
from spexviz.jobs import tries as module
from spexviz.jobs.tries import FAILED, Tries
from spexviz.run.playground import Function, Truth
from spexviz.solvers.base import Sparse
from spexviz.solvers.linear import Linear
from spexviz.solvers.spex.solver import SPEX
from spexviz.spectrum import Spectrum

WAIT = 20.0
GO, BEGUN = threading.Event(), threading.Event()


@dataclass(frozen=True)
class Patient(Sparse):
    """Begins, and ends when it is told to."""

    name: ClassVar[str] = "patient"

    def fit(self, design, values, *, seed=0) -> Spectrum:
        BEGUN.set()
        assert GO.wait(WAIT)
        return Spectrum(design.masks.shape[1], {(): 0.0})


@dataclass(frozen=True)
class Broken(Sparse):
    name: ClassVar[str] = "broken"

    def fit(self, design, values, *, seed=0) -> Spectrum:
        raise ZeroDivisionError


@pytest.fixture
def truth() -> Truth:
    GO.clear(), BEGUN.clear()
    return Truth.of(Function("x0*x1 - x2", 6))


def finished(tries: Tries) -> bool:
    tries._thread.join(WAIT)
    return not tries._thread.is_alive()


def test_quick_solvers_answer_at_once_and_the_others_follow(truth: Truth) -> None:
    solvers = (Linear(), Patient(), SPEX(2))
    tries = Tries(truth, 32)
    tries.look(solvers)
    assert [answer.solver.name for answer in tries.answers(solvers)] == ["linear", "spex"]
    assert tries.waiting(solvers) == (Patient(),) and BEGUN.wait(WAIT)
    tries.look((*solvers, SPEX(3)))  # a slider moved: only what is new is tried
    assert SPEX(3) not in tries.waiting((SPEX(3),))
    GO.set()
    assert finished(tries) and not tries.waiting(solvers)
    assert tries.answers((Patient(),))[0].fidelity.r2 < 0.01


def test_where_nobody_looks_no_further_solver_is_fitted(truth: Truth, monkeypatch) -> None:
    other = dataclasses.replace(Patient(), terms=5)
    tries = Tries(truth, 32)
    tries.look((Patient(), other))
    assert BEGUN.wait(WAIT)
    monkeypatch.setattr(module, "PATIENCE", -1.0)
    GO.set()
    assert finished(tries) and tries.waiting((Patient(), other)) == (other,)
    monkeypatch.setattr(module, "PATIENCE", WAIT)
    tries.look((Patient(), other))
    assert finished(tries) and not tries.waiting((Patient(), other))


def test_one_solver_fails_alone_and_many_players_wait_for_nothing(truth: Truth) -> None:
    GO.set()
    solvers = (Broken(), Patient())
    tries = Tries(truth, 32)
    tries.look(solvers)
    assert finished(tries)
    broken, fine = tries.answers(solvers)
    assert broken.refused == FAILED and broken.spectrum is None and fine.spectrum is not None
    large = Tries(Truth.of(Function("x0*x1", 13)), 32)
    large.look((Linear(),))
    assert finished(large) and not large.waiting((Linear(),))


def test_what_a_solver_cannot_do_is_said(truth: Truth) -> None:
    tries = Tries(truth, 2)
    tries.look((SPEX(5),))
    (refused,) = tries.answers((SPEX(5),))
    assert "needs at least" in refused.refused
    with pytest.raises(ValueError, match="needs at least"):
        _ = refused.explanation
    assert issubclass(SolverError, ValueError)
