"""The Gallery page without a browser: its cards, the choice of a lens, and what a browser says."""

from __future__ import annotations

from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.ui import recorded
from tests.pages.app import components, page, press_card, said


def titles(at) -> list[str]:
    (shelf,) = components(at, "cards")
    return [card["title"] for card in shelf["cards"]]


def test_the_gallery_shows_every_recorded_run_and_reads_none(manager: JobManager, monkeypatch) -> None:
    monkeypatch.setattr(recorded.Explanation, "from_json", None)
    at = page("gallery")
    runs = recorded.all_recorded()
    assert titles(at) == [run.title for run in runs] and len(runs) >= 12
    assert len({run.key for run in runs}) == len(runs) and all(run.about and run.model for run in runs)
    at.button_group(key="gallery-lens").set_value("Heads").run()
    assert titles(at) == [run.title for run in recorded.recorded("heads")]
    assert not manager.store.list()


def test_a_card_leads_to_the_page_of_its_lens(manager: JobManager) -> None:
    for one in (recorded.recorded("prompt")[0], recorded.recorded("heads")[0]):
        for _ in range(2):
            at = page("gallery")
            press_card(at, one.key)
            assert not at.exception and not at.title
            (run,) = [run for run in manager.store.list() if run.title == one.title]
            (visit,) = components(at, "visit")
            assert visit["to"].endswith(f"?run={run.id}") and run.origin == states.RECORDED
    assert len(manager.store.list()) == 2


def test_what_a_browser_says_of_a_card_is_looked_at(manager: JobManager) -> None:
    for given in ("../../etc/passwd", "prompt/never-fails", 7, None, {"key": 1}, ["prompt.never-fails"]):
        at = page("gallery")
        press_card(at, given)
        assert not at.exception and "Gallery" in said(at) and not manager.store.list()
