"""Parts of another package, which is laid out as pip does it, with broken ones among them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRIES = """
[spexviz.solvers]
median = beside.parts:Median
broken = beside.missing:Nothing
half = beside.parts:Half
twice = beside.parts:Twice
[spexviz.games]
dice = beside.parts:Dice
plain = beside.parts:Plain
[spexviz.models]
echo = beside.parts:Echo
leaving = beside.leaving:Gone
"""
PARTS = '''
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import spexviz as sv
from spexviz.kit.options import option
from spexviz.models.base import LanguageModel
from spexviz.solvers.base import AnyMasks


@dataclass(frozen=True)
class Median(AnyMasks):
    """The constant that is nearest to most values."""

    name: ClassVar[str] = "median"
    title: ClassVar[str] = "Median"
    summary: ClassVar[str] = "One number for every mask."
    shift: float = option(0.0, "Shift", "Added to it.")

    def fit(self, design, values, *, seed=0):
        return sv.Spectrum(design.masks.shape[1], {(): float(np.median(values)) + self.shift})


@dataclass(frozen=True)
class Half:
    name: ClassVar[str] = "half"


@dataclass(frozen=True)
class Twice(Median):
    name: ClassVar[str] = "auto"


@dataclass(frozen=True)
class Dice(sv.Game):
    """How many of the dice that are kept show more than three."""

    name: ClassVar[str] = "dice"
    title: ClassVar[str] = "Dice"
    count: int = option(4, "Dice", "How many.", low=2, high=12)
    noun = "die"

    @property
    def players(self):
        return tuple(f"die {i}" for i in range(self.count))

    @property
    def fingerprint(self):
        return f"dice-of-beside-{self.count}"

    def __call__(self, masks):
        return masks.sum(1) + 2.0 * (masks[:, 0] & masks[:, 1])


class Plain(sv.Game):
    name = "plain"


class Echo(LanguageModel):
    """A model that likes long texts."""

    kind: ClassVar[str] = "echo"
    context = 1000

    def __init__(self, name):
        self.label = name
        self.fingerprint = f"echo-{name}"

    @staticmethod
    def accepts(name):
        return name.startswith("echo:")

    def encode(self, text):
        return list(range(len(text.split())))

    def token_spans(self, text):
        return [(0, len(text))]

    def chat(self, text, turns=()):
        return text

    def greedy(self, text, tokens):
        return text

    def answer_length(self, answer, after=""):
        return 1

    def log_probabilities(self, texts, answers, hidden=None):
        return np.array([[-1.0 / (1 + len(text)) - j for j, _ in enumerate(answers)] for text in texts])
'''
LEFT_OUT = (
    "The solver 'broken' of the package beside is left out: it cannot be imported (ModuleNotFoundError",
    "The solver 'half' of the package beside is left out: it has no title, summary",
    "The solver 'twice' of the package beside is left out: there is another one called 'auto'",
    "The game 'plain' of the package beside is left out: it is no dataclass",
    "The model 'leaving' of the package beside is left out: it cannot be imported (SystemExit",
)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has the package `beside` too."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "beside").mkdir()
    (folder / "beside" / "__init__.py").write_text("")
    (folder / "beside" / "parts.py").write_text(PARTS)
    (folder / "beside" / "leaving.py").write_text("raise SystemExit(3)")
    info = folder / "beside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: beside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    return {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=120, env=environment
    )


COMMANDS = """
import sys
from spexviz.cli import main
out = sys.argv[1]
asked = ["explain", "--budget", "64", "--out"]
main([*asked, f"{out}/dice.json", "--game", "dice", "--count", "5", "--solver", "median", "--shift", "0.5"])
main([*asked, f"{out}/echo.json", "--model", "echo:one", "--prompt", "never fails", "--solver", "linear"])
main(["models"])
"""


def test_games_solvers_and_models_of_another_package_on_the_command_line(
    beside: dict[str, str], tmp_path: Path
) -> None:
    done = run(beside, "-c", COMMANDS, str(tmp_path))
    assert done.returncode == 0, done.stderr
    dice, echo = (json.loads((tmp_path / f"{name}.json").read_text())["spec"] for name in ("dice", "echo"))
    assert dice["game"] == {"name": "dice", "count": 5} and dice["solver"] == {"name": "median", "shift": 0.5}
    assert echo["game"]["model"] == "echo:one"
    for said in LEFT_OUT:
        assert said in done.stdout and said in done.stderr, said
    assert "median" in done.stdout and "dice" in done.stdout and "echo" in done.stdout


APP = """
import json, os, time
from tests.pages.app import page, said
at = page()
solver = at.session_state["form-solver"] if "form-solver" in at.session_state else ""
(box,) = [one for one in at.selectbox if one.label == "Solver"]
games = page("own")
asked = [one.label for one in games.number_input]
games.number_input(key="own-dice-count").set_value(5).run()
next(button for button in games.button if button.label == "Explain").click().run()
assert not games.exception, games.exception
from spexviz.ui import runtime
(run,) = runtime.manager().store.list()
while runtime.manager().store.get(run.id).active:
    time.sleep(0.05)
shown = page(run=run.id)
print(json.dumps({"game": [asked, run.spec.game, runtime.manager().store.get(run.id).state, said(shown)]}))
print(json.dumps({"solvers": list(box.options), "said": said(at), "models": [
    list(one.options) for one in at.selectbox if one.label == "Model"]}))
"""


def test_and_in_the_app(beside: dict[str, str], tmp_path: Path) -> None:
    """The forms offer the game, the solver and the model, and name what is left out."""
    root = Path(__file__).resolve().parents[2]
    environment = beside | {"PYTHONPATH": f"{beside['PYTHONPATH']}{os.pathsep}{root}"}
    environment |= {"SPEXVIZ_MODELS": "toy,echo:one", "SPEXVIZ_HOME": str(tmp_path)}
    done = run(environment, "-c", APP)
    assert done.returncode == 0, done.stderr[-3000:]
    started, shown = map(json.loads, done.stdout.splitlines()[-2:])
    asked, game, state, told = started["game"]
    assert "Dice" in asked and game == {"name": "dice", "count": 5} and state == "done"
    assert "die 0" in told and "matters most" in told
    assert "Median" in shown["solvers"] and "Auto" in shown["solvers"]
    assert any("echo:one" in options for options in shown["models"])
    assert shown["said"].count("of the package beside is left out: ") >= 3
