"""Proof: how far to trust a run: its samples, its R² by folds or held out, and checks on the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from spexviz.kit.arrays import Bools, Ints
from spexviz.kit.cached import cached_property
from spexviz.masks import Interaction, Masks, Values, is_interaction
from spexviz.spectrum import Spectrum

VERDICTS = ("confirmed", "contradicted", "undecided")


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
class Measured:
    """What every run asks beside its fits, to be told of the input itself: real values, never predicted.

    `sample`: the masks asked that stand in no other sample of the run; `without`: the sets that were taken
    out of everything, each alone, in the order in which they are told; `path`: what each step adds to nothing
    (or, where not `adding`, takes out of everything), in order; `ablations`: how many of the masks the model
    was asked for it alone: checks may have asked the others.
    """

    sample: Sample
    without: tuple[Interaction, ...] = ()
    path: tuple[Interaction, ...] = ()
    adding: bool = True
    ablations: int = 0

    @property
    def stops(self) -> Masks:
        """The masks (steps + 1, n) on the path: one end, and what is kept after each step."""
        n = self.sample.masks.shape[1]
        changed = np.zeros((len(self.path) + 1, n), dtype=bool)
        for row, members in enumerate(self.path):
            changed[row + 1 :, list(members)] = True
        if self.adding:
            return changed
        return ~changed

    def check(self, n: int) -> None:
        """Raise ValueError where these are not of n players."""
        sets = (*self.without, *self.path)
        if self.sample.masks.shape[1] != n or not all(is_interaction(one, n) for one in sets):
            raise ValueError("what was measured of the input is not of its players")
        if not 0 <= self.ablations <= len(self.sample):
            raise ValueError("so many ablations nothing has asked")
        changed = sorted(i for one in self.path for i in one)
        if changed and changed != list(range(n)):
            raise ValueError("its path does not change every player once")
