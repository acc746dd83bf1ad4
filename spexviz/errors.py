"""The one error tree. Every message says what is wrong and what to do about it.

SpexvizError
├── SpecError        a run, game or solver was described wrongly (ValueError)
├── ModelError       a language model cannot be found, loaded or asked
├── GameError        the thing to explain cannot be ablated as asked (ValueError)
│   └── FormulaError a formula cannot be read; it says at which character
├── SolverError      a solver cannot work with what it was given (ValueError)
├── AblationError    the model gave no usable value for some mask
├── MemoryFull       memory ran out in the middle of a run; what was measured is kept (MemoryError)
├── QueueFull        the job manager has no room for another run
├── ServeError       the dashboard cannot be served as asked (ValueError)
├── Cancelled        somebody pressed Cancel; what was done is kept
└── StoreError       the run store or the ablation cache cannot be used
    ├── StoreDamaged its file is no database, or a damaged one
    └── StoreNewer   its file was written by a newer spexviz
"""

from __future__ import annotations

from typing import Self


class SpexvizError(Exception):
    """Base of all errors that spexviz raises on purpose.

    `about`: the one setting that it is about, by its name; "" for none, or several.
    """

    about: str = ""

    def of(self, setting: str) -> Self:
        """The same error, about this setting."""
        self.about = setting
        return self


class SpecError(SpexvizError, ValueError):
    """A run, game or solver was described wrongly."""


class ModelError(SpexvizError):
    """A language model cannot be found, loaded or asked."""


class GameError(SpexvizError, ValueError):
    """The thing to explain cannot be ablated as asked."""


class FormulaError(GameError):
    """A formula cannot be read; `position`: of the character at which it goes wrong, from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"At character {position + 1}: {message}")
        self.position = position


class SolverError(SpexvizError, ValueError):
    """A solver cannot work with the masks, values or settings it was given."""


class AblationError(SpexvizError):
    """The model gave no usable value for a mask; everything before it is kept."""


class MemoryFull(SpexvizError, MemoryError):
    """Memory ran out in the middle of a run; everything that was measured is kept."""


class QueueFull(SpexvizError):
    """The job manager has no room for another run."""


class ServeError(SpexvizError, ValueError):
    """The dashboard cannot be served as asked: a name, a token or an address that cannot be one."""


class Cancelled(SpexvizError):
    """The run was cancelled; every finished chunk of ablations is kept."""


class StoreError(SpexvizError):
    """The run store or the ablation cache cannot be used."""


class StoreDamaged(StoreError):
    """The file of the run store or of the ablation cache is no database, or a damaged one."""


class StoreNewer(StoreError):
    """The file of the run store or of the ablation cache was written by a newer spexviz."""
