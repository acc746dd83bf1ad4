"""Players put together: the spectrum by algebra, its worth measured on masks of whole groups."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spexviz.ablate.runner import Runner
from spexviz.errors import SolverError
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import all_masks
from spexviz.results import Explanation, Subject
from spexviz.run import merging
from spexviz.run.pipeline import explain
from spexviz.solvers.linear import Linear
from tests.run.noted import ASKED, SOURCE, Noted

GROUPS = ((0, 1, 2), (3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15))


def subject(run: Explanation, k: int) -> Subject:
    labels = tuple(f"group {i}" for i in range(k))
    return dataclasses.replace(run.subject, players=labels, spans=(), layout=None)


def test_a_good_fit_stays_good_and_only_whole_groups_are_asked() -> None:
    run = dataclasses.replace(explain(Noted(SOURCE), Linear(), 64), spectrum=SOURCE)
    ASKED.clear()
    runner = Runner(Noted(SOURCE))
    found = merging.merged(run, GROUPS, subject(run, 5), runner)
    assert len(ASKED) == merging.asks(5) == 32
    fine = merging.spread(all_masks(5), GROUPS, 16)
    np.testing.assert_allclose(found.spectrum(all_masks(5)), run.spectrum(fine), atol=1e-9)
    assert found.fidelity.r2 > 0.999 > found.baseline.r2
    assert found.fidelity.interval == (found.fidelity.r2, found.fidelity.r2), "all masks were asked"
    assert found.ends == run.ends and found.players == subject(run, 5).players
    assert found.interactions().top(3).values and found.spent.asked == 32
    assert Explanation.from_json(found.to_json()).fidelity == found.fidelity


def test_of_many_groups_some_masks_are_asked_and_the_interval_says_how_sure_that_is() -> None:
    run = explain(SyntheticGame(SOURCE, noise=0.5), Linear(), 256)
    groups = [(i, i + 8) for i in range(8)]
    found = merging.merged(run, groups, subject(run, 8), Runner(SyntheticGame(SOURCE, noise=0.5)))
    low, high = found.fidelity.interval
    assert found.fidelity.held_out == merging.FRESH and low < found.fidelity.r2 < high


def test_an_exact_run_stays_exact_and_asks_nothing() -> None:
    source = SOURCE.truncate(order=2)
    game = SyntheticGame(type(source)(6, {(): 1.0, (0,): -1.0, (0, 1): 0.8, (2, 5): -0.6}))
    run = explain(game, Linear(), 64)
    groups = ((0, 2), (1, 3), (4, 5))
    runner = Runner(Noted(SOURCE))
    ASKED.clear()
    found = merging.merged(run, groups, subject(run, 3), runner)
    assert run.proof.exact and found.proof.exact and not ASKED
    np.testing.assert_allclose(found.spectrum(all_masks(3)), game(merging.spread(all_masks(3), groups, 6)))
    assert found.ends == pytest.approx(run.ends)


def test_masks_that_keep_otherwise_are_refused() -> None:
    class Kept(SyntheticGame):
        keep = 0.8

    run = explain(Kept(SOURCE), Linear(), 64)
    with pytest.raises(SolverError, match="½"):
        merging.merged(run, GROUPS, subject(run, 5), Runner(SyntheticGame(SOURCE)))
