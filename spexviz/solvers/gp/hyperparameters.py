"""The hyperparameters of the Gaussian process: one vector of logarithms, and the priors that these have.

With few masks the players' strengths would be over-fitted without these priors (R² .47 instead of .54 at
65 players and 512 masks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.solvers.gp.kernel import Prior

SPREAD_STRENGTH = 0.9  # of log w_i about its mean over the players…
# …degrees of freedom of Student's t: most players are alike, a few stand far out, and more so the more
# players
TAILS = 4.0
# sd of log τ_i about the mean + the player's excess in log w_i: who acts alone also acts together
SPREAD_SLOPE = 0.8
SPREAD_LEVEL = 2.0  # sd of the other logarithms about where they start
START_SCALE = -1.0
START_LOCAL = -3.0
START_REACH = 1.0
START_NOISE = np.log(0.15)
CONSTANT = 0.1  # prior variance of the constant, not learnt

SCALE, LOCAL, REACH, NOISE = range(4)  # positions in `Hyperparameters.level`
LEVELS = 4

Bounds = tuple[float, float]
"""The least and the most that the search may reach, of a logarithm."""

STRENGTHS = (-14.0, 1.2)  # of log w
SLOPES = (-20.0, 4.0)  # of log τ
SCALES = (-12.0, 4.0)  # of log s, of all players and of the windows
REACHES = (-3.0, 3.0)  # of log reach
MOST_NOISE = 2.0  # the most log noise


@dataclass(frozen=True)
class Hyperparameters:
    """The vector (2n + 4,), or a gradient in it, and its parts by name; each is a view of it.

    `strength` log w (n,), `slope` log τ (n,), `level` (4,): log s of all players, log s of all windows
    together, log reach, log noise.
    """

    vector: Floats
    strength: Floats
    slope: Floats
    level: Floats

    @classmethod
    def of(cls, vector: Floats) -> Hyperparameters:
        of_players = len(vector) - LEVELS
        n = of_players // 2
        strength = vector[:n]
        slope = vector[n:of_players]
        level = vector[of_players:]
        return cls(vector, strength, slope, level)

    @classmethod
    def zeros(cls, n: int) -> Hyperparameters:
        """0 everywhere, for n players: a gradient to add to."""
        return cls.of(np.zeros(2 * n + LEVELS))

    def prior(self, windows: Floats) -> Prior:
        """The prior that they stand for, with windows (c, n)."""
        strength = np.exp(self.strength)
        slope = np.exp(self.slope)
        everywhere, local, reach, noise = np.exp(self.level).tolist()
        # the windows share what they have together
        count = len(windows)
        each = local / max(count, 1)
        scale = np.concatenate([[everywhere], np.full(count, each)])
        return Prior(strength, slope, scale, reach, windows, noise, CONSTANT)


def bounds(n: int, least_noise: float) -> list[Bounds]:
    """Those of every logarithm in the vector of n players."""
    noises = (least_noise, MOST_NOISE)
    of_players = [STRENGTHS] * n + [SLOPES] * n
    return [*of_players, SCALES, SCALES, REACHES, noises]


class Hyperprior:
    """Where the logarithms of n players are expected, and what it costs to be elsewhere.

    `levels` (4,) where those of `Hyperparameters.level` start; `middle` (6,) the means of log w and of log τ,
    then the levels.
    """

    def __init__(self, n: int):
        # the more players, the less of the variance for each
        share = np.log(1.0 / n)
        self.levels = np.array([START_SCALE, START_LOCAL, START_REACH, START_NOISE])
        strength = share + 0.4
        slope = share - 0.7
        self.middle = np.array([strength, slope, *self.levels])

    def penalty(self, theta: Floats) -> tuple[float, Floats]:
        """Negative log density (without its constant) of the vector, and its gradient."""
        at = Hyperparameters.of(theta)
        n = len(at.strength)
        strength_mean = at.strength.mean()
        slope_mean = at.slope.mean()
        strength = at.strength - strength_mean
        slope = at.slope - slope_mean

        # A player's excess in log w is Student's t: −log density ½ (ν + 1) log(1 + x²/(ν σ²)) for x.
        strength_variance = SPREAD_STRENGTH**2
        far = 1.0 + strength**2 / (TAILS * strength_variance)
        strength_loss = (TAILS + 1) * np.log(far).sum()
        strength_pull = (TAILS + 1) / TAILS * strength / strength_variance / far

        # Its excess in log τ is normal about its excess in log w.
        apart = slope - strength
        slope_variance = SPREAD_SLOPE**2
        slope_loss = (apart @ apart) / slope_variance
        slope_pull = apart / slope_variance

        # Both means and the four levels are normal about where they start.
        means = [strength_mean, slope_mean]
        where = np.concatenate([means, at.level])
        level = where - self.middle
        level_variance = SPREAD_LEVEL**2
        level_loss = (level @ level) / level_variance
        level_pull = level / level_variance

        loss = 0.5 * (strength_loss + slope_loss + level_loss)
        # An excess is x_i − mean(x), so a derivative loses its mean over the players (that of slope_pull is 0
        # already), and a mean of n players gives each an n-th of its own derivative.
        for_strength, for_slope, *for_level = level_pull
        by_strength = strength_pull - strength_pull.mean() - slope_pull + for_strength / n
        by_slope = slope_pull + for_slope / n
        gradient = np.concatenate([by_strength, by_slope, for_level])
        return float(loss), gradient
