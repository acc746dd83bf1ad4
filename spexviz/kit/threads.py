"""How many threads may be used, set in the open: two beside other work can be ten times slower than one."""

from __future__ import annotations

import os


def threads() -> int:
    """Threads that torch may use: `SPEXVIZ_THREADS`, by default the cores this process may run on."""
    given = os.environ.get("SPEXVIZ_THREADS", "")
    if given.isdecimal():
        return max(1, int(given))
    if hasattr(os, "sched_getaffinity"):  # where the system can tie a process to some cores
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
