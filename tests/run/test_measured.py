"""What every run measures of its input: which masks, that they are real, counted, and never asked twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from spexviz.ablate.cache import MemoryCache
from spexviz.ablate.runner import Progress, Runner
from spexviz.errors import Cancelled
from spexviz.games.base import Game
from spexviz.games.prompt.game import PromptGame
from spexviz.games.synthetic import SyntheticGame
from spexviz.kit.registry import offered
from spexviz.masks import all_but, ends, keys
from spexviz.results import Explanation, Measured, Sample
from spexviz.run import cost, pipeline
from spexviz.run.measured import MOST_STEPS, MOST_WITHOUT, measured, most_measured, path, without
from spexviz.run.plan import Request
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX
from spexviz.spectrum import Spectrum
from spexviz.views import honesty
from tests.run.noted import ASKED, SOURCE, Noted, explain


class TakenOut(Noted):
    """As heads are: players are taken out of everything."""

    path_adds: ClassVar[bool] = False


def plain(run: Explanation) -> list[object]:
    """What was measured, to compare."""
    told = run.measured
    assert told is not None
    masks, values = told.sample.masks.tolist(), told.sample.values.tolist()
    return [told.without, told.path, told.adding, told.ablations, masks, values]


def nothing(n: int) -> Sample:
    return Sample(np.zeros((0, n), dtype=bool), np.empty(0))


def test_each_member_alone_then_the_set_and_pairs_where_there_is_room() -> None:
    leads = [(1, 3), (0,), (0, 3, 5)]
    assert without(leads) == ((1,), (3,), (1, 3), (0,), (5,), (0, 3, 5), (0, 3), (0, 5), (3, 5))
    many = [(i, i + 1) for i in range(0, 40, 2)]
    found = without(many)
    assert len(found) == MOST_WITHOUT == len(set(found)) and found[:3] == ((0,), (1,), (0, 1))
    assert without([]) == ()


@pytest.mark.parametrize("n", [1, 2, 5, 19, 20, 21, 40, 300])
@pytest.mark.parametrize("led", [0, 1, 2, 19, 20, 21, 300])
def test_the_path_changes_everybody_once_in_at_most_twenty_steps(n: int, led: int) -> None:
    leads = [(i,) for i in reversed(range(min(led, n)))]
    steps = path(leads, n)
    changed = [i for one in steps for i in one]
    assert sorted(changed) == list(range(n)) and 1 <= len(steps) <= MOST_STEPS
    assert all(len(one) == 1 for one in steps[:-1])
    alone = [one[0] for one in steps[:-1]]
    assert alone == [one[0] for one in leads][: len(alone)]
    assert len(steps) >= min(n, len(leads), MOST_STEPS)
    for adding in (True, False):
        stops = Measured(nothing(n), (), steps, adding).stops
        assert (stops[[0, -1]] == ends(n)[:: 1 if adding else -1]).all()
        assert (np.abs(np.diff(stops.sum(1))) == [len(one) for one in steps]).all()


def test_a_path_that_forgets_somebody_is_refused() -> None:
    for steps in (((0,),), ((0,), (1,), (1, 2)), ((0,), (1,), (2,), (3,))):
        with pytest.raises(ValueError, match=r"path|players"):
            Measured(nothing(3), (), steps).check(3)
    with pytest.raises(ValueError, match="ablations"):
        Measured(nothing(3), (), (), ablations=1).check(3)


@pytest.fixture(scope="module", params=[Noted, TakenOut], ids=["put in", "taken out"])
def run(request: pytest.FixtureRequest) -> Explanation:
    return explain(request.param(SOURCE, noise=0.2), ProxySPEX(), 256, validate=4)


def test_every_value_is_the_models_own_and_the_path_adds_up(run: Explanation) -> None:
    told = run.measured
    assert told is not None and told.adding == (run.spec.game["name"] == "synthetic" and told.adding)
    game = SyntheticGame(SOURCE, noise=0.2)
    assert told.sample.values.tolist() == game(told.sample.masks).tolist()
    n = len(run.players)
    taken = run.asked(all_but(told.without, n))
    assert taken.tolist() == game(all_but(told.without, n)).tolist()
    along = run.asked(told.stops)
    assert along.tolist() == game(told.stops).tolist()
    first, last = run.ends if told.adding else run.ends[::-1]
    assert (along[0], along[-1]) == (first, last)
    # who leads: x0 and x1 together, x0 alone most
    assert told.without[0] == (0,) and (0, 1) in told.without and told.path[0] == (0,)


def test_only_what_no_other_sample_holds_is_kept_and_counted(run: Explanation) -> None:
    told = run.measured
    assert told is not None
    n = len(run.players)
    others = [*keys(run.sample.masks), *keys(run.held_out.masks), *keys(ends(n))]
    own = keys(told.sample.masks)
    assert len(own) == len(set(own)) and not set(own) & set(others)
    assert 0 < told.ablations < len(told.sample) <= most_measured(n)  # checks have asked some
    again = Explanation.from_json(run.to_json())
    assert plain(again) == plain(run) and again.ablations == run.ablations
    assert f"{told.ablations} more to measure the leading players themselves" in honesty(run)


def test_both_ways_are_told_apart() -> None:
    put_in, taken_out = (explain(kind(SOURCE), ProxySPEX(), 128).measured for kind in (Noted, TakenOut))
    assert put_in is not None and taken_out is not None
    assert put_in.adding and not taken_out.adding
    assert put_in.path == taken_out.path and (put_in.stops == ~taken_out.stops).all()


def test_an_exact_run_asks_nothing_more() -> None:
    told: list[Progress] = []
    run = explain(Noted("2*x0*x1 - 3*x3"), Linear(), 64, progress=told.append)
    assert run.proof.exact and len(ASKED) == 16 == run.ablations
    assert run.measured is not None and run.measured.ablations == len(run.measured.sample) == 0
    assert run.measured.without == ((3,), (0,), (1,), (0, 1))
    assert run.measured.path == ((3,), (0,), (1,), (2,))
    assert run.asked(run.measured.stops).tolist() == [0.0, -3.0, -3.0, -1.0, -1.0]
    assert told[-1].done == told[-1].total == 16 and "measur" not in told[-1].phase


@pytest.mark.parametrize("n", [1, 2])
def test_very_few_players(n: int) -> None:
    run = explain(Noted("1 + x0", n=n), Linear(), 64)
    told = run.measured
    assert told is not None and told.without[0] == (0,) and told.path == ((0,), (1,))[:n]
    assert run.asked(told.stops).tolist() == [1.0, 2.0, 2.0][: n + 1]
    assert most_measured(n) == (0, 3)[n - 1]


def test_a_value_that_never_changes_is_not_asked_again() -> None:
    told: list[Progress] = []
    run = explain(Noted("1 + 0*x0", n=30), Linear(), 64, progress=told.append)
    assert run.measured is not None and run.measured.ablations == 0 and not run.measured.without
    assert run.measured.path == (tuple(range(30)),) and run.asked(run.measured.stops).tolist() == [1.0, 1.0]
    assert told[-1].done == told[-1].total == run.ablations


def test_many_leading_players_share_the_last_step() -> None:
    plain = Spectrum(40, {(i,): 1.0 + i for i in range(40)})
    run = explain(Noted(plain), Linear(), 256)
    assert run.measured is not None and len(run.measured.path) == MOST_STEPS
    assert run.measured.path[:2] == ((39,), (38,)) and len(run.measured.path[-1]) == 21
    # the first step is what is put in, not what is left out: 16 taken out, 19 between the ends
    assert run.measured.ablations == 35 == most_measured(40) == len(run.measured.sample)


def test_the_plan_names_the_most_and_the_progress_ends_at_its_total() -> None:
    game = Noted(SOURCE, noise=0.2)
    told: list[Progress] = []
    run = explain(game, ProxySPEX(), 128, validate=2, progress=told.append)
    request = Request(game, ProxySPEX(), 128, 0, run.spec.options)
    planned = request.plan.ablations + request.checks + request.told
    assert request.told == most_measured(16) == 31 and told[0].total == planned
    assert cost.of(request).ablations == planned >= run.ablations
    assert told[-1].done == told[-1].total <= planned
    assert run.spent.asked == run.ablations and run.spent.seconds["checks"] > 0


def test_a_run_that_was_cancelled_while_it_measured_goes_on_where_it_was() -> None:
    cache, cancel = MemoryCache(), threading.Event()

    def stop(progress: Progress) -> None:
        if progress.phase.startswith("measuring"):
            cancel.set()

    shown: list[Explanation] = []
    hooks = {"cache": cache, "cancel": cancel, "progress": stop, "partial": shown.append}
    with pytest.raises(Cancelled):
        explain(Noted(SOURCE), Linear(), 64, **hooks)
    assert shown[-1].complete and shown[-1].measured is None
    before = len(ASKED)
    run = explain(Noted(SOURCE), Linear(), 64, cache=cache)
    assert run.measured is not None and len(ASKED) - before == run.measured.ablations > 0
    again = explain(Noted(SOURCE), Linear(), 64, cache=cache)
    assert len(ASKED) == len(set(ASKED)) and again.spent.asked == 0
    assert plain(again) == plain(run)


def test_a_run_of_before_is_measured_later_and_is_then_the_same() -> None:
    run = explain(Noted(SOURCE), ProxySPEX(), 128, validate=2)
    before = Explanation.from_json(replace(run, measured=None).to_json())
    assert before.measured is None and np.isnan(before.asked(ends(16)[:1] ^ (np.arange(16) == 0))).all()
    ASKED.clear()
    later = measured(before, Noted(SOURCE), Runner(Noted(SOURCE)))
    assert plain(later) == plain(run) and len(ASKED) == len(later.measured.sample)
    assert measured(later, Noted(SOURCE), Runner(Noted(SOURCE))) is later


def test_a_text_is_measured_itself() -> None:
    told: list[str] = []
    game = PromptGame("toy", "It is never dull and the acting was not bad at all, in truth")
    run = pipeline.explain(game, Linear(), 64, progress=lambda progress: told.append(progress.phase))
    assert told[-1] == "measuring the text itself" and run.measured is not None and run.measured.adding
    assert run.asked(run.measured.stops).tolist() == pytest.approx(game(run.measured.stops).tolist())


def test_every_game_says_which_way_it_goes() -> None:
    adds = {name: kind.path_adds for name, kind in offered("spexviz.games").items()}
    assert all(isinstance(way, bool) for way in adds.values()) and Game.path_adds
    assert not adds["heads"] and not adds["training"] and adds["prompt"]
