"""In this process: one evaluator thread a model, and one for questions of the page.

A chunk lasts about a second. A question goes between two layers of the batch in flight, or past the requests
to a server, where the model hands over (see kit/handover.py, kit/lanes.py), else before the next chunk; the
chunk and its batches stay as they are.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

from spexviz.ablate.executors import chunk_of
from spexviz.ablate.executors.workers import Workers
from spexviz.games.base import Game
from spexviz.kit.handover import patiently
from spexviz.masks import Masks, Values


class LocalExecutor:
    """One thread for each model that games name, and one for its urgent chunks where it hands over.

    Games without a model are evaluated by whoever asks.
    """

    here = True
    workers = 1

    def __init__(self) -> None:
        self._queues: dict[str, Workers] = {}
        self._questions: dict[str, Workers] = {}
        self._guard = threading.Lock()

    def fingerprint(self, game: Game) -> str:
        return game.fingerprint

    def chunk(self, game: Game) -> int:
        return chunk_of(game)

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        name = game.model_name
        if name is None:
            return _at_once(game, masks)
        queues = self._queues
        worker = _Here()
        if urgent and game.hands_over:
            queues = self._questions
            worker = _Asked()
        with self._guard:
            if name not in queues:
                queues[name] = Workers(name, [worker])
            return queues[name].submit(game, masks, urgent)

    def close(self) -> None:
        with self._guard:
            for waiting in [*self._queues.values(), *self._questions.values()]:
                waiting.close()
            self._queues.clear()
            self._questions.clear()


class _Here:
    def prepare(self) -> None:
        pass  # a model is loaded by its first game

    def __call__(self, game: Game, masks: Masks) -> Values:
        with patiently():
            return game(masks)


class _Asked(_Here):
    """What a page asks, while somebody waits for it."""

    def __call__(self, game: Game, masks: Masks) -> Values:
        return game(masks)


def _at_once(game: Game, masks: Masks) -> Future[Values]:
    future: Future[Values] = Future()
    try:
        future.set_result(game(masks))
    except Exception as error:
        future.set_exception(error)
    return future
