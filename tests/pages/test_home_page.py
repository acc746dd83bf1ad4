"""The home page without a browser: its answers, an own sentence, the ways on; nothing is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spexviz.errors import GameError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.scripts import is_unspaced
from spexviz.jobs.manager import JobManager
from spexviz.masks import all_masks
from spexviz.ui import home, routes, run_form
from spexviz.ui.lenses import lenses
from tests.pages.app import button, components, page, said, tried

ROOT = Path(__file__).resolve().parents[2]


def test_its_run_has_asked_every_mask() -> None:
    run = home.living()
    assert len(run.players) == 6 and not np.isnan(run.asked(all_masks(6))).any()


def test_it_says_what_the_run_says_and_brings_every_answer(manager: JobManager) -> None:
    at = page("home")
    run = home.living()
    text = said(at)
    assert "turn each other round" in text and run.subject.text in text
    shown = tried(at)
    assert len(shown["answers"]) == 64 and shown["said"] == "The model says “positive” with 81 %."
    assert shown["told"] == home.CALLS.hint
    for name in ("cells", "sets"):  # strip and arcs: a press in them switches off
        assert {(one["press"], one["switches"]) for one in components(at, name)} == {("off", True)}
    at.session_state[f"off-{home.KEY}"] = (2, 3)
    at.run()
    assert not at.exception and tried(at)["said"].startswith("Without “never” and “fails” the model says")
    assert manager.store.list() == [], "looking at it makes no run"


def test_every_lens_has_its_card(manager: JobManager) -> None:
    at = page("home")
    written = [note["lines"] for note in components(at, "lines")]
    for lens in lenses():
        assert [lens.title, lens.plainly or lens.intro] in written
        assert (home.PICTURES / f"{lens.page}.svg").exists()
    linked = [str(link.proto.page) for link in at.get("page_link")]
    more = [name for name in (home.GALLERY, home.LEARN) if routes.file_of(name).exists()]
    assert linked == [*(lens.page for lens in lenses()), *more]


@pytest.mark.parametrize(("typed", "remedy"), [("  ", home.EMPTY), ("word " * 5_000, "shorten it")])
def test_a_sentence_that_cannot_be_asked_says_why_and_stays(manager, typed: str, remedy: str) -> None:
    at = page("home")
    at.text_input(key="home-sentence").set_value(typed)
    button(at, "Explain").click().run()
    assert not at.exception and remedy in said(at)
    assert at.text_input(key="home-sentence").value == typed and manager.store.list() == []


def test_an_own_sentence_begins_a_run_of_the_same_question(manager: JobManager) -> None:
    at = page("home")
    at.text_input(key="home-sentence").set_value("Not bad at all")
    button(at, "Explain").click().run()
    assert not at.exception
    (run,) = manager.store.list()
    asked = home.living().spec.game
    same = ("name", "template", "target", "contrast", "value", "split", "masking", "chat")
    assert {name: run.spec.game[name] for name in same} == {name: asked[name] for name in same}
    assert (run.spec.game["prompt"], run.spec.game["model"], run.title) == (
        "Not bad at all",
        "toy",
        "Not bad at all",
    )
    assert run.spec.budget == run_form.BUDGET and run.spec.solver_name == "auto"
    (leads,) = components(at, "visit")
    assert leads["to"] == f"explore?run={run.id}"


def test_the_split_is_what_the_form_would_propose() -> None:
    def game(text: str) -> PromptGame:
        found = home.asked(text).game
        assert isinstance(found, PromptGame)
        return found

    assert game("Not bad at all").split == "words"
    unspaced = "这部电影不坏，但也不好看"
    assert is_unspaced(unspaced) and game(unspaced).split == "boundaries"
    assert game("One is good. Two is bad. " * 40).split == "sentences"
    with pytest.raises(GameError, match="Type a sentence"):
        home.asked("")


def test_an_address_of_before_leads_to_its_run(manager: JobManager) -> None:
    at = page("home", run="0" * 16, order="2")
    (leads,) = components(at, "visit")
    assert leads["to"] == f"explore?run={'0' * 16}&order=2" and leads["instead"]
    assert not at.title


def test_neither_it_nor_its_answers_load_torch(tmp_path: Path) -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("pages/home.py", default_timeout=60).run()
at.session_state["off-home"] = (2,)
at.run()
assert not at.exception and at.title, at.exception
print(sorted({"torch", "transformers", "lightgbm", "sklearn"} & set(sys.modules)))
"""
    environment = {"SPEXVIZ_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120
    )
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stderr[-3000:]
