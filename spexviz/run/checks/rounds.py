"""The sequential part of checks: rounds of ablations and looks, until all is decided or spent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spexviz.ablate.executors import CHUNK
from spexviz.ablate.runner import Runner
from spexviz.errors import SolverError
from spexviz.kit.arrays import Bools
from spexviz.masks import Interaction, Masks, Values, ends, keys
from spexviz.results import Check, Explanation
from spexviz.run.checks.effects import block, derivative, full_block, verdict
from spexviz.run.checks.estimates import LOOKS, HeldOut, OfFolds, Trial
from spexviz.spectrum import Spectrum

PHASE = "checking the sets shown"
_STREAM = 0xC4EC  # keeps the backgrounds apart from every other use of the seed

New = dict[bytes, Bools]
"""Masks that are not known yet, by their keys."""


@dataclass
class Asked:
    """Every value known so far, and the ablations still allowed."""

    spectrum: Spectrum
    runner: Runner
    limit: int
    keep: float = 0.5
    values: dict[bytes, float] = field(default_factory=dict)
    fresh: int = 0
    held_out: HeldOut | OfFolds | None = None

    def take(self, explanation: Explanation) -> None:
        """What a run of the same game has paid for."""
        both = np.array(explanation.ends)
        self.add(ends(self.spectrum.n), both)
        samples = [explanation.sample, explanation.held_out]
        if explanation.measured is not None:
            samples.append(explanation.measured.sample)
        for known in samples:
            self.add(known.masks, known.values)
        if self.keep != 0.5:
            return
        if explanation.folds is not None:
            self.held_out = OfFolds.of(explanation.sample, explanation.folds)
        elif len(explanation.held_out) > 1:
            self.held_out = HeldOut.of(self.spectrum, explanation.sample, explanation.held_out)

    def add(self, masks: Masks, values: Values) -> None:
        self.values.update(zip(keys(masks), values.tolist(), strict=True))

    def unknown(self, masks: Masks, besides: New) -> New:
        """Those of the masks that are neither known nor wanted already."""
        found: New = {}
        for key, mask in zip(keys(masks), masks, strict=True):
            if key not in self.values and key not in besides:
                found[key] = mask
        return found

    def ask(self, wanted: New) -> None:
        if wanted:
            masks = np.stack(list(wanted.values()))
            self.fresh += len(masks)
            self.add(masks, self.runner(masks, PHASE))

    def model(self, masks: Masks) -> Values:
        """The model's values on masks that are known."""
        return np.array([self.values[key] for key in keys(masks)])


class _Candidate(NamedTuple):
    """A set's next background: its worth, and the masks that it takes."""

    worth: float
    trial: Trial
    new: New


class Checking:
    """Rounds of about a chunk of ablations each, a look where one is due, until all is decided or spent."""

    def __init__(self, asked: Asked, sets: Sequence[Interaction], seed: int):
        n = asked.spectrum.n
        rng = np.random.default_rng([seed, _STREAM, n])
        self.asked = asked
        self.trials = _trials(asked, sets)
        self.bases = rng.random((LOOKS[-1], n)) < asked.keep

    def run(self) -> tuple[Check, ...]:
        self.start()
        while batch := self.next_round():
            self.measure(batch)
        return tuple(self.check(trial) for trial in self.trials)

    def start(self) -> None:
        """The full input of every set, and the first backgrounds where no held-out mask speaks for it."""
        alone = LOOKS[0] if self.asked.held_out is None else 0
        full = ends(self.asked.spectrum.n)[1]
        wanted: New = {}
        bases = [full, *self.bases[:alone]]
        for trial, base in itertools.product(self.trials, bases):
            masks = block(base, trial.members)
            new = self.asked.unknown(masks, wanted)
            trial.ablations += len(new)
            wanted |= new
        if len(wanted) > self.asked.limit:
            raise SolverError(
                f"Checking these {len(self.trials)} sets takes at least {len(wanted)} ablations, and the "
                f"limit is {self.asked.limit}: raise the limit, or give fewer or smaller sets."
            )
        self.asked.ask(wanted)
        if alone:
            first = itertools.product(self.trials, range(alone))
            self.measure(list(first))
        else:
            for trial in self.trials:
                self.look(trial)

    def next_round(self) -> list[tuple[Trial, int]]:
        """The next backgrounds, each for one set, their ablations asked; none when nothing is left to do."""
        wanted: New = {}
        batch: list[tuple[Trial, int]] = []
        count = {trial: len(trial.differences) for trial in self.trials}
        while len(wanted) < CHUNK:
            candidates = self.candidates(count, wanted)
            best = max(candidates, key=lambda found: found.worth, default=None)
            if best is None:
                break
            batch.append((best.trial, count[best.trial]))
            count[best.trial] += 1
            best.trial.ablations += len(best.new)
            wanted |= best.new
        self.asked.ask(wanted)
        return batch

    def candidates(self, count: dict[Trial, int], wanted: New) -> Iterator[_Candidate]:
        """Every undecided set's next background that the limit still allows; not past its next look."""
        left = self.asked.limit - self.asked.fresh - len(wanted)
        for trial in self.trials:
            number = count[trial]
            due = number > len(trial.differences) and number in LOOKS
            if trial.decided or due or number >= LOOKS[-1]:
                continue
            masks = block(self.bases[number], trial.members)
            new = self.asked.unknown(masks, wanted)
            if len(new) <= left:
                ablations = max(len(new), 0.5)  # masks in common with others cost nothing
                worth = trial.share / (number + 1) / ablations
                yield _Candidate(worth, trial, new)

    def measure(self, batch: list[tuple[Trial, int]]) -> None:
        """Add the backgrounds of a round to their sets, and look at those whose look is due."""
        for trial, number in batch:
            masks = block(self.bases[number], trial.members)
            trial.add(masks, self.asked.model(masks))
        measured = {trial for trial, _ in batch}
        for trial in self.trials:
            if trial in measured and len(trial.differences) in LOOKS:
                self.look(trial)

    def look(self, trial: Trial) -> None:
        """Decide a set where that can be done."""
        found = trial.estimate(self.noise())
        if verdict(trial.claim, found.interval) != "undecided":
            trial.decided = found  # kept as it is: what is pooled of later rounds must not unsettle it

    def noise(self) -> float:
        """Variance of a single residual over random masks."""
        if self.asked.held_out is not None:
            return float(np.var(self.asked.held_out.residuals))
        pooled = np.concatenate([trial.residuals for trial in self.trials])
        return float(np.var(pooled))

    def check(self, trial: Trial) -> Check:
        """What was found out about a set."""
        masks = full_block(trial.members, self.asked.spectrum.n)
        mean, interval = trial.decided or trial.estimate(self.noise())
        held_out = self.asked.held_out
        return Check(
            members=trial.members,
            model_full=derivative(self.asked.model(masks)),
            surrogate_full=derivative(self.asked.spectrum(masks)),
            model_mean=mean,
            surrogate_mean=trial.claim,
            interval=interval,
            ablations=trial.ablations,
            verdict=verdict(trial.claim, interval),
            backgrounds=len(trial.differences),
            held_out=0 if held_out is None else held_out.used,
        )


def _trials(asked: Asked, sets: Sequence[Interaction]) -> list[Trial]:
    effects = asked.spectrum.mean_effects(asked.keep)
    shares = asked.spectrum.shares(asked.keep)
    trials: list[Trial] = []
    for members in sets:
        claim = effects.get(members, 0.0)
        share = shares.get(members, 0.0)
        share = max(share, 1e-6)  # a set that the surrogate lacks gets its turn as well
        trial = Trial(members, asked.spectrum, claim, share)
        if asked.held_out is not None:
            trial.held_out = asked.held_out.estimate(members, claim)
        trials.append(trial)
    return trials
