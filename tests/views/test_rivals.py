"""Solvers in a list: sorted, named, with their intervals; and what each would have said."""

from __future__ import annotations

import dataclasses

import pytest

from spexviz.results import Explanation, Fidelity, Proof
from spexviz.spec import RunSpec
from spexviz.views import rivals
from spexviz.views.rivals import Named
from tests.views.conftest import SENTENCE, build, spans_of
from tests.views.harness import browser, mounted

TITLES = {"proxyspex": "ProxySPEX", "lime": "LIME", "kernelshap": "KernelSHAP"}


def rival(name: str, r2: float, coefficients: dict, interval: tuple[float, float]) -> Explanation:
    run = build(tuple(SENTENCE.split()), coefficients, text=SENTENCE, spans=spans_of(SENTENCE))
    point = Fidelity(name, 512, r2, interval, 256, len(coefficients))
    spec = RunSpec(run.spec.game, {"name": name}, 512, 0)
    return dataclasses.replace(run, proof=Proof((point,), point, run.baseline), spec=spec)


@pytest.fixture
def named(review: Explanation) -> Named:
    lime = rival("lime", 0.41, {(0,): 0.3, (5,): -0.2}, (0.35, 0.47))
    shap = rival("kernelshap", -3.0, {(1,): 0.5}, (-4.0, -2.0))
    return Named(review, [shap, lime], TITLES)


def test_the_list_is_sorted_named_and_marks_the_own_one(named: Named) -> None:
    rows = rivals.listed(named, chosen="lime").data["rows"]
    assert [row["title"] for row in rows] == ["ProxySPEX", "LIME", "KernelSHAP"]
    assert [row["own"] for row in rows] == [True, False, False] and rows[0]["key"] == ""
    assert rows[1]["said"] == "R² 0.41 [0.35, 0.47]" and rows[1]["interval"] == [0.35, 0.47]
    assert rows[2]["below"] and rows[2]["at"] == -0.2, "far below the axis it stands at its end"
    assert rivals.listed(named).text.startswith("ProxySPEX: R² 0.76")


def test_what_a_solver_would_have_said_names_its_own_sets(named: Named) -> None:
    said = rivals.said(named, named.others[1])
    assert said.startswith("What LIME would have said: “Her”") and "It sees single players only." in said
    assert said.endswith("R² 0.41 [0.35, 0.47], against 0.76 of ProxySPEX here.")
    assert "no better than a guess" in rivals.said(named, named.others[0])


def test_of_an_exact_run_no_interval_is_claimed() -> None:
    own = build(tuple("abcd"), {(0,): 1.0, (1, 2): 0.5}, exact=True)
    named = Named(own, [], TITLES)
    assert rivals.scored(Fidelity("lime", 16, 0.4, (0.4, 0.4))) == "R² 0.40"
    assert "nothing is left that a fit has not seen" in rivals.rests_on(own)
    assert rivals.listed(named).data["rows"][0]["title"] == "Every mask, exact"


def test_a_solver_is_chosen_by_mouse_and_by_keys_and_taken_back(named: Named) -> None:
    with browser() as chromium:
        page = mounted(chromium, rivals.listed(named).data, name="rivals")
        page.locator(".solver", has_text="LIME").click()
        page.evaluate("data => again(0, data)", rivals.listed(named, chosen="lime").data)
        assert page.locator(".solver.selected .title").inner_text() == "LIME"
        page.locator(".solver[tabindex='0']").focus()
        for key in ("ArrowDown", "ArrowDown", "Enter", "Escape"):
            page.keyboard.press(key)
        sent = page.evaluate("sent")
        assert [value["key"] for _, name, value in sent if name == "open"] == ["lime", "kernelshap", ""]
        assert not page.errors
