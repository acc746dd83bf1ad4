"""Results: what a run found, with its proof.

An Explanation is composed of subject, samples, proof and what was spent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spexviz import codec
from spexviz.errors import SpecError
from spexviz.indices import Interactions, interactions
from spexviz.kit.arrays import Bools, Floats, Ints
from spexviz.kit.cached import cached_property
from spexviz.masks import Interaction, Masks, Values
from spexviz.spec import RunSpec
from spexviz.spectrum import MOST_SUBSETS, Spectrum

FORMAT, FIRST_FORMAT = "spexviz run 2", "spexviz run 1"
LEVEL = 0.90  # of every interval shown
VERDICTS = ("confirmed", "contradicted", "undecided")
NUMBER, ODDS, LOG_PROBABILITY = "number", "log-odds", "log-probability"
_ANSWERS = {NUMBER: 0, ODDS: 2, LOG_PROBABILITY: 1}  # how many each scale has
_NOUN = re.compile(r"[a-z]{1,20}( [a-z]{1,20})?\Z")


@dataclass(frozen=True)
class Scale:
    """How a value is said, by its kind.

    "log-odds" of two answers as a probability between these two, "log-probability" of one as a probability,
    else a number.

    >>> Scale("log-odds", (" positive", " negative")).say(1.6, "log-odds (nats)")
    '“positive” 83 %, “negative” 17 %'
    >>> Scale().say(0.25, "margin")
    '0.25 margin'
    """

    kind: str = NUMBER
    answers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.answers) != _ANSWERS.get(self.kind):
            raise ValueError("a scale is log-odds of two answers, the log-probability of one, or a number")

    def say(self, value: float, unit: str) -> str:
        """The value in words; `unit`: of a number."""
        if self.kind == NUMBER:
            return f"{value:.3g} {unit}"
        if self.kind == ODDS:  # 1/(1 + e^−value), in a form that cannot overflow
            chance = (1.0 + math.tanh(value / 2.0)) / 2.0
        else:
            chance = math.exp(min(0.0, value))
        chances = (chance, 1.0 - chance)
        parts = []
        for answer, share in zip(self.answers, chances, strict=False):
            parts.append(f"“{answer.strip()}” {_percent(share)}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Subject:
    """What was ablated, and all that views know of it.

    `noun`: what one player is, for sentences: "word", "head", "example"; `title`: of its lens; `text`,
    `spans`: where each player stands in a text, if there is one; `layout` (n, k): positions of the players,
    if any; `remarks`: what must be known of the values, in sentences; `scale`: how a value is said. Raises
    ValueError where these do not fit together.
    """

    players: tuple[str, ...]
    unit: str
    noun: str = "player"
    title: str = ""
    text: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    layout: Floats | None = None
    remarks: tuple[str, ...] = ()
    scale: Scale = Scale()

    def __post_init__(self) -> None:
        n = len(self.players)
        text = self.text or ""
        if not n:
            raise ValueError("it has no players")
        if not _NOUN.match(self.noun):  # it stands in sentences of ours, which are not all escaped
            raise ValueError("its noun is not a word in small letters, such as “word”")
        within_text = all(0 <= start <= end <= len(text) for start, end in self.spans)
        if len(self.spans) not in (0, n) or not within_text:
            raise ValueError("its spans are not one for each player within the text")
        if self.layout is not None and not _is_layout(self.layout, n):
            raise ValueError("its layout is not one row of finite numbers for each player")
        if not isinstance(self.scale, Scale):
            raise ValueError("its scale is no Scale of spexviz.results")
        _refuse_half_characters(*self.players, self.unit, self.title, text, *self.remarks)

    def say(self, value: float) -> str:
        """A value in words."""
        return self.scale.say(value, self.unit)


@dataclass(frozen=True)
class Sample:
    """Masks (b, n) and their values (b,)."""

    masks: Masks
    values: Values

    def __post_init__(self) -> None:
        if self.masks.ndim != 2 or self.values.shape != (len(self.masks),):
            raise ValueError(f"{len(self.masks)} masks do not have values of shape {self.values.shape}")

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Fidelity:
    """R² of one fit on masks that fits have not seen, with its 90 % interval.

    NaN where the values do not vary. `budget`: ablations that the fit saw; `held_out`: masks it was scored
    on; `terms`: non-constant terms of the spectrum; `keep`: probability with which the masks keep a player
    (fidelity holds for that distribution only); `seconds`: time of the fit. By folds, the lower end holds
    alone with 95 %, and the upper one is widened by what all masks teach beyond four fifths of them. `local`:
    R² on the `near` masks, which remove one to three players; `untouched`: what is said of the input as it is
    less what the model does there, by a fit that has not seen it; NaN where there is none.
    """

    solver: str
    budget: int
    r2: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    held_out: int = 0
    terms: int = 0
    keep: float = 0.5
    seconds: float = 0.0
    local: float = math.nan
    near: int = 0
    untouched: float = math.nan

    def __post_init__(self) -> None:
        if not 0.0 < self.keep < 1.0:
            raise ValueError("a probability of keeping a player lies between 0 and 1")
        if self.budget < 1 or min(self.held_out, self.terms) < 0:
            raise ValueError("a fit has seen at least one ablation")


@dataclass(frozen=True)
class Unseen:
    """Masks (b, n) with their values (b,), and what fits say of them (b,) that have not seen them."""

    masks: Masks
    values: Values
    predicted: Values

    @classmethod
    def of(cls, held_out: Sample, spectrum: Spectrum) -> Unseen:
        """Of masks that were set aside."""
        return cls(held_out.masks, held_out.values, spectrum(held_out.masks))


@dataclass(frozen=True)
class Folds:
    """How the masks of a sample were dealt into folds, and what was found without each.

    `of` (b,): the fold of each mask; `fits`: the k-th was made, with all that it learns, without fold k
    (where a fit is slow, there may be one alone); `near`: the rows that remove few players, which R² does
    not count.
    """

    of: tuple[int, ...]
    fits: tuple[Spectrum, ...]
    near: tuple[int, ...] = ()

    def check(self, b: int, n: int) -> None:
        """Raise ValueError where these are not of b masks of n players."""
        if len(self.of) != b or not all(0 <= row < b for row in self.near):
            raise ValueError("its folds are not of its sample")
        if not self.fits or {fit.n for fit in self.fits} != {n}:
            raise ValueError("its folds have no fits of its players")
        if min(self.of) < 0:
            raise ValueError("a fold has a number that none can have")

    @cached_property
    def fold(self) -> Ints:
        """`of` as an array."""
        return np.array(self.of, dtype=np.int64)

    @cached_property
    def reference(self) -> Bools:
        """(b,) the rows of the reference distribution."""
        return ~np.isin(np.arange(len(self.of)), self.near)

    @property
    def scored(self) -> Bools:
        """(b,) the rows that a fit has not seen."""
        return self.fold < len(self.fits)

    def predicted(self, masks: Masks) -> Values:
        """What is said of each mask (b, n) by the fit that has not seen it; NaN where all have."""
        said = np.full(len(masks), np.nan)
        for k, fit in enumerate(self.fits):
            rows = self.fold == k
            said[rows] = fit(masks[rows])
        return said

    def unseen(self, sample: Sample, rows: Bools) -> Unseen:
        """Those of some rows of the sample that were scored."""
        rows = rows & self.scored
        return Unseen(sample.masks[rows], sample.values[rows], self.predicted(sample.masks)[rows])


@dataclass(frozen=True)
class Check:
    """One set checked by real ablations, model and surrogate on the same masks.

    Effects are discrete derivatives of the set, in the unit of the game: `full` on the full input, `mean`
    over random backgrounds with the run's probability of keeping a player (BII where that is 0.5).
    `interval`: of `model_mean`, with at least 90 % over all looks; `verdict`: by the rule of `validate`;
    `ablations`: what it cost beyond the run; `backgrounds`: random backgrounds on which the set was flipped;
    `held_out`: held-out masks used.
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

    def __post_init__(self) -> None:
        in_order = self.members == tuple(sorted(set(self.members)))
        is_set = in_order and min(self.members, default=-1) >= 0
        if not is_set or self.verdict not in VERDICTS:
            raise ValueError("a check has members or a verdict that none can have")


@dataclass(frozen=True)
class Proof:
    """How far to trust a run: by its fidelity, and by checks on the model.

    `curve`: the fidelity of every solver at every checkpoint, the linear baseline included; `fidelity`,
    `baseline`: its last points; `checks`: of its strongest sets by real ablations; `exact`: all 2^n masks
    were asked, so the spectrum is exact.
    """

    curve: tuple[Fidelity, ...]
    fidelity: Fidelity
    baseline: Fidelity
    checks: tuple[Check, ...] = ()
    exact: bool = False

    @property
    def spent_on_checks(self) -> int:
        """Ablations that checking sets has cost, beyond those of the fits, held out, and at the two ends."""
        return sum(check.ablations for check in self.checks)


@dataclass(frozen=True)
class Spent:
    """What a run has cost: ablations `asked` of the model, `cached` and `compared` ones; seconds by phase.

    `cached`: found in the cache; `compared`: asked once more in fp32.
    """

    asked: int = 0
    cached: int = 0
    compared: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = (self.asked, self.cached, self.compared)
        if not all(0 <= count < 2**53 for count in counts):
            raise ValueError("so many ablations no run has asked")


@dataclass(frozen=True)
class Explanation:
    """All that a run found: the spectrum, what it was fitted on, and how far to trust it.

    `sample`: what the fit saw; `held_out`: what it is scored on; `ends`: real values of the empty and the
    full mask. `complete` is False for what a cancelled or running run has so far; `stopped`: why the run
    ended before its budget was spent, if it did. `precision`: what the model computed in, in words; `noise`:
    the R² that its rounding costs, None where it was not measured.
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
        _refuse_half_characters(self.stopped, self.precision)

    @property
    def players(self) -> tuple[str, ...]:
        return self.subject.players

    @cached_property
    def unseen(self) -> Unseen:
        """What R² is measured on: held-out masks, or those of the sample by folds."""
        if self.folds is None:
            return Unseen.of(self.held_out, self.spectrum)
        return self.folds.unseen(self.sample, self.folds.reference)

    @property
    def ablations(self) -> int:
        """All that the run has asked: for fits, to score them, the two ends, and to check sets."""
        if self.proof.exact:
            return len(self.sample)
        ends = 2
        return len(self.sample) + len(self.held_out) + ends + self.proof.spent_on_checks

    @property
    def unit(self) -> str:
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
        return self.proof.checks

    def interactions(self, index: str = "FBII", order: int = 3) -> Interactions:
        """The interactions of an index up to an order, labelled with this run's players and unit.

        Indices that share out the full effect sum to the real one. Never calls the model.
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


def _of_today(data: dict[str, Any]) -> dict[str, Any]:
    try:
        return codec.from_first_format(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(
            f"This run is damaged ({type(error).__name__}: {error}). "
            "Export it again from the app or the command line."
        ) from None


def _refuse_half_characters(*texts: str) -> None:
    """Raise ValueError for what is no text, or has half a character: it cannot be stored or shown."""
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{text!r:.40} is no text")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"the text {text!a:.40} holds half a character (a lone surrogate)") from None


def _is_layout(layout: Floats, n: int) -> bool:
    """Whether this is a row of finite numbers for each of n players."""
    if layout.ndim != 2 or len(layout) != n:
        return False
    return bool((np.abs(layout) < 1e9).all())


def _percent(share: float) -> str:
    if share < 0.005:
        return f"{100 * share:.2g} %"
    return f"{100 * share:.0f} %"
