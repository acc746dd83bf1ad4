"""A small instance of every game, for the suites that run over all of them: each game has a line here.

A maker is given pytest's `request` (for fixtures such as `tiny_llama`) and returns a game of 3 to 12 players
that answers in well under a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spexviz.games.base import Game
from spexviz.games.function import game
from spexviz.games.heads.game import HeadsGame
from spexviz.games.prompt.game import PromptGame
from spexviz.games.synthetic import SyntheticGame
from spexviz.games.training.game import TrainingGame
from spexviz.spectrum import Spectrum

MAKERS: dict[str, dict[str, Callable[[Any], Game]]] = {
    "function": {
        "of masks": lambda request: game(
            lambda masks: masks @ [1.0, -2.0, 0.5] + masks[:, 0] * masks[:, 1],
            ["a", "b", "c"],
            known_as="a sum",
        ),
    },
    "heads": {
        "heads of a tiny Llama": lambda request: HeadsGame(
            str(request.getfixturevalue("tiny_llama")),
            "the film is not bad",
            " good",
            " bad",
            layers="all",
            ablation="zero",
            keep=0.7,
        ),
        "neurons": lambda request: HeadsGame(
            str(request.getfixturevalue("tiny_llama")),
            "the film is not",
            " good",
            " bad",
            layers=[1],
            part="neuron",
            neurons=5,
        ),
    },
    "prompt": {
        "words": lambda request: PromptGame("toy", "This film is not good at all", "Review: {}"),
        "tokens of a tiny Llama": lambda request: PromptGame(
            str(request.getfixturevalue("tiny_llama")),
            "not good at all",
            target=" good",
            contrast=" bad",
            split="tokens",
        ),
    },
    "training": {
        "sources, ridge": lambda request: TrainingGame("reviews", 2, players_are="source", encoder="words"),
        "clusters, logistic": lambda request: TrainingGame(
            "reviews", 0, "logistic", "test loss", players_are="cluster", clusters=6, encoder="words"
        ),
        "sources, network": lambda request: TrainingGame(
            "reviews", 1, "network", "loss", players_are="source", encoder="words"
        ),
    },
    "synthetic": {
        "expression": lambda request: SyntheticGame("2*x0*x1 - 3*x2*x3*x4 + 0.5*x5", noise=0.1, seed=3),
        "spectrum": lambda request: SyntheticGame(Spectrum(4, {(): 1.0, (0, 2): 0.5})),
    },
}
