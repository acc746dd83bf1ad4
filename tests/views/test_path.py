"""From nothing to everything: every bar is a real difference, and the surrogate's path is beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

import spexviz as sv
from spexviz.games.synthetic import SyntheticGame
from spexviz.kit.names import names
from spexviz.masks import Masks, Values, ends
from spexviz.results import Explanation
from spexviz.spectrum import Spectrum
from spexviz.views import path
from spexviz.views.path import DOWN, MISSING, UP, path_steps, turned
from tests.views.conftest import HOSTILE

SOURCE = Spectrum(16, {(): 1.0, (0,): -1.0, (1,): 0.5, (0, 1): 0.8, (2, 5): -0.6, (3, 8, 9): 0.4})


class Heads(SyntheticGame):
    """Players that are taken out, one after the other."""

    path_adds: ClassVar[bool] = False
    noun: ClassVar[str] = "head"


def told(figure: object) -> str:
    return figure.layout.meta["text"]


def bars(figure):
    (found,) = [trace for trace in figure.data if trace.type == "bar"]
    return found


def line(figure):
    return next((trace for trace in figure.data if trace.type == "scatter"), None)


@pytest.fixture(scope="module", params=[SyntheticGame, Heads], ids=["put in", "taken out"])
def run(request: pytest.FixtureRequest) -> Explanation:
    return sv.explain(request.param(SOURCE, noise=0.3), sv.Linear(), 200)


def test_every_bar_is_a_difference_of_two_real_values_and_they_add_up(run: Explanation) -> None:
    steps = path_steps(run)
    first, *between, last = steps
    assert {first.label, last.label} == {"nothing kept", "everything kept"}
    assert sorted((first.after, last.after)) == sorted(run.ends)
    game = SyntheticGame(SOURCE, noise=0.3)
    kept = np.full(16, first.label == "everything kept")
    assert first.after == game(kept[None])[0]
    at = first.after
    for step in between:
        kept[list(step.members)] = first.label == "nothing kept"
        assert step.before == at and step.after == game(kept[None])[0]
        if not kept.all():
            assert step.said == pytest.approx(float(run.spectrum(kept[None])[0]))
        at = step.after
    assert at == last.after
    assert sum(step.change for step in steps[:-1]) == pytest.approx(last.after, abs=1e-12)
    assert len(steps) <= 22
    unseen = [step.said for step in steps if step.after == run.ends[1]]  # as it is said over all pictures
    assert unseen and unseen == pytest.approx([run.ends[1] + run.untouched] * len(unseen))


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_drawn(run: Explanation, dark: bool) -> None:
    steps = path_steps(run)
    figure = path(run, dark=dark)
    found = bars(figure)
    assert list(found.base) == [step.before for step in steps]
    assert np.allclose(np.add(found.base, found.x), [step.after for step in steps])
    assert list(line(figure).x) == [step.said for step in steps]
    low, high = figure.layout.xaxis.range
    assert all(low < value < high for step in steps for value in (step.after, step.said))
    labels = figure.layout.yaxis.ticktext
    adding = run.measured.adding
    sign, title = ("+", UP) if adding else ("−", DOWN)
    assert labels[1] == f"{sign} x0" and title in figure.layout.title.text and title in told(figure)
    noun = "players" if adding else "heads"
    rest = len(run.measured.path[-1])
    assert rest > 1 and labels[-2] == f"{sign} {rest} other {noun}" and labels[0].startswith("<b>")
    assert found.customdata[1] == [0] and found.customdata[0] == []
    assert all(step.label in told(figure) for step in steps)
    json.loads(figure.to_json())


def test_an_exact_run_needs_no_surrogate() -> None:
    exact = sv.explain(SyntheticGame("2*x0*x1 - 3*x2"), sv.Linear(), 64)
    figure = path(exact)
    assert line(figure) is None and "surrogate" not in told(figure) + figure.layout.title.subtitle.text
    assert [step.change for step in path_steps(exact)] == [0.0, -3.0, 0.0, 2.0, -1.0]


def test_what_was_not_measured_is_never_predicted(run: Explanation) -> None:
    before = replace(run, measured=None)
    lost = replace(run, measured=replace(run.measured, sample=run.held_out, ablations=0))
    without = replace(run, measured=replace(run.measured, path=()))
    for other in (before, lost, without):
        figure = path(other)
        assert not path_steps(other) and not figure.data and MISSING in told(figure)
        assert [note.text for note in figure.layout.annotations] == [MISSING]


def test_a_value_that_never_changes_is_one_step() -> None:
    flat = sv.explain(SyntheticGame("1 + 0*x0", n=30), sv.Linear(), 64)
    figure = path(flat)
    assert list(figure.layout.yaxis.ticktext)[1] == "+ all 30 players"
    assert list(bars(figure).x) == [1.0, 0.0, 1.0]


def test_labels_are_hostile_and_values_are_said() -> None:
    def value(masks: Masks) -> Values:
        return masks @ np.arange(1.0, len(HOSTILE) + 1) + masks[:, 0] * masks[:, 3]

    hostile = sv.explain(sv.game(value, players=HOSTILE), sv.Linear(), 64)
    figure = path(hostile)
    drawn = figure.to_plotly_json()
    drawn["layout"].pop("meta")
    assert "<img" not in str(drawn) and "</script" not in str(drawn) and "hovertemplate" not in str(drawn)
    assert all(f"+ {name} " in told(figure) for name in names(HOSTILE, 28))
    game = sv.PromptGame("toy", "It is never dull and the acting was not bad at all, in truth")
    text = sv.explain(game, sv.Linear(), 64)
    full = text.subject.say(text.ends[1])
    assert "“positive”" in full and full in told(path(text)) and full in bars(path(text)).hovertext[-1]
    assert (ends(len(text.players))[1] == text.measured.stops[-1]).all()


def test_the_steps_of_the_selection_are_marked(run: Explanation) -> None:
    steps = path_steps(run)
    one, rest = steps[1].members, steps[-2].members
    figure = path(run, selection=(*one, *rest[1:]))
    widths = bars(figure).marker.line.width
    assert [bool(width) for width in widths] == [step.members == one for step in steps]
    labels = figure.layout.yaxis.ticktext
    assert [label.startswith("<b>●") for label in labels] == [step.members == one for step in steps]
    assert not any(bars(path(run)).marker.line.width)


def test_a_first_step_against_its_average_is_explained() -> None:
    """x0 lowers the value alone, and raises it on average, since x1 and x2 are there half of the time."""
    alone = "alone lowers the value (−1.00), on average raises it (+1.00)"
    beside = "lowers the value beside all other heads (−1.00), on average raises it (+1.00)"
    for kind, expression, said in (
        (SyntheticGame, "2*x0*x1 + 2*x0*x2 - x0", alone),
        (Heads, "3*x0 - 2*x0*x1 - 2*x0*x2", beside),
    ):
        exact = sv.explain(kind(expression), sv.Linear(), 8)
        steps = path_steps(exact)
        sentence = turned(exact)
        assert steps[1].members == (0,) and f"“x0” {said}" in sentence, sentence
        assert sentence in told(path(exact))
    same = sv.explain(SyntheticGame("2*x0 + x1"), sv.Linear(), 8)
    assert turned(same) == ""
