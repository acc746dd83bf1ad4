"""What lessons 2 and 7 say of LIME, SHAP and attention: by the recorded answers, and by the model itself."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from spexviz.masks import all_but
from spexviz.run.plan import Request
from tools import record_methods as methods

FILE = json.loads(methods.FILE.read_text(encoding="utf-8"))
DIGITS = 1.1e-4  # of what is rounded to four behind the point

each_text = pytest.mark.parametrize("name", methods.RUNS)


@each_text
def test_scores_are_what_the_recorded_answers_give(name: str) -> None:
    run, held = methods.recorded(name), FILE[name]
    assert held["words"] == list(run.players) and run.proof.exact
    for method, found in methods.from_masks(run).items():
        for what, value in found.items():
            assert held["methods"][method][what] == pytest.approx(value, abs=DIGITS), (method, what)


@each_text
def test_r2_is_of_all_masks_and_none_is_above_the_best_scores(name: str) -> None:
    run, found = methods.recorded(name), FILE[name]["methods"]
    masks, values = methods.asked(run)
    assert len(masks) == 2 ** len(run.players) and np.isfinite(values).all()
    for method in found.values():
        missed = values - method["constant"] - masks @ np.array(method["scores"])
        assert method["r2"] == pytest.approx(
            1.0 - missed @ missed / ((values - values.mean()) ** 2).sum(), abs=2e-3
        )
        assert method["r2"] <= found["linear"]["r2"] + DIGITS
    assert found["linear"]["r2"] == pytest.approx(run.baseline.r2, abs=1e-3), (
        "what the page says of single words"
    )
    whole = run.ends[1] - run.ends[0]
    assert sum(found["shap"]["scores"]) == pytest.approx(whole, abs=1e-3), "SHAP shares out the whole effect"
    line = np.array(found["attention"]["scores"]) / np.array(found["attention"]["shares"])
    assert np.ptp(line) < 0.02 * abs(line.mean()), "one slope for all"


def test_every_method_has_the_counterfactual_of_the_lesson_wrong() -> None:
    run, predicted = methods.recorded("never-fails"), FILE["never-fails"]["without"]["2-3"]
    measured = float(run.asked(all_but([(2, 3)], 6))[0])
    chance = 1.0 / (1.0 + np.exp(-measured))
    full = 1.0 / (1.0 + np.exp(-run.ends[1]))
    assert chance > full + 0.03, "without both it is more positive than before"
    for method in ("linear", "lime", "shap", "attention"):
        assert predicted[method] < full - 0.05, method


@pytest.mark.model
@pytest.mark.parametrize("name", methods.RUNS if os.environ.get("SPEXVIZ_CAMPAIGN") else ["never-fails"])
def test_the_model_still_attends_and_answers_so(name: str) -> None:
    run, held = methods.recorded(name), FILE[name]["methods"]["attention"]
    found = methods.attention(run)
    assert found["shares"] == pytest.approx(held["shares"], abs=0.003)
    assert found["rollout"] == pytest.approx(held["rollout"], abs=0.003)
    game = Request.of(run.spec).game
    game = game.at_full_precision() or game
    masks = all_but(methods.RUNS[name], len(run.players))
    assert np.asarray(game(masks)) == pytest.approx(run.asked(masks), abs=0.02)
