"""What a run costs is counted, not guessed; the model is asked nothing for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.games.prompt.game import PromptGame
from spexviz.models.hf import TransformersModel
from spexviz.models.toy import ToyModel
from spexviz.run import cost, pipeline
from spexviz.run import plan as planning
from spexviz.run.cost import Cost
from spexviz.solvers.linear import Linear

PROMPT = "It is never dull and the acting was not bad at all"


def test_new_and_known_ablations(monkeypatch: pytest.MonkeyPatch) -> None:
    game, solver, cache = PromptGame("toy", PROMPT), Linear(), MemoryCache()
    planned = planning.plan(len(game.players), solver, 64)
    fresh = cost.estimate(game, planned, solver, cache)
    assert (
        (fresh.ablations, fresh.cached) == (planned.ablations, 0)
        and fresh.seconds > 0
        and fresh.memory is None
    )
    pipeline.explain(game, solver, 64, cache=cache, scoring="held-out")
    monkeypatch.setattr(ToyModel, "log_probabilities", None)  # an estimate asks the model nothing
    known = cost.estimate(game, planned, solver, cache)
    assert known.cached == planned.ablations and known.tokens == 0
    # nothing but the fits is left to do
    assert known.seconds == pytest.approx(cost.fits(planned, solver) + cost.START)
    more = planning.plan(len(game.players), solver, 128)
    half = cost.estimate(game, more, solver, cache, checks=32)
    assert half.ablations == more.ablations + 32 and 64 <= half.cached < more.ablations


def test_tokens_are_those_of_the_masks() -> None:
    game, solver = PromptGame("toy", PROMPT, "Review: {}"), Linear()
    planned = planning.plan(len(game.players), solver, 64)
    masks = np.concatenate(
        [
            planned.design.masks,
            planned.held_out,
            np.array([[True], [False]]).repeat(len(game.players), axis=1),
        ]
    )
    told = cost.estimate(game, planned, solver)
    # each word is a token, and so is "Review:"
    assert told.tokens == pytest.approx(int(masks.sum()) + len(masks), rel=0.05)
    exact = planning.plan(3, solver, 64)
    assert cost.estimate(PromptGame("toy", "not so bad"), exact, solver).tokens == 3 * 4


def test_seconds_follow_the_pace_of_the_model(tiny_llama: Path) -> None:
    model = TransformersModel(str(tiny_llama), precision="fp32")
    game, solver = PromptGame(model, PROMPT, value="log-probability"), Linear()
    planned = planning.plan(len(game.players), solver, 64)
    assert cost.estimate(game, planned, solver).seconds is None
    cost.probe(model)
    per_token = model.pace.seconds(1)
    cost.probe(model)
    assert model.pace.seconds(1) == per_token  # once is enough
    told = cost.estimate(game, planned, solver)
    ablations = told.seconds - cost.fits(planned, solver) - cost.START
    assert 0.3 < ablations / (per_token * told.tokens) < 1.0  # common beginnings are computed once
    hidden = PromptGame(model, PROMPT, value="log-probability", masking="attention")
    whole = len(model.encode(PROMPT)) * planned.ablations
    assert cost.estimate(hidden, planned, solver).seconds - cost.fits(
        planned, solver
    ) - cost.START == pytest.approx(per_token * whole)
    assert told.memory == model.memory


def test_in_words() -> None:
    assert (
        str(Cost(770, 512, 40.2, 45_123, 600_000_000))
        == "≈ 40 s · 770 ablations, 512 already known · 45k tokens · 0.6 GB"
    )
    assert str(Cost(1_800, 0, 600.0, 900)) == "≈ 10 min · 1,800 ablations · 900 tokens"
    assert str(Cost(8, 0)) == "8 ablations"
