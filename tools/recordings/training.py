"""Recorded runs on training data."""

from spexviz.solvers.gp.solver import GaussianProcess
from tools.recordings import Recording

RUNS = (
    Recording(
        "elevator",
        "Redundant examples",
        "Two reviews that say the same",
        {"name": "training", "data": "reviews", "query": 0},
        budget=1024,
    ),
    Recording(
        "wrong-labels",
        "Wrong labels",
        "Which examples make the model worse?",
        {"name": "training", "data": "reviews", "learner": "logistic", "value": "test loss", "penalty": 1.0},
        budget=2048,
        solver=GaussianProcess(terms=40, draws=40),
    ),
    Recording(
        "three",
        "Digits",
        "A 3 and the digits that shape it",
        {"name": "training", "data": "digits", "query": 3},
        budget=1024,
    ),
)
