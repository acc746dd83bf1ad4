"""Measured: what every run asks beside its fits, to be told of the input itself: never predicted.

The leading players and sets are taken out of everything, each alone; and from nothing to everything (or, for
some games, the other way round) the leading players are changed one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, combinations, islice

import numpy as np

from spexviz.ablate.cache import Cache
from spexviz.ablate.runner import Progress, Runner
from spexviz.analysis.leading import leading
from spexviz.errors import GameError
from spexviz.games.base import Game
from spexviz.masks import Interaction, Masks, all_but, distinct, keys
from spexviz.results import Explanation, Measured, Sample
from spexviz.run.checks.effects import full_block

MOST_WITHOUT = 16  # sets that are taken out of everything
MOST_STEPS = 20  # from one end to the other


def most_measured(n: int) -> int:
    """Most ablations of n players that `measured` asks, where a run has asked none of them."""
    without = MOST_WITHOUT
    if n <= MOST_WITHOUT.bit_length():  # fewer masks than that lie between the ends
        without = min(without, 2**n - 2)
    return without + min(MOST_STEPS, n) - 1


def as_asked(explanation: Explanation, game: Game) -> Game:
    """The game of a run in the precision in which the run's values were asked."""
    if explanation.precision.startswith("fp32") and game.precision not in (None, "fp32"):
        return game.at_full_precision() or game
    return game


def asking(
    explanation: Explanation,
    game: Game,
    cache: Cache,
    total: int = 0,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Runner:
    """What asks the game of a finished run, or one made of it, in its precision, before runs that go on."""
    return Runner(as_asked(explanation, game), cache, total, report, urgent=True)


def measured(explanation: Explanation, game: Game, runner: Runner) -> Explanation:
    """The same run with what is `measured` of its input; one that has it is returned as it is.

    `game`: as the run asked it. `runner` asks what no mask of the run tells; its total is then what was done.
    Same run, same masks. Raises GameError for the game of another run, and whatever the runner
    raises.
    """
    if explanation.measured is not None:
        return explanation
    n = len(explanation.players)
    if len(game.players) != n:
        raise GameError(f"The run has {n} players and its game {len(game.players)}: it is of another game.")
    found = steps(explanation, adding=game.path_adds)
    if explanation.proof.exact:
        return replace(explanation, measured=found)
    wanted = np.concatenate([all_but(found.without, n), found.stops])
    unknown = np.isnan(explanation.asked(wanted))
    masks = distinct(wanted[unknown])
    phase = f"measuring {explanation.subject.itself}"
    runner.total = runner.done + len(masks)
    runner.tell(phase)
    values = runner(masks, phase)
    told = replace(found, sample=Sample(masks, values), ablations=_new(explanation, masks))
    return replace(explanation, measured=told)


def steps(explanation: Explanation, adding: bool) -> Measured:
    """What is to be measured of a run: the sets taken out, and the path; nothing is asked yet."""
    n = len(explanation.players)
    nothing = Sample(np.zeros((0, n), dtype=bool), np.empty(0))
    leads = leading(explanation)
    return Measured(nothing, without(leads), path(leads, n), adding)


def without(leads: Sequence[Interaction]) -> tuple[Interaction, ...]:
    """At most MOST_WITHOUT different sets to take out: of every leading one each member alone, then all.

    Where there is room, then the pairs inside larger sets.

    >>> without([(0, 2), (1,), (2,)])
    ((0,), (2,), (0, 2), (1,))
    """
    sets = chain(_members_and_all(leads), _pairs(leads))
    return tuple(islice(dict.fromkeys(sets), MOST_WITHOUT))


def _members_and_all(leads: Sequence[Interaction]) -> Iterator[Interaction]:
    for one in leads:
        yield from combinations(one, 1)
        yield one


def _pairs(leads: Sequence[Interaction]) -> Iterator[Interaction]:
    for one in leads:
        yield from combinations(one, 2)


def path(leads: Sequence[Interaction], n: int) -> tuple[Interaction, ...]:
    """At most MOST_STEPS steps that change all n players: the members of the leading sets one by one.

    In the order in which their sets lead; the last step changes the rest.

    >>> path([(1, 3), (0,), (0, 1)], 6)
    ((1,), (3,), (0,), (2, 4, 5))
    """
    order = list(dict.fromkeys(chain.from_iterable(leads)))
    alone = len(order)
    if alone < n or n > MOST_STEPS:  # something is left for the last step
        alone = min(alone, MOST_STEPS - 1)
    single = order[:alone]
    rest = tuple(i for i in range(n) if i not in single)
    changed: list[Interaction] = [(i,) for i in single]
    if rest:
        changed.append(rest)
    return tuple(changed)


def _new(explanation: Explanation, masks: Masks) -> int:
    """How many of the masks the run has not asked: checks have asked each of their sets on the full input."""
    n = len(explanation.players)
    asked: set[bytes] = set()
    for check in explanation.checks:
        asked.update(keys(full_block(check.members, n)))
    return sum(key not in asked for key in keys(masks))
