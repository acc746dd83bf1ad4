"""A question of the page between two batches of a job: it waits for one batch, and no value changes."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.ablate.executors.local import LocalExecutor
from spexviz.ablate.runner import Runner
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import uniform_masks
from spexviz.models.hf import TransformersModel
from tests.models import tiny

WORDS = "one two three four five six seven eight nine ten eleven twelve"


class Slow(TransformersModel):
    """Each of its batches of two texts or so takes its time; what it computes is real."""

    pause = 0.15
    log: list[int]

    def _forward(self, texts: Any, *rest: Any) -> Any:
        self.log.append(len(texts))
        time.sleep(self.pause)
        return super()._forward(texts, *rest)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Slow:
    found = Slow(str(tiny.save(Path(tmp_path_factory.mktemp("tiny")) / "tiny-llama")), precision="fp32")
    found.batch_tokens = 32  # two texts a batch
    found.log = []
    return found


def asked(model: Slow, looks: int) -> tuple[np.ndarray, list[int], list[float], list[float]]:
    """A job of one chunk, while somebody looks or not: values, sizes of its batches, answers, their waits."""
    game = PromptGame(model, WORDS, value="log-probability", target=" good")
    question = PromptGame(model, f"{WORDS} more", value="log-probability", target=" good")
    masks = uniform_masks(len(game.players), 64, 5)
    whole = np.ones((1, len(question.players)), dtype=bool)
    executor = LocalExecutor()
    model.pause = 0.0
    question.check()
    game.check()
    model.pause = Slow.pause
    model.log.clear()
    job: list[np.ndarray] = []
    runner = Runner(game, executor=executor, chunk=64)
    thread = threading.Thread(target=lambda: job.append(runner(masks)))
    thread.start()
    while not model.log:
        time.sleep(0.01)
    answers, waits = [], []
    for _ in range(looks):
        start = time.perf_counter()
        answers.append(float(Runner(question, executor=executor, urgent=True)(whole)[0]))
        waits.append(time.perf_counter() - start)
    begun = len(model.log)
    thread.join(120)
    executor.close()
    assert len(job) == 1 and len(model.log) > begun, "the chunk was still in flight"
    own = [size for size in model.log if size > 1]
    return job[0], own, answers, waits


def test_a_question_goes_between_two_batches_and_changes_no_bit(model: Slow):
    alone, batches, _, _ = asked(model, 0)
    looked_at, same, answers, waits = asked(model, 3)
    assert len(batches) > 8 and same == batches
    assert alone.tobytes() == looked_at.tobytes()
    assert len(set(answers)) == 1
    # the batch in flight and its own, not the chunk; and a busy machine
    assert sorted(waits)[1] < 0.5 * Slow.pause * len(batches)
