"""Two runs beside each other: which players match, what differs in words, agreement, and set by set."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation, Subject
from spexviz.spec import RunSpec
from spexviz.views import compared, strip
from spexviz.views.alignment import Alignment
from spexviz.views.beside import picture
from spexviz.views.compared import Compared, difference_interval, rank_correlation
from spexviz.views.differences import differences
from spexviz.views.question import block
from spexviz.views.scale import Scale
from spexviz.views.squares import squares
from spexviz.views.story import Look
from tests.views.conftest import SENTENCE, build, spans_of

OTHER = SENTENCE.replace("never fails", "always tries").replace("even ", "")


def of_text(text: str, coefficients: dict | None = None, **spec: object) -> Explanation:
    words = tuple(text.split())
    run = build(words, coefficients or {(0,): 0.4, (2, 3): 0.6}, text=text, spans=spans_of(text))
    game = {"name": "prompt", "model": "bundled", "prompt": text, "target": " positive", **spec}
    return dataclasses.replace(run, spec=RunSpec(game, {"name": "proxyspex"}, 512, 0))


def recorded(game: str, name: str) -> Explanation:
    return Explanation.from_json((ASSETS / "runs" / game / f"{name}.json").read_text(encoding="utf-8"))


def test_words_match_in_order_and_others_by_their_place() -> None:
    subjects = [Subject(tuple(text.split()), "nats", text=text) for text in (SENTENCE, OTHER)]
    aligned = Alignment.of(*subjects)
    assert aligned.replaced == {2, 3} and aligned.lacking == (6,) and aligned.differing == (2, 3, 6)
    assert aligned.there((1, 2)) == (1, 2) and aligned.there((7, 13)) == (6, 12)
    assert aligned.there((2, 6)) is None and aligned.back.there((6, 12)) == (7, 13)
    assert not aligned.back.lacking and aligned.back.replaced == {2, 3}
    heads = [Subject(("L0.H1", "L0.H2"), "nats"), Subject(("L0.H3", "L0.H2"), "nats")]
    assert Alignment.of(*heads).matched == {1: 1}, "no head stands in the place of another"


def test_points_and_capitals_make_no_other_word() -> None:
    pair = [Subject(words, "nats", text=" ".join(words)) for words in (("It", "fails."), ("it", "fails"))]
    assert Alignment.of(*pair).matched == {0: 0, 1: 1} and not Alignment.of(*pair).replaced


def test_what_differs_is_said_in_words() -> None:
    run = of_text(SENTENCE)
    assert differences(run, of_text(SENTENCE, model="toy"), {}) == "Same prompt, other model: bundled / toy."
    words = "“never” / “always”, “fails” / “tries”, “even” only in A"
    assert differences(run, of_text(OTHER), {}) == f"Same model, other prompt: {words}."
    target = of_text(SENTENCE, target=" good")
    assert differences(run, target, {}) == "Same prompt, other target: ␣positive / ␣good."
    spec = RunSpec(run.spec.game, {"name": "lasso"}, 64, 3)
    other = dataclasses.replace(run, spec=spec)
    said = "Same prompt, other solver: ProxySPEX / LASSO; other budget: 512 / 64; other seed: 0 / 3."
    assert differences(run, other, {"proxyspex": "ProxySPEX", "lasso": "LASSO"}) == said
    assert differences(run, run, {}).startswith("The same settings in both")
    hostile = differences(run, of_text(SENTENCE, model="<b>\u202eevil\n"), {})
    assert "\u202e" not in hostile and "\n" not in hostile


def test_the_words_that_differ_are_marked_in_the_text() -> None:
    run = of_text(SENTENCE)
    parts = block(run, marked=Alignment.of(run.subject, of_text(OTHER).subject).differing).data["parts"]
    assert [part["text"] for part in parts if part.get("mark")] == ["never", "fails", "even"]
    assert "".join(part["text"] for part in parts) == SENTENCE


def test_equal_runs_agree_and_differ_nowhere() -> None:
    run = of_text(SENTENCE, {(0,): 0.4, (1,): -0.3, (5,): 0.2, (2, 3): 0.6, (4, 6): 0.1, (7, 9): 0.05})
    pair = Compared(run, run)
    said = " ".join(compared.agreement(pair))
    assert "6 of the 6 strongest players and sets of A are among the 6 strongest of B." in said
    assert "All 6 push the same way in both." in said and "agree closely" in said
    assert rank_correlation(pair) == pytest.approx(1.0)
    assert {row.difference for row in pair.rows} == {0.0} and {row.sure for row in pair.rows} == {"not sure"}
    assert not compared.unmatched(pair)


def test_values_of_the_same_set_are_set_against_each_other_with_their_interval() -> None:
    a = of_text(SENTENCE, {(0,): 0.4, (2, 3): 0.6, (6, 7): 0.5})
    b = of_text(OTHER, {(0,): 0.4, (2, 3): -0.6})
    pair = Compared(a, b)
    first = pair.rows[0]
    assert first.members == (2, 3) == first.there and first.sure == "yes"
    assert first.difference == pytest.approx(b.interactions()[2, 3] - a.interactions()[2, 3])
    row = compared.set_by_set(pair).rows[0]
    assert row["Set"] == "never × fails / always × tries" and row["Differs"] == "yes"
    assert (6, 7) not in [one.members for one in pair.rows], "B has no “even”"
    said = " ".join(compared.unmatched(pair))
    assert "“never” with “always”" in said and "Only in A: “even”." in said
    assert "Of the strongest of A, without a counterpart: “even × though”." in said


def test_the_interval_of_a_difference_covers_the_truth() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2_000):
        values = rng.normal([1.0, 2.0], [0.3, 0.4])
        half = 1.645 * np.array([0.3, 0.4])
        one, other = zip(values - half, values + half, strict=True)
        low, high = difference_interval(tuple(values), one, other)
        hits += low <= 1.0 <= high
    assert 0.88 < hits / 2_000 < 0.92
    assert difference_interval((0.0, 1.0), None, (0.0, 2.0)) is None


def test_what_cannot_be_set_against_each_other_is_refused() -> None:
    run = of_text(SENTENCE)
    subject = dataclasses.replace(run.subject, unit="margin")
    other = Compared(run, dataclasses.replace(run, subject=subject))
    assert "different units" in other.refused and not other.rows and other.scale is None
    nobody = Compared(run, of_text("Nothing here", {(0,): 0.4, (0, 1): 0.2}))
    assert "no players in common" in nobody.refused
    assert compared.agreement(nobody)[0].startswith("0 of the 2 strongest")


def test_recorded_runs_are_compared() -> None:
    pair = Compared(recorded("prompt", "turns"), recorded("prompt", "never-fails"))
    table = compared.set_by_set(pair)
    named = {row["Set"]: row for row in table.rows}
    assert named["never × fails"]["B"] == "+2.40" and named["never × fails"]["Differs"] == "yes"
    assert len(table.members) == len(table.rows) and "of A are among" in compared.agreement(pair)[0]
    heads = Compared(recorded("heads", "copying"), recorded("heads", "eiffel-tower"))
    assert compared.agreement(heads) and compared.set_by_set(heads) is not None


def test_one_scale_for_colours_and_bars() -> None:
    a, b = of_text(SENTENCE), of_text(SENTENCE, {(0,): 0.04, (2, 3): 0.06})
    scale = Compared(a, b).scale
    assert scale is not None
    shown = [strip.data(run, run.interactions(), scale=scale) for run in (a, b)]
    assert shown[0]["legend"] == shown[1]["legend"] and shown[0]["largest"] == shown[1]["largest"]
    assert max(map(abs, shown[0]["cells"])) == 16 > 2 >= max(map(abs, shown[1]["cells"]))
    heads = recorded("heads", "copying")
    found = heads.interactions()
    twice = Scale(2 * Scale.of(found).colour, 1.0)
    drawn = [squares(heads, found, scale=one).data["squares"] for one in (None, twice)]
    assert [max(abs(square["cell"]) for square in every) for every in drawn] == [16, 8]
    assert picture(heads, Look()).name == "squares" and picture(a, Look()).name == "strip"
