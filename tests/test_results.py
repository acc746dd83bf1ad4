"""A run's JSON comes from strangers: every change of it gives an Explanation that fits together, or a SpecError."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

import spexviz
from spexviz.errors import SpecError
from spexviz.results import Explanation

RESULT = spexviz.explain(spexviz.PromptGame(model="toy", prompt="not bad, never dull but hardly good fun at all"), spexviz.Linear(), budget=64)
NAN, INF = float("nan"), float("inf")
CHANGES: dict[str, Callable[[dict], object]] = {
    "format": lambda d: d.update(format="other"),
    "no players": lambda d: d.pop("players"),
    "players number": lambda d: d.update(players=7),
    "one player more": lambda d: d["players"].append("x"),
    "half a character": lambda d: d["players"].__setitem__(0, "\ud800"),
    "half a character in the text": lambda d: d.update(text="\udfff" + d["text"]),
    "mask cut": lambda d: d.update(masks=d["masks"][:8]),
    "mask not base64": lambda d: d.update(masks="***"),
    "mask of other width": lambda d: d.update(masks=base64.b64encode(bytes(len(d["values"]))).decode()),
    "masks gone": lambda d: d.update(masks=""),
    "nan value": lambda d: d["values"].__setitem__(0, NAN),
    "infinite held-out value": lambda d: d["held_out_values"].append(INF),
    "text for a value": lambda d: d["values"].__setitem__(0, "x"),
    "nan coefficient": lambda d: d["spectrum"]["coefficients"].__setitem__(0, NAN),
    "term outside": lambda d: d["spectrum"]["terms"].__setitem__(1, [99]),
    "term twice": lambda d: d["spectrum"]["terms"].__setitem__(1, []),
    "terms missing": lambda d: d["spectrum"].pop("terms"),
    "ends": lambda d: d.update(ends=[1.0]),
    "ends nan": lambda d: d.update(ends=[NAN, 1.0]),
    "span outside": lambda d: d["spans"].__setitem__(0, [0, 10**6]),
    "span missing": lambda d: d["spans"].pop(),
    "layout": lambda d: d.update(layout=[[0.0]]),
    "seconds": lambda d: d.update(seconds="long"),
    "seconds text": lambda d: d.update(seconds={"ablations": "long"}),
    "fidelity text": lambda d: d["fidelity"].update(r2="perfect"),
    "fidelity extra": lambda d: d["fidelity"].update(surprise=1),
    "fidelity interval": lambda d: d["fidelity"].update(interval=[1]),
    "curve number": lambda d: d.update(curve=5),
    "spec": lambda d: d["spec"].update(budget=-1),
    "spec extra": lambda d: d["spec"].update(surprise=1),
    "keep": lambda d: d["fidelity"].update(keep=1.5),
    "keep nan": lambda d: d["curve"][0].update(keep=NAN),
    "more subsets than any run": lambda d: (
        d["fidelity"].update(keep=0.9),
        d.update(
            players=[*d["players"], *(f"x{i}" for i in range(30))],
            masks=base64.b64encode(bytes(5 * len(d["values"]))).decode(),
            held_out_masks=base64.b64encode(bytes(5 * len(d["held_out_values"]))).decode(),
            spans=[],
            layout=None,
        ),
        d["spectrum"]["terms"].__setitem__(-1, list(range(36))),
    ),
    "noun is markup": lambda d: d.update(noun="![x](https://example.org/x.png)"),
    "check": lambda d: d.update(checks=[{"members": [0]}]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_file_is_refused(change: Callable[[dict], object]) -> None:
    data = json.loads(RESULT.to_json())
    change(data)
    with pytest.raises(SpecError):
        Explanation.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, '{"format": "spexviz run 1"}', "\x00", "NaN"])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        Explanation.from_json(text)


def test_a_file_cannot_ask_for_more_memory_than_it_has() -> None:
    data = json.loads(RESULT.to_json())
    data.update(players=["x"] * 50_000, spans=[], layout=None, masks="", values=[], held_out_masks="", held_out_values=[])
    data["spectrum"].update(terms=[[i] for i in range(20_000)], coefficients=[1.0] * 20_000, draws=None)
    with pytest.raises(SpecError, match="more than any run"):
        Explanation.from_json(json.dumps(data))


def test_round_trip_keeps_text_and_places() -> None:
    again = Explanation.from_json(RESULT.to_json())
    assert (
        again.subject.text == RESULT.subject.text
        and again.subject.spans == RESULT.subject.spans
        and (again.subject.layout == RESULT.subject.layout).all()
    )
    assert [again.subject.text[a:b] for a, b in again.subject.spans] == list(again.players)
    assert again.spent.seconds == RESULT.spent.seconds and again.to_json() == RESULT.to_json()
