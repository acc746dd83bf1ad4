"""What a page says of a run that goes on, and what it looks at once it has ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spexviz import models
from spexviz.games.heads.game import HeadsGame
from spexviz.games.prompt.game import PromptGame
from spexviz.games.training.game import TrainingGame
from spexviz.jobs import manager as jobs
from spexviz.jobs import store as states
from spexviz.jobs.store import Run, RunStore
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.ui import watch

NOW = 1_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs.sqlite3")


def run_of(store: RunStore, game: object = None) -> Run:
    spec = Request(game or PromptGame("toy", "not bad at all"), Linear(), 64).spec
    run_id = store.enqueue(spec, "", "")
    store.start(run_id)
    return store.get(run_id)


@pytest.fixture
def run(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that told where it stands 5 s ago."""
    monkeypatch.setattr(states.time, "time", lambda: NOW)
    run = run_of(store)
    store.progress(run.id, 34, 128, 10.0, "fitting 32 ablations", 20.0)
    told = store.get(run.id)
    monkeypatch.setattr(states.time, "time", lambda: NOW + 5.0)
    return told


def test_the_time_to_go_counts_down_between_two_reports(run: Run) -> None:
    assert watch.where(run) == "34 of 128 ablations · fitting 32 ablations · 10/s · about 15 s to go"
    assert run.eta == 15.0 and watch.where(replace(run, phase="ablations")).count("ablations") == 1


@pytest.mark.parametrize(
    ("to_go", "said"),
    [(12.0, "about 7 s to go"), (5.5, "nearly done"), (3.0, "nearly done"), (1.0, "longer than expected")],
)
def test_what_takes_longer_is_never_about_a_second_from_its_end(run: Run, to_go: float, said: str) -> None:
    assert watch.to_go(replace(run, to_go=to_go)) == said


def test_what_is_not_known_is_not_said(run: Run) -> None:
    assert watch.to_go(replace(run, to_go=None)) == ""
    waits = replace(run, phase=jobs.WAITS)
    assert watch.where(waits) == "34 of 128 ablations · waiting for its turn"


def test_a_clock_that_jumped_says_nothing_of_a_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for jump in (-1e6, 1e7):
        monkeypatch.setattr(states.time, "time", lambda jump=jump: NOW + jump)
        assert watch.to_go(run) == "about 20 s to go"


def test_loading_is_said_while_the_model_loads_and_with_its_seconds(run: Run) -> None:
    assert watch.where(replace(run, phase=jobs.LOADS, done=0)) == "Loading the model, 5 s so far …"


@pytest.mark.parametrize(
    ("game", "phase"),
    [
        (PromptGame("not loaded", "not bad"), jobs.LOADS),
        (PromptGame("toy", "not bad"), "preparing"),
        (HeadsGame("toy", "not", " good", " bad"), "measuring what the heads give on other texts"),
        (HeadsGame("toy", "not", " good", " bad", ablation="zero"), "preparing"),
        (TrainingGame(encoder="words"), "preparing"),
    ],
)
def test_a_run_begins_by_what_it_does(game: object, phase: str) -> None:
    models.load("toy")
    assert jobs.beginning(game) == phase


def test_the_text_is_known_at_once_and_nothing_is_loaded_for_it(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_loaded", {})  # whatever another test has left
    subject = watch.subject_of(run_of(store))
    assert subject is not None and subject.text == "not bad at all"
    assert watch.subject_of(run_of(store, TrainingGame(encoder="words"))).players
    for game in (PromptGame("toy", "not bad", split="tokens"), HeadsGame("bundled", "The", " a", " b")):
        assert watch.subject_of(run_of(store, game)) is None
    assert not models.is_loaded("toy") and not models.is_loaded("bundled")


def test_a_look_sees_a_new_state_and_a_new_version(store: RunStore) -> None:
    run = run_of(store)
    seen = [store.stands(run.id)]
    store.finish(run.id, states.CANCELLED)
    seen.append(store.stands(run.id))
    store.enqueue(run.spec, "", "")
    seen.append(store.stands(run.id))
    assert [state for state, _ in seen] == ["running", "cancelled", "queued"]
    assert store.stands("0" * 16) == ("", 0)
