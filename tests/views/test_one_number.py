"""One set, one number, one sign, in every view; and another index in all of them, with nothing measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from spexviz.kit.paths import ASSETS
from spexviz.results import Check, Explanation
from tests.explanations import changed
from tests.views.conftest import build
from tests.views.walk import written

RECORDED = sorted(path for path in (ASSETS / "runs").rglob("*.json") if path.name != "index.json")
WORDS = ("not", "bad", "at", "all", "not", "good", "so", "what", "not")
# the views that say the number of a single player, and of a set
OF_PLAYERS = {"strip", "arcs, player", "card", "heat", "grid", "csv"}
OF_SETS = {"comb", "arcs, set", "table", "page's table", "frame", "csv", "card", "notebook"}
IN_WORDS = {"arcs in words", "grid in words", "all indices", "notebook, HTML", "selected"}
MEASURED = (
    "onfirmed",
    "ontradicted",
    "ndecided",
    "easured_",
    '"check"',
    "the model +",
    "the model −",
    "Measured:",
)


def random_run(seed: int) -> Explanation:
    """A spectrum of sets of up to four, over masks that keep ½ or ¾, with draws and checks for some."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, len(WORDS) + 1))
    terms = {(i,): float(rng.normal()) * 0.3 for i in range(n)}
    for size in rng.integers(2, 5, size=8).tolist():
        members = tuple(sorted(rng.choice(n, size, replace=False).tolist()))
        terms[members] = float(rng.normal() * 10.0 ** rng.integers(-4, 1))
    run = build(WORDS[:n], terms, draws=bool(seed % 3), exact=seed % 5 == 1)
    run = changed(run, fidelity=replace(run.fidelity, keep=(0.5, 0.75)[seed % 2]), noun="word")
    effects = run.spectrum.mean_effects(run.fidelity.keep)
    checks = []
    for members, verdict in zip(list(terms)[-3:], ("confirmed", "contradicted", "undecided"), strict=True):
        mean = effects[members]
        off = 0.1 * abs(mean) + 0.001
        # on the full input both may say anything, also the opposite
        checks.append(Check(members, -mean, -2 * mean, mean + off, mean, (mean, mean + 2 * off), 9, verdict))
    return changed(run, checks=tuple(checks))


def recorded() -> Iterator[Explanation]:
    for path in RECORDED:
        yield Explanation.from_json(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("index", "seeds"), [("mean", 30), ("FBII", 5), ("SV", 5)])
def test_one_set_one_number_one_sign_in_every_view(index: str, seeds: int) -> None:
    """The path apart, which shows sums and says so."""
    views: dict[bool, set[str]] = {False: set(), True: set()}  # of a set: which have said something of one
    for run in (*recorded(), *map(random_run, range(seeds))):
        found, text = written(run, index, 3)
        for (what, members), said in found.items():
            assert len(said) == 1, f"the {what} of {members} in {run.players[:4]}: {dict(said)}"
            views[len(members) > 1] |= set().union(*said.values())
        if index != "mean":
            assert not [word for word in MEASURED if word in text]
    assert views[False] >= OF_PLAYERS
    if index != "SV":
        assert views[True] >= OF_SETS and views[True] | views[False] >= IN_WORDS
    of_checks = {"check", "arcs, check", "card, check", "finding"}
    assert of_checks & views[True] == (of_checks if index == "mean" else set())


def test_the_order_limits_what_is_listed_and_no_mean_effect() -> None:
    for run in map(random_run, range(4)):
        few, many = (written(run, "mean", order)[0] for order in (1, 4))
        assert few and all(set(few[key]) == set(many[key]) for key in few)


def test_a_check_compares_like_with_like() -> None:
    """What the surrogate says in a check is the mean effect of the set, in every recorded run."""
    checked = 0
    for run in recorded():
        effects = run.interactions("mean", 5)
        for check in run.checks:
            assert check.surrogate_mean == pytest.approx(effects[check.members], abs=1e-12)
            checked += 1
    assert checked >= 20


def test_another_index_shows_other_numbers_and_says_what_it_asks() -> None:
    run = random_run(1)
    mean, _ = written(run, "mean", 3)
    for index, asks in (("FBII", "best surrogate of this order"), ("SV", "shared out among single players")):
        found, text = written(run, index, 3)
        assert any(set(found[key]) != set(mean[key]) for key in found if len(key[1]) == 1)
        assert text.count(asks) >= 4  # strip, arcs, heat, grid
