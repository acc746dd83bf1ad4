"""RunSpec: what a run is, as plain JSON.

The same spec gives the same numbers, and its hash is the run's id.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from spexviz.errors import SpecError, SpexvizError
from spexviz.kit.options import befores, plain, settle, shown

Json = Mapping[str, Any]
MAX_BUDGET = 1_000_000
MOST_DEEP = 32
SETS_CHECKED, MOST_CHECKED = 8, 100  # by `validate=True`; by a number
HELD_OUT, FOLDS = "held-out", "folds"
SCORINGS = {
    HELD_OUT: "R² is measured on masks that are asked for it alone.",
    FOLDS: "Every ablation serves the fit: R² is measured on each by a fit that has not seen it.",
}
NEAR, MOST_NEAR = 0.1, 0.5  # share of the ablations that remove few players: of new runs, and at most
_ID = re.compile(r"[0-9a-f]{16}\Z")
# what settings of the wrong type lead to, from a file or a form
_WRONG_TYPE = (TypeError, ValueError, AttributeError, OverflowError)


@runtime_checkable
class Labelled(Protocol):
    """What stands in a spec by its name: a loaded language model, a data set."""

    label: str


@dataclass(frozen=True)
class Options:
    """What a run does beside its fits: sets to check on the model (True: 8), and when it may end early.

    `scoring`: on which masks R² is measured, those set aside or all of them by folds; `near`: the share of
    the ablations that remove few players. What is left out means what it meant before there was a choice.
    Raises SpecError for others.
    """

    validate: int = 0
    target_r2: float | None = None
    stop_when_flat: bool = False
    scoring: str = HELD_OUT
    near: float = 0.0

    def __post_init__(self) -> None:
        settle(self)
        if not isinstance(self.validate, int) or not 0 <= self.validate <= MOST_CHECKED:
            raise SpecError(
                f"validate is True, False or a number of sets up to {MOST_CHECKED}, "
                f"not {self.validate!r:.40}."
            )
        if self.target_r2 is not None and not _is_inside(self.target_r2):
            raise SpecError(f"The target of R² must lie between 0 and 1, not {self.target_r2!r:.40}.")
        if not isinstance(self.stop_when_flat, bool):
            raise SpecError(f"stop_when_flat is True or False, not {self.stop_when_flat!r:.40}.")
        if self.scoring not in SCORINGS:
            raise SpecError(f"There is no scoring {self.scoring!r:.40}: choose {' or '.join(SCORINGS)}.")
        if not 0 <= self.near <= MOST_NEAR:
            raise SpecError(
                f"The share of near masks lies between 0 and {MOST_NEAR:g}, not {self.near!r:.40}."
            )
        if self.near and self.scoring != FOLDS:
            raise SpecError('Near masks are scored by folds: choose the scoring "folds", or no near masks.')
        sets = SETS_CHECKED if self.validate is True else int(self.validate)
        object.__setattr__(self, "validate", sets)

    def spoken(self) -> dict[str, Any]:
        """The options that are not at their default: a run that uses none keeps the id that it always had."""
        plainly = Options()
        return {name: value for name, value in vars(self).items() if value != getattr(plainly, name)}

    @classmethod
    def of(cls, data: object) -> Options:
        """The options that a JSON object holds. Raises SpecError for an unknown one."""
        if not isinstance(data, Mapping):
            raise SpecError("The options of a run must be an object.")
        names = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(data) - set(names))
        if unknown:
            raise SpecError(
                f"A run has no options {', '.join(map(repr, unknown))}: it has {', '.join(names)}; "
                "leave others out."
            )
        return cls(**data)


@dataclass(frozen=True)
class RunSpec:
    """One run as plain data: a game, a solver, a budget of ablations, a seed, its options.

    Game and solver are JSON objects with a "name" each. Made by `RunSpec.of` from a game and a solver, with
    every setting written out: so one run has one id, however it was asked for.
    Raises SpecError if a part is missing, of the wrong type, or cannot be written as JSON.
    """

    game: Json
    solver: Json
    budget: int
    seed: int = 0
    options: Options = Options()

    @classmethod
    def of(
        cls, game: Any, solver: Any, budget: int = 512, seed: int = 0, options: Options = Options()
    ) -> RunSpec:
        """The spec of a run of this solver on this game."""
        return cls(describe(game), describe(solver), budget, seed, options)

    def __post_init__(self) -> None:
        for part in ("game", "solver"):
            value = getattr(self, part)
            if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
                raise SpecError(f'The {part} of a run must be an object with a "name", not {value!r:.80}.')
        if _is_deep([self.game, self.solver]):
            raise SpecError(
                f"The settings of a run are nested deeper than {MOST_DEEP} levels: "
                "no game or solver has such."
            )
        settle(self)
        if not _is_int(self.budget) or not 1 <= self.budget <= MAX_BUDGET:
            raise SpecError(
                f"The budget must be a whole number of ablations from 1 to {MAX_BUDGET}, "
                f"not {shown(self.budget)}."
            )
        if not _is_int(self.seed) or not 0 <= self.seed < 2**32:
            raise SpecError(f"The seed must be a whole number from 0 to 2^32 − 1, not {shown(self.seed)}.")
        if not isinstance(self.options, Options):
            raise SpecError(f"The options of a run are an Options, not {self.options!r:.40}.")
        self.to_json()

    @property
    def game_name(self) -> str:
        """The name of its game."""
        return self.game["name"]

    @property
    def solver_name(self) -> str:
        """The name of its solver."""
        return self.solver["name"]

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, no NaN. Raises SpecError for what JSON has no form of."""
        parts = {**vars(self), "options": self.options.spoken()}
        try:
            text = json.dumps(
                parts,
                sort_keys=True,
                separators=(",", ":"),
                ensure_ascii=False,
                allow_nan=False,
            )
            text.encode()  # half a character (a lone surrogate) cannot be stored or shown
            return text
        except (TypeError, ValueError, RecursionError) as error:
            raise SpecError(
                f"This run cannot be written as JSON ({error}); "
                "use whole characters, numbers, lists and objects only."
            ) from None

    @classmethod
    def from_json(cls, text: str) -> RunSpec:
        """The reverse of `to_json`; raises SpecError for anything else."""
        try:
            data = json.loads(text)
            options = Options.of(data.get("options", {}))
            return cls(**{**data, "options": options})
        except SpecError:
            raise
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise SpecError(f"This is not the JSON of a run ({error}).") from None

    @property
    def id(self) -> str:
        """16 hex digits of the SHA-256 of the canonical JSON."""
        digest = hashlib.sha256(self.to_json().encode())
        return digest.hexdigest()[:16]


def is_run_id(text: object) -> bool:
    """Whether `text` has the form of a run id (URLs are untrusted)."""
    return isinstance(text, str) and _ID.match(text) is not None


def describe(thing: Any) -> dict[str, Any]:
    """A frozen dataclass with a class variable `name` as JSON: {"name": …, field: value, …}.

    A field that came later is left out where it says what was meant before it came: what was written then
    keeps its id. Of another class, its name and fingerprint.
    """
    said = {"name": type(thing).name}
    if not dataclasses.is_dataclass(thing):
        return {**said, "fingerprint": thing.fingerprint}
    before = befores(thing)
    for field in dataclasses.fields(thing):
        if not field.init:
            continue
        value = getattr(thing, field.name)
        if field.name not in before or value != before[field.name]:
            said[field.name] = _said(thing, value)
    return said


def _said(thing: Any, value: Any) -> Any:
    """The value of a field of a thing as JSON: a function by the thing's fingerprint."""
    if callable(value) and not isinstance(value, Labelled):
        return f"a function, {thing.fingerprint}"
    return _plain(value)


def build(offered: Mapping[str, type], data: Json, what: str) -> Any:
    """The thing that `data` describes, from {name: class}: the reverse of `describe`.

    A field that came later, and is not there, has the value that was meant before it came.
    Raises SpecError naming what there is to choose from.
    """
    name = data.get("name")
    if not isinstance(name, str) or name not in offered:
        raise SpecError(f"There is no {what} named {name!r:.60}. Choose one of: {', '.join(offered)}.")
    kind = offered[name]
    allowed = {f.name for f in dataclasses.fields(kind) if f.init}
    arguments = {key: value for key, value in data.items() if key != "name"}
    unknown = sorted(set(arguments) - allowed)
    if unknown:
        raise SpecError(
            f"The {what} {name} has no setting {', '.join(map(repr, unknown))}. "
            f"Its settings: {', '.join(sorted(allowed))}."
        )
    try:
        return kind(**{**befores(kind), **arguments})
    except SpexvizError:
        raise
    except _WRONG_TYPE as error:
        raise SpecError(f"The {what} {name} cannot be made from these settings: {error}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return plain(value)


def _is_deep(value: Any) -> bool:
    """Whether JSON is nested deeper than any setting is: a reader level by level would come to its end."""
    level = [value]
    for _ in range(MOST_DEEP + 1):
        level = [item for one in level for item in _items(one)]
        if not level:
            return False
    return True


def _items(value: Any) -> Iterable[Any]:
    """What stands one level below a value of JSON."""
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, list | tuple):
        return value
    return ()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_inside(value: object) -> bool:
    """Whether this is a number strictly between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0.0 < value < 1.0
