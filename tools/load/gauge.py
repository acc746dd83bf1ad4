"""What a server holds: memory, threads, and handles by their kind."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Held:
    """At one moment, `seconds` after the start: `memory` in MB, `loops`: event loops."""

    seconds: float
    memory: float
    threads: int
    handles: int
    sockets: int
    loops: int

    @classmethod
    def by(cls, process: int, start: float) -> Held:
        """What a process holds now."""
        kinds: Counter[str] = Counter()
        for link in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                kinds[os.readlink(link).split(":")[0]] += 1
        server = psutil.Process(process)
        loops = sum(1 for link in _links(process) if "eventpoll" in link)
        memory = server.memory_info().rss / 1e6
        taken = time.monotonic() - start
        return cls(taken, memory, server.num_threads(), kinds.total(), kinds["socket"], loops)

    def __str__(self) -> str:
        return (
            f"{self.seconds:5.0f} s {self.memory:7.0f} MB {self.threads:4} threads {self.handles:5} handles "
            f"({self.sockets} sockets, {self.loops} event loops)"
        )


def _links(process: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))
    return found


def grown(curve: list[Held]) -> list[str]:
    """What did not level off: higher in the last quarter than before, beyond what comes and goes."""
    if len(curve) < 8:
        return []
    quarter = len(curve) // 4
    before, last = curve[-2 * quarter : -quarter], curve[-quarter:]
    found = []
    for name, spare in (("memory", 60.0), ("threads", 16.0), ("handles", 60.0)):
        most = max(getattr(held, name) for held in before)
        now = max(getattr(held, name) for held in last)
        if now > 1.05 * most + spare:
            found.append(f"{name} grew from {most:.0f} to {now:.0f} in the last quarter")
    return found
