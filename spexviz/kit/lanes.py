"""Threads for long work, and one that goes past them for whoever waits for a short one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from spexviz.kit.handover import patiently, works_long

A = TypeVar("A")
B = TypeVar("B")


class Lanes:
    """`count` threads. Beside work that takes long (see `patiently`) a further one is for what does not."""

    def __init__(self, count: int, name: str):
        self._many = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._past = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-asked")
        self._guard = threading.Lock()
        self._long = 0  # pieces of long work under way

    def map(self, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """The work done on each; where one fails, those that nobody has begun are left."""
        is_long = works_long()

        def done(item: A) -> B:
            if not is_long:
                return work(item)
            with patiently():
                return work(item)

        with self._guard:
            lane = self._past if self._long and not is_long else self._many
            self._long += is_long
        jobs = [lane.submit(done, item) for item in items]
        try:
            return [job.result() for job in jobs]
        finally:
            for job in jobs:
                job.cancel()
            with self._guard:
                self._long -= is_long
