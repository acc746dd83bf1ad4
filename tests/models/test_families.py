"""A dozen families, drawn by a seed, against transformers itself; all of them: `python -m tools.families`."""

from __future__ import annotations

import random

import pytest

from tests.models import families, zoo
from tests.models.families import CLAIMS, REFUSED, WRONG
from tools.families import DOCS, KINDS, WORDS

SEED = 12
DRAWN = [name for names in KINDS.values() for name in random.Random(SEED).sample(sorted(names), 3)]
TOLD = {
    line.split(" | ")[0].removeprefix("| "): line.split(" | ")
    for line in DOCS.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| family")
}


def test_the_page_tells_of_every_family() -> None:
    assert list(TOLD) == list(zoo.ALL)
    ends = {cell for cells in TOLD.values() for cell in cells[1 : len(CLAIMS) + 1]}
    assert ends <= set(WORDS.values())


@pytest.mark.parametrize("name", DRAWN)
def test_a_family_is_right_or_refused_as_the_page_tells(name: str) -> None:
    outcomes = families.tried(name)
    wrong = {claim: outcome.said for claim, outcome in outcomes.items() if outcome.end == WRONG}
    assert not wrong
    assert [WORDS[outcomes[claim].end] for claim in CLAIMS] == TOLD[name][1 : len(CLAIMS) + 1]
    assert all(outcome.said for outcome in outcomes.values() if outcome.end == REFUSED)
