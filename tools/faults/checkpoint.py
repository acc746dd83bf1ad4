"""What a model needs is taken away: its folder deleted, its weights written over, memory that runs out."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spexviz.spec import RunSpec
from tests.models import tiny
from tools.faults.managed import Managed
from tools.faults.over import kept_after, undisturbed_there
from tools.faults.trial import Outcome

BUDGET = 2048
MOST = 4  # tries: a process that loads torch takes its time
PROMPT = (
    "the film is not bad at all really and it never fails to impress me or the many others who saw it there"
)


@dataclass(frozen=True)
class Model:
    """A checkpoint in a folder, the run that asks it, and the values of that run when nothing disturbs it."""

    folder: Path
    spec: RunSpec
    whole: list[float]

    @property
    def environment(self) -> dict[str, str]:
        return _environment(self.folder)

    @property
    def aside(self) -> Path:
        return self.folder.with_name("aside")

    def restore(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.aside, self.folder)


def made(folder: Path) -> Model:
    """A tiny Llama."""
    model = tiny.save(folder / "llama")
    shutil.copytree(model, folder / "aside")
    game = {"name": "prompt", "model": str(model), "prompt": PROMPT, "target": " good", "contrast": " dull"}
    spec = RunSpec(game, {"name": "linear"}, BUDGET)
    return Model(model, spec, undisturbed_there(folder / "whole" / "home", spec, **_environment(model)))


def _environment(model: Path) -> dict[str, str]:
    return {"SPEXVIZ_MODELS": str(model), "SPEXVIZ_PRECISION": "fp32"}


def taken(folder: Path, randomness: random.Random, tries: int) -> Outcome:
    """The kind: the folder of the model is deleted."""
    tries = min(tries, MOST)
    model = made(folder)
    lost: list[str] = []
    for number in range(tries):
        name = list(WHEN)[number % len(WHEN)]
        home = folder / str(number) / "home"
        lost += [
            f"try {number}, {name}: {words}"
            for words in WHEN[name](model, home, randomness.randrange(1, BUDGET // 2))
        ]
        model.restore()
    survived = (
        "deleted or written over with the model loaded it disturbed nobody; deleted before, the run said "
        "so, and went on with what was measured once it was back"
    )
    return Outcome("model folder", tries, survived, tuple(lost))


def _deleted_while_loaded(model: Model, home: Path, at: int) -> list[str]:
    with Managed(home, **model.environment) as process:
        run_id = caught(process, model, at)
        shutil.rmtree(model.folder)
        return kept_after(process, run_id, model.whole, "", must_end=False)


def _overwritten_while_loaded(model: Model, home: Path, at: int) -> list[str]:
    with Managed(home, **model.environment) as process:
        run_id = caught(process, model, at)
        for file in model.folder.glob("*.safetensors"):
            file.write_bytes(bytes(4096))
        return kept_after(process, run_id, model.whole, "", must_end=False)


def _deleted_before_loading(model: Model, home: Path, at: int) -> list[str]:
    with Managed(home, **model.environment) as process:
        shutil.rmtree(model.folder)
        run_id = process.ask("submit", model.spec.to_json())
        run = process.until(lambda run: not run["active"], "run", run_id)
        model.restore()
        return _failed(run) + kept_after(process, run_id, model.whole, str(model.folder))


def _deleted_between(model: Model, home: Path, at: int) -> list[str]:
    with Managed(home, **model.environment) as process:
        run_id = caught(process, model, at)
        process.ask("cancel", run_id)
        process.until(lambda run: not run["active"], "run", run_id)
    shutil.rmtree(model.folder)
    with Managed(home, **model.environment) as process:
        process.ask("resume", run_id)
        run = process.until(lambda run: not run["active"], "run", run_id)
        model.restore()
        return _failed(run) + kept_after(process, run_id, model.whole, str(model.folder))


def caught(process: Managed, model: Model, at: int) -> str:
    """The id of a run that has come so far."""
    run_id = process.ask("submit", model.spec.to_json())
    process.until(lambda run: run["done"] >= at or not run["active"], "run", run_id)
    return run_id


def _failed(run: dict) -> list[str]:
    return [] if run["state"] == "failed" else [f"without its model the run is {run['state']}"]


WHEN: dict[str, Callable[[Model, Path, int], list[str]]] = {
    "deleted while loaded": _deleted_while_loaded,
    "written over while loaded": _overwritten_while_loaded,
    "deleted before it was loaded": _deleted_before_loading,
    "deleted between Cancel and Resume": _deleted_between,
}
