"""Checks: does what the surrogate says about a set hold on the real model? Checked by a few more, well chosen ablations.

The effect of a set T on a background B ⊆ N∖T is its discrete derivative δ_T f(B) = Σ_{S⊆T} (−1)^{|T|−|S|} f(B
∪ S): what its members do together beyond what their subsets do. `full` takes B = N∖T, the input itself;
`mean` is the mean over random B that keep a player with the game's probability: for uniform B the Banzhaf
interaction BII(T) = (−2)^|T| F(T). The two differ, so both are given, for model and surrogate on the same
masks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from spexviz.ablate.executors import CHUNK
from spexviz.ablate.runner import Runner
from spexviz.errors import GameError, SolverError
from spexviz.games.base import Game, check_is_game
from spexviz.kit.arrays import Bools
from spexviz.masks import Interaction, Masks, Values, ends, keys, set_of
from spexviz.results import Check, Explanation
from spexviz.spectrum import Spectrum, characters

MOST_ORDER = 4  # a set of k members takes 2^k ablations on every background
LOOKS = (4, 8, 16, 32, 64)  # backgrounds after which a verdict may be given
# two-sided error of one look, so that all five hold together with 90 % (Pocock 1977, for looks that double)
NOMINAL = 0.027
PHASE = "checking the sets shown"
_STREAM = 0xC4EC  # keeps the backgrounds apart from every other use of the seed


def validate(
    game: Game,
    spectrum: Spectrum,
    sets: Sequence[Interaction],
    seed: int = 0,
    limit: int = 256,
    *,
    runner: Runner | None = None,
    measured: Explanation | None = None,
) -> tuple[Check, ...]:
    """Check `sets` (1 to 4 members each) of a surrogate on the real model with at most `limit` further ablations: one Check a set.

    The model's mean effect is measured as the surrogate's own, exactly known, plus the mean of (model −
    surrogate): the better the surrogate, the fewer ablations. `measured` (a run of the same game) spares its
    ablations, and its held-out masks, which no fit has seen, give every set a first measurement for nothing
    (uniform ones: those of another probability would have to be weighted by up to (1 − keep)^−|T|, which no
    interval survives). All sets share their backgrounds, so masks in common are asked once. A verdict is
    given at fixed looks, after 4, 8, 16, 32 or 64 backgrounds (and on the held-out masks alone), and a
    decided set costs nothing more; the next background goes to the undecided set with the most variance for
    the fewest ablations. Every look's interval has level 97.3 %, so that all looks, and so the one shown,
    hold with 90 % at least (simulated with normal differences: 92 % to 97 %, the less the later the verdict).

    With c the surrogate's mean effect and [low, high] the interval of the model's, both times the sign of c:
    "contradicted" if high < |c|/2 or low > 2|c|; "confirmed" if not, and low > 0; else "undecided" (also
    where c = 0 and the interval holds 0). Same arguments, same checks, whatever the cache already knows.
    Raises SolverError for sets that cannot be checked or a limit too small for them, GameError if game and
    surrogate differ in players, and whatever the runner raises.
    """
    check_is_game(game)
    sets = _sorted_sets(sets, spectrum.n)
    for what, n in (
        ("game", len(game.players)),
        ("measured run", len(measured.players) if measured else spectrum.n),
    ):
        if n != spectrum.n:
            raise GameError(
                f"The {what} has {n} players and the surrogate {spectrum.n}: check a surrogate on the game it was fitted on."
            )
    if measured is not None and measured.proof.exact:
        return tuple(_exact(spectrum, measured.spectrum, members) for members in sets)
    asked = _Asked(spectrum, runner or Runner(game, total=limit), limit, game.keep)
    if measured is not None:
        asked.take(measured)
    effects, shares = spectrum.mean_effects(asked.keep), spectrum.shares(asked.keep)
    trials = [
        _Trial(
            members, spectrum, asked.held_out, effects.get(members, 0.0), max(shares.get(members, 0.0), 1e-6)
        )
        for members in sets
    ]
    return _Checking(asked, trials, seed).run()


def promising(spectrum: Spectrum, count: int, limit: int, keep: float = 0.5) -> tuple[Interaction, ...]:
    """The at most `count` sets of 2 to 4 players with the largest shares of variance whose first look fits the limit.

    That takes the full input; and, where `keep` is not 0.5, also the first backgrounds: no held-out mask
    speaks for the set.
    """
    ranked = sorted(
        (-share, len(term), term)
        for term, share in spectrum.shares(keep).items()
        if 2 <= len(term) <= MOST_ORDER and share
    )
    if keep != 0.5:
        spent = itertools.accumulate((1 + LOOKS[0]) * 2 ** len(term) for _, _, term in ranked[:count])
        return tuple(
            term for (_, _, term), ablations in zip(ranked, spent, strict=False) if ablations <= limit
        )
    chosen: list[Interaction] = []
    masks: set[bytes] = set()
    full = np.ones(spectrum.n, dtype=bool)
    for _, _, term in ranked:
        more = masks | set(keys(block(full, term)))
        if len(chosen) == count or len(more) > limit + 1:  # the full mask itself is known
            break
        chosen.append(term)
        masks = more
    return tuple(chosen)


def block(base: Bools, members: Interaction) -> Masks:
    """The 2^|T| masks that agree with `base` (n,) outside the set: row r keeps member i of T where bit i of r is set."""
    masks = np.repeat(base[None], 2 ** len(members), axis=0)
    masks[:, list(members)] = (np.arange(len(masks))[:, None] >> np.arange(len(members))) & 1 == 1
    return masks


def derivative(values: Values) -> float:
    """δ_T of the 2^|T| values of a `block`."""
    order = len(values).bit_length() - 1
    return float(sum((-1) ** (order - row.bit_count()) * value for row, value in enumerate(values)))


def verdict(claim: float, interval: tuple[float, float]) -> str:
    """What the interval of the model's mean effect says about the surrogate's claim; the rule is in `validate`."""
    low, high = interval if claim >= 0 else (-interval[1], -interval[0])
    size = abs(claim)
    if high < size / 2 or low > 2 * size:
        return "contradicted"
    return "confirmed" if low > 0 and claim else "undecided"


@dataclass
class _Asked:
    """Every value known so far, and the ablations still allowed."""

    spectrum: Spectrum
    runner: Runner
    limit: int
    keep: float = 0.5
    values: dict[bytes, float] = field(default_factory=dict)
    fresh: int = 0
    held_out: _HeldOut | None = None

    def take(self, explanation: Explanation) -> None:
        n = self.spectrum.n
        self.add(ends(n), np.array(explanation.ends))
        self.add(explanation.sample.masks, explanation.sample.values)
        self.add(explanation.held_out.masks, explanation.held_out.values)
        if len(explanation.held_out) > 1 and self.keep == 0.5:
            self.held_out = _HeldOut.of(self.spectrum, explanation)

    def add(self, masks: Masks, values: Values) -> None:
        self.values.update(zip(keys(masks), values.tolist(), strict=True))

    def unknown(self, masks: Masks, besides: dict[bytes, Bools] = {}) -> dict[bytes, Bools]:
        return {
            key: mask
            for key, mask in zip(keys(masks), masks, strict=True)
            if key not in self.values and key not in besides
        }

    def ask(self, wanted: dict[bytes, Bools]) -> None:
        if wanted:
            masks = np.stack(list(wanted.values()))
            self.fresh += len(masks)
            self.add(masks, self.runner(masks, PHASE))

    def model(self, masks: Masks) -> Values:
        return np.array([self.values[key] for key in keys(masks)])


@dataclass(frozen=True)
class _HeldOut:
    """Model − surrogate on the held-out masks of a run, a uniform sample of the masks that the fits have not seen.

    Those that they have seen are `share` of all masks and known one by one, so they enter as they are, not as
    a sample.
    """

    masks: Masks
    residuals: Values
    seen: Masks
    seen_residuals: Values
    share: float

    @classmethod
    def of(cls, spectrum: Spectrum, explanation: Explanation) -> _HeldOut:
        seen, rest = (
            part.values - spectrum(part.masks) for part in (explanation.sample, explanation.held_out)
        )
        return cls(
            explanation.held_out.masks, rest, explanation.sample.masks, seen, len(seen) / 2.0**spectrum.n
        )

    def estimate(self, members: Interaction) -> tuple[float, float, float]:
        """Mean of (model − surrogate) effects of a set, its variance, and the degrees of freedom."""
        inside = np.zeros((1, self.masks.shape[1]), dtype=bool)
        inside[0, list(members)] = True
        size = (-2.0) ** len(members)
        each = size * characters(self.masks, inside)[:, 0] * self.residuals
        seen = (
            size * float((characters(self.seen, inside)[:, 0] * self.seen_residuals).mean())
            if len(self.seen)
            else 0.0
        )
        # the part of the rest that was asked
        population = self.share * len(each) / max(1, len(self.seen)) / max(1e-9, 1.0 - self.share)
        variance = (1.0 - self.share) ** 2 * each.var(ddof=1) / len(each) * max(0.0, 1.0 - population)
        return self.share * seen + (1.0 - self.share) * float(each.mean()), float(variance), len(each) - 1.0


@dataclass
class _Trial:
    """One set under check. `claim`: the surrogate's mean effect; `share`: of the variance; `differences`: model − surrogate effect on
    each background so far.
    """

    members: Interaction
    spectrum: Spectrum
    held_out: _HeldOut | None
    claim: float
    share: float
    differences: list[float] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)
    ablations: int = 0
    decided: tuple[float, tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        self.first = None if self.held_out is None else self.held_out.estimate(self.members)

    def add(self, masks: Masks, model: Values) -> None:
        residuals = model - self.spectrum(masks)
        self.differences.append(derivative(residuals))
        self.residuals.extend(residuals.tolist())

    def estimate(self, noise: float) -> tuple[float, tuple[float, float]]:
        """The model's mean effect and its interval;

        `noise`: variance of a single residual over random masks.
        """
        parts = [] if self.first is None else [self.first]
        if (count := len(self.differences)) >= LOOKS[0] or not parts:
            d = np.array(self.differences)
            # One pseudo-observation, what residuals without structure would give: few equal differences are
            # no proof of none.
            spread = ((d - d.mean()) ** 2).sum() + 2 ** len(self.members) * noise
            parts.append((float(d.mean()), float(spread / count / count), float(count)))
        mean, error, freedom = _combined(parts)
        from scipy.special import stdtrit

        half = float(stdtrit(freedom, 1.0 - NOMINAL / 2)) * error
        return self.claim + mean, (self.claim + mean - half, self.claim + mean + half)


def _combined(parts: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Independent (mean, variance, freedom) weighted by inverse variance: mean, standard error (Meier 1953), freedom."""
    certain = [mean for mean, variance, _ in parts if variance <= 0.0]
    if certain:
        return float(np.mean(certain)), 0.0, math.inf
    weights = np.array([1.0 / variance for _, variance, _ in parts])
    means, freedoms = np.array([mean for mean, _, _ in parts]), np.array([freedom for _, _, freedom in parts])
    shares = weights / weights.sum()
    inflation = 1.0 + 4.0 * float((shares * (1.0 - shares) / freedoms).sum())
    return (
        float(shares @ means),
        math.sqrt(inflation / weights.sum()),
        float(1.0 / (shares**2 / freedoms).sum()),
    )


@dataclass
class _Checking:
    """The sequential part: rounds of about a chunk of ablations, a look where one is due, until all is decided or spent."""

    asked: _Asked
    trials: list[_Trial]
    seed: int

    def run(self) -> tuple[Check, ...]:
        n = self.asked.spectrum.n
        self.full = np.ones(n, dtype=bool)
        self.bases = np.random.default_rng([self.seed, _STREAM, n]).random((LOOKS[-1], n)) < self.asked.keep
        self.start()
        while batch := self.next_round():
            self.measure(batch)
        return tuple(self.check(trial) for trial in self.trials)

    def start(self) -> None:
        """The full input of every set, and the first backgrounds where no held-out mask speaks for it."""
        alone = LOOKS[0] if self.asked.held_out is None else 0
        wanted: dict[bytes, Bools] = {}
        for trial, base in itertools.product(self.trials, [self.full, *self.bases[:alone]]):
            new = self.asked.unknown(block(base, trial.members), wanted)
            trial.ablations += len(new)
            wanted |= new
        if len(wanted) > self.asked.limit:
            raise SolverError(
                f"Checking these {len(self.trials)} sets takes at least {len(wanted)} ablations, and the limit is {self.asked.limit}: "
                "raise the limit, or give fewer or smaller sets."
            )
        self.asked.ask(wanted)
        self.measure([(trial, j) for trial in self.trials for j in range(alone)])
        if not alone:
            self.look(self.trials)

    def next_round(self) -> list[tuple[_Trial, int]]:
        """The next backgrounds, each for one set, and their ablations asked; empty when nothing more can be done."""
        wanted: dict[bytes, Bools] = {}
        batch: list[tuple[_Trial, int]] = []
        count = {id(trial): len(trial.differences) for trial in self.trials}
        while len(wanted) < CHUNK:
            best = max(self.candidates(count, wanted), key=lambda found: found[0], default=None)
            if best is None:
                break
            _, trial, new = best
            batch.append((trial, count[id(trial)]))
            count[id(trial)] += 1
            trial.ablations += len(new)
            wanted |= new
        self.asked.ask(wanted)
        return batch

    def candidates(self, count: dict[int, int], wanted: dict) -> Iterator[tuple[float, _Trial, dict]]:
        """(worth, set, new masks) of every undecided set's next background that the limit still allows; not past its next look."""
        for trial in self.trials:
            number = count[id(trial)]
            due = number > len(trial.differences) and number in LOOKS
            if trial.decided or due or number >= LOOKS[-1]:
                continue
            new = self.asked.unknown(block(self.bases[number], trial.members), wanted)
            if len(new) + len(wanted) <= self.asked.limit - self.asked.fresh:
                yield trial.share / (number + 1) / max(len(new), 0.5), trial, new

    def measure(self, batch: list[tuple[_Trial, int]]) -> None:
        for trial, number in batch:
            masks = block(self.bases[number], trial.members)
            trial.add(masks, self.asked.model(masks))
        self.look(
            [
                trial
                for trial in self.trials
                if not trial.decided and len(trial.differences) in LOOKS and any(trial is t for t, _ in batch)
            ]
        )

    def look(self, trials: list[_Trial]) -> None:
        for trial in trials:
            found = trial.estimate(self.noise())
            if verdict(trial.claim, found[1]) != "undecided":
                trial.decided = found  # kept as it is: what is pooled of later rounds must not unsettle it

    def noise(self) -> float:
        held = self.asked.held_out
        pooled = (
            held.residuals if held is not None else np.concatenate([trial.residuals for trial in self.trials])
        )
        return float(np.var(pooled))

    def check(self, trial: _Trial) -> Check:
        masks = block(self.full, trial.members)
        mean, interval = trial.decided or trial.estimate(self.noise())
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
            held_out=0 if self.asked.held_out is None else len(self.asked.held_out.masks),
        )


def _exact(surrogate: Spectrum, truth: Spectrum, members: Interaction) -> Check:
    """A check read off a game whose every mask is known."""
    masks = block(np.ones(truth.n, dtype=bool), members)
    claim, mean = ((-2.0) ** len(members) * s.coefficients.get(members, 0.0) for s in (surrogate, truth))
    full = derivative(truth(masks)), derivative(surrogate(masks))
    return Check(members, *full, mean, claim, (mean, mean), 0, verdict(claim, (mean, mean)))


def _sorted_sets(sets: Sequence[Interaction], n: int) -> list[Interaction]:
    found = [set_of(members, n) for members in sets]
    for members in found:
        if not 1 <= len(members) <= MOST_ORDER:
            raise SolverError(
                f"{members} has {len(members)} members; sets of 1 to {MOST_ORDER} can be checked: leave it out, or check its subsets."
            )
    if len(set(found)) != len(found):
        raise SolverError("A set is given twice: give each once.")
    return found
