"""A few draws of the differential campaign; all of them: `python -m tools.differential`."""

from __future__ import annotations

import pytest

from tests.models import differential, draws
from tests.models.differential import WRONG
from tests.models.draws import draw

DRAWN = range(400, 412)  # beyond those of the campaign


@pytest.mark.parametrize("number", DRAWN)
def test_a_drawn_game_has_the_values_of_transformers(number: int) -> None:
    drawn = draw(0, number)
    for outcome in differential.tried(drawn, ("fp32", "bf16")):
        assert outcome.end != WRONG, f"{drawn}\n{outcome}"


def test_a_draw_is_its_number_and_draws_are_of_many_kinds() -> None:
    assert str(draw(0, 3)) == str(draw(0, 3)) != str(draw(1, 3))
    all_drawn = [draw(0, number) for number in range(300)]
    assert len({one.family for one in all_drawn}) > 80
    assert {one.kind for one in all_drawn} == {"hf", "classifier", "masked-lm"}
    assert {one.settings["masking"] for one in all_drawn if not one.parts} == {
        "delete",
        "replace",
        "mask-token",
        "attention",
    }
    assert sum(one.parts for one in all_drawn) > 30
    assert (draws.draw(0, 0).masks(5) == draw(0, 0).masks(5)).all()


def test_a_value_that_is_off_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from spexviz.models.hf import TransformersModel

    real = TransformersModel.logits
    monkeypatch.setattr(TransformersModel, "logits", lambda self, states: real(self, states) * 1.5)
    drawn = next(one for one in (draw(0, k) for k in range(300)) if plain(one))
    assert [one.end for one in differential.tried(drawn, ("fp32", "bf16"))] == [WRONG, WRONG]


def plain(drawn: draws.Draw) -> bool:
    return drawn.family == "LlamaForCausalLM" and drawn.settings.get("value") == "log-odds"
