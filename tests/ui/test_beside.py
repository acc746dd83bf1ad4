"""Beside: what a form asks is asked once, in a thread of its own, and what failed is asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from spexviz.ui import beside


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = beside.Asked()
    monkeypatch.setattr(beside, "_asked", lambda: asked)


def counted(work: Callable[[], Any]) -> tuple[list[str], Callable[[], Any]]:
    """The work, and the names of the threads that have done it."""
    done: list[str] = []

    def counts() -> Any:
        done.append(threading.current_thread().name)
        return work()

    return done, counts


def test_a_question_is_asked_once_in_a_thread_of_its_own() -> None:
    done, work = counted(lambda: 7)
    first = beside.Questions()
    assert first.await_("key", work) == 7 and beside.Questions().get("key", work) == 7
    assert len(done) == 1 and done[0] != threading.current_thread().name and not first.waits


def test_a_page_does_not_wait_for_what_takes_long() -> None:
    go = threading.Event()
    questions = beside.Questions()
    assert questions.get("slow", lambda: go.wait(60)) is None and questions.waits
    assert questions.get("slow too", lambda: go.wait(60)) is None
    go.set()
    assert questions.await_("slow", lambda: False) is True and beside.Questions().get("slow", go.wait) is True


def test_what_failed_is_told_once_and_asked_again() -> None:
    def fails() -> int:
        raise ValueError("not now")

    questions = beside.Questions()
    with pytest.raises(ValueError, match="not now"):
        questions.await_("key", fails)
    assert questions.await_("key", lambda: 3) == 3


def test_the_oldest_answers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MOST", 2)
    done, work = counted(lambda: 1)
    questions = beside.Questions()
    for key in ("a", "b", "a", "c", "a", "b"):
        questions.await_(key, work)
    assert len(done) == 4  # a, b, c, and b once more
