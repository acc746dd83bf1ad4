"""Games of shapiq explained here, and ours in its approximators: the real package, both ways."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import shapiq

import spexviz as sv
from spexviz.errors import GameError, SpecError
from spexviz.games.foreign import as_game
from spexviz.spectrum import Spectrum

TRUTH = sv.SyntheticGame("1 + 2*x0*x1 - 3*x2*x3*x4 + 0.5*x5", n=6)


class Soccer(shapiq.Game):
    """A game of shapiq that counts what it is asked."""

    def __init__(self, names: list[str] | None = None) -> None:
        self.calls = 0
        super().__init__(6, normalize=True, normalization_value=1.0, player_names=names)

    def value_function(self, coalitions: np.ndarray) -> np.ndarray:
        self.calls += len(coalitions)
        return TRUTH(np.asarray(coalitions, dtype=bool))


def test_a_game_of_shapiq_is_explained() -> None:
    game = Soccer(["ann", "bob", "cy", "di", "eve", "flo"])
    result = sv.explain(game, sv.Linear(), budget=64, validate=2)
    assert result.proof.exact and result.players == ("ann", "bob", "cy", "di", "eve", "flo")
    assert result.ends[0] == pytest.approx(0.0), "as shapiq normalizes it"
    found = result.interactions("Moebius", order=3).values
    assert found[(0, 1)] == pytest.approx(2.0) and found[(2, 3, 4)] == pytest.approx(-3.0)
    assert sv.Explanation.from_json(result.to_json()).players == result.players
    exact = shapiq.ExactComputer(game=game, n_players=6)
    for index in ("SII", "STII", "FSII", "FBII", "BII", "Moebius"):
        theirs = exact(index, 3).dict_values
        ours = result.interactions(index, order=3).values
        for members in set(theirs) | set(ours):
            if members:
                assert ours.get(members, 0.0) == pytest.approx(theirs.get(members, 0.0), abs=1e-9), (
                    index,
                    members,
                )


@pytest.mark.kept
def test_the_same_object_is_asked_once() -> None:
    game = Soccer()
    first = sv.explain(game, sv.Linear(), budget=64)
    asked = game.calls
    second = sv.explain(game, sv.ProxySPEX(), budget=64)
    assert first.spent.asked == 64 and second.spent.asked == 0 and game.calls == asked
    assert sv.explain(Soccer(), sv.Linear(), budget=64).spent.asked == 64, "another one may be another game"
    assert first.players[0] == "x0"


def test_checks_take_it_too() -> None:
    spectrum = sv.explain(TRUTH, sv.Linear(), budget=64).spectrum
    (check,) = sv.validate(Soccer(), spectrum, [(0, 1)])
    assert check.model_full == pytest.approx(2.0)


def test_what_is_no_game_is_still_refused() -> None:
    assert as_game(TRUTH) is TRUTH
    with pytest.raises(GameError, match="make it one with"):
        sv.explain(lambda masks: masks.sum(1), sv.Linear(), 16)


@pytest.mark.parametrize(
    "index", ["mean", "FBII", "BII", "SII", "k-SII", "STII", "FSII", "SV", "BV", "Moebius"]
)
def test_interactions_go_to_shapiq_and_come_back(index: str) -> None:
    ours = sv.explain(TRUTH, sv.Linear(), budget=64).interactions(index, order=3)
    theirs = ours.to_shapiq()
    assert isinstance(theirs, shapiq.InteractionValues) and theirs.n_players == 6
    assert theirs.index == ("BII" if index == "mean" else index)
    whole = {members: value for members, value in ours if members}
    assert {members: theirs[members] for members in whole} == pytest.approx(whole)
    back = sv.Interactions.from_shapiq(theirs, ours.players, ours.unit)
    assert back.order == ours.order and back.players == ours.players and back.index == theirs.index
    assert {members: back[members] for members in whole} == pytest.approx(whole)
    if index not in ("SII", "k-SII", "STII", "FSII", "SV", "BV"):  # of whose surrogates others are the shares
        assert {m: back.shares[m] for m in whole} == pytest.approx(
            {m: ours.shares[m] for m in whole}, abs=1e-9
        )
    assert "interaction" in repr(back) and len(back.frame()) == len(back)


def test_what_shapiq_has_no_word_for_is_refused() -> None:
    spectrum = Spectrum(3, {(): 0.5, (0,): -0.5, (0, 1): 0.25})
    for index in ("Fourier", "OR", "influence"):
        with pytest.raises(SpecError, match=f"shapiq has no index {index}: "):
            sv.interactions(spectrum, index, 2).to_shapiq()
    with pytest.raises(SpecError, match=r"probability 0\.8"):
        sv.interactions(spectrum, "mean", 2, keep=0.8).to_shapiq()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strange = shapiq.InteractionValues(
            {(0,): 1.0}, index="JointSV", max_order=2, n_players=2, min_order=1
        )
    with pytest.raises(SpecError, match="no index 'JointSV' here"):
        sv.Interactions.from_shapiq(strange)


@pytest.mark.parametrize("approximator", [shapiq.KernelSHAPIQ, shapiq.SVARMIQ])
def test_our_games_go_into_its_approximators(approximator: type) -> None:
    game = sv.PromptGame("toy", "this film is not good at all never bad", "Review: {}")
    n = len(game.players)
    made = approximator(n=n, max_order=2, index="SII", random_state=0)
    found = made.approximate(budget=2**n, game=game)
    ours = sv.explain(game, sv.Linear(), budget=2**n).interactions(found.index, order=2)
    at = (game.players.index("not"), game.players.index("good"))
    assert found[at] == pytest.approx(ours[at], abs=0.1)
    assert sv.Interactions.from_shapiq(found, game.players).label(at) == "not × good"
