"""Codec: frozen dataclasses ↔ JSON, by their annotations and nothing else, so that a new field is one edit.

msgspec does the work: strict types (no "3" for 3, no true for 1), no NaN or infinity, limits of numbers,
errors that name the place. Added here: arrays, spectra, a field of NaN is left out (JSON has none) and comes
back as its default, unknown fields are refused. Files come from strangers: whatever they hold, the result is
a value of the type or a SpecError.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
import numpy as np

from spexviz.errors import SpecError, SpexvizError
from spexviz.kit.arrays import Floats
from spexviz.masks import Masks, pack, unpack
from spexviz.spectrum import Spectrum

T = TypeVar("T")
# terms × players, or masks × players, of a file: bytes that they take when it is open
MOST_CELLS = 100_000_000
DIGITS = 6  # significant digits of draws: an interval has no more


@dataclasses.dataclass(frozen=True)
class _SpectrumFile:
    """A spectrum as it stands in a file."""

    n: int
    terms: list[list[int]]
    coefficients: list[float]
    draws: list[list[float]] | None = None
    notes: dict[str, float | str] = dataclasses.field(default_factory=dict)


def to_plain(value: Any) -> Any:
    """A dataclass as dicts, lists, numbers and texts."""
    return _without_nan(msgspec.to_builtins(value, enc_hook=_written, order=None))


def to_json(value: Any, **more: Any) -> str:
    """A dataclass as JSON text, with `more` keys before its own."""
    return json.dumps({**more, **to_plain(value)}, ensure_ascii=False, allow_nan=False)


def parsed(text: str) -> dict[str, Any]:
    """The object that a JSON text holds. Raises SpecError for anything else."""
    try:
        data = msgspec.json.decode(text.encode("utf-8"))
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise SpecError(f"This is not JSON ({error}).") from None
    if not isinstance(data, dict):
        raise SpecError("This JSON holds no object.")
    return data


def from_plain(data: Any, kind: type[T], what: str) -> T:
    """The reverse of `to_plain`. Raises SpecError, naming `what` and the place in it."""
    try:
        if unknown := next(_unknown(data, kind, "$"), ""):
            raise SpecError(f"This {what} holds what no {what} has, at {unknown}.")
        return msgspec.convert(data, kind, dec_hook=_read)
    except SpecError:
        raise
    except (
        msgspec.MsgspecError,
        SpexvizError,
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        raise SpecError(
            f"This {what} is damaged ({error}). Export it again from the app or the command line."
        ) from None


def _written(value: Any) -> Any:
    """JSON of what msgspec does not know."""
    if isinstance(value, np.ndarray) and value.dtype == bool:
        return {"shape": list(value.shape), "bits": base64.b64encode(pack(value).tobytes()).decode()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Spectrum):
        draws = (
            None
            if value.draws is None
            else [[float(f"{x:.{DIGITS}g}") for x in row] for row in value.draws.tolist()]
        )
        return {
            "n": value.n,
            "terms": [list(term) for term in value.terms],
            "coefficients": value.values.tolist(),
            "draws": draws,
            "notes": dict(value.notes),
        }
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _read(kind: Any, data: Any) -> Any:
    """The reverse of `_written`."""
    if kind == Masks:
        b, n = (int(size) for size in data["shape"])
        if min(b, n) < 0 or b * n > MOST_CELLS:
            raise ValueError(f"{b} masks of {n} players are more than any run has")
        return unpack(
            np.frombuffer(base64.b64decode(data["bits"], validate=True), np.uint8).reshape(b, (n + 7) // 8), n
        )
    if kind == Floats:
        found = np.array(data)
        if found.dtype.kind not in "fiu" and found.size:
            raise ValueError("a value is no number")
        return found.astype(np.float64)
    if kind is Spectrum:
        file = from_plain(data, _SpectrumFile, "spectrum")
        if file.n * len(file.terms) > MOST_CELLS:
            raise ValueError(f"{len(file.terms)} terms of {file.n} players are more than any run has")
        return Spectrum(
            file.n, list(zip(map(tuple, file.terms), file.coefficients, strict=True)), file.draws, file.notes
        )
    raise TypeError(f"{kind} has no JSON form")


def _without_nan(data: Any) -> Any:
    """The same without fields that are NaN, alone or in an interval."""
    if isinstance(data, dict):
        return {key: _without_nan(value) for key, value in data.items() if not _is_nan(value)}
    if isinstance(data, list | tuple) and data and isinstance(data[0], dict):
        return [_without_nan(item) for item in data]
    return data


def _is_nan(value: Any) -> bool:
    if isinstance(value, list | tuple) and value:
        return _is_nan(value[0])
    return isinstance(value, float) and math.isnan(value)


@cache
def _hints(kind: type) -> dict[str, Any]:
    """{field: its type} of a dataclass."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _unknown(data: Any, kind: Any, where: str) -> Iterable[str]:
    """Places of fields that the type does not have."""
    if isinstance(data, Mapping) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        for key, value in data.items():
            if key not in hints:
                yield f"{where}.{key}"
            else:
                yield from _unknown(value, hints[key], f"{where}.{key}")
    elif isinstance(data, list):
        inner = next((one for one in get_args(kind) if dataclasses.is_dataclass(one)), None)
        for i, value in enumerate(data if inner is not None else ()):
            yield from _unknown(value, inner, f"{where}[{i}]")
