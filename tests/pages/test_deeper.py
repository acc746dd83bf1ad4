"""Going on from a finished run, without a browser: more ablations, into a sentence, by sentences."""

from __future__ import annotations

import re
from typing import Any

import pytest

from spexviz.errors import QueueFull
from spexviz.games.prompt.game import PromptGame
from spexviz.jobs import store as states
from spexviz.jobs import ways
from spexviz.jobs.manager import JobManager
from spexviz.run.plan import Request, new_options
from spexviz.solvers.linear import Linear
from spexviz.ui import ownership
from tests.pages.app import button, page, said, wait

TEXT = (
    "The room was not good at all. The staff, however, never once failed us, and breakfast was fine. "
    "Bad beds, thin walls. Would we go back? Hardly, but not never."
)


def request(split: str, budget: int = 64, text: str = TEXT) -> Request:
    game = PromptGame("toy", text, "Review: {}", split=split)
    return Request(game, Linear(), budget, 0, new_options(Linear()))


def finish(manager: JobManager, wanted: Request) -> str:
    run_id = manager.submit(wanted, "A stay")
    wait(lambda: not manager.store.get(run_id).active)
    assert manager.store.get(run_id).state == states.DONE
    return run_id


def ended(manager: JobManager, at: Any) -> str:
    """The run that a press has opened, once it is done."""
    (run_id,) = (
        [at.query_params["run"]] if isinstance(at.query_params["run"], str) else at.query_params["run"]
    )
    wait(lambda: not manager.store.get(run_id).active)
    return run_id


def test_continuing_asks_only_what_is_new_and_says_so_before(manager):
    run_id = finish(manager, request("words"))
    at = page(run=run_id)
    shown = said(at)
    told = re.search(r"With 128 ablations \((\d+) more.*The (\d+) ablations of this run are re-used", shown)
    new, known = map(int, told.groups())
    assert new + known == 130 and known >= 66
    button(at, "Continue to 128").click().run()
    assert not at.exception
    larger = ended(manager, at)
    assert larger != run_id and ways.before(manager.store.database, larger).id == run_id
    result = manager.store.result(larger)
    assert result.spec.budget == 128 == len(result.sample)
    assert result.spent.cached >= known


def test_zooming_into_a_sentence_and_back(manager):
    run_id = finish(manager, request("sentences"))
    at = page(run=run_id)
    assert not at.exception
    (chosen,) = [one for one in at.multiselect if one.label.startswith("Look into")]
    chosen.set_value([1]).run()
    assert "11 words, with the rest of the text kept" in said(at)
    button(at, "Zoom in: words of sentence 2 of 5").click().run()
    assert not at.exception
    inside = ended(manager, at)
    result = manager.store.result(inside)
    assert result.players[:2] == ("The", "staff,") and len(result.players) == 11
    at = page(run=inside)
    assert "Words of sentence 2 of 5; the rest of the text is always kept." in said(at)
    button(at, "Back to the sentences").click().run()
    assert at.query_params["run"] in (run_id, [run_id])
    (chosen,) = [one for one in at.multiselect if one.label.startswith("Look into")]
    assert chosen.options[1].startswith("2 · The staff,") and chosen.options[1].endswith("(looked into)")
    assert button(at, "sentence 2 of 5")


def test_words_put_together_into_sentences_are_worth_what_is_measured(manager):
    run_id = finish(manager, request("words"))
    at = page(run=run_id)
    (way,) = [one for one in at.get("button_group") if getattr(one, "label", "") == "Go deeper by"]
    way.set_value("By longer parts").run()
    button(at, "Show by sentences").click().run()
    assert not at.exception
    shown = said(at)
    assert "measured on all 32 masks of whole sentences" in shown
    button(at, "Run by sentences").click().run()
    coarse = manager.store.result(ended(manager, at))
    assert len(coarse.players) == 5 and coarse.proof.exact


def test_an_exact_run_offers_no_more_ablations_and_one_word_nothing(manager):
    run_id = finish(manager, request("words", text="Not bad"))
    at = page(run=run_id)
    assert not at.exception and "Go deeper" not in said(at)


def test_a_zoomed_run_whose_whole_is_gone_says_so_much_as_is_known(manager):
    game = PromptGame("toy", TEXT, "Review: {}", split="sentences").zoomed((0,))
    run_id = finish(manager, Request(game, Linear(), 64, 0, new_options(Linear())))
    at = page(run=run_id)
    assert "Words of a part of the text; the rest is always kept." in said(at)
    assert not [one for one in at.button if one.label.startswith("Back")]


def test_what_cannot_be_begun_says_why_and_loses_nothing(manager, monkeypatch):
    run_id = finish(manager, request("words"))
    at = page(run=run_id)
    monkeypatch.setattr(JobManager, "_submitted", _refused)
    button(at, "Continue to 128").click().run()
    assert "No room today." in said(at) and at.query_params["run"] in (run_id, [run_id])


def _refused(self: JobManager, *arguments: Any) -> str:
    raise QueueFull("No room today.")


def test_what_others_have_looked_into_is_not_told(manager, monkeypatch):
    run_id = finish(manager, request("sentences"))
    game = PromptGame("toy", TEXT, "Review: {}", split="sentences").zoomed((0,))
    wanted = Request(game, Linear(), 64, 0, new_options(Linear()))
    theirs = manager.submit(wanted, "Theirs", user="somebody else", before=run_id)
    wait(lambda: not manager.store.get(theirs).active)
    assert button(page(run=run_id), "sentence 1 of 5")
    monkeypatch.setattr(ownership, "listed", lambda: "me")
    assert not [one for one in page(run=run_id).button if one.label == "sentence 1 of 5"]
    at = page(run=theirs)
    assert "Words of sentence 1 of 5" in said(at)
    assert not [one for one in at.button if one.label.startswith("Back")]


@pytest.mark.parametrize("selected", ["99", "1-99", "-1", "<b>", "1-1-1"])
def test_an_address_that_selects_what_is_not_there_is_looked_at_all_the_same(manager, selected: str):
    run_id = finish(manager, request("sentences"))
    at = page(run=run_id, selected=selected)
    assert not at.exception
    assert [one for one in at.button if one.label.startswith("Zoom in: words of sentence")]
