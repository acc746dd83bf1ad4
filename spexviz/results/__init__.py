"""Results: what a run found, with its proof.

An Explanation is composed of subject, samples, proof and what was spent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import spexviz  # how a result looks is asked of the package's face: results know no views
from spexviz import codec
from spexviz.errors import SpecError
from spexviz.indices import Interactions, interactions
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property, kept
from spexviz.kit.files import write_text
from spexviz.masks import Masks, Values, ends, keys
from spexviz.results.proof import (
    VERDICTS,
    Check,
    Fidelity,
    Folds,
    Measured,
    Proof,
    Sample,
    Spent,
    Unseen,
)
from spexviz.results.subject import Subject, refuse_half_characters
from spexviz.spec import RunSpec
from spexviz.spectrum import MOST_SUBSETS, Spectrum

__all__ = [
    "FIRST_FORMAT",
    "FORMAT",
    "LEVEL",
    "VERDICTS",
    "Check",
    "Explanation",
    "Fidelity",
    "Folds",
    "Measured",
    "Proof",
    "Sample",
    "Spent",
    "Subject",
    "Unseen",
    "load",
]

FORMAT, FIRST_FORMAT = "spexviz run 2", "spexviz run 1"
LEVEL = 0.90  # of every interval shown
MOST_BYTES = 256_000_000  # of a run's file


@dataclass(frozen=True)
class Explanation:
    """All that a run found: the spectrum, what it was fitted on, and how far to trust it.

    `sample`: what the fit saw; `held_out`: what it is scored on; `ends`: real values of the empty and the
    full mask. `complete` is False for what a cancelled or running run has so far; `stopped`: why the run
    ended before its budget was spent, if it did. `precision`: what the model computed in, in words; `noise`:
    the R² that its rounding costs, None where it was not measured. `measured`: what was asked to be told of
    the input itself; None where it was not.
    """

    subject: Subject
    spectrum: Spectrum
    sample: Sample
    held_out: Sample
    ends: tuple[float, float]
    proof: Proof
    spent: Spent
    spec: RunSpec
    complete: bool = True
    stopped: str = ""
    precision: str = ""
    noise: float | None = None
    folds: Folds | None = None
    measured: Measured | None = None

    def __post_init__(self) -> None:
        n = len(self.subject.players)
        widths = (self.spectrum.n, self.sample.masks.shape[1], self.held_out.masks.shape[1])
        if set(widths) != {n}:
            raise ValueError("its spectrum and masks are not of its players")
        if any(check.members[-1] >= n for check in self.proof.checks):
            raise ValueError("a check is not of its players")
        spectra = (self.spectrum, *(self.folds.fits if self.folds else ()))
        for spectrum in spectra:
            if self.fidelity.keep != 0.5 and (2.0**spectrum.orders).sum() > MOST_SUBSETS:
                raise ValueError("its terms have more subsets than any run's")
        if self.folds is not None:
            self.folds.check(len(self.sample), n)
        if self.measured is not None:
            self.measured.check(n)
        refuse_half_characters(self.stopped, self.precision)

    @property
    def players(self) -> tuple[str, ...]:
        """Labels of the players, in their order."""
        return self.subject.players

    @cached_property
    def unseen(self) -> Unseen:
        """What R² is measured on: held-out masks, or those of the sample by folds."""
        if self.folds is None:
            return Unseen.of(self.held_out, self.spectrum)
        return self.folds.unseen(self.sample, self.folds.reference)

    @property
    def ablations(self) -> int:
        """All that the run has asked: for fits, scores, the two ends, checks, and what is `measured`."""
        if self.proof.exact:
            return len(self.sample)
        ends = 2
        told = self.measured.ablations if self.measured else 0
        return len(self.sample) + len(self.held_out) + ends + self.proof.spent_on_checks + told

    @cached_property
    def _known(self) -> dict[bytes, float]:
        """The value of every mask that the run has asked, by its key."""
        n = len(self.players)
        known = dict(zip(keys(ends(n)), self.ends, strict=True))
        samples = [self.sample, self.held_out]
        if self.measured is not None:
            samples.append(self.measured.sample)
        for sample in samples:
            known.update(zip(keys(sample.masks), sample.values.tolist(), strict=True))
        return known

    def asked(self, masks: Masks) -> Values:
        """The real values (b,) of masks (b, n) that the run has asked; NaN for those that it has not."""
        known = self._known
        return np.array([known.get(key, math.nan) for key in keys(masks)])

    @property
    def untouched(self) -> float:
        """What the surrogate says of the input itself less what the model does there, in `unit`.

        By folds, of a fit that has not seen it; 0 where every mask was asked.
        """
        if math.isfinite(self.fidelity.untouched):
            return self.fidelity.untouched
        if self.proof.exact:
            return 0.0
        full = ends(len(self.players))[1:]
        return float(self.spectrum(full)[0]) - self.ends[1]

    @property
    def unit(self) -> str:
        """The unit of all its values."""
        return self.subject.unit

    @property
    def fidelity(self) -> Fidelity:
        """R² of the fit that is shown, with its interval and `keep`."""
        return self.proof.fidelity

    @property
    def baseline(self) -> Fidelity:
        """R² of the linear baseline on the same masks."""
        return self.proof.baseline

    @property
    def checks(self) -> tuple[Check, ...]:
        """Sets that were checked on the model, by `validate=True` or afterwards."""
        return self.proof.checks

    @kept
    def interactions(self, index: str = "mean", order: int = 3) -> Interactions:
        """The interactions of an index up to an order, labelled with this run's players and unit.

        "mean", the default, is the quantity that ranks the sets, has the intervals, and is checked. Indices
        that share out the full effect sum to the real one. Never calls the model.
        """
        empty, full = self.ends
        return interactions(
            self.spectrum,
            index,
            order,
            players=self.players,
            unit=self.unit,
            keep=self.fidelity.keep,
            effect=full - empty,
        )

    def main_effects(self) -> Floats:
        """(n,) average effect of keeping each player over the masks of this run.

        The Banzhaf value, −2 F({i}), for uniform ones.
        """
        effects = self.spectrum.mean_effects(self.fidelity.keep)
        players = range(len(self.players))
        return np.array([effects.get((i,), 0.0) for i in players])

    def to_json(self) -> str:
        """The whole result as JSON text: opens in the app, the library and the command line."""
        return codec.to_json(self, format=FORMAT, run=self.spec.id)

    def save(self, path: Path | str) -> Path:
        """Write the whole result as JSON into a file, whole or not at all; returns its path.

        `spexviz.load` reads it, and the app and the command line open it. Raises OSError.
        """
        return write_text(Path(path).expanduser(), self.to_json())

    def __repr__(self) -> str:
        """The run in a few lines: what was asked, what was found, how far to trust it, what it cost."""
        return spexviz.views.in_words(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the same, with the picture and the table, also where no script runs."""
        return spexviz.views.cell(self)

    @classmethod
    def from_json(cls, text: str) -> Explanation:
        """The reverse of `to_json`, also for files of the first format.

        Raises SpecError for anything that is not a spexviz run.
        """
        data = codec.parsed(text)
        written = data.pop("format", None)
        if written not in (FORMAT, FIRST_FORMAT):
            raise SpecError(
                f'This file is not a spexviz run (its "format" is not "{FORMAT}"). '
                "Save one with `spexviz explain --out run.json`."
            )
        data.pop("run", None)
        if written == FIRST_FORMAT:
            data = _of_today(data)
        return codec.from_plain(data, cls, "run")


def load(path: Path | str) -> Explanation:
    """The run in a file, as `Explanation.save`, the app and the command line write it.

    Raises SpecError, naming the file, for one that is too large or holds no run; OSError where it cannot be
    read.
    """
    file = Path(path).expanduser()
    if file.stat().st_size > MOST_BYTES:
        raise SpecError(
            f"{file} is larger than any run's file ({MOST_BYTES // 1_000_000} MB): it holds no run."
        )
    try:
        return Explanation.from_json(file.read_text(encoding="utf-8", errors="replace"))
    except SpecError as error:
        raise SpecError(f"{file}: {error}") from error


def _of_today(data: dict[str, Any]) -> dict[str, Any]:
    try:
        return codec.from_first_format(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(
            f"This run is damaged ({type(error).__name__}: {error}). "
            "Export it again from the app or the command line."
        ) from None
