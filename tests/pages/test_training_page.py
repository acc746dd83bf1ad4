"""The Training data page without a browser: form, upload, recorded runs, cards, what-if.

Features without a model.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from spexviz.games.training import data as datasets
from spexviz.games.training.game import TrainingGame
from spexviz.jobs.manager import JobManager
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.solvers.gp.solver import GaussianProcess
from spexviz.ui import recorded
from spexviz.ui.lenses.training import form, panels
from tests.games.training.test_data import GOOD
from tests.pages.app import button, components, page, press_card, said, tried, wait


@pytest.fixture(scope="module")
def result() -> Explanation:
    """A run on the reviews, its features without a model."""
    return pipeline.explain(TrainingGame("reviews", 4, encoder="words"), GaussianProcess(), 512, validate=4)


def cards(at: Any) -> list[dict[str, Any]]:
    """What the card components were given."""
    return components(at, "cards")


def test_the_form_starts_a_run_of_what_it_shows(manager: JobManager) -> None:
    at = page("training")
    assert "160 examples: 1,024 ablations for the fit, 102 of them remove one to three examples" in said(at)
    at.selectbox(key="train-players_are").set_value("source").run()
    at.selectbox(key="train-encoder").set_value("words").run()
    at.selectbox(key="train-query").set_value(3).run()
    assert not at.exception and "5 groups: all 32 masks are asked" in said(at)
    button(at, "Explain").click().run()
    (run,) = manager.store.list()
    assert run.spec.game["query"] == 3 and run.spec.game["encoder"] == "words" and "lighthouse" in run.title
    wait(lambda: not manager.store.get(run.id).active)
    at.run()
    assert not at.exception and {tab.label for tab in at.tabs} >= {"Sets as a table"}
    button(at, "New run").click().run()
    assert (
        at.selectbox(key="train-query").value == 3 and at.selectbox(key="train-players_are").value == "source"
    )


def test_a_value_over_all_held_out_examples_asks_for_no_query(manager: JobManager) -> None:
    at = page("training")
    at.selectbox(key="train-value").set_value("test loss").run()
    assert (
        not at.exception and "train-query" not in [box.key for box in at.selectbox] and button(at, "Explain")
    )


def test_a_text_of_ones_own_needs_its_label(manager: JobManager) -> None:
    at = page("training")
    at.selectbox(key="train-query").set_value("A text of my own …").run()
    button(at, "Explain").click().run()
    assert "A query of your own is a text" in said(at) and "cannot start yet" in said(at)
    assert not manager.store.list()
    at.text_input(key="train-own").set_value("What a wonderful book").run()
    assert (
        not at.exception
        and "A query of your own is a text" not in said(at)
        and at.selectbox(key="train-answer").value == "negative"
    )


def test_files_are_checked_and_their_data_used(manager: JobManager) -> None:
    at = page("training")
    at.session_state["train-picked"] = at.session_state["train-source"] = "Your CSV file"
    at.run()
    assert "every fifth row is held out" in said(at) and not [b for b in at.button if b.label == "Explain"]
    at.file_uploader(key="train-file").upload("bad.csv", b"a,b\n1,2\n" * 20, "text/csv").run()
    assert (
        not at.exception and "column named" in said(at) and not [b for b in at.button if b.label == "Explain"]
    )
    at.file_uploader(key="train-file").set_value([("good.csv", GOOD.encode(), "text/csv")]).run()
    assert not at.exception and "10 examples to train on, 2 held out; labels: a, b" in said(at)


def test_a_run_shows_its_cards_and_retrains(manager: JobManager, result: Explanation) -> None:
    run_id = manager.store.insert(result, "a run")
    at = page("training", run=run_id)
    mattering, *sets = cards(at)
    assert "Warm oysters arrived, gritty with sand." in said(at)
    assert [tab.label for tab in at.tabs][:3] == [
        "Which examples do harm?",
        "Sets as a table",
        "From everything to nothing",
    ]
    assert len(mattering["cards"]) == 6 and mattering["cards"][0]["members"]
    lines = [line for group in sets for card in group["cards"] for line in card["lines"]]
    assert any("Measured: " in line for line in lines)
    pair = list(TrainingGame("reviews").examples.planted_pairs()[4])
    at.session_state[f"off-{run_id}"] = tuple(sorted(pair))
    at.run()
    found = tried(at)
    game = TrainingGame("reviews", 4, encoder="words")
    from spexviz import views
    from spexviz.games.training import retraining

    before, after = retraining.what_if(game, leave_out=pair)
    bare = partial(views.question.bare, result.subject)
    now, without, surrogate, alone = found["rows"]
    assert (now["value"], without["value"]) == (bare(before), bare(after))
    assert without["label"] == "Retrained without them"
    assert surrogate["value"] != alone["value"]
    assert without["small"] == views.theme.number(after - before)
    assert "above 0 it is right" in said(at)  # what a margin is, where it is shown
    at.multiselect(key=next(m.key for m in at.multiselect if m.label == "Give another label")).set_value(
        [pair[0]]
    ).run()
    _, wrong = retraining.what_if(game, leave_out=pair, relabel={pair[0]: 1})
    assert not at.exception
    found = tried(at)
    assert [row["value"] for row in found["rows"]] == [bare(before), bare(wrong)]
    assert "and with 1 of another label" in found["said"]  # the surrogate knows of leaving out only


def test_recorded_runs_open_at_once_without_their_features(
    manager: JobManager, monkeypatch, tmp_path
) -> None:
    from spexviz.games.training import features

    monkeypatch.setattr(features, "home", lambda: tmp_path)  # another test may have made them
    monkeypatch.setattr(features, "_encode", lambda *_: pytest.fail("an encoder was loaded"))
    found = [
        one
        for one in recorded.recorded("training")
        if "digits" not in one.path.read_text(encoding="utf-8")[:3000]
    ]
    assert len(recorded.recorded("training")) >= 2
    at = page("training")
    for one in found[:1]:
        press_card(at, one.key)
        assert (
            not at.exception and {tab.label for tab in at.tabs} >= {"Sets as a table"} and len(cards(at)) >= 2
        )
        assert [one.label for one in at.button].count("Retrain here") == 1
        assert "reads the 210 texts, once" in said(at)


def test_a_run_whose_file_is_gone_is_still_shown(manager: JobManager, result: Explanation) -> None:
    text = result.to_json().replace('"data": "reviews"', '"data": "upload:0123456789abcdef"')
    at = page("training", run=manager.store.insert(Explanation.from_json(text), "from elsewhere"))
    assert "not on this machine" in said(at) and {tab.label for tab in at.tabs} >= {"Sets as a table"}


def test_an_own_file_is_told_from_its_query(manager: JobManager) -> None:
    """Its run has a short title, its query a label, and an example of the same words says so."""
    data = datasets.keep(GOOD.encode())
    query = f"  {data.train.texts[0].upper()} "
    asked = {"query": query, "answer": data.classes[data.train.labels[0]], "encoder": "words"}
    game = TrainingGame(data.label, **asked)
    found = pipeline.explain(game, GaussianProcess(), 64, validate=0)
    assert form.title(game) == f"Your CSV file: “{query.strip()}”"
    shown = panels.items(found)
    assert shown[0].remark == panels.SAME and not any(item.remark for item in shown[1:])
    at = page("training", run=manager.store.insert(found, form.title(game)))
    assert "You asked about" in [block.get("label") for block in components(at, "answers")]
    assert "planted" not in str(components(at, "cards")).lower()
