"""Scores of several methods beside what the model says: the data, and what the script adds up."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.ui.learn import book
from spexviz.views import facts
from spexviz.views.methods import methods
from tests.views.harness import browser, mounted

SHOWN = ("attention", "lime", "shap")


@pytest.fixture(scope="module")
def run() -> Explanation:
    return Explanation.from_json((ASSETS / "runs/prompt/never-fails.json").read_text(encoding="utf-8"))


def found() -> dict[str, dict[str, Any]]:
    return json.loads((ASSETS / "lessons/same-masks.json").read_text(encoding="utf-8"))["never-fails"][
        "methods"
    ]


def test_every_measured_answer_travels_and_attention_has_no_sign(run: Explanation) -> None:
    shown = methods(run, found(), SHOWN, worth=True)
    json.dumps(shown.data, allow_nan=False)
    assert len(shown.data["measured"]) == 64
    assert (shown.data["measured"][""], shown.data["measured"]["2-3"]) == ("81 %", "85 %")
    attention, lime, shap = shown.data["columns"]
    assert attention["shown"][0] == "2.7 %" and not attention["signed"] and max(attention["bars"]) == 1.0
    assert lime["shown"][2] == "+0.58" and lime["signed"] and shap["r2"] == "−1.27"
    assert "LIME: Her +0.069, acting +0.33" in shown.text
    assert methods(run, found(), SHOWN, worth=True, dark=True).data["version"] != shown.data["version"]


def test_facts_read_shares_intervals_checks_and_fields(run: Explanation) -> None:
    turns = book.run_of("prompt.turns")
    asked = {
        "pairs": {"of_order": 2},
        "low": {"run": "turns", "interval": [23, 24], "end": 0},
        "seen": {"run": "turns", "check": [23, 24], "read": "model_mean"},
        "near": {"run": "turns", "read": ["fidelity", "local"], "as": "percent"},
    }
    told = facts.told(asked, "never", {"never": run, "turns": turns}.__getitem__, book.file_of)
    assert told["pairs"] == "69 %" and told["near"] == "40 %" and told["seen"] == "+0.88"
    low, _ = (turns.interactions("mean", 2).intervals or {})[23, 24]
    assert float(told["low"].replace("−", "-")) == pytest.approx(low, abs=0.005)


def chance(method: dict[str, Any], off: tuple[int, ...]) -> str:
    """What a method predicts without some words."""
    kept = method["constant"] + sum(s for i, s in enumerate(method["scores"]) if i not in off)
    return f"{round(100 / (1 + math.exp(-kept)))} %"


@pytest.mark.browser
def test_the_script_adds_up_what_is_kept(run: Explanation) -> None:
    pytest.importorskip("playwright")
    with browser() as chromium:
        page = mounted(chromium, methods(run, found(), SHOWN, worth=True).data, name="methods", width=400)
        foot = page.locator("tfoot tr")
        assert " ".join(foot.nth(1).inner_text().split()) == "measured: the model itself 81 %"
        data = {**methods(run, found(), SHOWN, worth=True).data, "off": [2, 3]}
        page.evaluate("data => window.again(0, data)", data)
        sums = foot.nth(0).locator("b").all_inner_texts()
        assert sums == [chance(found()[name], (2, 3)) for name in SHOWN]
        assert foot.nth(1).locator("b").inner_text() == "85 %" and page.locator("tr.out").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= 400 and page.errors == []
