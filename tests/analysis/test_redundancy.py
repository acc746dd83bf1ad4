from __future__ import annotations

import numpy as np
import pytest

from spexviz.analysis import redundancy
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import all_masks
from spexviz.spectrum import Spectrum


def exact(expression: str, n: int = 0) -> Spectrum:
    game = SyntheticGame(expression, n=n)
    return Spectrum.exact(game(all_masks(len(game.players))))


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("x0 | x1", "redundant"),  # one is as good as both
        ("-1*(x0 | x1)", "redundant"),
        ("x0 & x1", "synergistic"),
        ("2*x0*x1 - x0 - x1", "synergistic"),  # neither has a main effect
        ("x0 ^ x1", "synergistic"),
        ("x0 + x1 - x0*x1*0.4 - x1*1.9", "mixed"),
        ("x0 + 0.2*x0*x1 - 0.1*x0 - 0.1*x1", "synergistic"),  # one acts alone, the other only with it
    ],
)
def test_kinds_of_pairs(expression: str, kind: str) -> None:
    assert redundancy.group(exact(expression), (0, 1)).kind == kind


@pytest.mark.parametrize(
    ("expression", "kind"),
    [("x0 | x1 | x2", "redundant"), ("x0 & x1 & x2", "synergistic"), ("x0 + (x1 | x2)", None)],
)
def test_kinds_of_triples(expression: str, kind: str | None) -> None:
    found = redundancy.group(exact(expression), (0, 1, 2))
    assert found.kind == (kind or "mixed")


def test_the_joint_part_is_what_the_set_does_beyond_its_members_on_average() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=2**6)
    spectrum, masks = Spectrum.exact(values), all_masks(6)
    mean = lambda kept, members: values[[(masks[r][list(members)] == kept).all() for r in range(64)]].mean()
    for members in ((1, 4), (0, 2, 5)):
        k = len(members)
        empty, full = np.zeros(k, bool), np.ones(k, bool)
        alone = sum(mean(np.arange(k) == i, members) - mean(empty, members) for i in range(k))
        assert redundancy.group(spectrum, members).joint == pytest.approx(
            mean(full, members) - mean(empty, members) - alone
        )
    assert redundancy.group(spectrum, (1, 4)).joint == pytest.approx(4 * spectrum.coefficients[(1, 4)])


def test_sets_come_by_share_of_variance_and_only_those_of_the_kind() -> None:
    spectrum = exact("3*(x0 | x1) + 2*x2*x3 + (x4 | x5)")
    assert [g.members for g in redundancy.redundant(spectrum)] == [(0, 1), (4, 5)]
    assert [g.members for g in redundancy.synergistic(spectrum)] == [(2, 3)]
    assert (
        sum(g.share for g in redundancy.groups(spectrum)) < 1
        and redundancy.groups(Spectrum(3, {(): 1.0})) == ()
    )
