"""Codec: frozen dataclasses ↔ JSON, by their annotations and nothing else, so that a new field is one edit.

msgspec does the work: strict types (no "3" for 3, no true for 1), no NaN or infinity, limits of numbers,
errors that name the place. Added here: arrays, spectra, a field of NaN is left out (JSON has none) and comes
back as its default, unknown fields are refused, and files of the first format are brought into today's. Files
come from strangers: whatever they hold, the result is a value of the type or a SpecError.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
import numpy as np

from spexviz.errors import SpecError, SpexvizError
from spexviz.kit.arrays import Bools, Floats
from spexviz.masks import Masks, pack, unpack
from spexviz.spec import Json
from spexviz.spectrum import Spectrum

T = TypeVar("T")
LARGEST_SINGLE = 3e38  # a number of single precision
# terms × players, or masks × players, of a file: bytes that they take when it is open
MOST_CELLS = 100_000_000
LARGEST = 1e100  # of all numbers of a file: beyond, sums of squares overflow
_DAMAGE = (
    msgspec.MsgspecError,
    SpexvizError,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
)
# fields that stand in a file of the first format as they do today
_FIRST_SUBJECT = ("players", "unit", "noun", "text", "spans", "layout", "remarks")
_FIRST_REST = ("ends", "spec", "complete", "stopped", "precision", "noise")


@dataclasses.dataclass(frozen=True)
class _DrawsFile:
    """Draws as they stand in a file: in single precision, since an interval has no more digits."""

    shape: tuple[int, int]
    single: str  # base64 of little-endian numbers of four bytes


@dataclasses.dataclass(frozen=True)
class _SpectrumFile:
    """A spectrum as it stands in a file; in older ones draws are lists of numbers."""

    n: int
    terms: list[list[int]]
    coefficients: list[float]
    draws: list[list[float]] | _DrawsFile | None = None
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
        largest = _largest(data)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise SpecError(f"This is not JSON ({error}).") from None
    if not isinstance(data, dict):
        raise SpecError("This JSON holds no object.")
    if largest > LARGEST:
        raise SpecError(f"This JSON holds a number beyond {LARGEST:g}: no run has such.")
    return data


def _largest(data: Any) -> float:
    """The size of the largest number within."""
    if isinstance(data, dict):
        data = data.values()
    elif isinstance(data, int | float):
        return abs(data)
    elif not isinstance(data, list):
        return 0.0
    return max(map(_largest, data), default=0.0)


def from_plain(data: Any, kind: type[T], what: str) -> T:
    """The reverse of `to_plain`. Raises SpecError, naming `what` and the place in it."""
    try:
        unknown = next(_unknown(data, kind, "$"), None)
        if unknown is not None:
            raise SpecError(f"This {what} holds what no {what} has, at {unknown}.")
        return msgspec.convert(data, kind, dec_hook=_read)
    except SpecError:
        raise
    except _DAMAGE as error:
        raise SpecError(
            f"This {what} is damaged ({error}). Export it again from the app or the command line."
        ) from None


def _written(value: Any) -> Any:
    """JSON of what msgspec does not know."""
    if isinstance(value, np.ndarray) and value.dtype == bool:
        return _written_masks(value)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Spectrum):
        return _written_spectrum(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _written_masks(masks: Bools) -> dict[str, Any]:
    packed = pack(masks).tobytes()
    bits = base64.b64encode(packed).decode()
    return {"shape": list(masks.shape), "bits": bits}


def _written_spectrum(spectrum: Spectrum) -> dict[str, Any]:
    draws = None
    if spectrum.draws is not None:
        draws = _written_draws(spectrum.draws)
    return {
        "n": spectrum.n,
        "terms": list(map(list, spectrum.terms)),
        "coefficients": spectrum.values.tolist(),
        "draws": draws,
        "notes": dict(spectrum.notes),
    }


def _written_draws(draws: Floats) -> Any:
    """In single precision; as lists where a number is beyond that."""
    if np.abs(draws).max(initial=0.0) > LARGEST_SINGLE:
        return draws.tolist()
    numbers = draws.astype("<f4").tobytes()
    return {"shape": list(draws.shape), "single": base64.b64encode(numbers).decode()}


def _read_draws(draws: list[list[float]] | _DrawsFile | None) -> list[list[float]] | Floats | None:
    if not isinstance(draws, _DrawsFile):
        return draws
    numbers = base64.b64decode(draws.single, validate=True)
    return np.frombuffer(numbers, "<f4").reshape(draws.shape).astype(np.float64)


def _read(kind: Any, data: Any) -> Any:
    """The reverse of `_written`."""
    if kind == Masks:
        return _read_masks(data)
    if kind == Floats:
        return _read_floats(data)
    if kind is Spectrum:
        return _read_spectrum(data)
    raise TypeError(f"{kind} has no JSON form")


def _read_masks(data: Any) -> Masks:
    b, n = map(int, data["shape"])
    if min(b, n) < 0 or b * n > MOST_CELLS:
        raise ValueError(f"{b} masks of {n} players are more than any run has")
    bits = base64.b64decode(data["bits"], validate=True)
    packed = np.frombuffer(bits, np.uint8).reshape(b, _bytes_a_mask(n))
    return unpack(packed, n)


def _bytes_a_mask(n: int) -> int:
    return (n + 7) // 8


def _read_floats(data: Any) -> Floats:
    found = np.array(data)
    if found.dtype.kind not in "fiu" and found.size:
        raise ValueError("a value is no number")
    return found.astype(np.float64)


def _read_spectrum(data: Any) -> Spectrum:
    file = from_plain(data, _SpectrumFile, "spectrum")
    if file.n * len(file.terms) > MOST_CELLS:
        raise ValueError(f"{len(file.terms)} terms of {file.n} players are more than any run has")
    terms = map(tuple, file.terms)
    items = list(zip(terms, file.coefficients, strict=True))
    return Spectrum(file.n, items, _read_draws(file.draws), file.notes)


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


def _unknown(data: Any, kind: Any, where: str) -> Iterator[str]:
    """Places of fields that the type does not have."""
    if isinstance(data, Mapping) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        for key, value in data.items():
            place = f"{where}.{key}"
            if key not in hints:
                yield place
            else:
                yield from _unknown(value, hints[key], place)
    elif isinstance(data, list):
        inner = next(filter(dataclasses.is_dataclass, get_args(kind)), None)
        if inner is None:
            return
        for i, value in enumerate(data):
            yield from _unknown(value, inner, f"{where}[{i}]")


def from_first_format(flat: Json) -> dict[str, Any]:
    """A run's file of the first format, in which everything stood side by side, as one of today's."""
    n = len(flat["players"])
    spent = _first_spent(flat)
    return {
        "subject": _picked(flat, _FIRST_SUBJECT),
        "spectrum": {"n": n, **flat["spectrum"]},
        "sample": _first_sample(flat["masks"], flat["values"], n),
        "held_out": _first_sample(flat["held_out_masks"], flat["held_out_values"], n),
        "proof": _first_proof(flat),
        "spent": spent,
        **_picked(flat, _FIRST_REST),
    }


def _picked(flat: Json, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: flat[name] for name in names if name in flat}


def _first_sample(bits: str, values: Any, n: int) -> dict[str, Any]:
    """Masks of n players, whose number was not written, and their values."""
    width = max(1, _bytes_a_mask(n))
    count = len(base64.b64decode(bits)) // width
    return {"masks": {"shape": [count, n], "bits": bits}, "values": values}


def _first_proof(flat: Json) -> dict[str, Any]:
    return {
        "curve": [_scored(point) for point in flat["curve"]],
        "fidelity": _scored(flat["fidelity"]),
        "baseline": _scored(flat["baseline"]),
        "checks": flat["checks"],
        "exact": flat["exact"],
    }


def _scored(point: Json) -> dict[str, Any]:
    """A fidelity; what it lacked was written as null."""
    return {key: value for key, value in point.items() if value not in (None, [None, None])}


def _first_spent(flat: Json) -> dict[str, Any]:
    """What was spent; two counts stood among the seconds, and that of all that was asked in no place."""
    seconds = {**flat["seconds"]}
    cached = int(seconds.pop("cached", 0))
    compared = int(seconds.pop("compared", 0))
    needed = len(flat["values"])
    if not flat["exact"]:
        needed += len(flat["held_out_values"]) + 2  # the empty and the full mask
    needed += sum(int(check["ablations"]) for check in flat["checks"])
    return {"asked": max(0, needed - cached), "cached": cached, "compared": compared, "seconds": seconds}
