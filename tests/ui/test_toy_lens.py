"""A lens is one folder in games/, one in ui/lenses/ and one page.

A toy lens, put into a copy of the project, is there everywhere.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pages.app import ROOT

FILES = {
    "spexviz/games/toy/__init__.py": "",
    "spexviz/games/toy/game.py": '''
"""CoinsGame: coins are the players, and the value is what those that are kept are worth, more so in pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spexviz.errors import GameError
from spexviz.games.base import Game
from spexviz.kit.options import check, option

METALS = {"gold": "Worth ten.", "silver": "Worth one."}


@dataclass(frozen=True)
class CoinsGame(Game):
    name: ClassVar[str] = "coins"
    title: ClassVar[str] = "Coins"

    coins: int = option(4, "Coins", "How many.", low=3, high=9)
    metal: str = option("gold", "Metal", choices=METALS)

    def __post_init__(self) -> None:
        check(self, GameError)

    noun = "coin"

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(f"coin {i}" for i in range(self.coins))

    @property
    def fingerprint(self) -> str:
        return f"coins-of-the-toy-lens-{self.coins}-{self.metal}"

    def __call__(self, masks):
        return (masks.sum(1) + masks[:, 0] * masks[:, 1]) * (10.0 if self.metal == "gold" else 1.0)
''',
    "spexviz/ui/lenses/toy/__init__.py": '''
"""The toy lens."""

import streamlit as st

from spexviz.games.toy.game import CoinsGame
from spexviz.kit.options import settings
from spexviz.ui import lens, run_form
from spexviz.ui.fields import Fields

FIELDS = Fields("coins", CoinsGame)


def form() -> None:
    FIELDS.begin()
    game = run_form.made(CoinsGame, FIELDS.draw_all(("coins", "metal")))
    solver, seed = run_form.solver_and_seed()
    sliding, starting = run_form.last_row()
    budget, options = run_form.budget_and_options(solver, sliding)
    request = run_form.ready(game, solver, budget, seed, options)
    if run_form.explain_button(request, starting):
        lens.start(request, called(request.game))


def prefill(request) -> None:
    FIELDS.fill(settings(request.game))
    run_form.prefill(request)


def called(game: CoinsGame) -> str:
    return f"{game.coins} coins of {game.metal}"


LENS = lens.Lens(
    "coins", "purse", "Purse", ":material/paid:", 9, "Which coins?", "Take some out.", form, prefill, called
)
''',
    "pages/purse.py": '''
"""Purse: which coins matter."""

from spexviz.ui.lens import page
from spexviz.ui.lenses.toy import LENS

page(LENS)
''',
}
COPIED = ("spexviz", "pages", "assets", "app.py")
WATCHING = """
import json, sys, threading
from pathlib import Path
from streamlit.testing.v1 import AppTest
from spexviz.kit.registry import offered
from spexviz.ui import recorded, routes, runtime
from spexviz.ui.lenses import lenses

manager, found = runtime.manager(), {}
found["lenses"] = [lens.page for lens in lenses()]
found["games"] = sorted(offered("spexviz.games"))
at = AppTest.from_file(str(Path("pages/purse.py").resolve()), default_timeout=60).run()
assert not at.exception, at.exception
found["title"] = at.title[0].value
metal = at.selectbox(key="coins-metal")
found["form"] = [at.number_input(key="coins-coins").label, metal.label, *metal.options]
at.number_input(key="coins-coins").set_value(5).run()
next(button for button in at.button if button.label == "Explain").click().run()
assert not at.exception, at.exception
(run,) = manager.store.list()
pause = threading.Event()
while manager.store.get(run.id).active:
    pause.wait(0.05)
at.run()
assert not at.exception, at.exception
found["run"] = [run.title, manager.store.get(run.id).state, [tab.label for tab in at.tabs][0]]
opens = routes.address(run.spec, run.id) == f"/purse?run={run.id}"
found["route"] = [routes.page_of(run.spec), opens, routes.lens_name(run.spec)]
folder = recorded.RUNS / "coins"
folder.mkdir()
(folder / "coins.json").write_text(manager.store.result(run.id).to_json(), encoding="utf-8")
row = {"title": "Recorded coins", "finding": "Two.", "trust": "Good.", "ablations": 32, "players": 5}
row |= {"noun": "coin", "file": "coins.json"}
(folder / "index.json").write_text(json.dumps([row]), encoding="utf-8")
found["torch"] = "torch" in sys.modules
manager.close()
print(json.dumps(found))
"""
SHELL = """
import json
import streamlit as st
entries = []

class Chosen:
    url_path = "purse"

    def run(self):
        pass

def navigation(pages):
    entries.extend([page.title, page.url_path] for page in pages)
    return Chosen()

st.navigation = navigation
from streamlit.testing.v1 import AppTest
from pathlib import Path
at = AppTest.from_file(str(Path("spexviz/ui/shell.py").resolve()), default_timeout=60).run()
assert not at.exception, at.exception
print(json.dumps(entries))
"""
CARD = """
import json
from pathlib import Path
from streamlit.testing.v1 import AppTest
from spexviz.ui import runtime
at = AppTest.from_file(str(Path("pages/purse.py").resolve()), default_timeout=60).run()
at.session_state["recorded-opened"] = "coins.coins"
at.run()
assert not at.exception, at.exception
tabs = [tab.label for tab in at.tabs]
next(button for button in at.button if button.label == "New run").click().run()
assert not at.exception, at.exception
runtime.manager().close()
print(json.dumps([tabs[0], at.number_input(key="coins-coins").value]))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the toy lens in it."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text.lstrip(), encoding="utf-8")
    return folder


def told(copy: Path, code: str) -> Any:
    """What a process in the copy prints last, as JSON."""
    home = copy / "home"
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "SPEXVIZ_MODELS": "toy", "SPEXVIZ_HOME": str(home), "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=copy, env=environment, timeout=180
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_lens_is_one_folder_one_folder_and_one_page() -> None:
    assert {Path(path).parent.as_posix() for path in FILES} == {
        "spexviz/games/toy",
        "spexviz/ui/lenses/toy",
        "pages",
    }
    assert len(FILES) == 4  # of which games/toy/__init__.py is empty


def test_its_page_form_routes_and_recorded_runs_appear(copy: Path) -> None:
    found = told(copy, WATCHING)
    assert (
        found["lenses"] == ["explore", "heads", "training", "purse"]
        and "coins" in found["games"]
        and not found["torch"]
    )
    assert found["title"] == "Which coins?" and found["form"] == ["Coins", "Metal", "gold", "silver"]
    assert found["run"] == ["5 coins of gold", "done", "Sets as a table"]
    assert found["route"] == ["purse", True, "Purse"]
    assert told(copy, CARD) == ["Sets as a table", 5]  # the run that was just recorded, from its card


def test_it_is_in_the_navigation(copy: Path) -> None:
    assert ["Purse", "purse"] in told(copy, SHELL)


COMMAND = """
import json
from spexviz import cli
command = "explain --game coins --coins 5 --metal silver --solver linear --budget 64 --out run.json"
assert cli.main(command.split()) == 0
run = json.load(open("run.json"))
print(json.dumps([run["spec"]["game"], run["proof"]["exact"]]))
"""


def test_the_command_line_knows_its_settings(copy: Path) -> None:
    game, exact = told(copy, COMMAND)
    assert exact and game["name"] == "coins" and (game["coins"], game["metal"]) == (5, "silver")
