"""How many threads may be used: set in the open, since two beside other work can be ten times slower than one."""

from __future__ import annotations

import os


def threads() -> int:
    """Threads that torch may use: `SPEXVIZ_THREADS`, by default the cores this process may run on."""
    given = os.environ.get("SPEXVIZ_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(given)) if given.isdecimal() else cores
