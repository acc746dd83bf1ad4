"""A game that takes its time, for tests that must catch a run in the middle.

Every mask it is asked is one line of a file.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from spexviz.games.base import Game
from spexviz.kit.options import REQUIRED, option
from spexviz.kit.registry import offered
from spexviz.masks import Masks, Values, keys
from spexviz.run import plan


@dataclass(frozen=True)
class SlowGame(Game):
    """Counts kept players; a mask costs `pause` seconds, and is written to `log` before it is answered."""

    name: ClassVar[str] = "slow"
    title: ClassVar[str] = "Slow"

    log: str = option(REQUIRED, "Log", "A file.")
    n: int = option(14, "Players", "How many.")
    pause: float = option(0.001, "Pause", "Seconds a mask.")
    fail: bool = option(False, "Fail", "At once.")
    leave: str = option("", "Leave", "SystemExit or KeyboardInterrupt, at once.")
    unit: ClassVar[str] = "value"

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(f"x{i}" for i in range(self.n))

    @property
    def fingerprint(self) -> str:
        return f"slow-{self.n}"

    def __call__(self, masks: Masks) -> Values:
        with Path(self.log).open("a", encoding="utf-8") as file:
            file.write("".join(f"{key.hex()}\n" for key in keys(masks)))
            file.flush()
            os.fsync(file.fileno())
        if self.leave:
            raise {"SystemExit": SystemExit, "KeyboardInterrupt": KeyboardInterrupt}[self.leave]()
        if self.fail:
            raise RuntimeError("a fault that nobody foresaw")
        time.sleep(self.pause * len(masks))
        return masks.sum(1).astype(np.float64)


def offer() -> None:
    """Make the game known to RunSpecs, as if its file stood in spexviz/games."""
    games = offered("spexviz.games")
    plan.offered = lambda package: (
        {**games, "slow": SlowGame} if package == "spexviz.games" else offered(package)
    )


def asked(log: Path | str) -> list[str]:
    path = Path(log)
    return path.read_text().split() if path.exists() else []
