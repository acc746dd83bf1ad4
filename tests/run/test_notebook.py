"""A run as code: executed, it asks for the same run."""

import json

import pytest

import spexviz as sv
from spexviz.errors import SpecError
from spexviz.run.notebook import code
from spexviz.run.plan import Request, new_options
from spexviz.spec import RunSpec
from tests.views.test_arcs import recorded

RUNS = ("prompt/never-fails", "prompt/turns", "heads/copying", "training/elevator", "training/wrong-labels")


def executed(text):
    """What the code has made, without the picture at its end."""
    made = {}
    exec(text.replace("sv.views.show(result)", ""), made)
    return made


def test_a_run_of_the_toy_model_is_made_again_with_the_same_spec_and_numbers():
    prompt = 'never "fails" to\nimpress \\ {x} \u202e</script>'
    game = sv.PromptGame(model="toy", prompt=prompt, template="Review: {}\nIt is", masking="delete")
    first = sv.explain(game, sv.GaussianProcess(draws=20), budget=16, seed=7, validate=3, near=0.2)
    again = executed(code(first.spec))["result"]
    assert again.spec == first.spec and again.spec.id == first.spec.id
    assert again.spectrum.values.tolist() == first.spectrum.values.tolist()


@pytest.mark.parametrize("name", RUNS)
def test_the_code_of_every_recorded_run_says_its_spec(name, monkeypatch):
    spec = recorded(name).spec

    def asked(game, solver, budget=512, seed=0, scoring=None, near=None, **more):
        return Request(game, solver, budget, seed, new_options(solver, scoring, near, **more)).spec

    monkeypatch.setattr(sv, "explain", asked, raising=False)
    assert executed(code(spec))["result"] == spec


def test_a_game_of_ones_own_is_a_gap_that_says_so():
    run = sv.explain(sv.game(lambda masks: masks.sum(1), players=4), sv.Linear(), 16)
    text = code(run.spec)
    assert "game = ...  # your own game" in text and "sv.Linear()" in text
    compile(text, "cell", "exec")


def test_a_solver_that_is_not_there_is_refused():
    data = json.loads(recorded(RUNS[0]).spec.to_json())
    data["solver"] = {"name": "oracle"}
    with pytest.raises(SpecError, match="There is no solver named 'oracle'"):
        code(RunSpec.from_json(json.dumps(data)))
