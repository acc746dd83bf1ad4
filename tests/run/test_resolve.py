"""What a budget cannot tell apart is said before the run, and with its result."""

from __future__ import annotations

import numpy as np
import pytest

from spexviz.games.prompt.game import PromptGame
from spexviz.games.synthetic import SyntheticGame
from spexviz.masks import uniform_masks
from spexviz.metrics import r2
from spexviz.run import pipeline
from spexviz.run.cost import Cost
from spexviz.run.plan import Request, plan
from spexviz.run.resolve import SETS, shortfall
from spexviz.solvers.auto import Auto
from spexviz.solvers.linear import Linear
from spexviz.views.fidelity import describe_fidelity, fidelity_curve


@pytest.mark.parametrize(
    ("n", "budget", "says"),
    [
        (3000, 512, "512 ablations cannot tell even single words apart among 3,000: take longer parts "
         "(at most 128), or 12,000 ablations and more."),
        (200, 512, "512 ablations cannot tell sets of words apart among 200: take longer parts "
         "(at most 128), or 800 ablations and more."),
        (128, 512, ""),
        (14, 64, ""),
        (6, 64, ""),  # all masks are asked
    ],
)  # fmt: skip
def test_too_few_masks_for_so_many_players_are_named_with_both_remedies(
    n: int, budget: int, says: str
) -> None:
    short = shortfall(plan(n, Auto(), budget))
    assert (short.said("word") if short else "") == says


def test_the_rule_is_that_of_least_squares() -> None:
    """About as many masks as players predict worse than a guess; four times as many find what there is."""
    n = 40
    game = SyntheticGame("+".join(f"x{i}" for i in range(n)) + " + 4*x0*x1 - 4*x2*x3", noise=2.0)
    masks = uniform_masks(n, 5 * n + 400, 0)
    values, design = game(masks), np.column_stack([np.ones(len(masks)), masks])
    found = []
    for count in (n + 4, SETS * n):
        weights = np.linalg.lstsq(design[:count], values[:count], rcond=None)[0]
        found.append(r2(values[-400:], design[-400:] @ weights))
    assert found[0] < 0.0 and found[1] > 0.4


def test_it_is_said_with_the_result() -> None:
    game = SyntheticGame("+".join(f"x{i}" for i in range(40)))
    few = pipeline.explain(game, Linear(), 64)
    assert few.subject.remarks == (shortfall(Request(game, Linear(), 64).plan).said("player"),)
    assert not pipeline.explain(game, Linear(), 256).subject.remarks


def test_a_run_of_one_word_says_nothing_of_what_it_has_not() -> None:
    run = pipeline.explain(PromptGame("toy", "bad"), Auto(), 512)
    said = describe_fidelity(run)
    assert "No fit was needed" in said and "No fit yet" not in said + fidelity_curve(run).to_json()
    from spexviz.views.index_words import no_sets

    assert no_sets(run.interactions(), "word") == "A single word has no other to act together with."


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (900, "900 tokens"),
        (45_120, "45k tokens"),
        (999_400, "999k tokens"),
        (1_276_000, "1.3 million tokens"),
    ],
)
def test_many_tokens_are_said_as_people_say_them(tokens: int, says: str) -> None:
    assert str(Cost(10, 0, None, tokens)) == f"10 ablations · {says}"
