"""How fast a model reads, learnt from every call: the first thing that a cost estimate needs."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

MEMORY = 8_192.0  # tokens after which a call counts for 1/e: old calls fade, since other work comes and goes on a machine


@dataclass
class Pace:
    """Seconds that a token takes, over the last calls; the very first call is left out (it pays for what is made once)."""

    _tokens: float = 0.0
    _seconds: float = 0.0
    _calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, tokens: float, seconds: float) -> None:
        """A call that computed so many tokens took so many seconds."""
        with self._lock:
            self._calls += 1
            if self._calls > 1 and tokens > 0:
                kept = math.exp(-tokens / MEMORY)
                self._tokens, self._seconds = kept * self._tokens + tokens, kept * self._seconds + seconds

    def seconds(self, tokens: float) -> float | None:
        """What so many tokens take; None before the second call."""
        return self._seconds / self._tokens * tokens if self._tokens else None
