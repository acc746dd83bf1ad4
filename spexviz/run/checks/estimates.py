"""What is known of the model's mean effect of a set: by held-out masks, and by backgrounds asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spexviz.masks import Interaction, Masks, Values, holders
from spexviz.results import Folds, Sample
from spexviz.run.checks.effects import derivative
from spexviz.spectrum import Spectrum, characters

LOOKS = (4, 8, 16, 32, 64)  # backgrounds after which a verdict may be given
# two-sided error of one look, so that all five hold together with 90 % (Pocock 1977, for looks that double)
NOMINAL = 0.027
# The sets under check were chosen by the same masks, so by folds their effects look too large: simulated, by
# .1 to 1.6 standard errors, and 68 % to 95 % of the intervals of a first look held. With this factor of the
# variance 96 % to 100 % do (seven settings: sparse and dense functions of 11 to 40 players, R² .2 to .97).
SELECTED = 2.0


class Estimate(NamedTuple):
    """Of a mean: the mean of a sample, its variance, and the degrees of freedom of that."""

    mean: float
    variance: float
    freedom: float


class Finding(NamedTuple):
    """The model's mean effect of a set, and its interval."""

    mean: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class HeldOut:
    """Model − surrogate on masks that the surrogate has not seen, a uniform sample of all such masks.

    Those that it has seen are `share` of all masks and known one by one, so they enter as they are, not as a
    sample.
    """

    masks: Masks
    residuals: Values
    seen: Masks
    seen_residuals: Values
    share: float

    @classmethod
    def of(cls, spectrum: Spectrum, seen: Sample, held_out: Sample) -> HeldOut:
        residuals = held_out.values - spectrum(held_out.masks)
        seen_residuals = seen.values - spectrum(seen.masks)
        share = len(seen) / 2.0**spectrum.n
        return cls(held_out.masks, residuals, seen.masks, seen_residuals, share)

    @property
    def used(self) -> int:
        """How many masks it rests on."""
        return len(self.masks)

    def estimate(self, members: Interaction, claim: float) -> Estimate:
        """Of the mean effect of a set on model − surrogate.

        Over all masks that is (−2)^|T| times the mean of χ_T · residual, as for any function. Masks that were
        seen count by their share, the others by the mean of their sample.
        """
        size = (-2.0) ** len(members)
        count = len(self.masks)
        effects = size * _character(self.masks, members) * self.residuals
        seen = 0.0
        if len(self.seen):
            products = _character(self.seen, members) * self.seen_residuals
            seen = size * float(products.mean())
        rest = 1.0 - self.share
        mean = self.share * seen + rest * float(effects.mean())
        # the variance of a sample's mean, less the part of the rest that was asked: all of it leaves none
        asked = self.share * count / max(1, len(self.seen)) / max(1e-9, rest)
        not_asked = max(0.0, 1.0 - asked)
        variance = rest**2 * effects.var(ddof=1) / count * not_asked
        return Estimate(mean, float(variance), count - 1.0)


@dataclass(frozen=True)
class OfFolds:
    """The same where every mask was fitted on: each fold beside the fit that was made without it."""

    fits: tuple[Spectrum, ...]
    folds: tuple[HeldOut, ...]

    @classmethod
    def of(cls, sample: Sample, folds: Folds) -> OfFolds:
        """Of the masks of the reference distribution: what a fit has not seen of them is a uniform sample."""
        parts: list[HeldOut] = []
        for k, fit in enumerate(folds.fits):
            own = folds.reference & (folds.fold == k)
            others = folds.reference & (folds.fold != k)
            held_out = Sample(sample.masks[own], sample.values[own])
            seen = Sample(sample.masks[others], sample.values[others])
            parts.append(HeldOut.of(fit, seen, held_out))
        return cls(folds.fits, tuple(parts))

    @property
    def residuals(self) -> Values:
        return np.concatenate([part.residuals for part in self.folds])

    @property
    def used(self) -> int:
        return sum(part.used for part in self.folds)

    def estimate(self, members: Interaction, claim: float) -> Estimate:
        """Of the mean effect of a set on the model − `claim`: the mean over the folds.

        Each says what its own fit claims and what that misses on masks that it has not seen; see SELECTED.
        """
        size = (-2.0) ** len(members)
        means: list[float] = []
        variances: list[float] = []
        for fit, part in zip(self.fits, self.folds, strict=True):
            own = size * fit.coefficients.get(members, 0.0)
            missed = part.estimate(members, own)
            means.append(own + missed.mean - claim)
            variances.append(missed.variance)
        count = len(means)
        variance = SELECTED * sum(variances) / count**2
        return Estimate(float(np.mean(means)), variance, float(self.used - count))


def _character(masks: Masks, members: Interaction) -> NDArray[np.float32]:
    """χ_T of the masks (b, n): (b,) of ±1."""
    membership = holders([members], masks.shape[1])
    return characters(masks, membership)[:, 0]


@dataclass(eq=False)
class Trial:
    """One set under check.

    `claim`: the surrogate's mean effect; `share`: of the variance; `held_out`: what held-out masks say of
    model − surrogate; `differences`: the same on each background so far, `residuals`: mask by mask.
    """

    members: Interaction
    spectrum: Spectrum
    claim: float
    share: float
    held_out: Estimate | None = None
    differences: list[float] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)
    ablations: int = 0
    decided: Finding | None = None

    def add(self, masks: Masks, model: Values) -> None:
        """The model's values on a block of the set."""
        residuals = model - self.spectrum(masks)
        self.differences.append(derivative(residuals))
        self.residuals.extend(residuals.tolist())

    def estimate(self, noise: float) -> Finding:
        """The model's mean effect and its interval;

        `noise`: variance of a single residual over random masks.
        """
        from scipy.special import stdtrit

        parts: list[Estimate] = []
        if self.held_out is not None:
            parts.append(self.held_out)
        if len(self.differences) >= LOOKS[0] or not parts:
            parts.append(self._of_backgrounds(noise))
        mean, error, freedom = _combined(parts)
        half = float(stdtrit(freedom, 1.0 - NOMINAL / 2)) * error
        effect = self.claim + mean
        return Finding(effect, (effect - half, effect + half))

    def _of_backgrounds(self, noise: float) -> Estimate:
        """Of model − surrogate, by the backgrounds and one pseudo-observation.

        The latter is what residuals without structure would give: few equal differences are no proof of none.
        """
        differences = np.array(self.differences)
        count = len(differences)
        mean = differences.mean()
        structureless = 2 ** len(self.members) * noise
        spread = ((differences - mean) ** 2).sum() + structureless
        variance = float(spread / count / count)
        return Estimate(float(mean), variance, float(count))


def _combined(parts: list[Estimate]) -> tuple[float, float, float]:
    """Independent estimates weighted by inverse variance: mean, standard error (Meier 1953), freedom."""
    certain = [part.mean for part in parts if part.variance <= 0.0]
    if certain:
        return float(np.mean(certain)), 0.0, math.inf
    means = np.array([part.mean for part in parts])
    freedoms = np.array([part.freedom for part in parts])
    weights = np.array([1.0 / part.variance for part in parts])
    total = weights.sum()
    shares = weights / total
    # the variance 1/Σw of known weights grows, since these weights are estimates
    uncertainty = float((shares * (1.0 - shares) / freedoms).sum())
    inflation = 1.0 + 4.0 * uncertainty
    error = math.sqrt(inflation / total)
    freedom = float(1.0 / (shares**2 / freedoms).sum())
    return float(shares @ means), error, freedom
