"""RunSpec: what a run is, as plain JSON. The same spec gives the same numbers, and its hash is the run's id."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spexviz.errors import SpecError, SpexvizError

Json = Mapping[str, Any]
MAX_BUDGET = 1_000_000
_ID = re.compile(r"[0-9a-f]{16}\Z")


@dataclass(frozen=True)
class RunSpec:
    """One run: a game, a solver (each a JSON object with a "name"), a budget of ablations, a seed.

    Raises SpecError if a part is missing, of the wrong type, or cannot be written as JSON.
    """

    game: Json
    solver: Json
    budget: int
    seed: int = 0
    options: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in ("game", "solver"):
            value = getattr(self, part)
            if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
                raise SpecError(f'The {part} of a run must be an object with a "name", not {value!r:.80}.')
        if not _is_int(self.budget) or not 1 <= self.budget <= MAX_BUDGET:
            raise SpecError(f"The budget must be a whole number of ablations from 1 to {MAX_BUDGET}, not {self.budget!r:.40}.")
        if not _is_int(self.seed) or not 0 <= self.seed < 2**32:
            raise SpecError(f"The seed must be a whole number from 0 to 2^32 − 1, not {self.seed!r:.40}.")
        if not isinstance(self.options, Mapping):
            raise SpecError("The options of a run must be an object.")
        self.to_json()

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, no NaN."""
        try:
            text = json.dumps(dataclasses.asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            text.encode()  # half a character (a lone surrogate) cannot be stored or shown
            return text
        except (TypeError, ValueError, RecursionError) as error:
            raise SpecError(f"This run cannot be written as JSON ({error}); use whole characters, numbers, lists and objects only.") from None

    @classmethod
    def from_json(cls, text: str) -> RunSpec:
        """The reverse of `to_json`; raises SpecError for anything else."""
        try:
            data = json.loads(text)
            return cls(**data)
        except (json.JSONDecodeError, TypeError, RecursionError) as error:
            raise SpecError(f"This is not the JSON of a run ({error}).") from None

    @property
    def id(self) -> str:
        """16 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def is_run_id(text: object) -> bool:
    """Whether `text` has the form of a run id (URLs are untrusted)."""
    return isinstance(text, str) and _ID.match(text) is not None


def describe(thing: Any) -> dict[str, Any]:
    """A frozen dataclass with a class variable `name` as its JSON object: {"name": …, field: value, …}."""
    fields = {f.name: _plain(getattr(thing, f.name)) for f in dataclasses.fields(thing) if f.init}
    return {"name": type(thing).name, **fields}


def build(offered: Mapping[str, type], data: Json, what: str) -> Any:
    """The thing that `data` describes, from {name: class}. Raises SpecError naming what there is to choose from."""
    name = data.get("name")
    if not isinstance(name, str) or name not in offered:
        raise SpecError(f"There is no {what} named {name!r:.60}. Choose one of: {', '.join(offered)}.")
    kind = offered[name]
    allowed = {f.name for f in dataclasses.fields(kind) if f.init}
    arguments = {key: value for key, value in data.items() if key != "name"}
    if unknown := sorted(set(arguments) - allowed):
        raise SpecError(f"The {what} {name} has no setting {', '.join(map(repr, unknown))}. Its settings: {', '.join(sorted(allowed))}.")
    try:
        return kind(**arguments)
    except SpexvizError:
        raise
    except (TypeError, ValueError, AttributeError, OverflowError) as error:  # settings of the wrong type, from a file or a form
        raise SpecError(f"The {what} {name} cannot be made from these settings: {error}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if not isinstance(value, str | Mapping) and isinstance(getattr(value, "label", None), str):
        return value.label  # a loaded language model stands in a spec by its name
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and math.isfinite(value)
