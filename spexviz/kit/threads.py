"""How many threads may be used, set in the open: two beside other work can be ten times slower than one."""

from __future__ import annotations

import os
import sys
import threading

BEHIND = 10  # niceness, on top of the process's own, of what nobody waits for at once


def threads() -> int:
    """Threads that torch may use: `SPEXVIZ_THREADS`, by default the cores this process may run on."""
    given = os.environ.get("SPEXVIZ_THREADS", "")
    if given.isdecimal():
        return max(1, int(given))
    if hasattr(os, "sched_getaffinity"):  # where the system can tie a process to some cores
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def go_behind() -> None:
    """Let this thread, and those that it starts, wait for a processor until others of this process need none.

    Only Linux gives each thread a niceness of its own; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, now + BEHIND)
