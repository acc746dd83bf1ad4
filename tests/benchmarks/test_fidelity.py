"""ProxySPEX is at least as faithful as the published one on real games (or, where none are recorded, as
Linear).
"""

import pytest

from benchmarks.fidelity import SHARED as FOLDER
from benchmarks.fidelity import TOLERANCE, own_game, recorded, reference, score
from spexviz.solvers.linear import Linear
from spexviz.solvers.proxyspex.solver import ProxySPEX


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded games are not beside the repository")
@pytest.mark.parametrize("name", ["sent5_n28", "heads_n54"])
def test_not_below_the_published_proxyspex(name):
    r2, _ = score(ProxySPEX(), recorded(FOLDER / f"{name}.npz"), 512)
    assert r2 >= reference()[f"{name}/512"] - TOLERANCE


@pytest.mark.model
@pytest.mark.skipif(FOLDER.is_dir(), reason="the recorded games are used instead")
def test_above_linear_on_a_game_of_its_own():
    game = own_game("own_short", fit=512, held_out=256)
    assert score(ProxySPEX(), game, 512)[0] > score(Linear(), game, 512)[0] + 0.02
