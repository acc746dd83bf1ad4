"""Trust: the word follows its rules, the line and the meter agree with it, and all figures go by it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import spexviz as sv
from spexviz.results import Explanation
from spexviz.results.subject import ODDS, Scale
from spexviz.spectrum import Spectrum
from spexviz.views import arcs, cards, honesty, quality, strip, trust
from tests.explanations import changed
from tools.recordings import all_recordings

RUNS = {f"{run.game['name']}.{run.file}": run for run in all_recordings()}
WORDS = {"good": "Good", "fair": "Read the strongest only", "poor": "Do not read"}


def recorded(name: str) -> Explanation:
    run = RUNS[name]
    return Explanation.from_json((run.folder / f"{run.file}.json").read_text(encoding="utf-8"))


def scored(run: Explanation, r2: float, **more: float) -> Explanation:
    """With another R², near interval and, unless it is told, no error on the untouched input."""
    interval = (r2 - 0.02, r2 + 0.01)
    return changed(
        run, fidelity=replace(run.fidelity, r2=r2, interval=interval, **{"untouched": 0.0, **more})
    )


@pytest.mark.parametrize(
    ("r2", "word"),
    [(0.9, "good"), (0.75, "good"), (0.74, "fair"), (0.5, "fair"), (0.49, "poor"), (-3, "poor")],
)
def test_r2_gives_the_word(review, r2, word) -> None:
    run = scored(review, r2)
    told = trust.trust(run)
    assert quality(run) == word and told.lines[0].startswith(WORDS[word])
    assert math.ceil(3 * told.level - 1e-9) == {"good": 3, "fair": 2, "poor": 1}[word] or r2 in (
        0.75,
        0.5,
        -3,
    )
    assert told.kind == "strip" and len(told.lines) == 1 and told.fold and told.more


def test_the_meter_never_falls_where_r2_rises(review) -> None:
    levels = [trust.level(scored(review, r2 / 20)) for r2 in range(-4, 21)]
    assert levels == sorted(levels) and levels[0] == 0.0 and levels[-1] == 1.0


def test_by_folds_the_lower_end_counts() -> None:
    elevator = recorded("training.elevator")
    near = changed(elevator, fidelity=replace(elevator.fidelity, local=0.9))
    assert near.fidelity.r2 > trust.GOOD > near.fidelity.interval[0] and quality(near) == "fair"
    assert "explains 75 % of how the value varies, perhaps only 72 % (" in trust.trust(near).lines[0]
    sure = changed(near, fidelity=replace(near.fidelity, interval=(0.76, 0.8)))
    assert "perhaps" not in trust.trust(sure).lines[0]
    assert quality(sure) == "good" and quality(scored(replace(sure, folds=None), 0.76)) == "good"


def test_what_is_off_near_the_input_or_on_it_is_not_good_whatever_r2(review) -> None:
    good = scored(review, 0.95)
    spread = max(review.sample.values.std(), abs(review.ends[1] - review.ends[0]))
    for more, says in (
        ({"local": 0.4}, "it explains only 40 % where just one to three players are left out"),
        ({"local": -2.0}, "it explains nothing where just one to three"),
        ({"untouched": 0.51 * spread}, "it is clearly off where nothing is left out"),
        ({"untouched": -0.51 * spread}, "it is clearly off where nothing is left out"),
    ):
        run = scored(review, 0.95, **more)
        assert quality(run) == "fair" and says in trust.trust(run).lines[0] and trust.level(run) <= 2 / 3
    for more in ({"local": 0.5}, {"local": math.nan}, {"untouched": 0.49 * spread}):
        assert quality(scored(review, 0.95, **more)) == "good" == quality(good)


def test_what_rests_on_a_few_masks_is_not_good(review) -> None:
    good = scored(review, 0.95)
    for differ, word in ((15, "fair"), (16, "good")):
        usual = np.zeros(len(good.sample))
        usual[:differ] = 1.0
        held_out = replace(good.held_out, values=np.zeros(len(good.held_out)))
        run = replace(good, sample=replace(good.sample, values=usual), held_out=held_out)
        assert quality(run) == word
        assert ("all of it rests on a few masks" in trust.trust(run).lines[0]) == (word == "fair")


def test_recorded_runs_have_the_word_that_their_numbers_give() -> None:
    read = {"heads.copying", "prompt.turns", *(name for name in RUNS if name.startswith("training."))}
    assert {name for name in RUNS if quality(recorded(name)) == "fair"} == read
    assert {quality(recorded(name)) for name in set(RUNS) - read} == {"good"}
    for name in RUNS:
        run = recorded(name)
        told = trust.trust(run)
        assert told.lines[0].startswith(WORDS[quality(run)]) and "cause in the world" in told.more[0]
        assert honesty(run).startswith(told.lines[0]) and told.more[-1] in honesty(run)


def test_one_word_for_all_figures(review) -> None:
    for run in (
        scored(review, 0.9),
        scored(review, 0.6),
        scored(review, 0.9, local=0.1),
        scored(review, 0.1),
    ):
        word = quality(run)
        found = run.interactions()
        assert strip.data(run, found)["quality"] == word
        assert cards.quality_is_good(run) == (word != "poor")
        assert arcs.data(run, found)["quality"] == word


@pytest.mark.parametrize(
    ("base", "says"),
    [
        (0.86, "explain as much (86 %): the sets add nothing here"),
        (0.83, "explain as much (83 %): the sets add nothing here"),
        (0.81, "explain nearly as much (81 %): the sets add little here"),
        (0.79, "(single players alone: 79 %)"),
        (-0.3, "(single players alone: 0 %)"),
    ],
)
def test_where_single_players_do_as_well_the_line_says_so(review, base, says) -> None:
    run = changed(scored(review, 0.83), baseline=replace(review.baseline, r2=base))
    (line,) = trust.trust(run).lines
    assert says in line and "explains 83 % of how the value varies" in line


def test_an_exact_run_is_good_and_says_that_all_was_measured(make) -> None:
    run = make(("a", "b"), {(0, 1): 1.0}, exact=True)
    told = trust.trust(run)
    assert told.lines == ("Good, exact: every possible mask was measured (all 4), none is predicted.",)
    assert told.level == 1.0 and "R²" not in honesty(run) and "surrogate" not in honesty(run)


def test_a_run_without_a_score_is_not_trusted(review) -> None:
    run = changed(scored(review, math.nan), complete=False)
    told = trust.trust(run)
    assert quality(run) == "poor" and told.level == 0.0 and "has not been measured" in told.lines[0]
    assert "Incomplete" in honesty(run) and "More ablations" not in honesty(run)


def test_the_details_hold_all_numbers(review) -> None:
    fit = replace(
        review.fidelity, r2=0.83, interval=(0.79, 0.86), keep=0.7, local=0.61, near=40, untouched=0.1
    )
    run = changed(review, fidelity=fit, baseline=replace(review.baseline, r2=0.71), remarks=("Mind this.",))
    assert trust.trust(run).more == (
        "What is shown is a surrogate of the masked model, not a cause in the world.",
        "Held-out R² 0.83 [0.79, 0.86] on 256 masks; the masks keep 70 % of the players.",
        "R² 0.61 where one to three players are removed (40 masks).",
        "Off by +0.10 log-odds on the untouched input, which that fit has not seen.",
        "Linear baseline (single players, no sets): R² 0.71.",
        "512 ablations; seed 0.",
        "Mind this.",
    )
    odds = changed(run, scale=Scale(ODDS, ("yes", "no")))
    assert "how the model's answer varies" in trust.trust(odds).lines[0]


def test_by_folds_the_details_say_about_and_at_least_and_what_holds_near_the_text() -> None:
    truth = Spectrum(16, {(): 0.0, (0,): 1.0, (1, 2): 0.7, (5,): 0.4})
    run = sv.explain(sv.game(truth, players=16, unit="margin", noun="word"), sv.Linear(), 100)
    said = honesty(run)
    fit = run.fidelity
    at_least = (
        f"R² about {fit.r2:.2f}, at least {fit.interval[0]:.2f} (95 %), on 90 masks, each predicted by "
    )
    assert at_least in said and "a fit that has not seen it" in said
    assert fit.local < 0 and "no better than a guess where one to three words are removed (10 masks)" in said
    alone = sv.game(Spectrum(16, {(0,): 1.0, (5,): 0.4}), players=16, noun="word")
    assert "1.00 where one to three words are removed" in honesty(sv.explain(alone, sv.Linear(), 100))
    assert "margin on the untouched input, which that fit has not seen" in said
    assert "eld-out" not in said
