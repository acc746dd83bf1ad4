"""The benchmark of ablations judges by what was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ablations import REVIEW, SIZES, flop, game_of, report
from benchmarks.store import Store

GOOD = {
    "times": 8.0,
    "most times possible": 9.0,
    "share of peak": 0.9,
    "correlation": 0.9999,
    "R² loss": 1e-4,
    "threads": 2,
    "precision": "bf16",
    "ablations": 320,
    "masks a call": 32,
    "device": "a processor",
    "gpu": False,
    "noise": {"loss": 1e-4, "text": "bf16"},
    "cost": {"estimated": 44.0, "took": 40.0, "said": "≈ 44 s"},
}


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ({}, None),
        ({"times": 6.4}, "times the naive loop"),
        ({"share of peak": 0.69}, "of peak"),
        ({"correlation": 0.997}, "correlation"),
        ({"R² loss": 0.006}, "R² loss"),
        ({"cost": {"estimated": 60.0, "took": 40.0, "said": ""}}, "cost estimate"),
    ],
)
def test_each_thing_asked_for_can_fail(
    change: dict, fails: str | None, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    store = Store(tmp_path / "cells.json")
    store.keep("60", GOOD | change)
    assert report(store) == (fails is None)
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert len(failed) == (fails is not None) and all(fails in line for line in failed)


def test_the_work_of_a_text_and_its_games() -> None:
    assert flop(100) == 2 * 106e6 * 100 + 2 * 30 * 576 * 100**2
    assert [len(game_of(words).players) for words in SIZES] == list(SIZES) and game_of(30).template == REVIEW[
        0
    ]
