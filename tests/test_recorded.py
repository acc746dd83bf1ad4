"""Recorded runs: the files are what the repository's script makes, and what the real models say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spexviz import views
from spexviz.analysis import redundancy
from spexviz.games.training import data as datasets
from spexviz.masks import all_but
from spexviz.results import Explanation
from spexviz.run import plan as planning
from tools.record_runs import LARGEST, row
from tools.recordings import FOLDER, Recording, all_recordings

RUNS = all_recordings()
ASKED = 4  # masks of each run that the model is asked again, beside those that its finding rests on
NOISE = 0.005  # share of the spread of the values: the same weights in fp32, on another processor

each_run = pytest.mark.parametrize("run", RUNS, ids=[f"{run.game['name']}-{run.file}" for run in RUNS])


def load(run: Recording) -> Explanation:
    return Explanation.from_json((run.folder / f"{run.file}.json").read_text(encoding="utf-8"))


@each_run
def test_a_file_is_the_run_that_its_recording_describes(run: Recording) -> None:
    path, result = run.folder / f"{run.file}.json", load(run)
    assert path.stat().st_size <= LARGEST and result.complete
    assert result.spec == run.spec
    assert planning.Request.of(result.spec).spec.id == result.spec.id, "it still means what it meant"
    assert result.proof.exact or result.fidelity.r2 > 0.5, "a recorded run shows something"


def test_the_cards_say_what_the_files_hold() -> None:
    for folder in {run.folder for run in RUNS}:
        made = [run for run in RUNS if run.folder == folder]
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        assert index == [row(run, load(run)) for run in made] and len(made) >= 2
        assert {path.name for path in folder.glob("*.json")} == {
            "index.json",
            *(f"{run.file}.json" for run in made),
        }
    assert {folder.name for folder in FOLDER.iterdir()} == {run.folder.name for run in RUNS}


@pytest.mark.model
@each_run
def test_the_model_still_says_so(run: Recording) -> None:
    result = load(run)
    game = planning.Request.of(result.spec).game
    game = game.at_full_precision() or game  # recorded in fp32: bf16 gives other numbers
    assert tuple(game.players) == result.players and game.unit == result.unit
    n = len(result.players)
    rows = np.random.default_rng(0).choice(len(result.sample.masks), ASKED, replace=False)
    ends = np.stack([np.zeros(n, dtype=bool), np.ones(n, dtype=bool)])
    told = all_but(views.told(result).sets, n)  # what the card's sentence rests on in the text itself
    masks = np.concatenate([ends, told, result.sample.masks[rows]])
    held = [*result.ends, *result.asked(told), *result.sample.values[rows]]
    assert np.isfinite(held).all() and np.asarray(game(masks)) == pytest.approx(
        held, abs=NOISE * result.sample.values.std()
    )


def read(game: str, file: str) -> Explanation:
    return load(next(run for run in RUNS if (run.game["name"], run.file) == (game, file)))


def test_what_titles_say_is_so() -> None:
    """What a title or its theme says beyond the finding."""
    late = read("heads", "late")
    assert min(late.ends) > 8 and late.sample.values.min() > 4, "it is Paris without any of them"
    boxes = read("prompt", "boxes")
    effects = boxes.main_effects()
    assert set(np.argsort(-np.abs(effects))[:2]) == {2, 3} and effects[2] > 0 > effects[3]
    pairs = {"not-unpleasant": (3, 4), "louvre": (3, 7), "code": (4, 5)}
    signs = {file: read("prompt", file).interactions()[pair] > 0 for file, pair in pairs.items()}
    assert signs == {"not-unpleasant": True, "louvre": False, "code": True}
    assert np.argmax(np.abs(read("prompt", "nurse").main_effects())) == 5
    for run in RUNS:
        assert run.about and views.told(load(run)).lead is not None, run.file


def test_the_most_harmful_examples_are_wrong_labels() -> None:
    run = next(run for run in RUNS if run.file == "wrong-labels")
    result, wrong = load(run), datasets.load("reviews").mislabelled()
    worst = np.argsort(-result.main_effects())
    assert len(set(worst[:10].tolist()) & set(wrong)) == 6 and set(worst[:4].tolist()) <= set(wrong)
    assert 0 < result.fidelity.r2 - result.baseline.r2 < 0.05, "little"


def test_the_recorded_pairs_are_the_planted_ones_and_the_most_redundant() -> None:
    for file in ("elevator", "three"):
        result = load(next(run for run in RUNS if run.file == file))
        first = redundancy.redundant(result.spectrum)[0].members
        if file == "elevator":
            assert first == tuple(sorted(datasets.load("reviews").planted_pairs()[0]))
        assert next(check.verdict for check in result.checks if check.members == first) == "confirmed"
