"""A run of a model in somebody's memory opens everywhere, and says that the model is not here."""

from __future__ import annotations

from pathlib import Path

import pytest

import spexviz as sv
from spexviz import cli, models
from spexviz.errors import ModelError
from spexviz.jobs.manager import JobManager
from spexviz.results import Explanation
from spexviz.run.notebook import code
from spexviz.run.plan import Request
from tests.models.test_given import loaded
from tests.pages.app import button, components, page, said, tried

NOT_HERE = "in the memory of a program or notebook (mine (from memory)), which is not here"
WORDS = "this film is not good at all but never dull and hardly ever a great bore"


@pytest.fixture(scope="module")
def runs(tiny_llama: Path) -> dict[str, Explanation]:
    """A run on words, on tokens, and on heads, of one model that was given."""
    given = sv.model(loaded(tiny_llama), name="mine")
    asked = {"template": "Review: {}\n:", "target": " good", "contrast": " bad"}
    games = {
        "words": sv.PromptGame(given, WORDS, **asked),
        "tokens": sv.PromptGame(given, "not good at all", split="tokens", **asked),
        "heads": sv.HeadsGame(given, "the film is not bad", " good", " bad", layers="all", ablation="zero"),
    }
    return {name: sv.explain(game, sv.Linear(), budget=64) for name, game in games.items()}


@pytest.mark.parametrize("name", ["words", "tokens", "heads"])
def test_it_opens_in_the_app_and_the_surrogate_answers(
    manager: JobManager, runs: dict[str, Explanation], name: str, tmp_path: Path
) -> None:
    run = sv.load(runs[name].save(tmp_path / "run.json"))
    run_id = manager.store.insert(run, "a notebook's")
    at = page("heads" if name == "heads" else "explore", run=run_id, off="0-2")
    assert f"The model cannot be asked. This run was made with a model {NOT_HERE}" in said(at)
    assert "mine (from memory)" in said(at) and not any("loads" in one.label for one in at.button)
    assert tried(at)["rows"], "what is switched off is answered by what is known"
    button(at, "New run").click().run()
    assert not at.exception
    if name != "heads":  # whose form has no use for the toy
        assert at.selectbox(key="form-model").value == "toy"


def test_it_is_never_run_again_there(manager: JobManager, runs: dict[str, Explanation]) -> None:
    for run in runs.values():
        with pytest.raises(ModelError, match="which is not here"):
            manager.submit(Request.of(run.spec))
    with pytest.raises(ModelError, match="Make it there again"):
        models.load("given:mine")


def test_it_is_compared_reported_and_written_as_code(
    manager: JobManager, runs: dict[str, Explanation], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    first, second = (manager.store.insert(runs[name], name) for name in ("words", "tokens"))
    at = page("compare", a=first, b=second)
    assert not at.exception and len(components(at, "question")) == 2
    file, out = runs["words"].save(tmp_path / "run.json"), tmp_path / "report.html"
    assert cli.main(["report", str(file), "--out", str(out)]) == 0
    assert "mine (from memory)" in out.read_text(encoding="utf-8")
    asked = ["explain", "--model", "given:mine", "--prompt", "a b", "--budget", "64"]
    capsys.readouterr()
    assert cli.main(asked) == 1 and "which is not here" in capsys.readouterr().err
    text = code(runs["words"].spec)
    assert "model = ...  # your own, 'given:mine': (model, tokenizer)" in text and "model=model" in text
    compile(text, "cell", "exec")
