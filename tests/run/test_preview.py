"""First colours of a run: early, of the masks so far, and without any weight on what the run finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from spexviz.errors import SpecError
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import Masks, Values
from spexviz.results import Explanation
from spexviz.results.preview import Preview
from spexviz.run import pipeline
from spexviz.run.pipeline import Hooks
from spexviz.run.plan import Request, new_options
from spexviz.solvers.baselines import KernelSHAP
from spexviz.solvers.linear import Linear
from spexviz.solvers.spex.solver import SPEX

SOURCE = "3*x0 - 2*x1 + x2*x3 + 0*x13"


@dataclass(frozen=True)
class Sizes(SyntheticGame):
    """Notes how many masks each call asks."""

    calls: ClassVar[list[int]] = []

    def __call__(self, masks: Masks) -> Values:
        self.calls.append(len(masks))
        return super().__call__(masks)


def run(
    game: SyntheticGame, solver: object, budget: int = 128, **options: object
) -> tuple[Explanation, list[Preview], list[str]]:
    """The result, the previews, and in which order previews and partial results came."""
    early: list[Preview] = []
    order: list[str] = []

    def preview(one: Preview) -> None:
        early.append(one)
        order.append(f"preview {one.masks}")

    hooks = Hooks(preview=preview, partial=lambda so_far: order.append(f"result {len(so_far.sample)}"))
    request = Request(game, solver, budget, 0, new_options(solver, **options))
    return pipeline.run(request, hooks), early, order


@pytest.mark.parametrize("scoring", ["folds", "held-out"])
def test_colours_come_after_32_masks_and_before_the_first_result(scoring: str) -> None:
    result, early, order = run(SyntheticGame(SOURCE), Linear(), scoring=scoring)
    assert order[:2] == ["preview 32", "result 64"] and len(early) == 1
    effects = early[0].effects
    assert effects[0] == pytest.approx(3.0, abs=0.5) and effects[1] == pytest.approx(-2.0, abs=0.5)
    assert early[0].subject.players == result.players and not result.proof.curve[0].budget < 64


def test_no_number_and_no_call_depends_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    game = Sizes(SOURCE, noise=0.3)
    found, _, _ = run(game, Linear())
    calls = list(Sizes.calls)
    Sizes.calls.clear()
    monkeypatch.setattr("spexviz.run.preview.FIRST", 10**9)
    without, early, _ = run(game, Linear())
    assert not early and Sizes.calls == calls and calls[:5] == [2, 32, 32, 32, 32]
    assert (without.sample.values == found.sample.values).all()
    assert without.spectrum == found.spectrum and without.fidelity.r2 == found.fidelity.r2


def test_an_exact_run_is_seen_sharper_at_every_doubling() -> None:
    _, early, order = run(SyntheticGame("x0 + 2*x6 + x1*x2", n=7), Linear(), 64)
    assert order[:3] == ["preview 32", "preview 64", "preview 128"]
    first, last = early[0].effects, early[-1].effects
    assert first[5] == first[6] == 0.0, "the first 32 of all masks keep neither of the last two"
    assert last == pytest.approx([1, 0.5, 0.5, 0, 0, 0, 2], abs=0.02)


@pytest.mark.parametrize("solver", [SPEX(max_order=2), KernelSHAP()])
def test_masks_of_another_kind_are_shown_when_they_are_fitted(solver: object) -> None:
    """The first masks of SPEX move players together: a fit of them would colour the wrong ones."""
    result, early, order = run(SyntheticGame(SOURCE), solver, 512)
    assert not early and result.complete and not any(one.startswith("preview") for one in order)


def test_values_that_tell_nothing_have_no_colours() -> None:
    _, early, _ = run(SyntheticGame("1 + 0*x13"), Linear())
    assert not early


def test_a_preview_is_no_run_and_damage_is_said() -> None:
    _, (early,), _ = run(SyntheticGame(SOURCE), Linear())
    again = Preview.from_json(early.to_json())
    assert (again.effects == early.effects).all() and again.subject.players == early.subject.players
    with pytest.raises(SpecError):
        Explanation.from_json(early.to_json())
    with pytest.raises(SpecError, match="damaged"):
        Preview.from_json(early.to_json().replace('"effects": [', '"effects": [1.0, '))
    with pytest.raises(ValueError, match="not one for each"):
        Preview(early.subject, np.zeros(2), 32)
