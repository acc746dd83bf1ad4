"""Another value of every field of every game, for the suite that compares fingerprints.

A field with no entry here is varied by its type: another of its choices, the next whole number, 0.1 more, a
few more words, all but the last of a tuple. Keys are (game, field), or (game, instance, field) for one
instance of tests/games/instances.py alone, which comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spexviz.games.training import data as datasets
from spexviz.games.training.data import Data

Key = tuple[str, ...]


class Fixture(str):
    """The name of a fixture, for the text that it stands for."""


@dataclass(frozen=True)
class Change:
    """What a field becomes: `value`; by its type where there is none.

    `given`: the settings with which the field says something at all.
    """

    value: Any = None
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """A value that the game refuses, and what it says."""

    value: Any
    says: str


def other_reviews() -> Data:
    """The bundled reviews with other labels."""
    reviews = datasets.load("reviews")
    flipped = tuple(1 - label for label in reviews.train.labels[:20])
    labels = flipped + reviews.train.labels[20:]
    return replace(reviews, train=replace(reviews.train, labels=labels))


# where it can be, a change is such that no other part of the fingerprint tells it
CHANGES: dict[Key, Change] = {
    ("function", "function"): Change(lambda masks: masks @ [1.0, 2.0, 3.0], given={"known_as": ""}),
    ("function", "labels"): Change(("a", "b", "d")),
    ("function", "positions"): Change(((0.0,), (1.0,), (2.0,))),
    ("heads", "model"): Change(Fixture("other_llama")),
    ("heads", "target"): Change(" boring"),
    ("heads", "contrast"): Change(" dull"),
    ("heads", "questions"): Change((("the film is bad", " good", " bad"),)),
    ("heads", "layers"): Change((0,)),
    ("heads", "beginning"): Change(given={"model": Fixture("beginning_llama")}),
    ("heads", "groups"): Change("layer"),
    ("heads", "only"): Change(("L0.H1", "L0.H2", "L1.H3")),
    ("heads", "neurons", "only"): Change(("L1.N0", "L1.N1")),
    ("heads", "neurons"): Change(given={"part": "neuron"}),
    ("heads", "ablation"): Change("resample", given={"ablation": "mean"}),
    ("heads", "reference_prompts"): Change(("a dull film", "never bad"), given={"ablation": "mean"}),
    ("heads", "rescale"): Change(True, given={"ablation": "zero", "part": "head"}),
    ("heads", "resample_seed"): Change(given={"ablation": "resample"}),
    ("prompt", "model"): Change(Fixture("tiny_llama")),
    ("prompt", "tokens of a tiny Llama", "model"): Change(Fixture("other_llama")),
    ("prompt", "prompt"): Change("not dull at all"),
    ("prompt", "words", "prompt"): Change("This film is not dull at all"),
    ("prompt", "target"): Change(" boring"),
    ("prompt", "words", "target"): Change(" negative", given={"value": "log-probability"}),
    ("prompt", "contrast"): Change(" dull"),
    ("prompt", "split"): Change("words", given={"split": "regex", "pattern": r"\S+"}),
    ("prompt", "words", "split"): Change("lines"),  # spaces between words are nothing to the toy
    ("prompt", "masking"): Change("replace", given={"replacement": "bad"}),
    ("prompt", "chat"): Change(given={"model": Fixture("chatting_llama")}),
    ("prompt", "words", "chat"): Change(
        given={"model": Fixture("chatting_llama"), "target": " good", "contrast": " bad"}
    ),
    ("prompt", "turns"): Change(
        (("user", "not bad"), ("user", None)),
        given={
            "model": Fixture("chatting_llama"),
            "chat": True,
            "target": " good",
            "contrast": " bad",
        },
    ),
    ("prompt", "replacement"): Change("bad", given={"masking": "replace"}),
    ("prompt", "pattern"): Change("[aeiou]+", given={"split": "regex", "pattern": "[a-z]+"}),
    ("prompt", "spans"): Change(((0, 3), (4, 11)), given={"split": "spans", "spans": ((0, 3), (4, 8))}),
    ("prompt", "protected"): Change(((0, 3),)),
    ("prompt", "space"): Change(
        given={
            "model": Fixture("tiny_llama"),
            "prompt": "not  good\nat all",
            "split": "words",
            "target": " good",
            "contrast": " bad",
        }
    ),
    ("prompt", "beginning"): Change(
        given={"model": Fixture("beginning_llama"), "target": " good", "contrast": " bad"}
    ),
    ("prompt", "answer_tokens"): Change(2, given={"value": "greedy", "answer_tokens": 1}),
    ("synthetic", "source"): Change("x0*x1 - x5"),
    ("synthetic", "spectrum", "source"): Change({"n": 4, "terms": [[[0, 1], 2.0]]}),
    ("synthetic", "seed"): Change(given={"noise": 0.1}),
    ("synthetic", "n"): Change(9),
    ("training", "data"): Change(other_reviews(), given={"players_are": "source"}),
    ("training", "query"): Change(given={"value": "loss"}),
    ("training", "answer"): Change(
        "negative", given={"query": "a good film", "answer": "positive", "value": "loss"}
    ),
    # with two classes, log-odds of a softmax are the margin
    ("training", "sources, ridge", "value"): Change("loss"),
    ("training", "clusters"): Change(given={"players_are": "cluster"}),
    ("training", "encoder"): Change("minilm"),
    ("training", "seed"): Change(given={"learner": "network"}),
}
REFUSED: dict[Key, Refusal] = {
    ("prompt", "words", "contrast"): Refusal(" dull", 'answers only " positive" and " negative"'),
}
NEVER: dict[Key, str] = {
    ("function", "unit"): "what a value is called",
    ("function", "noun"): "what a player is called",
    ("function", "keep"): "which masks are asked, not what they give",
    ("function", "positions"): "a hint for solvers",
    ("heads", "keep"): "which masks are asked, not what they give",
    ("synthetic", "spectrum", "n"): "a spectrum says itself how many players it has",
}
"""Fields that change no value, with the reason: nor do they change the fingerprint."""
ALIKE: dict[Key, str] = {
    ("function", "known_as"): "the name of the values, which changes when they would: the user's word",
    ("prompt", "words", "answer_tokens"): "the toy's own answer is one word",
}
"""Fields in the fingerprint whose other value gives the same values here, with the reason."""
