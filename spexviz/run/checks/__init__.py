"""Checks: does what the surrogate says of a set hold on the real model? By a few well chosen ablations.

The effect of a set T on a background B ⊆ N∖T is its discrete derivative δ_T f(B) = Σ_{S⊆T} (−1)^{|T|−|S|} f(B
∪ S): what its members do together beyond what their subsets do. `full` takes B = N∖T, the input itself;
`mean` is the mean over random B that keep a player with the game's probability: for uniform B the Banzhaf
interaction BII(T) = (−2)^|T| F(T). The two differ, so both are given, for model and surrogate on the same
masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spexviz.ablate.kept import KeptCache
from spexviz.ablate.runner import Runner
from spexviz.analysis.sets import strongest
from spexviz.errors import GameError, SolverError
from spexviz.games.base import Game, check_is_game
from spexviz.games.foreign import as_game
from spexviz.masks import Interaction, keys, set_of
from spexviz.results import Check, Explanation
from spexviz.run.checks.effects import block, derivative, full_block, verdict
from spexviz.run.checks.estimates import LOOKS
from spexviz.run.checks.rounds import Asked, Checking
from spexviz.spectrum import Spectrum

__all__ = ["LOOKS", "MOST_ORDER", "block", "derivative", "promising", "validate", "verdict", "with_checks"]
MOST_ORDER = 4  # a set of k members takes 2^k ablations on every background


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
    """Check `sets` (1 to 4 members each) of a surrogate on the real model: one Check a set.

    At most `limit` further ablations are asked. The model's mean effect is measured as the surrogate's own,
    exactly known, plus the mean of (model − surrogate): the better the surrogate, the fewer ablations.
    `measured` (a run of the same game) spares its ablations, and its held-out masks, which no fit has seen,
    give every set a first measurement for nothing (or, by folds, all its masks of the reference distribution:
    each beside the fit that has not seen it; uniform ones, since those of another probability would have to
    be weighted by up to (1 − keep)^−|T|, which no interval survives). All sets share their backgrounds, so
    masks in common are asked once. A verdict is given at fixed looks, after 4, 8, 16, 32 or 64 backgrounds
    (and on the held-out masks alone), and a decided set costs nothing more; the next background goes to the
    undecided set with the most variance for the fewest ablations. Every look's interval has level 97.3 %, so
    that all looks, and so the one shown, hold with 90 % at least (simulated with normal differences: 92 % to
    97 %, the less the later the verdict).

    With c the surrogate's mean effect and [low, high] the interval of the model's, both times the sign of c:
    "contradicted" if high < |c|/2 or low > 2|c|; "confirmed" if not, and low > 0; else "undecided" (also
    where c = 0 and the interval holds 0). Same arguments, same checks, whatever the cache already knows.
    Raises SolverError for sets that cannot be checked or a limit too small for them, GameError if game and
    surrogate differ in players, and whatever the runner raises.
    """
    game = as_game(game)
    check_is_game(game)
    sets = _sorted_sets(sets, spectrum.n)
    _check_players("game", len(game.players), spectrum.n)
    if measured is not None:
        _check_players("measured run", len(measured.players), spectrum.n)
        if measured.proof.exact:
            return tuple(_exact(spectrum, measured.spectrum, members) for members in sets)
    runner = runner or Runner(game, KeptCache(), total=limit)
    asked = Asked(spectrum, runner, limit, game.keep)
    if measured is not None:
        asked.take(measured)
    return Checking(asked, sets, seed).run()


def with_checks(explanation: Explanation, checks: Sequence[Check]) -> Explanation:
    """The same with these among its checks, in one order whatever was asked first.

    Those of the sets that carry most of the variance come first, as `promising` has them; of a set that is
    checked already the old check stays.
    """
    known = {check.members for check in explanation.checks}
    new = [check for check in checks if check.members not in known]
    if not new:
        return explanation
    shares = explanation.spectrum.shares(explanation.fidelity.keep)

    def rank(check: Check) -> tuple[float, int, Interaction]:
        return -shares.get(check.members, 0.0), len(check.members), check.members

    together = tuple(sorted([*explanation.checks, *new], key=rank))
    return replace(explanation, proof=replace(explanation.proof, checks=together))


def promising(spectrum: Spectrum, count: int, limit: int, keep: float = 0.5) -> tuple[Interaction, ...]:
    """The at most `count` sets of 2 to 4 players with the largest shares of variance.

    As many as the limit allows a first look at. That takes the full input; and, where `keep` is not 0.5, also
    the first backgrounds: no held-out mask speaks for the set.
    """
    orders = range(2, MOST_ORDER + 1)
    ranked = strongest(spectrum.shares(keep), orders)
    chosen: list[Interaction] = []
    spent = 0
    masks: set[bytes] = set()
    for members in ranked[:count]:
        if keep == 0.5:
            masks.update(keys(full_block(members, spectrum.n)))
            spent = len(masks) - 1  # the full mask itself is known
        else:
            spent += (1 + LOOKS[0]) * 2 ** len(members)
        if spent > limit:
            break
        chosen.append(members)
    return tuple(chosen)


def _exact(surrogate: Spectrum, truth: Spectrum, members: Interaction) -> Check:
    """A check read off a game whose every mask is known: its effects are those of its spectrum."""
    masks = full_block(members, truth.n)
    size = (-2.0) ** len(members)
    claim = size * surrogate.coefficients.get(members, 0.0)
    mean = size * truth.coefficients.get(members, 0.0)
    return Check(
        members=members,
        model_full=derivative(truth(masks)),
        surrogate_full=derivative(surrogate(masks)),
        model_mean=mean,
        surrogate_mean=claim,
        interval=(mean, mean),
        ablations=0,
        verdict=verdict(claim, (mean, mean)),
    )


def _check_players(what: str, n: int, surrogate: int) -> None:
    if n != surrogate:
        raise GameError(
            f"The {what} has {n} players and the surrogate {surrogate}: check a surrogate on the game it "
            "was fitted on."
        )


def _sorted_sets(sets: Sequence[Interaction], n: int) -> list[Interaction]:
    found = [set_of(members, n) for members in sets]
    for members in found:
        if not 1 <= len(members) <= MOST_ORDER:
            raise SolverError(
                f"{members} has {len(members)} members; sets of 1 to {MOST_ORDER} can be checked: leave it "
                "out, or check its subsets."
            )
    if len(set(found)) != len(found):
        raise SolverError("A set is given twice: give each once.")
    return found
