"""The lock that goes to who waits for a short while, in the midst of long work."""

from __future__ import annotations

import threading
import time

from spexviz.kit.handover import Handover, patiently


def in_thread(work) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_question_goes_between_two_batches():
    lock, log, begun = Handover(), [], threading.Event()

    def chunk() -> None:
        with patiently(), lock:
            for batch in range(6):
                lock.give_way()
                log.append(batch)
                begun.set()
                time.sleep(0.1)

    job = in_thread(chunk)
    assert begun.wait(10)
    with lock:
        log.append("question")
    job.join(10)
    assert sorted(map(str, log)) == ["0", "1", "2", "3", "4", "5", "question"]
    assert log.index("question") in (1, 2, 3), "after the batch in flight, not after the chunk"


def test_long_work_does_not_give_way_to_long_work():
    lock, log, begun = Handover(), [], threading.Event()

    def chunk(name: str) -> None:
        with patiently(), lock:
            for _ in range(3):
                lock.give_way()
                log.append(name)
                begun.set()
                time.sleep(0.05)

    first = in_thread(lambda: chunk("first"))
    assert begun.wait(10)
    second = in_thread(lambda: chunk("second"))
    first.join(10)
    second.join(10)
    assert log == ["first"] * 3 + ["second"] * 3


def test_questions_do_not_give_way_and_the_time_away_is_known():
    lock, begun, away = Handover(), threading.Event(), []

    def chunk() -> None:
        with patiently(), lock:
            begun.set()
            time.sleep(0.2)
            lock.give_way()
            away.append(lock.away)
        with lock:
            away.append(lock.away)

    job = in_thread(chunk)
    assert begun.wait(10)
    with lock:
        time.sleep(0.3)
        lock.give_way()
        assert lock.away == 0.0
    job.join(10)
    assert 0.25 < away[0] < 10 and away[1] == 0.0


def test_one_thread_at_a_time():
    lock, inside, most = Handover(), [], []

    def work(patient: bool) -> None:
        for _ in range(50):
            if patient:
                with patiently(), lock:
                    enter()
                    lock.give_way()
                    enter()
            else:
                with lock:
                    enter()

    def enter() -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0)
        inside.pop()

    threads = [in_thread(lambda patient=patient: work(patient)) for patient in (True, True, False, False)]
    for thread in threads:
        thread.join(30)
    assert len(most) == 300 and set(most) == {1}
