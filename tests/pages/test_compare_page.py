"""The Compare page without a browser: what an address can name, a run that goes on, and repeating a run."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from spexviz.errors import GameError
from spexviz.games.heads.game import HeadsGame
from spexviz.games.prompt.game import PromptGame
from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs.manager import JobManager
from spexviz.jobs.rivals import Rivals
from spexviz.models.toy import ToyModel
from spexviz.run import pipeline
from spexviz.run.compare import compare
from spexviz.run.plan import Request, new_options
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.ui import pairs
from spexviz.ui.lenses.heads.variants import variants as of_heads
from spexviz.ui.lenses.prompt.variants import variants as of_prompts
from tests.pages.app import button, components, page, said, wait

PROMPT = "not good at all"


def request(prompt: str = PROMPT, seed: int = 0, budget: int = 64) -> Request:
    game = PromptGame("toy", prompt, template="Review: {}")
    return Request(game, Linear(), budget, seed, new_options(Linear()))


def finish(manager: JobManager, wanted: Request) -> str:
    run_id = manager.submit(wanted, wanted.game.prompt)
    wait(lambda: not manager.store.get(run_id).active)
    return run_id


def test_two_runs_are_compared(manager: JobManager) -> None:
    first = finish(manager, request())
    second = finish(manager, request("not bad at all"))
    at = page("compare", a=first, b=second)
    told = said(at)
    for text in ("Same model, other prompt:", "How far they agree", "strongest words and sets", "Set by set"):
        assert text in told
    assert len(components(at, "question")) == 2 and len(components(at, "tokens")) == 2
    ranges = [one["legend"] for one in components(at, "tokens")]
    assert ranges[0] == ranges[1]
    (table,) = components(at, "numbers")[-1:]
    assert any("good / " in row[0] for row in table["rows"])
    at.session_state[f"selection-pair-{first}-{second}"] = (1,)  # a click in the table
    at.run()
    assert [at.session_state[f"selection-{one}"] for one in (first, second)] == [(1,), (1,)]


def test_runs_that_go_on_are_shown_as_they_are_and_compared_once_both_are_done(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, answer = threading.Event(), ToyModel.log_probabilities

    def slow(self: ToyModel, *arguments: Any) -> Any:
        assert go.wait(60)
        return answer(self, *arguments)

    monkeypatch.setattr(ToyModel, "log_probabilities", slow)
    ids = [manager.submit(request(prompt), prompt) for prompt in (PROMPT, "not bad at all")]
    at = page("compare", a=ids[0], b=ids[1])
    assert "How far they agree" not in said(at)
    assert [one.label for one in at.button].count("Cancel") == 2
    go.set()
    wait(lambda: not any(manager.store.get(one).active for one in ids))
    at.run()
    assert "How far they agree" in said(at)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "../..", "0" * 16, "a" * 5000, "%00"])
def test_an_address_that_names_no_run_says_what_to_do(manager: JobManager, text: str) -> None:
    run_id = finish(manager, request())
    for query in ({"a": run_id, "b": text}, {"a": text, "b": text}):
        assert "names a run that is not on this machine" in said(page("compare", **query))


def test_what_cannot_be_compared_is_said(manager: JobManager) -> None:
    run_id = finish(manager, request())
    other = manager.store.insert(pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8), "a function")
    assert "Choose two runs above." in said(page("compare"))
    assert "A and B are the same run" in said(page("compare", a=run_id, b=run_id))
    assert "choose two of one kind" in said(page("compare", a=run_id, b=other))


def test_a_run_that_ended_early_is_shown_as_it_is(manager: JobManager) -> None:
    run_id = finish(manager, request())
    other = finish(manager, request("not bad at all", seed=1))
    with manager.store.database.write() as connection:
        change = "UPDATE runs SET state = 'failed', message = 'It is gone.', result = NULL WHERE id = ?"
        connection.execute(change, (other,))
    told = said(page("compare", a=run_id, b=other))
    assert "It is gone. Open it to go on with it" in told and "How far they agree" not in told


def test_a_run_is_repeated_with_another_prompt(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = finish(manager, request())
    gone: list[tuple[Any, ...]] = []
    monkeypatch.setattr(pairs, "go", lambda *ids: gone.append(ids))
    at = page("explore", run=run_id)
    button(at, "Compare with …").click().run()
    at.session_state[f"repeat-{run_id}"] = True  # the popover is open
    at.run()
    assert gone == [(run_id, None)] and "Nothing is different yet" in said(at)
    button(at, "Start and compare").click().run()
    assert len(gone) == 1, "the same run is no other"
    typed = at.text_area(key=f"another-{run_id}-prompt")
    typed.set_value("  ").run()
    assert "The prompt is empty" in said(at)
    typed.set_value("not bad at all").run()
    assert "4 words: all 16 masks" in said(at)
    button(at, "Start and compare").click().run()
    assert not at.exception
    first, second = gone[1]
    wait(lambda: not manager.store.get(second).active)
    run, other = manager.store.get(first).spec, manager.store.get(second).spec
    assert {**run.game, "prompt": "not bad at all"} == other.game and first == run_id
    assert (run.solver, run.budget, run.seed, run.options) == (
        other.solver,
        other.budget,
        other.seed,
        other.options,
    )


def test_a_run_is_repeated_with_another_solver_or_seed(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finish(manager, request())
    gone: list[tuple[Any, ...]] = []
    monkeypatch.setattr(pairs, "go", lambda *ids: gone.append(ids))
    for what in ("Seed", "Solver"):
        at = page("explore", run=run_id)
        at.session_state[f"repeat-{run_id}"] = True
        at.session_state[f"another-{run_id}"] = what
        at.run()
        button(at, "Start and compare").click().run()
        assert not at.exception
        wait(lambda: not manager.store.get(gone[-1][1]).active)
    seed, solver = (manager.store.get(second).spec for _, second in gone)
    assert seed.seed == 1 and seed.solver_name == "linear"
    assert solver.seed == 0 and solver.solver_name == "auto"


def test_what_can_be_another_is_what_the_run_has() -> None:
    whole = PromptGame("toy", PROMPT)
    assert list(of_prompts(whole)) == ["Prompt", "Model", "Answers", "Way of removing"]
    ranges = PromptGame("toy", PROMPT, split="spans", spans=((0, 3), (4, 8)))
    assert "Prompt" not in of_prompts(ranges), "its ranges hold for this prompt only"
    assert "Answers" not in of_prompts(PromptGame("toy", PROMPT, value="greedy"))
    many = HeadsGame("toy", questions=(("a", " b", " c"), ("d", " e", " f")))
    assert list(of_heads(many)) == ["Model", "Way of removing"]


def test_solvers_are_fitted_behind_the_page_and_one_that_fails_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(explanation: Any, solvers: Any) -> Any:
        if solvers[0].name == "lime":
            raise GameError("no")
        return compare(explanation, solvers)

    monkeypatch.setattr("spexviz.jobs.rivals.compare", failing)
    fits = Rivals(pipeline.explain(SyntheticGame("x0*x1 + x2"), ProxySPEX(), 8))
    wait(lambda: not fits.current)
    assert fits.left_out == ("lime",) and fits.done == len(fits.solvers)
    names = [one.spec.solver_name for one in fits.found]
    assert "linear" in names and "proxyspex" not in names
