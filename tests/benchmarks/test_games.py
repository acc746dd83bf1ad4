"""The benchmark's list of games is what its names say, and a recording is of distinct masks."""

import numpy as np
import pytest

from benchmarks import games
from spexviz.masks import all_masks, distinct


def test_names_tell_the_number_of_players():
    assert len(games.GAMES) >= 10
    assert {name: int(name.split("_n")[1].split("_")[0]) for name in games.GAMES} == {
        name: game.n for name, game in games.GAMES.items()
    }


@pytest.mark.parametrize("name", ["review_n12", "heads_n54_agree", "review_n130"])
def test_masks_are_distinct_and_the_same_each_time(name):
    masks = games.asked(name)
    assert len(distinct(masks)) == len(masks) == games.GAMES[name].fit + games.HELD_OUT
    np.testing.assert_array_equal(masks, games.asked(name))


@pytest.mark.model
@pytest.mark.parametrize("heads", [9, 0])
def test_parts_kept_whole_change_nothing_and_each_part_counts_for_its_own_row(heads):
    game = games.Parts(games.PARIS, (3, 20), heads=heads).game()
    whole = game.model.log_probabilities([games.PARIS[0]], games.PARIS[1:])[0]
    masks = all_masks(game.parts.n) if not heads else np.eye(18, dtype=bool)
    full = np.ones((1, game.parts.n), dtype=bool)
    assert game(full)[0] == pytest.approx(whole[0] - whole[1], abs=0.02)
    together = game(np.vstack([masks, full]))
    alone = np.array([game(row[None])[0] for row in masks])
    np.testing.assert_allclose(together[:-1], alone, atol=0.1)  # bf16: the size of a batch changes roundings
    assert np.ptp(together) > 0.5


@pytest.mark.model
@pytest.mark.parametrize("name", list(games.GAMES))
def test_a_recording_is_what_the_model_says(name):
    asked, values = games.asked(name), games.record(name)
    assert len(values) == len(asked)
    few = [0, 1, games.HELD_OUT, len(asked) - 1]
    game = games.GAMES[name].game()
    precision = game.model.precision if isinstance(game, games.PartsGame) else game.language_model.precision
    # recorded in fp32
    np.testing.assert_allclose(game(asked[few]), values[few], atol=2e-3 if precision == "fp32" else 0.2)
