"""Who goes first on a busy machine: threads that draw pages, before those that compute."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from spexviz.kit.threads import go_behind


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives each thread a niceness of its own")
def test_a_thread_and_those_that_it_starts_go_behind_and_no_other():
    before, found = os.getpriority(os.PRIO_PROCESS, 0), []

    def note() -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def work() -> None:
        go_behind()
        note()
        child = threading.Thread(target=note)
        child.start()
        child.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [min(before + 10, 19)] * 2
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
