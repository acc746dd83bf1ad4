"""Which fewest players flip the answer: against brute force, within a limit, never by prediction alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Runner
from spexviz.errors import SolverError
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import Interaction, all_but, all_masks, ends, keys
from spexviz.results import Explanation
from spexviz.results.subject import LOG_PROBABILITY, ODDS, Scale
from spexviz.run.flips import Flips, Line, flips, line_of, most_moving, proposed
from spexviz.solvers.linear import Linear
from spexviz.spectrum import Spectrum
from tests.explanations import changed
from tests.run.noted import ASKED, Noted, explain

N = 8
ANSWERS = Scale(ODDS, (" yes", " no"))


def game_of(seed: int, n: int = N) -> Noted:
    """Single players and sets of up to four, around a full value on either side of 0."""
    rng = np.random.default_rng(seed)
    terms: dict[Interaction, float] = {(): float(rng.normal())}
    terms |= {(i,): float(rng.normal()) * 0.4 for i in range(n)}
    for size in rng.integers(2, 5, size=6).tolist():
        terms[tuple(sorted(rng.choice(n, size, replace=False).tolist()))] = float(rng.normal()) * 0.5
    return Noted(Spectrum(n, terms))


def run_of(game: SyntheticGame) -> Explanation:
    return changed(explain(game, Linear(), 64), scale=ANSWERS, noun="word")


def last(found: Iterator[Flips]) -> Flips:
    *_, answer = found
    return answer


def brute(game: SyntheticGame, line: Line, most: int) -> dict[Interaction, float]:
    """Of all sets of up to `most` players those that flip, with the fewest players."""
    n = len(game.players)
    for size in range(1, most + 1):
        sets = list(combinations(range(n), size))
        values = game(all_but(sets, n))
        flipping = dict(zip(sets, values.tolist(), strict=True))
        flipping = {members: value for members, value in flipping.items() if line.crossed(np.array([value]))}
        if flipping:
            return flipping
    return {}


@pytest.mark.parametrize("part", range(4))
def test_it_is_the_optimum_of_brute_force_where_the_limit_allows(part: int) -> None:
    """On 120 games, with a surrogate that knows single players only; and it is told what is proven."""
    sizes = set()
    for seed in range(30 * part, 30 * part + 30):
        game = game_of(seed)
        run = run_of(game)
        line = line_of(run)
        wanted = brute(game, line, 4)
        ASKED.clear()
        answer = last(flips(run, Runner(game), limit=400))
        assert len(ASKED) == len(set(ASKED)) == answer.asked <= 400
        if not wanted:
            assert answer.found is None and not answer.is_minimal and answer.size == 4
            assert len(answer.tried) == sum(math.comb(N, size) for size in range(1, 5))
            continue
        found = answer.found
        assert found.measured == pytest.approx(wanted[found.members])
        assert line.beyond(found.measured) == pytest.approx(max(map(line.beyond, wanted.values())))
        assert answer.is_minimal and answer.is_only == (len(wanted) == 1)
        sizes.add(len(found.members))
    assert sizes >= {1, 2}


@pytest.mark.parametrize("limit", [1, 7, 16, 40])
def test_what_is_said_within_a_small_limit_is_true(limit: int) -> None:
    proven = 0
    for seed in range(30):
        game = game_of(seed)
        run = run_of(game)
        line = line_of(run)
        ASKED.clear()
        answer = last(flips(run, Runner(game), limit=limit))
        assert answer.is_done and len(ASKED) == answer.asked <= limit
        values = game(all_but([one.members for one in answer.tried], N))
        assert values.tolist() == pytest.approx([one.measured for one in answer.tried]), "not predicted"
        surrogate = run.spectrum(all_but([one.members for one in answer.tried], N))
        assert surrogate.tolist() == pytest.approx([one.predicted for one in answer.tried])
        wanted = brute(game, line, 4)
        if answer.found:
            assert line.crossed(np.array([answer.found.measured]))
            assert len(answer.found.members) >= len(next(iter(wanted)))
        if answer.is_minimal:
            assert answer.found.members in wanted
            proven += 1
        if answer.is_only:
            assert len(wanted) == 1
    assert proven > (0 if limit < 16 else 10)


def test_where_the_model_does_not_flip_the_next_is_tried() -> None:
    """The surrogate is sure of players 0 and 1, and wrong; the model flips without 2."""
    game = Noted(Spectrum(N, {(): 0.5, (2,): -1.5, (3,): -0.5, (4,): 0.1}))
    run = run_of(game)
    wrong = Spectrum(N, {(): 1.0, (0,): -3.0, (1,): -2.0, (2,): -0.1, (3,): -0.5})
    answer = last(flips(replace(run, spectrum=wrong), Runner(game)))
    assert [one.members for one in answer.tried[:4]] == [(0,), (1,), (3,), (2,)]
    assert answer.found.members == (2,) and answer.is_only and answer.found.measured == pytest.approx(-0.6)
    assert answer.found.predicted > 0 > answer.found.measured, "the surrogate did not say so"


def test_it_can_be_left_between_two_rounds_and_gone_on_with() -> None:
    game = game_of(7)
    run = run_of(game)
    cache = MemoryCache()
    whole = last(flips(run, Runner(game, cache), limit=400))
    asked = len(ASKED)
    rounds = flips(run, Runner(game_of(7)), limit=400)
    first = next(rounds)
    rounds.close()
    assert not first.is_done and len(first.tried) <= 8 and len(ASKED) - asked <= 8
    again = Runner(game, cache)
    assert last(flips(run, again, limit=400)) == whole, "same sets, whatever the cache knows"
    assert again.cached == again.done == whole.asked


def test_an_exact_run_knows_it_without_asking() -> None:
    sizes = set()
    never = Noted(Spectrum(6, {(): 9.0, (0,): 0.5, (1, 2): 0.7}))
    for game in [never, *(game_of(seed, 6) for seed in range(40))]:
        run = changed(explain(game, Linear(), 64), scale=ANSWERS)
        assert run.proof.exact
        ASKED.clear()
        (answer,) = flips(run, Runner(game))
        assert not ASKED and answer.is_done and answer.is_minimal and answer.asked == 0
        line = line_of(run)
        wanted = brute(game, line, 6)
        if not wanted:
            assert answer.found is None and len(answer.tried) == 1
            beyond = line.beyond(answer.closest.measured)
            assert beyond == pytest.approx(max(map(line.beyond, game(all_masks(6)[:-1]))))
            sizes.add(0)
            continue
        assert {one.members: one.measured for one in answer.flipping} == pytest.approx(wanted)
        assert line.beyond(answer.found.measured) == pytest.approx(max(map(line.beyond, wanted.values())))
        assert answer.is_only == (len(wanted) == 1)
        sizes.add(len(answer.found.members))
    assert {0, 1, 2, 3} <= sizes


def test_what_the_run_has_asked_is_not_asked_again() -> None:
    game = game_of(3)
    run = run_of(game)
    known = run.asked(all_but([(i,) for i in range(N)], N))
    assert np.isfinite(known).any(), "what every run measures"
    ASKED.clear()
    answer = last(flips(run, Runner(game), most=1))
    assert answer.asked == int(np.isnan(known).sum()) == len(ASKED)
    assert not set(ASKED) & set(keys(run.sample.masks))


def test_what_flips_is_said_by_the_value() -> None:
    run = run_of(game_of(1))
    assert line_of(run) == Line(0.0, falls=run.ends[1] >= 0)
    assert line_of(replace(run, ends=(1.0, -2.0))) == Line(0.0, falls=False)
    alone = changed(run, scale=Scale(LOG_PROBABILITY, (" Paris",)))
    line = line_of(replace(alone, ends=(-3.0, -1.0)))
    assert line.falls and line.halves and math.exp(line.at) == pytest.approx(math.exp(-1.0) / 2)
    for unit, has_sides in (("margin", True), ("log-odds (nats)", True), ("accuracy", False)):
        number = changed(run, scale=Scale(), unit=unit)
        assert (line_of(number) is not None) == has_sides
    with pytest.raises(SolverError, match=r"Nothing flips .* \(accuracy\): look for it in a run"):
        next(flips(number, Runner(game_of(1))))


def test_of_many_players_the_best_set_of_all_is_proposed_first() -> None:
    rng = np.random.default_rng(0)
    terms: dict[Interaction, float] = {(i,): -0.1 * float(rng.random()) for i in range(120)}
    terms |= {(3, 70, 111): -2.0, (5, 6): -1.0}
    spectrum = Spectrum(120, {(): 6.0, **terms})
    line = Line(0.0, falls=True)
    assert len(most_moving(spectrum, 1)) == 120 and {3, 5, 6, 70, 111} <= set(most_moving(spectrum, 4))
    assert math.comb(len(most_moving(spectrum, 3)), 3) <= 20_000
    for size in (1, 3):
        sets = proposed(spectrum, size, line, 10)
        assert len(sets) == len(set(sets)) == 10 and {len(members) for members in sets} == {size}
        values = spectrum(all_but(sets, 120))
        assert values[0] == values.min()
    assert proposed(spectrum, 1, line, 0) == []


def test_players_that_are_fewer_than_the_largest_set() -> None:
    game = Noted(Spectrum(2, {(): 1.0, (0,): -0.5}))
    run = changed(explain(game, Linear(), 64), scale=ANSWERS)
    (answer,) = flips(run, Runner(game))
    assert answer.found is None and answer.is_minimal and answer.closest.members in ((0,), (0, 1))
    assert game(ends(2)).tolist() == pytest.approx(list(run.ends))
