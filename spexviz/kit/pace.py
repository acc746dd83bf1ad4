"""How fast something works, learnt from every call: what a cost estimate needs.

Models count tokens, solvers units of fit work.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

# work after which a call counts for 1/e: old calls fade, since other work comes and goes on a machine
MEMORY = 8_192.0


@dataclass
class Pace:
    """Seconds that a unit of work takes, over the last calls.

    The very first call is left out: it pays for what is made once.
    """

    _work: float = 0.0
    _seconds: float = 0.0
    _calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, work: float, seconds: float) -> None:
        """A call that did so much work took so many seconds."""
        with self._lock:
            self._calls += 1
            if self._calls > 1 and work > 0:
                kept = math.exp(-work / MEMORY)
                self._work = kept * self._work + work
                self._seconds = kept * self._seconds + seconds

    def seconds(self, work: float) -> float | None:
        """What so much work takes; None before the second call."""
        if not self._work:
            return None
        return self._seconds / self._work * work
