"""Beside: what a form asks of a model while it is filled in, so that nobody waits for it.

Questions are asked in threads of their own, once each; a page shows what is there, and is drawn anew when
more is. They go before what a run computes (a thread is hurried unless it says otherwise: see kit.handover).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import streamlit as st

MOST = 512  # answers that are kept
# seconds that a page waits for its answers, all together: what is quick is there at once
GRACE = 0.15
LOOKS = 0.5  # seconds between two looks


class Asked:
    """Questions by their keys, and their answers; what could not be answered is forgotten once told."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._found: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="spexviz-beside")

    def ask(self, key: Hashable, work: Callable[[], Any]) -> Future[Any]:
        """The answer to come, or that is there."""
        with self._guard:
            if key not in self._found:
                self._found[key] = self._threads.submit(work)
            self._found.move_to_end(key)
            while len(self._found) > MOST:
                self._found.popitem(last=False)[1].cancel()
            return self._found[key]

    def forget(self, key: Hashable) -> None:
        with self._guard:
            self._found.pop(key, None)


@st.cache_resource(show_spinner=False)
def _asked() -> Asked:
    return Asked()


class Questions:
    """What one drawing of a form asks. `waits`: whether some of it is not there yet."""

    def __init__(self) -> None:
        self._pending: list[Future[Any]] = []
        self._grace = GRACE

    @property
    def waits(self) -> bool:
        return any(not one.done() for one in self._pending)

    def get(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """The answer, None while it is not there. Raises what `work` raises."""
        future = _asked().ask(key, work)
        if self._grace > 0 and not future.done():
            start = time.monotonic()
            wait([future], self._grace)
            self._grace -= time.monotonic() - start  # one for all of them
        if not future.done():
            self._pending.append(future)
            return None
        return self._told(key, future)

    def await_(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """The answer, whenever it comes. Raises what `work` raises."""
        future = _asked().ask(key, work)
        wait([future])
        return self._told(key, future)

    @staticmethod
    def _told(key: Hashable, future: Future[Any]) -> Any:
        try:
            return future.result()
        except BaseException:
            _asked().forget(key)
            raise

    def follow(self) -> None:
        """Draw the page anew once all is there."""
        if not self.waits:
            return
        pending = list(self._pending)

        def look() -> None:
            if all(one.done() for one in pending):
                st.rerun()

        st.fragment(look, run_every=LOOKS)()
