"""In this process: one evaluator thread a model.

A chunk lasts about a second, so a question of the page waits no longer than that.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

from spexviz.ablate.executors import chunk_of
from spexviz.ablate.executors.workers import Workers
from spexviz.games.base import Game
from spexviz.masks import Masks, Values


class LocalExecutor:
    """One thread for each model that games name; games without a model are evaluated by whoever asks."""

    here = True
    workers = 1

    def __init__(self) -> None:
        self._queues: dict[str, Workers] = {}
        self._guard = threading.Lock()

    def fingerprint(self, game: Game) -> str:
        return game.fingerprint

    def chunk(self, game: Game) -> int:
        return chunk_of(game)

    def submit(self, game: Game, masks: Masks, urgent: bool = False) -> Future[Values]:
        name = game.model_name
        if name is None:
            return _at_once(game, masks)
        with self._guard:
            if name not in self._queues:
                self._queues[name] = Workers(name, [_Here()])
            return self._queues[name].submit(game, masks, urgent)

    def close(self) -> None:
        with self._guard:
            for waiting in self._queues.values():
                waiting.close()
            self._queues.clear()


class _Here:
    def prepare(self) -> None:
        pass  # a model is loaded by its first game

    def __call__(self, game: Game, masks: Masks) -> Values:
        return game(masks)


def _at_once(game: Game, masks: Masks) -> Future[Values]:
    future: Future[Values] = Future()
    try:
        future.set_result(game(masks))
    except Exception as error:
        future.set_exception(error)
    return future
