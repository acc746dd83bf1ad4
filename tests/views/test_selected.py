"""What is said of the selected players: of a set that is not listed too."""

from __future__ import annotations

import pytest

from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.views.findings import told, without_text
from spexviz.views.selected import selected, sentence
from spexviz.views.story import Look

TURNS = ASSETS / "runs" / "prompt" / "turns.json"


@pytest.fixture(scope="module")
def run() -> Explanation:
    return Explanation.from_json(TURNS.read_text(encoding="utf-8"))


def said(run: Explanation, look: Look) -> str:
    line = sentence(run, look)
    assert selected(run, look).data["said"] == line
    return line


def test_a_set_that_was_found_is_never_called_not_found(run: Explanation) -> None:
    pair = told(run).sets[1]
    name = "not (24) × bad"
    assert said(run, Look(selection=pair)).startswith(f"{name}: together they move the value by +0.86 ")
    above = said(run, Look(order=1, selection=pair))
    assert above.startswith(f"{name}: of more words than the highest order that is shown. Measured: ")
    value = said(run, Look(index="SV", selection=pair))
    assert value == f"{name}: the Shapley value is of single words only."
    nothing = said(run, Look(selection=(0, 2)))
    assert nothing.startswith("Her × never: as a set, nothing was found of it.")


def test_what_was_measured_is_said_as_under_the_finding(run: Explanation) -> None:
    lead, pair = told(run).sets
    values = [said(run, Look(selection=members)).partition("Measured: ")[2] for members in (lead, pair)]
    whole, first = values[0].split(". ")[0].removesuffix(".").split("; ")
    second = values[1].split(". ")[0].removesuffix(".").split("; ")[1]
    assert f"{whole}; {first}; {second}." == without_text(run)


def test_how_to_select_is_said_where_something_can_be_clicked(run: Explanation) -> None:
    shown = selected(run, Look())
    assert shown.data["hint"].startswith("Click a word") and shown.text == shown.data["said"] == ""
    assert selected(run, Look(still=True)).lines == ()
    chosen = Look(still=True, selection=told(run).sets[1])
    assert selected(run, chosen).lines == (sentence(run, chosen),)


def test_the_sentence_is_no_part_of_the_version(run: Explanation) -> None:
    one, other = (selected(run, Look(selection=members)).data for members in told(run).sets)
    assert one["version"] == other["version"] and one["said"] != other["said"]
