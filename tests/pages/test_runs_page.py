"""The Runs page: runs are found, told of, renamed, deleted and brought back; and where files were damaged."""

from __future__ import annotations

import dataclasses

import pytest

from spexviz import views
from spexviz.games.synthetic import SyntheticGame
from spexviz.jobs import store as states
from spexviz.jobs.manager import JobManager
from spexviz.results import Explanation
from spexviz.run import pipeline
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.spec import RunSpec
from spexviz.ui import recorded
from spexviz.ui.said import Said
from spexviz.ui.said import said as told
from tests.pages.app import button, components, listed, page, said, wait

PROMPT = {"name": "prompt", "model": "toy", "prompt": "not good at all", "template": "Review: {}"}


def test_runs_that_cannot_be_read_are_named(manager: JobManager) -> None:
    found = [
        manager.store.insert(pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8, seed), f"run {seed}")
        for seed in range(3)
    ]
    with manager.store.database.write() as connection:
        connection.execute("UPDATE runs SET spec = '{' WHERE id = ?", (found[1],))
    at = page("runs")
    assert not at.exception and len(listed(at, "Run")) == 2
    (told,) = at.expander
    assert told.label == "1 run cannot be shown"
    assert "run 1: its settings cannot be read by this version of spexviz. This is not" in said(at)


def test_a_file_that_was_set_aside_is_told(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager.store, "notice", "The file of the runs was damaged.")
    monkeypatch.setattr(manager.cache, "notice", "The cache of ablations was damaged.")
    text = said(page("runs"))
    assert "The file of the runs was damaged." in text and "The cache of ablations was damaged." in text


def changed(manager: JobManager, change: str) -> str:
    """The id of a run that is done, of which the disk has changed something."""
    run_id = manager.submit(Request.of(RunSpec(PROMPT, {"name": "linear"}, 64)), "a run")
    wait(lambda: not manager.store.get(run_id).active)
    with manager.store.database.write() as connection:
        connection.execute(f"UPDATE runs SET {change} WHERE id = ?", (run_id,))
    return run_id


def test_a_result_that_was_damaged_can_be_resumed_on_its_page(manager: JobManager) -> None:
    run_id = changed(manager, "result = replace(result, '0.', '1.')")
    at = page("explore", run=run_id)
    assert not at.exception and "Its result was damaged on the disk" in said(at)
    button(at, "Resume").click().run()
    wait(lambda: manager.store.get(run_id).state == "done")


def test_a_result_of_another_version_says_so(manager: JobManager) -> None:
    run_id = changed(manager, "result = '{}', digest = ''")
    at = page("explore", run=run_id)
    assert not at.exception and manager.store.get(run_id).has_result
    assert "The result of this run cannot be read." in said(at)


HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ ![](https://example.com/x.png)"


def some(manager: JobManager, count: int = 3) -> list[str]:
    """Ids of runs that are done, the oldest first."""
    made = []
    for seed in range(count):
        result = pipeline.explain(SyntheticGame("x0*x1 + x2"), Linear(), 8, seed)
        made.append(manager.store.insert(result, f"run {seed}"))
    return made


def card() -> tuple[recorded.Recorded, Explanation]:
    one = recorded.recorded("prompt")[0]
    return one, Explanation.from_json(one.path.read_text(encoding="utf-8"))


def test_a_run_is_told_of_as_on_its_page_and_its_card_and_told_once(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, result = card()
    run_id = manager.store.insert(result, one.title)
    (shown,) = components(page("runs"), "listed")
    assert shown["listed"]["under"]["0"] == [one.finding] == [views.finding(result)]
    assert shown["listed"]["pointed"]["1"] == [one.trust] and shown["rows"][0][1] == one.trust.split(":")[0]
    run = manager.store.get(run_id)
    kept = {run_id: Said(one.finding, one.trust)}
    with monkeypatch.context() as patch:
        patch.setattr(manager.store, "result", lambda _: pytest.fail("a result was read for the list"))
        assert told(manager.store, [run], 9.0) == kept
    assert told(manager.store, [dataclasses.replace(run, version=run.version + 1)], 0.0) == {}
    damaged = dataclasses.replace(run, said=run.said.replace("never", "nevar"))
    assert (
        damaged != run
        and told(manager.store, [damaged], 0.0) == {}
        and told(manager.store, [damaged], 9.0) == kept
    )


def test_several_are_deleted_and_brought_back_after_a_reload(manager: JobManager) -> None:
    others = some(manager)[1:]
    at = page("runs")
    at.session_state["runs-marked"] = (*others, "nobody's")
    at.run()
    assert (
        "2 runs marked. Mark one alone to rename it, two to compare them." in said(at)
        and button(at, "Rename").disabled
    )
    button(at, "Delete").click().run()
    assert listed(at, "Run") == ["run 0"] and "runs-marked" in at.session_state
    assert at.session_state["runs-marked"] == ()
    at = page("runs")  # another tab, or this one anew
    assert "2 runs were deleted; their measured answers are kept, in case they are asked" in said(at)
    button(at, "Undo").click().run()
    assert listed(at, "Run") == ["run 2", "run 1", "run 0"] and "deleted" not in said(at)


def test_marked_runs_are_presented_in_their_order_and_else_the_gallery(manager: JobManager) -> None:
    first, second, _ = some(manager)
    at = page("runs")
    button(at, "Present the gallery").click().run()
    (left,) = components(at, "visit")
    assert left["to"].startswith("present?runs=prompt.never-fails,") and "heads.copying" in left["to"]
    at = page("runs")
    at.session_state["runs-marked"] = (first, second)
    at.run()
    button(at, "Present").click().run()
    (left,) = components(at, "visit")
    assert left["to"] == f"present?runs={second},{first}&show=1&at=1", "the newest first, as they are listed"


def test_a_run_is_called_otherwise_and_its_title_stays_text(manager: JobManager) -> None:
    run_id, _ = some(manager, 2)
    at = page("runs")
    at.session_state["runs-marked"] = (run_id,)
    at.run()
    at.text_input(key=f"rename-{run_id}").set_value(f"  {HOSTILE}\u202e ")
    button(at, "Save").click().run()
    assert not at.exception and listed(at, "Run") == ["run 1", HOSTILE]
    assert not any("example.com" in markdown.value for markdown in at.markdown)
    at.text_input(key=f"rename-{run_id}").set_value("  ")
    button(at, "Save").click().run()
    assert manager.store.get(run_id).title == HOSTILE, "a run without a title cannot be told from others"


def test_runs_are_filtered_by_lens_and_recorded_ones_folded(manager: JobManager) -> None:
    (synthetic,) = some(manager, 1)
    one, result = card()
    manager.store.insert(result, one.title)
    manager.store.insert(result, "opened only", states.RECORDED)
    at = page("runs")
    assert listed(at, "Run") == [one.title, "run 0"]
    at.session_state["runs-marked"] = (synthetic,)
    at.pills(key="runs-lens").set_value("Explore").run()
    assert listed(at, "Run") == [one.title] and at.session_state["runs-marked"] == ()
    at.toggle(key="runs-recorded").set_value(True).run()
    assert listed(at, "State") == ["recorded", "from a file"]


def test_how_a_run_ended_is_said_in_words(manager: JobManager) -> None:
    ended = {
        "cancelled": "cancelled after 64 of 512",
        "interrupted": "interrupted after 64 of 512",
        "failed": "failed after 64 of 512",
        "running": "running, 64 of 512",
        "cancelling": "being cancelled at 64 of 512",
        "queued": "waiting",
    }
    runs = some(manager, len(ended))
    for run_id, state in zip(runs, ended, strict=True):
        with manager.store.database.write() as connection:
            query = (
                "UPDATE runs SET state = ?, origin = '', done = 64, total = 512, owner = 'other' WHERE id = ?"
            )
            connection.execute(query, (state, run_id))
    at = page("runs")
    assert listed(at, "State")[::-1] == list(ended.values()) and set(listed(at, "Trust")) == {""}
    at.session_state["runs-marked"] = (runs[3],)
    at.run()
    assert button(at, "Delete").disabled and not button(at, "Cancel").disabled
    assert "What is still going is cancelled before it can be deleted." in said(at)
    button(at, "Cancel").click().run()
    assert manager.store.get(runs[3]).state == "cancelling"


def test_a_file_of_another_kind_gets_a_sentence(manager: JobManager) -> None:
    at = page("runs")
    at.file_uploader[0].upload("picture.png", b"\x89PNG\r\n\x1a\n\0", "image/png").run()
    assert not at.exception
    assert "picture.png" in said(at) and "holds no run: choose the file that" in said(at)


def test_what_a_browser_opens_is_looked_at(manager: JobManager) -> None:
    some(manager, 1)
    for given in ("../../etc/passwd", "0" * 16, 7, None, {"key": 1}):
        at = page("runs")
        at.session_state["runs-opened"] = given
        at.run()
        assert not at.exception and listed(at, "Run") == ["run 0"]
