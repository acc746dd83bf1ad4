"""Results: what a run found, with its proof. Explanation ↔ JSON; Fidelity; Check."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spexviz.errors import SpecError
from spexviz.indices import Interactions, interactions
from spexviz.masks import Interaction, Masks, Values, pack, unpack
from spexviz.spec import RunSpec
from spexviz.spectrum import MOST_SUBSETS, Spectrum

FORMAT = "spexviz run 1"
LEVEL = 0.90  # of every interval shown
_NOUN = re.compile(r"[a-z]{1,20}( [a-z]{1,20})?\Z")
VERDICTS = ("confirmed", "contradicted", "undecided")
MOST_CELLS = 100_000_000  # terms × players of a file: bytes that its spectrum takes


@dataclass(frozen=True)
class Fidelity:
    """R² of one fit on held-out masks that no fit has seen, with its 90 % bootstrap interval.

    `budget`: ablations that the fit saw; `held_out`: masks it was scored on; `terms`: non-constant terms of the spectrum;
    `keep`: probability with which the masks keep a player (fidelity holds for that distribution only);
    `seconds`: time of the fit.
    """

    solver: str
    budget: int
    r2: float
    interval: tuple[float, float]
    held_out: int
    terms: int
    keep: float = 0.5
    seconds: float = 0.0


@dataclass(frozen=True)
class Check:
    """One set checked by real ablations, model and surrogate on the same masks; effects in the unit of the game.

    Effects are discrete derivatives of the set: `full` on the full input, `mean` over random backgrounds with the run's
    probability of keeping a player (BII where that is 0.5).
    `interval`: of `model_mean`, with at least 90 % over all looks; `verdict`: by the rule of `validate`; `ablations`: what it
    cost beyond the run; `backgrounds`: random backgrounds on which the set was flipped; `held_out`: held-out masks used.
    """

    members: Interaction
    model_full: float
    surrogate_full: float
    model_mean: float
    surrogate_mean: float
    interval: tuple[float, float]
    ablations: int
    verdict: str  # one of VERDICTS
    backgrounds: int = 0
    held_out: int = 0


@dataclass(frozen=True)
class Explanation:
    """All that a run found: the spectrum, what it was fitted on, and how far to trust it.

    `curve`: fidelity of every solver at every checkpoint, the linear baseline included; `fidelity` and `baseline` are its last points.
    `ends`: real values of the empty and the full mask. `exact`: all 2^n masks were asked, so the spectrum is exact.
    `text`, `spans`: where each player stands in the text, if there is one; `layout`: positions of the players, if any.
    `seconds`: {"ablations": …, "fits": …}. `complete` is False for what a cancelled or running run has so far.
    `stopped`: why the run ended before its budget was spent, if it did. `remarks`: what must be known of the values, in sentences.
    `precision`: what the model computed in, in words; `noise`: the R² that its rounding costs, None where it was not measured.
    `noun`: what one player is, for sentences: "word", "head", "example".
    """

    players: tuple[str, ...]
    unit: str
    spectrum: Spectrum
    masks: Masks
    values: Values
    held_out_masks: Masks
    held_out_values: Values
    ends: tuple[float, float]
    curve: tuple[Fidelity, ...]
    fidelity: Fidelity
    baseline: Fidelity
    spec: RunSpec
    checks: tuple[Check, ...] = ()
    exact: bool = False
    text: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    layout: NDArray[np.float64] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    complete: bool = True
    stopped: str = ""
    remarks: tuple[str, ...] = ()
    precision: str = ""
    noise: float | None = None
    noun: str = "player"

    def interactions(self, index: str = "FBII", order: int = 3) -> Interactions:
        """The interactions of an index up to an order, labelled with this run's players and unit. Never calls the model."""
        return interactions(self.spectrum, index, order, players=self.players, unit=self.unit, keep=self.fidelity.keep)

    def main_effects(self) -> NDArray[np.float64]:
        """(n,) average effect of keeping each player over the masks of this run; the Banzhaf value, −2 F({i}), for uniform ones."""
        effects = self.spectrum.mean_effects(self.fidelity.keep)
        return np.array([effects.get((i,), 0.0) for i in range(len(self.players))])

    @property
    def spent_on_checks(self) -> int:
        """Ablations that checking sets has cost, beyond those of the fits, held out, and at the two ends."""
        return sum(check.ablations for check in self.checks)

    def to_json(self) -> str:
        """The whole result as JSON text: opens in the app, the library and the command line."""
        data: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _CODED}
        data["checks"] = [asdict(check) for check in self.checks]
        data["curve"] = [_plain(point) for point in self.curve]
        data["fidelity"], data["baseline"] = _plain(self.fidelity), _plain(self.baseline)
        data["spec"] = json.loads(self.spec.to_json())
        data["spectrum"] = _spectrum_to_json(self.spectrum)
        data["layout"] = None if self.layout is None else np.asarray(self.layout).tolist()
        for name in ("masks", "held_out_masks"):
            data[name] = base64.b64encode(pack(getattr(self, name)).tobytes()).decode()
        for name in ("values", "held_out_values"):
            data[name] = np.asarray(getattr(self, name)).tolist()
        return json.dumps({"format": FORMAT, "run": self.spec.id, **data}, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Explanation:
        """The reverse of `to_json`. Raises SpecError for anything that is not a spexviz run."""
        try:
            data = json.loads(text)
            if not isinstance(data, dict) or data.get("format") != FORMAT:
                raise SpecError(f'This file is not a spexviz run (its "format" is not "{FORMAT}"). Save one with `spexviz explain --out run.json`.')
            n = len(data["players"])
            out = {f.name: data[f.name] for f in fields(cls) if f.name not in _LATER}
            out["stopped"], out["precision"] = str(data.get("stopped", "")), str(data.get("precision", ""))
            out["noun"] = str(data.get("noun", "player"))
            out["remarks"] = tuple(map(str, data.get("remarks", ())))
            out["noise"] = None if data.get("noise") is None else float(data["noise"])
            out["players"], out["unit"] = tuple(map(str, data["players"])), str(data["unit"])
            out["text"] = None if data["text"] is None else str(data["text"])
            "".join(
                (*out["players"], out["unit"], out["text"] or "", out["stopped"], out["precision"], out["noun"], *out["remarks"])
            ).encode()  # half a character cannot be stored or shown
            out["exact"], out["complete"] = bool(data["exact"]), bool(data["complete"])
            out["seconds"] = {str(key): float(value) for key, value in data["seconds"].items()}
            out["spectrum"] = _spectrum_from_json(n, data["spectrum"])
            out["spec"] = RunSpec(**data["spec"])
            out["curve"] = tuple(_fidelity(point) for point in data["curve"])
            out["fidelity"], out["baseline"] = _fidelity(data["fidelity"]), _fidelity(data["baseline"])
            out["checks"] = tuple(_check_from_json(n, check) for check in data["checks"])
            out["ends"] = tuple(map(float, data["ends"]))
            out["spans"] = tuple((int(a), int(b)) for a, b in data["spans"])
            out["layout"] = None if data["layout"] is None else np.array(data["layout"], dtype=np.float64)
            for name in ("values", "held_out_values"):
                out[name] = np.array(data[name], dtype=np.float64)
            for name, values in (("masks", "values"), ("held_out_masks", "held_out_values")):
                packed = np.frombuffer(base64.b64decode(data[name], validate=True), np.uint8)
                out[name] = unpack(packed.reshape(len(out[values]), (n + 7) // 8), n)
            _check(out)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            if isinstance(error, SpecError):
                raise
            raise SpecError(
                f"This spexviz run is damaged ({type(error).__name__}: {error}). Export it again from the app or the command line."
            ) from None
        return cls(**out)


_LATER = {"stopped", "remarks", "precision", "noise", "noun"}  # not in the first files
_CODED = {"curve", "checks", "fidelity", "baseline", "spec", "spectrum", "layout", "masks", "held_out_masks", "values", "held_out_values"}


def _check(parts: Mapping[str, Any]) -> None:
    """Raise ValueError where the parts of a file do not fit together."""
    n, text, layout = len(parts["players"]), parts["text"] or "", parts["layout"]
    numbers = [parts["values"], parts["held_out_values"], parts["ends"], list(parts["seconds"].values()), [] if layout is None else layout]
    numbers.append([parts["noise"] or 0.0])
    if not all(np.isfinite(part).all() for part in numbers):
        raise ValueError("a value is not a finite number")
    if not _NOUN.match(parts["noun"]):  # it stands in sentences of ours, which are not all escaped
        raise ValueError("its noun is not a word")
    if len(parts["ends"]) != 2 or len(parts["spans"]) not in (0, n) or (layout is not None and (layout.ndim != 2 or len(layout) != n)):
        raise ValueError("its ends, spans or layout do not fit the players")
    if parts["fidelity"].keep != 0.5 and (2.0 ** parts["spectrum"].orders).sum() > MOST_SUBSETS:
        raise ValueError("its terms have more subsets than any run's")
    if not all(0 <= a <= b <= len(text) for a, b in parts["spans"]):
        raise ValueError("a span lies outside the text")


def _plain(point: Fidelity) -> dict[str, Any]:
    """A Fidelity for JSON, which has no NaN: the R² of constant values is null."""
    data = asdict(point)
    low, high = (None if math.isnan(end) else end for end in point.interval)
    return {**data, "r2": None if math.isnan(point.r2) else point.r2, "interval": [low, high]}


def _fidelity(data: Mapping[str, Any]) -> Fidelity:
    number = lambda value: math.nan if value is None else float(value)  # noqa: E731
    whole = {name: int(data[name]) for name in ("budget", "held_out", "terms")}
    low, high = map(number, data["interval"])
    real = {name: float(data[name]) for name in ("keep", "seconds")}
    if not 0.0 < real["keep"] < 1.0:
        raise ValueError("a probability of keeping a player lies between 0 and 1")
    return Fidelity(**{**data, **whole, **real, "solver": str(data["solver"]), "r2": number(data["r2"]), "interval": (low, high)})


def _check_from_json(n: int, data: Mapping[str, Any]) -> Check:
    members, verdict = tuple(int(i) for i in data["members"]), str(data["verdict"])
    real = {name: float(data[name]) for name in ("model_full", "surrogate_full", "model_mean", "surrogate_mean")}
    whole = {name: int(data.get(name, 0)) for name in ("ablations", "backgrounds", "held_out")}
    low, high = map(float, data["interval"])
    fits = members == tuple(sorted(set(members))) and members and 0 <= members[0] <= members[-1] < n and verdict in VERDICTS
    if not fits or not np.isfinite([*real.values(), low, high]).all():
        raise ValueError("a check does not fit the players, or has a value or verdict that none can have")
    return Check(**{**data, **real, **whole, "members": members, "verdict": verdict, "interval": (low, high)})


def _spectrum_to_json(spectrum: Spectrum) -> dict[str, Any]:
    return {
        "terms": [list(term) for term in spectrum.terms],
        "coefficients": spectrum.values.tolist(),
        "draws": None if spectrum.draws is None else np.round(spectrum.draws, 6).tolist(),
        "notes": dict(spectrum.notes),
    }


def _spectrum_from_json(n: int, data: Mapping[str, Any]) -> Spectrum:
    terms = [tuple(map(int, term)) for term in data["terms"]]
    if n * len(terms) > MOST_CELLS:
        raise ValueError(f"{len(terms)} terms of {n} players are more than any run has")
    return Spectrum(n, list(zip(terms, data["coefficients"], strict=True)), data["draws"], data["notes"])
