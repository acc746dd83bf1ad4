from __future__ import annotations

import threading
from dataclasses import dataclass

from spexviz.kit.cached import cached_property, kept


@dataclass(frozen=True)
class Slow:
    gate: threading.Event
    begun: threading.Event

    @cached_property
    def value(self) -> object:
        self.begun.set()
        assert self.gate.wait(30)
        return object()


def test_one_object_does_not_wait_for_another_of_its_class() -> None:
    """As a visitor of a fast model does not for the one whose model loads."""
    slow = Slow(threading.Event(), threading.Event())
    fast = Slow(threading.Event(), threading.Event())
    fast.gate.set()
    waiting = threading.Thread(target=lambda: slow.value)
    waiting.start()
    assert slow.begun.wait(30)
    found: list[object] = []
    other = threading.Thread(target=lambda: found.append(fast.value))
    other.start()
    other.join(5)
    in_time = bool(found)
    slow.gate.set()
    waiting.join()
    assert in_time and fast.value is found[0], "computed once"


class Thing:
    pass


def test_a_function_is_computed_once_for_each_object() -> None:
    asked = []

    @kept
    def name(thing: Thing, letter: str, *, loud: bool = False) -> str:
        asked.append(thing)
        return letter

    one, other = Thing(), Thing()
    assert [name(one, "a"), name(one, "a"), name(other, "a"), name(one, "b"), name(one, "a", loud=True)]
    assert len(asked) == 4
