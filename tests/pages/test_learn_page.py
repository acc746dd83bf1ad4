"""The Learn page without a browser: it goes on when something is done; an address brings one back to it."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from spexviz.jobs.manager import JobManager
from spexviz.ui.learn import book, pieces, place, stage
from spexviz.views.lesson import Lesson, Step
from tests.pages.app import components, page, said, tried

RUN = "learn-prompt-never-fails"
LESSONS = book.lessons()


def shown(at: AppTest) -> dict[str, Any]:
    """What the panel was given."""
    (found,) = components(at, "places")
    return found


def do(at: AppTest, run: str, **state: Any) -> dict[str, Any]:
    """Look at the run so, as the views of a browser report it; the panel then."""
    for name, value in state.items():
        at.session_state[f"{name}-{stage.key_of(run)}"] = value
    at.run()
    assert not at.exception
    return shown(at)


def done(at: AppTest, lesson: Lesson, step: Step) -> dict[str, Any]:
    """What the step asks for; the panel then."""
    goal, run = step.until, lesson.run_of(step)
    for one in goal.tried[:-1]:
        do(at, run, off=one)
    state: dict[str, Any] = {}
    if goal.off is not None or goal.tried:
        state["off"] = goal.off if goal.off is not None else goal.tried[-1]
    if goal.selected is not None:
        state["selection"] = goal.selected
    wanted = {name: getattr(goal, name) for name in ("index", "order", "sets")}
    chosen = {name: value for name, value in wanted.items() if value is not None}
    if chosen:
        key = f"chosen-{stage.key_of(run)}"
        at.session_state[key] = {**at.session_state[key], **chosen}
    if goal.did:
        at.session_state[pieces._DID] = frozenset(goal.did)
    return do(at, run, **state)


@pytest.mark.parametrize("lesson", LESSONS, ids=[str(lesson.number) for lesson in LESSONS])
def test_every_step_goes_on_when_it_is_done(manager: JobManager, lesson: Lesson) -> None:
    at = page("learn", lesson=str(lesson.number))
    for k, step in enumerate(lesson.steps, 1):
        panel = shown(at)
        assert (panel["at"], panel["title"], panel["seen"] == "") == (k, step.title, k == 1)
        panel = done(at, lesson, step)
        assert panel["at"] == k + 1 and panel["seen"] and panel["places"][k - 1]["done"], step.title
    assert shown(at)["question"]["ask"] and manager.store.list() == [], "looking at it makes no run"


def test_a_link_brings_lesson_step_and_settings_back(manager: JobManager) -> None:
    at = page(
        "learn", lesson="4", step="3", depth="researcher", index="FBII", order="4", selected="2-3", sets="5"
    )
    assert shown(at)["at"] == 3 and any(
        "Faithful Banzhaf" in text or "mean effect" in text for text in texts(at)
    )
    (settled,) = [one for one in components(at, "shown") if "said" in one]
    assert settled["said"] == {
        "index": "FBII",
        "order": "4",
        "sets": "5",
        "depth": "researcher",
        "selected": "2-3",
    }
    assert do(at, "prompt.never-fails")["at"] == 3, "what was not done here does not count"


def texts(at: AppTest) -> list[str]:
    return shown(at)["paragraphs"]


def test_a_plain_link_begins_the_step_as_it_begins(manager: JobManager) -> None:
    at = page("learn", lesson="1", step="5")
    assert at.session_state[f"off-{RUN}"] == (2, 3) == tuple(tried(at)["off"])
    (settled,) = [one for one in components(at, "shown") if "said" in one]
    assert settled["said"] == {"depth": "anyone"}, "as the step begins, nothing is to be said of it"


def test_depths_say_more_and_more(manager: JobManager) -> None:
    counts = [
        len(texts(page("learn", lesson="1", depth=depth))) for depth in ("anyone", "analyst", "researcher")
    ]
    assert counts[0] < counts[1] < counts[2]
    assert texts(page("learn", lesson="1", depth="brief")) == texts(page("learn", lesson="1"))


@pytest.mark.parametrize("query", [{"lesson": "99"}, {"lesson": "<b>"}, {"lesson": "1' OR 1"}, {}])
def test_an_address_of_no_lesson_shows_them_all(manager: JobManager, query: dict[str, str]) -> None:
    at = page("learn", **query)
    assert [button.label for button in at.button] == ["Start"] * len(LESSONS)
    assert all(lesson.title in said(at) for lesson in LESSONS)


def test_hostile_settings_are_left_out(manager: JobManager) -> None:
    at = page(
        "learn", lesson="1", step="2", off="2-99999-1'", selected="x", index="<b>", order="77", depth="all"
    )
    assert shown(at)["at"] == 2 and not at.session_state[f"off-{RUN}"]


def test_what_was_reached_is_kept_and_resumed(manager: JobManager) -> None:
    at = page("learn", lesson="1")
    do(at, "prompt.never-fails", off=(2,))
    (kept,) = components(at, "progress")
    assert kept == {"name": place.COOKIE, "progress": "1.2.2."}
    at.session_state[place._KEPT] = (("1", ""), None)
    at.query_params["lesson"] = ""
    at.run()
    assert "You are at 2 of 11." in said(at) and at.button[0].label == "Go on"
    at.button[0].click().run()
    (leads,) = components(at, "visit")
    assert leads["to"] == "learn?lesson=1&step=2"


def test_what_was_so_before_is_not_done(manager: JobManager) -> None:
    """A link, or the way back, to a step whose end is so already waits for it to be done anew."""
    at = page("learn", lesson="1", step="1", off="2")
    assert shown(at)["at"] == 1
    assert do(at, "prompt.never-fails", off=())["at"] == 1
    assert do(at, "prompt.never-fails", off=(2,))["at"] == 2


def test_no_model_is_asked_for_what_was_not_recorded(manager: JobManager) -> None:
    at = page("learn", lesson="6")
    do(at, "heads.copying", off=(1, 5, 9))
    assert "has not been asked" in tried(at)["said"]
    assert not [button for button in at.button if "model" in button.label.lower()]
