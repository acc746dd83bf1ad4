"""Turns between visitors: which runs may work at this moment, and who waits.

Each run has a thread of its own, and only as many as there are places work at once. A run asks after every
chunk and before every fit whether it should let another go first (`give_way`): it then waits inside its own
thread, with all that it holds, and goes on where it was. So no number depends on who else is there.

Who goes first: a visitor's first picture; then who has the fewest runs at work; then who has waited longest
for a turn; of one visitor's runs those that have begun, and then in the order in which they came.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from spexviz.errors import QueueFull

LOOK = 0.2  # seconds between two looks of all runs that wait, together: at what changes only with time
FIRST = 15.0  # seconds for which a visitor's first picture may hold the runs of others


@dataclass(eq=False)
class Turn:
    """One run in the queue, or at work.

    `since`: when it came; `first`: when it got a place for the first time, None before.
    """

    visitor: str
    working: bool = False
    gone: bool = False
    since: float = field(default_factory=time.monotonic)
    first: float | None = None
    called: threading.Event = field(default_factory=threading.Event)  # its place, or its end, has come


class Turns:
    """`places` runs work at once; each visitor may have `each` runs waiting to begin, all together `most`."""

    def __init__(self, places: int, each: int, most: int):
        self._places = places
        self._each = each
        self._most = most
        self._turns: list[Turn] = []  # in the order in which they came
        self._last: dict[str, float] = {}  # when a visitor last had a place
        self._seen: set[str] = set()  # visitors who have had a first picture, of those who are there
        self._guard = threading.Lock()

    def join(self, visitor: str) -> Turn:
        """A turn at the end of the visitor's queue. Raises QueueFull where too many wait already."""
        with self._guard:
            waiting = self._waiting()  # those that have begun and let others go first hold a thread, too
            own = [turn for turn in waiting if turn.first is None and turn.visitor == visitor]
            if len(own) >= self._each:
                raise QueueFull(
                    f"{self._each} of your runs are already waiting: try again when one has finished, or "
                    "cancel one on the Runs page."
                )
            if len(waiting) >= self._most:
                raise QueueFull(
                    f"{self._most} runs of all visitors are already waiting: try again in a few minutes."
                )
            turn = Turn(visitor)
            self._turns.append(turn)
            self._settle()
        return turn

    def leave(self, turn: Turn) -> None:
        """The run is over, or nobody wants it any more."""
        with self._guard:
            turn.gone = True
            self._release(turn)
            if turn in self._turns:
                self._turns.remove(turn)
            turn.called.set()
            if all(other.visitor != turn.visitor for other in self._turns):
                self._last.pop(turn.visitor, None)
                self._seen.discard(turn.visitor)
            self._settle()

    def show(self, turn: Turn) -> None:
        """The run has a picture to show."""
        with self._guard:
            self._seen.add(turn.visitor)
            self._settle()

    def wait(self, turn: Turn, cancel: threading.Event) -> bool:
        """Wait for a place; False where the run is cancelled before (see `call`)."""
        while True:
            with self._guard:
                self._settle()
                if turn.working or turn.gone or cancel.is_set():
                    return turn.working and not cancel.is_set()
                turn.called.clear()
                looks = len(self._waiting())
            turn.called.wait(LOOK * looks)

    def call(self, turn: Turn) -> None:
        """Let a run that waits look now whether it was cancelled."""
        turn.called.set()

    def give_way(self, turn: Turn, cancel: threading.Event, told: Callable[[], None]) -> None:
        """Let another run go first where it should, and wait for a place again; `told` is called before."""
        with self._guard:
            if not turn.working or not self._should_yield(turn):
                return
            self._release(turn)
            self._settle()
        told()
        self.wait(turn, cancel)

    def ahead(self, turn: Turn) -> list[Turn]:
        """The runs that go before one that waits, or share its time: its visitor's own, and in each round one
        of every other visitor's.
        """
        with self._guard:
            queue = list(self._turns)
        if turn not in queue:
            return []
        before = queue[: queue.index(turn)]
        own = [other for other in before if other.visitor == turn.visitor]
        others: list[Turn] = []
        for visitor in {other.visitor for other in queue} - {turn.visitor}:
            theirs = [other for other in queue if other.visitor == visitor]
            others += sorted(theirs, key=_begun_first)[: len(own)]
        return own + others

    def _should_yield(self, turn: Turn) -> bool:
        """Whether another run should have the place of one that works, or it is held for a first picture."""
        if self._is_held(turn):
            return True
        waiting = self._waiting()
        if not waiting:
            return False
        best = min(waiting, key=self._rank)
        if best.visitor == turn.visitor:
            return False
        if self._is_first(best) != self._is_first(turn):
            return self._is_first(best)
        return self._at_work(best.visitor) < self._at_work(turn.visitor)

    def _settle(self) -> None:
        """Give free places to whose turn it is."""
        working = [turn for turn in self._turns if turn.working]
        waiting = self._waiting()
        while waiting and len(working) < self._places:
            best = min(waiting, key=self._rank)
            if self._is_held(best):
                break
            waiting.remove(best)
            working.append(best)
            now = time.monotonic()
            best.working = True
            best.first = best.first or now
            self._last[best.visitor] = now
            best.called.set()

    def _release(self, turn: Turn) -> None:
        if turn.working:
            turn.working = False
            self._last[turn.visitor] = time.monotonic()

    def _rank(self, turn: Turn) -> tuple[bool, int, float, bool, int]:
        """The smallest goes first."""
        waits = self._last.get(turn.visitor, turn.since)
        place = self._turns.index(turn)
        return not self._is_first(turn), self._at_work(turn.visitor), waits, turn.first is None, place

    def _is_first(self, turn: Turn) -> bool:
        """Whether it makes its visitor's first picture: the only run of theirs that has begun, or the first
        in their queue. For a while: a model that loads holds nobody long.
        """
        if turn.visitor in self._seen:
            return False
        if turn.first is not None and time.monotonic() - turn.first > FIRST:
            return False
        own = [other for other in self._turns if other.visitor == turn.visitor]
        begun = [other for other in own if other.first is not None]
        return turn is (begun or own)[0] and len(begun) <= 1

    def _is_held(self, turn: Turn) -> bool:
        """Whether another visitor's first picture is being made, so that this run does not share its time."""
        if self._is_first(turn):
            return False
        others = [other for other in self._turns if other.working and other.visitor != turn.visitor]
        return any(map(self._is_first, others))

    def _waiting(self) -> list[Turn]:
        return [turn for turn in self._turns if not turn.working]

    def _at_work(self, visitor: str) -> int:
        return sum(turn.working for turn in self._turns if turn.visitor == visitor)


def _begun_first(turn: Turn) -> bool:
    return turn.first is None
