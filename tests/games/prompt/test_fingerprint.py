"""Every setting of a prompt game that can change a value is in its fingerprint."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace

import pytest

from spexviz.games.prompt.game import MASKINGS, VALUES, PromptGame
from spexviz.games.prompt.segments import SPLITS
from spexviz.models.toy import ToyModel

REVIEW = "Review: {}\nSentiment (positive or negative):"
PROMPT = "It is good.\nNever dull! Bad."
MODELS = ["toy", pytest.param("bundled", marks=pytest.mark.model)]
EXTRA = {"regex": {"pattern": r"\w+"}, "spans": {"spans": ((0, 5), (6, 11), (12, 23))}}
KINDS = list(itertools.product(SPLITS, MASKINGS, VALUES))


BASE = PromptGame("toy", "not  bad at all", REVIEW)
CHANGES = {
    "prompt": "not bad at all.",
    "template": "{}",
    "target": " good",
    "contrast": " bad",
    "split": "lines",
    "masking": "replace",
    "chat": True,
    "value": "greedy",
    "replacement": "-",
    "spans": ((0, 3),),
    "protected": ((0, 3),),
    "answer_tokens": 3,
    "pattern": "not|bad",
    "space": "one",
    "beginning": "none",
    "turns": (("system", "Be brief."), ("user", None)),
}


class Beginning(ToyModel):
    """Its tokeniser sets a token before each text."""

    beginning = (7,)


@pytest.mark.parametrize("name", [*CHANGES, "model"])
def test_the_fingerprint_follows_every_setting(name: str) -> None:
    split = {"spans": {"split": "spans"}, "pattern": {"split": "regex"}, "turns": {"chat": True}}.get(
        name, {}
    )
    base = replace(
        BASE,
        **({"model": Beginning()} if name == "beginning" else {}),
        **split,
        **({"spans": ((4, 7),)} if name == "spans" else {"pattern": "all"} if name == "pattern" else {}),
    )
    if name == "model":
        other = ToyModel()
        other.fingerprint = "toy-of-other-weights"
        changed = replace(base, model=other)
    else:
        changed = replace(base, **{name: CHANGES[name]})
    assert changed.fingerprint != base.fingerprint == replace(base).fingerprint


def test_every_field_is_covered_by_the_fingerprint_test() -> None:
    assert {*CHANGES, "model"} == {field.name for field in fields(PromptGame)}
