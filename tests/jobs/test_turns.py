"""Turns between visitors: who begins, who is held, and that no number depends on it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spexviz.ablate.executors import CHUNK
from spexviz.errors import QueueFull
from spexviz.jobs.place import place
from spexviz.jobs.turns import Turn, Turns
from spexviz.run.pipeline import run as whole_run
from spexviz.run.plan import Request
from spexviz.spec import RunSpec
from tests.jobs import slow
from tests.jobs.waiting import ended, until

NEVER = threading.Event()


pytestmark = pytest.mark.usefixtures("slow_game")


def request(tmp_path: Path, seed: int, pause: float = 0.005, budget: int = 128) -> Request:
    game = {"name": "slow", "log": str(tmp_path / f"{seed}.txt"), "n": 16, "pause": pause}
    return Request.of(RunSpec(game, {"name": "linear"}, budget, seed))


def at_work(turns: list[Turn]) -> list[int]:
    return [k for k, turn in enumerate(turns) if turn.working]


def test_visitors_take_turns_and_each_one_in_order():
    turns = Turns(1, each=8, most=64)
    joined = {name: turns.join(name[0]) for name in ("a1", "a2", "a3", "b1", "b2", "c1")}
    order = []
    while len(order) < len(joined):
        (name,) = [name for name, turn in joined.items() if turn.working]
        order.append(name)
        turns.show(joined[name])
        turns.leave(joined[name])
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_first_picture_goes_first_and_holds_the_others(monkeypatch):
    turns, told = Turns(2, each=8, most=64), []
    first = [turns.join("a") for _ in range(4)]
    assert at_work(first) == [0, 1], "one visitor alone has all places"
    second = turns.join("b")
    assert not second.working
    given = threading.Thread(target=turns.give_way, args=(first[0], NEVER, lambda: told.append(1)))
    given.start()
    assert turns.wait(second, NEVER), "after one boundary of one run"
    other = threading.Thread(target=turns.give_way, args=(first[1], NEVER, lambda: told.append(2)))
    other.start()
    time.sleep(0.5)
    assert not first[0].working and not first[1].working and sorted(told) == [1, 2]
    turns.show(second)
    given.join(5)
    other.join(0.5)
    assert at_work(first) == [0] or at_work(first) == [1], "one place for each visitor"
    turns.leave(second)
    given.join(5)
    other.join(5)
    assert at_work(first) == [0, 1], "what was begun goes on before what was not"


def test_a_first_picture_that_never_comes_holds_nobody_for_long(monkeypatch):
    monkeypatch.setattr("spexviz.jobs.turns.FIRST", 0.3)
    turns = Turns(2, each=8, most=64)
    old = turns.join("a")
    turns.show(old)
    new = turns.join("b")
    assert new.working
    start = time.monotonic()
    turns.give_way(old, NEVER, lambda: None)
    assert old.working and 0.1 < time.monotonic() - start < 5


def test_places_are_shared_chunk_by_chunk_among_more_visitors_than_places():
    """Three visitors on one place: each works a third of the chunks."""
    turns, worked = Turns(1, each=8, most=64), {"a": 0, "b": 0, "c": 0}

    def work(visitor: str, turn: Turn) -> None:
        turns.show(turn)
        turns.wait(turn, NEVER)
        for _ in range(30):
            worked[visitor] += 1
            least.append(min(worked.values()))
            turns.give_way(turn, NEVER, lambda: None)
        turns.leave(turn)

    least: list[int] = []
    joined = {visitor: turns.join(visitor) for visitor in worked}
    threads = [threading.Thread(target=work, args=one) for one in joined.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert worked == {"a": 30, "b": 30, "c": 30}
    assert all(total - 3 <= 3 * low + 3 for total, low in zip(range(1, 91), least, strict=True))


def test_each_visitor_has_a_limit_and_all_together_another():
    turns = Turns(0, each=2, most=5)
    for visitor in "aabb":
        turns.join(visitor)
    with pytest.raises(QueueFull, match="2 of your runs are already waiting"):
        turns.join("a")
    last = turns.join("c")
    with pytest.raises(QueueFull, match="5 runs of all visitors"):
        turns.join("d")
    turns.leave(last)
    assert turns.ahead(turns.join("d")) == []


def test_runs_that_let_others_go_first_count_as_waiting():
    """Each visitor's first run begins at once: without a limit, as many of them as there are visitors."""
    turns = Turns(0, each=2, most=3)
    for visitor in "abc":
        turns.join(visitor).first = 0.5
    with pytest.raises(QueueFull, match="3 runs of all visitors"):
        turns.join("d")


def test_the_place_in_the_queue():
    turns = Turns(1, each=8, most=64)
    a = [turns.join("a") for _ in range(3)]
    b = [turns.join("b") for _ in range(2)]
    assert turns.ahead(a[2]) == [a[0], a[1], b[0], b[1]] and turns.ahead(b[0]) == []
    assert turns.ahead(b[1]) == [b[0], a[0]] and turns.ahead(Turn("a")) == []
    assert place([2.0, 4.0], 2).seconds == 3.0 and place([2.0, None], 2).seconds is None


def test_a_second_visitors_first_picture_waits_for_one_chunk(make: Callable, tmp_path: Path):
    """Ten runs of the first visitor: before, the second one's picture came after all of them."""
    manager, pause = make(), 0.005
    theirs = [manager.submit(request(tmp_path, seed, pause), visitor="a") for seed in range(10)]
    with pytest.raises(QueueFull, match="of your runs"):
        manager.submit(request(tmp_path, 11), visitor="a")
    until(manager, theirs[1], lambda run: run.done >= CHUNK)
    start = time.monotonic()
    mine = manager.submit(request(tmp_path, 20, pause), visitor="b")
    until(manager, mine, lambda run: run.has_result)
    waited = time.monotonic() - start
    assert sum(manager.store.get(one).state == "done" for one in theirs) <= 2
    # its own: 64 for the fit, 64 held out, 2 ends; one chunk of another; and a busy machine
    assert waited < (130 + CHUNK) * pause + 4
    assert until(manager, mine, ended).state == "done"
    assert [until(manager, one, ended).state for one in theirs] == ["done"] * 10


def test_the_numbers_are_those_of_a_run_alone(make: Callable, tmp_path: Path):
    """Held again and again, on one place: bit for bit the same explanation, and no mask is asked twice."""
    manager = make(workers=1)
    asked = {seed: request(tmp_path, seed, 0.001) for seed in range(4)}
    ids = {seed: manager.submit(one, visitor=str(seed)) for seed, one in asked.items()}
    phases: set[str] = set()
    for run_id in ids.values():
        until(manager, run_id, lambda run: phases.add(run.phase) or ended(run))
    assert "waiting for its turn" in phases
    (tmp_path / "alone").mkdir()
    for seed, run_id in ids.items():
        alone = whole_run(request(tmp_path / "alone", seed, 0.0))
        found = manager.store.result(run_id)
        assert found.spectrum.coefficients == alone.spectrum.coefficients
        assert (found.sample.values == alone.sample.values).all()
        assert (found.sample.masks == alone.sample.masks).all()
        assert [(point.r2, point.interval) for point in found.proof.curve] == [
            (point.r2, point.interval) for point in alone.proof.curve
        ]
        log = slow.asked(tmp_path / f"{seed}.txt")
        assert len(log) == len(set(log))


def test_a_run_that_is_held_can_be_cancelled(make: Callable, tmp_path: Path):
    manager = make(workers=1)
    first = manager.submit(request(tmp_path, 0, 0.005, 512), visitor="a")
    until(manager, first, lambda run: run.done >= CHUNK)
    second = manager.submit(request(tmp_path, 1, 0.02, 512), visitor="b")
    place = None
    end = time.monotonic() + 10
    while place is None and time.monotonic() < end:  # the two share the one place, chunk by chunk
        place = manager.place(first)
    assert place is not None and place.ahead == 0
    manager.cancel(first)
    assert until(manager, first, ended, 10).state == "cancelled"
    manager.cancel(second)
    assert until(manager, second, ended).state == "cancelled"


def test_threads_end_with_their_runs(make: Callable, tmp_path: Path):
    manager = make()
    before = threading.active_count()
    ids = [
        manager.submit(request(tmp_path, seed, 0.0), visitor=visitor)
        for visitor, seed in itertools.islice(zip(itertools.cycle("abc"), itertools.count()), 9)
    ]
    for run_id in ids:
        until(manager, run_id, ended)
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.02)
    assert threading.active_count() <= before
