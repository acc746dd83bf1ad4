"""A question of a page between two layers of a batch: it waits for one layer, and neither meets the other."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from spexviz import HeadsGame
from spexviz.games.on_model import OnModel
from spexviz.games.prompt.game import PromptGame
from spexviz.kit.handover import patiently
from spexviz.masks import Values, uniform_masks
from spexviz.models.base import OpenModel, opened
from spexviz.models.classifier import ClassifierModel
from spexviz.models.fastpath import layers_of
from spexviz.models.hf import TransformersModel
from spexviz.models.masked import MaskedModel
from tests.models import tiny

WORDS = "the film is not bad at all"
PATIENCE = 20.0  # seconds
CAUSAL = ("packed", "padded", "heads")


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel(str(tiny.save(tmp_path_factory.mktemp("between") / "llama")), precision="fp32")


def game_of(kind: str, model: Any, words: str) -> OnModel:
    if kind == "heads":
        return HeadsGame(model, words, "b", "d", layers=[1], ablation="zero")
    masking = {"packed": "delete", "padded": "attention"}[kind]
    asked = {"template": "{} is", "value": "log-probability", "target": " good"}
    return PromptGame(model, words, masking=masking, **asked)


class Crossing:
    """A chunk whose last layer waits until a question wants the model, and the question."""

    def __init__(self, model: OpenModel, chunk: OnModel, question: OnModel):
        self.model = model
        self.games = (chunk, question)
        self.masks = [uniform_masks(len(game.players), 6, seed) for seed, game in enumerate(self.games)]
        self.alone = [game(masks) for game, masks in zip(self.games, self.masks, strict=True)]
        self.values: dict[str, Values] = {}
        self.order: list[str] = []
        self.waited = False
        self.inside = threading.Event()

    def cross(self) -> None:
        last = list(layers_of(self.model.body))[-1]
        job = threading.Thread(target=self._work)

        def wait(layer: Any, inputs: tuple) -> None:
            if threading.current_thread() is job:
                self.inside.set()
                end = time.monotonic() + PATIENCE
                while not self.model.lock.wanted and not self.order and time.monotonic() < end:
                    time.sleep(0.001)
                self.waited = self.waited or self.model.lock.wanted

        def note(layer: Any, inputs: tuple, output: Any) -> None:
            self.order.append("chunk" if threading.current_thread() is job else "question")

        with ExitStack() as hooks:
            hooks.enter_context(last.register_forward_pre_hook(wait))
            for module in {last, list(layers_of(opened(self.games[1].language_model).body))[-1]}:
                hooks.enter_context(module.register_forward_hook(note))
            job.start()
            assert self.inside.wait(PATIENCE)
            self.values["question"] = self.games[1](self.masks[1])
            job.join(PATIENCE)

    def _work(self) -> None:
        with patiently():
            self.values["chunk"] = self.games[0](self.masks[0])


def crossed(model: OpenModel, chunk: OnModel, question: OnModel) -> None:
    crossing = Crossing(model, chunk, question)
    crossing.cross()
    assert crossing.waited and crossing.order[0] == "question" and "chunk" in crossing.order, (
        "in the midst of the batch"
    )
    for name, alone in zip(("chunk", "question"), crossing.alone, strict=True):
        assert crossing.values[name].tobytes() == alone.tobytes()


@pytest.mark.parametrize(("chunk", "question"), list(itertools.product(CAUSAL, CAUSAL)))
def test_neither_meets_what_the_other_changes(causal: TransformersModel, chunk: str, question: str):
    assert causal.packing is not None
    crossed(causal, game_of(chunk, causal, WORDS), game_of(question, causal, f"really {WORDS}"))


@pytest.mark.parametrize("kind", [MaskedModel, ClassifierModel])
def test_encoders_too(kind: type[MaskedModel | ClassifierModel], tmp_path: Path):
    family = {MaskedModel: "BertForMaskedLM", ClassifierModel: "BertForSequenceClassification"}[kind]
    model = kind(str(tiny.save_encoder(tmp_path / "bert", family)), precision="fp32")
    template = "{} [MASK]" if kind is MaskedModel else "{}"
    target = "good" if kind is MaskedModel else model.answers[0]
    about = {"template": template, "value": "log-probability", "target": target}
    crossed(model, PromptGame(model, WORDS, **about), PromptGame(model, f"really {WORDS}", **about))


def test_the_twin_in_fp32_is_asked_by_turns_too(tmp_path: Path):
    model = TransformersModel(str(tiny.save(tmp_path / "llama")), precision="bf16")
    twin = model.at_full_precision()
    assert twin is not None and twin is not model
    crossed(twin, game_of("packed", twin, WORDS), game_of("packed", model, WORDS))
