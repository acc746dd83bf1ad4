"""A run's JSON comes from strangers.

Every change of it gives an Explanation that fits together, or a SpecError.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import spexviz
from spexviz import views
from spexviz.errors import SpecError
from spexviz.masks import unpack
from spexviz.results import Explanation
from spexviz.results.subject import LOG_PROBABILITY, NUMBER, ODDS, Scale

RESULT = spexviz.explain(
    spexviz.PromptGame(model="toy", prompt="not bad, never dull but hardly good fun at all"),
    spexviz.Linear(),
    budget=64,
)
NAN, INF = float("nan"), float("inf")
CHANGES: dict[str, Callable[[dict], object]] = {
    "format": lambda d: d.update(format="other"),
    "no subject": lambda d: d.pop("subject"),
    "no players": lambda d: d["subject"].pop("players"),
    "players number": lambda d: d["subject"].update(players=7),
    "one player more": lambda d: d["subject"]["players"].append("x"),
    "player is a number": lambda d: d["subject"]["players"].__setitem__(0, 5),
    "half a character": lambda d: d["subject"]["players"].__setitem__(0, "\ud800"),
    "half a character in the text": lambda d: d["subject"].update(text="\udfff" + d["subject"]["text"]),
    "mask cut": lambda d: d["sample"]["masks"].update(bits=d["sample"]["masks"]["bits"][:8]),
    "mask not base64": lambda d: d["sample"]["masks"].update(bits="***"),
    "mask of other width": lambda d: d["sample"]["masks"].update(shape=[64, 3]),
    "masks of a negative shape": lambda d: d["sample"]["masks"].update(shape=[-1, 10]),
    "masks gone": lambda d: d["sample"].pop("masks"),
    "nan value": lambda d: d["sample"]["values"].__setitem__(0, NAN),
    "infinite held-out value": lambda d: d["held_out"]["values"].append(INF),
    "a value more": lambda d: d["sample"]["values"].append(1.0),
    "text for a value": lambda d: d["sample"]["values"].__setitem__(0, "x"),
    "a value that is no number": lambda d: d["sample"]["values"].__setitem__(0, [1.0]),
    "nan coefficient": lambda d: d["spectrum"]["coefficients"].__setitem__(0, NAN),
    "term outside": lambda d: d["spectrum"]["terms"].__setitem__(1, [99]),
    "term twice": lambda d: d["spectrum"]["terms"].__setitem__(1, []),
    "terms missing": lambda d: d["spectrum"].pop("terms"),
    "spectrum of more players": lambda d: d["spectrum"].update(n=11),
    "ends": lambda d: d.update(ends=[1.0]),
    "ends nan": lambda d: d.update(ends=[NAN, 1.0]),
    "ends infinite": lambda d: d.update(ends=[INF, 1.0]),
    "span outside": lambda d: d["subject"]["spans"].__setitem__(0, [0, 10**6]),
    "span missing": lambda d: d["subject"]["spans"].pop(),
    "layout": lambda d: d["subject"].update(layout=[[0.0]]),
    "scale": lambda d: d["subject"].update(scale={"kind": "log-odds", "answers": ["one"]}),
    "seconds": lambda d: d["spent"].update(seconds="long"),
    "seconds text": lambda d: d["spent"].update(seconds={"ablations": "long"}),
    "asked is no whole number": lambda d: d["spent"].update(asked=1.5),
    "asked is true": lambda d: d["spent"].update(asked=True),
    "asked of 5,000 digits": lambda d: d["spent"].update(asked=10**4_000),
    "a huge coefficient": lambda d: d["spectrum"]["coefficients"].__setitem__(1, 1e308),
    "a huge R²": lambda d: d["proof"]["curve"][0].update(r2=-1e308),
    "fidelity text": lambda d: d["proof"]["fidelity"].update(r2="perfect"),
    "fidelity extra": lambda d: d["proof"]["fidelity"].update(surprise=1),
    "curve extra": lambda d: d["proof"]["curve"][0].update(surprise=1),
    "extra": lambda d: d.update(surprise=1),
    "fidelity interval": lambda d: d["proof"]["fidelity"].update(interval=[1]),
    "curve number": lambda d: d["proof"].update(curve=5),
    "spec": lambda d: d["spec"].update(budget=-1),
    "spec extra": lambda d: d["spec"].update(surprise=1),
    "options extra": lambda d: d["spec"]["options"].update(surprise=1),
    "options": lambda d: d["spec"].update(options=[]),
    "keep": lambda d: d["proof"]["fidelity"].update(keep=1.5),
    "keep nan": lambda d: d["proof"]["curve"][0].update(keep=NAN),
    "noun is markup": lambda d: d["subject"].update(noun="![x](https://example.org/x.png)"),
    "check": lambda d: d["proof"].update(checks=[{"members": [0]}]),
    "check of nobody": lambda d: d["proof"].update(checks=[CHECK | {"members": [98, 99]}]),
    "check unsorted": lambda d: d["proof"].update(checks=[CHECK | {"members": [1, 0]}]),
    "verdict": lambda d: d["proof"].update(checks=[CHECK | {"verdict": "**proved**"}]),
}
CHECK = {
    "members": [0, 1], "model_full": 0.0, "surrogate_full": 0.0, "model_mean": 0.0, "surrogate_mean": 0.0,
    "interval": [0.0, 0.0], "ablations": 0, "verdict": "confirmed",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_file_is_refused(change: Callable[[dict], object]) -> None:
    data = json.loads(RESULT.to_json())
    change(data)
    with pytest.raises(SpecError):
        Explanation.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", "[" * 100_000, '{"format": "spexviz run 1"}', "\x00", "NaN"]
)
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        Explanation.from_json(text)


def test_more_subsets_than_any_run_has() -> None:
    data = json.loads(RESULT.to_json())
    n = len(data["subject"]["players"]) + 30
    data["proof"]["fidelity"]["keep"] = 0.9
    data["subject"].update(players=[f"x{i}" for i in range(n)], spans=[], layout=None)
    for part in (data["sample"], data["held_out"]):
        b = len(part["values"])
        part["masks"] = {"shape": [b, n], "bits": base64.b64encode(bytes((n + 7) // 8 * b)).decode()}
    data["spectrum"].update(n=n, terms=[*data["spectrum"]["terms"][:-1], list(range(36))])
    with pytest.raises(SpecError, match="more subsets than any run"):
        Explanation.from_json(json.dumps(data))


def test_a_file_cannot_ask_for_more_memory_than_it_has() -> None:
    data = json.loads(RESULT.to_json())
    data["subject"].update(players=["x"] * 50_000, spans=[], layout=None)
    data["spectrum"].update(
        n=50_000, terms=[[i] for i in range(20_000)], coefficients=[1.0] * 20_000, draws=None
    )
    with pytest.raises(SpecError, match="more than any run"):
        Explanation.from_json(json.dumps(data))
    data["spectrum"].update(terms=[], coefficients=[])
    data["sample"]["masks"] = {"shape": [10**9, 50_000], "bits": ""}
    with pytest.raises(SpecError, match="more than any run"):
        Explanation.from_json(json.dumps(data))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", [1e100, -1e100, 5e-324, 2**63 - 1, -1])
def test_whatever_number_a_file_holds_it_is_shown_or_refused(number: float) -> None:
    """Each of its numbers in turn: what opens can be written again, said and drawn."""
    for path in numbers(json.loads(RESULT.to_json())):
        data = json.loads(RESULT.to_json())
        inner = data
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = number
        with suppress(SpecError):
            result = Explanation.from_json(json.dumps(data))
            result.to_json()
            views.honesty(result)
            views.fidelity_curve(result).to_json()
            result.interactions("FBII", 3).top(5)
            result.interactions("SV", 1)


def numbers(data: object, path: tuple = ()) -> Iterator[tuple]:
    """Places of the numbers of some JSON; of a list, those of its first two items."""
    if isinstance(data, int | float) and not isinstance(data, bool):
        yield path
    items: list = []
    if isinstance(data, dict):
        items = list(data.items())
    elif isinstance(data, list):
        items = list(enumerate(data))[:2]
    for key, value in items:
        yield from numbers(value, (*path, key))


def test_round_trip_keeps_text_and_places() -> None:
    again = Explanation.from_json(RESULT.to_json())
    assert (again.subject.layout == RESULT.subject.layout).all()
    assert [again.subject.text[a:b] for a, b in again.subject.spans] == list(again.players)
    assert (
        again.spent == RESULT.spent
        and again.subject.scale == RESULT.subject.scale
        and again.to_json() == RESULT.to_json()
    )


def test_what_is_not_a_number_is_left_out_and_comes_back() -> None:
    """A constant game has no R²."""
    result = spexviz.explain(
        spexviz.game(lambda masks: np.full(len(masks), 3.0), players=12), spexviz.Linear(), budget=64
    )
    assert math.isnan(result.fidelity.r2) and "NaN" not in result.to_json()
    again = Explanation.from_json(result.to_json())
    assert (
        math.isnan(again.fidelity.r2)
        and all(map(math.isnan, again.fidelity.interval))
        and again.to_json() == result.to_json()
    )


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_draws_keep_their_significant_digits(size: float) -> None:
    """Case 5: values of 1e-8 came back with intervals of [0, 0]."""
    result = spexviz.explain(
        spexviz.SyntheticGame(f"{size!r}*x0*x1 + {2 * size!r}*x2", noise=0.1 * size, n=12),
        spexviz.GaussianProcess(),
        budget=64,
    )
    again = Explanation.from_json(result.to_json())
    ours, theirs = (one.interactions("FBII", 2).intervals for one in (result, again))
    np.testing.assert_allclose(list(theirs.values()), list(ours.values()), rtol=1e-4, atol=1e-5 * size)
    assert any(high > low for low, high in theirs.values())


FIRST = Path(__file__).parent / "data" / "first-format.json"


def test_files_of_the_first_format_open() -> None:
    data = json.loads(FIRST.read_text(encoding="utf-8"))
    result = Explanation.from_json(FIRST.read_text(encoding="utf-8"))
    assert (
        data["format"] == "spexviz run 1"
        and result.spec.id == data["run"]
        and result.players == tuple(data["players"])
    )
    assert (
        result.sample.values.tolist() == data["values"]
        and result.held_out.values.tolist() == data["held_out_values"]
    )
    assert (
        unpack(
            np.frombuffer(base64.b64decode(data["masks"]), np.uint8).reshape(len(data["values"]), -1),
            len(data["players"]),
        )
        == result.sample.masks
    ).all()
    assert [point.r2 for point in result.proof.curve] == [point["r2"] for point in data["curve"]] and len(
        result.checks
    ) == len(data["checks"])
    assert (
        result.spectrum.values.tolist() == data["spectrum"]["coefficients"]
        and result.subject.text == data["text"]
    )
    assert (
        result.spent.asked
        == len(data["values"])
        + len(data["held_out_values"])
        + 2
        + result.proof.spent_on_checks
        - result.spent.cached
    )
    again = Explanation.from_json(result.to_json())
    assert again.to_json() == result.to_json() and json.loads(result.to_json())["format"] == "spexviz run 2"


@pytest.mark.parametrize("spoil", ["players", "masks", "values", "curve", "checks", "seconds", "spec"])
def test_spoiled_files_of_the_first_format_are_refused(spoil: str) -> None:
    data = json.loads(FIRST.read_text(encoding="utf-8"))
    for wrong in (None, 5, "x", ["a"]):
        with pytest.raises(SpecError):
            Explanation.from_json(json.dumps({**data, spoil: wrong}))


@pytest.mark.parametrize(
    ("scale", "value", "said"),
    [
        (Scale(), 0.25, "0.25 margin"),
        (Scale(), -0.25, "−0.25 margin"),
        (Scale(ODDS, (" yes", " no")), 0.0, "“yes” 50 %, “no” 50 %"),
        (Scale(ODDS, (" yes", " no")), -8.0, "“yes” 0.034 %, “no” 99.97 %"),
        (Scale(LOG_PROBABILITY, (" Paris",)), math.log(0.37), "“Paris” 37 %"),
        (Scale(LOG_PROBABILITY, (" Paris",)), 1e-9, "“Paris” 100 %"),
    ],
)
def test_how_a_value_is_said(scale: Scale, value: float, said: str) -> None:
    assert scale.say(value, "margin") == said


@pytest.mark.parametrize(
    ("kind", "answers"), [("odds", ()), (ODDS, ("a",)), (NUMBER, ("a",)), (LOG_PROBABILITY, ("a", "b"))]
)
def test_scales_that_are_none(kind: str, answers: tuple) -> None:
    with pytest.raises(ValueError, match="a scale is"):
        Scale(kind, answers)
