"""The question on top: what was asked and what the model answers, for every lens, in words and on a page."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest

from spexviz.results import Explanation
from spexviz.results.subject import LOG_PROBABILITY, ODDS, Scale
from spexviz.run.plan import Request
from spexviz.views import question
from spexviz.views.story import Look
from tests.explanations import changed
from tests.views import harness
from tests.views.conftest import HOSTILE
from tools.recordings import Recording, all_recordings

RUNS = all_recordings()
each_run = pytest.mark.parametrize("run", RUNS, ids=[run.file for run in RUNS])
EVIL = "<img src=x onerror=alert(1)>\n{} $x$ \u202e [a](javascript:1)"


def old(run: Recording) -> Explanation:
    """As of before: without its question."""
    found = Explanation.from_json((run.folder / f"{run.file}.json").read_text(encoding="utf-8"))
    return changed(found, model="", question="", before="", after="")


def new(run: Recording) -> Explanation:
    """As a run is now."""
    found = old(run)
    game = Request.of(found.spec).game
    around = {"before": game.before, "after": game.after}
    return changed(found, model=game.model_title, question=game.question, **around)


def percentage(value: float) -> str:
    return f"{100 / (1 + math.exp(-value)):.0f} %"


@each_run
def test_a_recorded_run_says_what_was_asked_and_answered(run: Recording) -> None:
    found = new(run)
    empty, full = found.ends
    whole, measured, model, answer, picture = ("", *question.question(found).lines)[-5:]
    assert measured == f"Measured: {found.subject.question}." and found.subject.model in model
    asked = found.subject.before + (found.subject.text or "") + found.subject.after
    if found.subject.text is None and asked:  # the text is no player: what it is is said
        asked = f"You asked about: {asked}"
    assert whole == asked
    if found.subject.scale.kind == ODDS:
        one, other = (f"“{name.strip()}”" for name in found.subject.scale.answers)
        assert one in measured and other in measured and f"{one} rather than {other}" in answer
        # 99.98 % where whole percents would say 100 %
        said = [float(share) for share in re.findall(r"([0-9.]+) %", answer)]
        real = [100 / (1 + math.exp(-end)) for end in (full, empty)]
        assert said == pytest.approx(real, abs=0.5) and said[0] != 100
        shown = 100 / (1 + math.exp(-(full + found.untouched)))
        for share in re.findall(r"says ([0-9.]+) %", picture):
            assert float(share) == pytest.approx(shown, abs=0.5)
    else:
        assert f"{full:.3g} {found.unit}" in answer and f"{empty:.3g} {found.unit}" in answer
        for number in re.findall(r"says ([0-9.]+) ", picture):
            assert float(number) == pytest.approx(full + found.untouched, abs=5e-4)


@each_run
def test_a_run_of_before_shows_what_it_has(run: Recording) -> None:
    found = old(run)
    lines = question.question(found).lines
    said = " ".join(lines)
    assert all(lines) and (found.subject.text or "") in said and "Model:" not in said
    for answer in found.subject.scale.answers:
        assert f"“{answer.strip()}”" in said
    if not found.subject.scale.answers:
        assert f"Measured: {found.unit}." in lines


def test_the_card_of_the_shortest_run_says_what_the_issue_asks_for() -> None:
    run = next(run for run in RUNS if run.file == "never-fails")
    found = new(run)
    assert question.question(found).lines == (
        "Review: Her acting never fails to impress\nSentiment (positive or negative):",
        "Measured: how much more likely “positive” than “negative” comes next.",
        "Model: SmolLM2-135M-Instruct (bundled).",
        f"The model answers “positive” rather than “negative”: {percentage(found.ends[1])} with every word, "
        f"{percentage(found.ends[0])} without any word.",
        "The picture below says the same with every word.",
    )


def test_the_error_on_the_untouched_input_is_said_by_both_answers(review) -> None:
    odds = changed(review, scale=Scale(ODDS, (" yes", " no")), ends=(0.0, 1.4))
    off = changed(odds, fidelity=replace(odds.fidelity, untouched=-0.9))
    assert question.said_untouched(off) == "The picture below says 62 % with every player, not 80 %."
    right = changed(odds, fidelity=replace(odds.fidelity, untouched=0.001))
    assert question.said_untouched(right) == "The picture below also says 80 % with every player."
    number = changed(off, scale=Scale())
    assert question.said_untouched(number) == "The picture below says 0.5 with every player, not 1.4."
    chance = changed(off, scale=Scale(LOG_PROBABILITY, (" yes",)), ends=(-3.0, -0.1))
    lines = question.question(chance).lines
    assert "The model answers “yes”: 90 % with every player, 5 % without any player." in lines


def test_a_component_holds_the_same_as_its_words(review) -> None:
    run = changed(review, before="Review: ", after="\nIt is", question="how good it is", model="a model")
    shown = question.block(run, Look(dark=True))
    json.dumps(shown.data, allow_nan=False)
    assert [(part["text"], part["own"]) for part in shown.data["parts"]] == [
        ("Review: ", False),
        (review.subject.text, True),
        ("\nIt is", False),
    ]
    for end in shown.data["answers"]:
        assert end["said"] in shown.text and end["label"].lower() in shown.text.lower()
    assert shown.data["version"] != question.block(run).data["version"]
    before = question.asked(run.subject)
    assert before.data["parts"] == shown.data["parts"] and before.data["answers"] == []
    assert "how good it is" in before.text and "a model" in before.text


def test_hostile_texts_stay_text_and_nothing_is_empty(hostile) -> None:
    run = changed(
        hostile,
        scale=Scale(ODDS, (EVIL, "\u202e<b>")),
        question=EVIL,
        model=EVIL,
        before=EVIL,
        after="\u202e",
    )
    for one in (run, changed(hostile, scale=Scale(ODDS, (" ", "\n")))):
        words = question.question(one)
        assert all(line.strip() for line in words.lines) and words.kind == "question"
        assert "\u202e" not in question.block(one).text and "\u202e" not in json.dumps(
            question.block(one).data, ensure_ascii=False
        )
    assert " ".join(HOSTILE).replace("\u202e", "") in question.question(run).lines[0]


@pytest.mark.browser
def test_on_a_page_all_is_text_the_whole_prompt_stands_and_it_is_low() -> None:
    pytest.importorskip("playwright")
    of_text = {run.file: run for run in RUNS if run.game["name"] == "prompt"}
    never, turns = (new(of_text[name]) for name in ("never-fails", "turns"))
    evil = changed(never, before=EVIL, question=EVIL, model=EVIL, scale=Scale(ODDS, (EVIL, " <b>no</b>")))
    shown = [question.block(one).data for one in (never, turns, evil)]
    with harness.browser() as chromium:
        page = harness.mounted(chromium, *shown, width=1080, name="question")
        first = page.locator(".asked").nth(0)
        assert first.locator(".prompt").inner_text() == (
            "Review: Her acting never fails to impress\nSentiment (positive or negative):"
        )
        assert first.locator(".own").all_inner_texts() == ["Her acting never fails to impress"]
        assert first.locator(".said").all_inner_texts() == ["81 %", "61 %"]
        assert first.bounding_box()["height"] <= 120
        widths = page.evaluate("[...window.roots[0].querySelectorAll('.fill')].map((f) => f.style.width)")
        assert [float(width[:-1]) for width in widths] == pytest.approx([81.0, 61.2], abs=0.1)
        assert page.locator("img, b b").count() == 0 and "<img" in page.locator(".asked").nth(2).inner_text()
        page.set_viewport_size({"width": 400, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400 and page.errors == []


@pytest.mark.browser
def test_of_a_long_conversation_the_ends_are_shown_and_the_whole_on_demand() -> None:
    pytest.importorskip("playwright")
    talk = f"System: {EVIL} {'Be brief. ' * 60}😀\n\nUser: "
    never = next(run for run in RUNS if run.file == "never-fails")
    run = changed(new(never), before=talk, after="\nWell?")
    with harness.browser() as chromium:
        page = harness.mounted(chromium, question.block(run).data, width=400, name="question")
        prompt = page.locator(".prompt")
        folded = prompt.inner_text()
        assert folded.startswith("System: <img") and "more characters" in folded and "\nWell?" in folded
        assert folded.index("😀\n\nUser:") < folded.index(run.subject.text)
        page.get_by_role("button", name=re.compile("^… show [0-9,]+ more characters …$")).press("Enter")
        whole = "".join(part["text"] for part in question.block(run).data["parts"])
        assert (
            prompt.evaluate("(one) => one.textContent") == whole and page.locator(".more, img").count() == 0
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 400 and page.errors == []
