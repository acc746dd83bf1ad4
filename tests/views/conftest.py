"""Explanations made by hand: no game, no solver, only numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from spexviz.masks import all_masks, uniform_masks
from spexviz.results import Explanation, Fidelity, Proof, Sample, Spent
from spexviz.results.subject import Subject
from spexviz.spec import RunSpec
from spexviz.spectrum import Spectrum

SENTENCE = "Her acting never fails to impress, even though the plot is anything but original."
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "=1+1",
    "שלום",
    "😀",
    "the",
    "the",
    "$x^2$",
    "%{x}",
    "\u202eevil",
    "</script>",
)


def spans_of(text: str) -> tuple[tuple[int, int], ...]:
    spans, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        spans.append((start, at := start + len(word)))
    return tuple(spans)


def _some(n: int, count: int, seed: int) -> np.ndarray:
    """Random masks; with repeats where there are too few players for that many."""
    return uniform_masks(n, count, seed) if n > 10 else np.random.default_rng(seed).random((count, n)) < 0.5


def build(
    players: tuple[str, ...],
    coefficients: Mapping[tuple[int, ...], float],
    *,
    text: str | None = None,
    spans: tuple[tuple[int, int], ...] = (),
    r2: float = 0.83,
    exact: bool = False,
    draws: bool = True,
    complete: bool = True,
    noise: float = 0.3,
    budget: int = 512,
) -> Explanation:
    """An Explanation whose real values are the spectrum plus noise, with a plausible fidelity curve."""
    n, rng = len(players), np.random.default_rng(0)
    terms = {(): 0.4, **coefficients}
    drawn = None
    if draws:
        drawn = np.array(list(terms.values())) + 0.06 * rng.standard_normal((64, len(terms)))
    spectrum = Spectrum(n, terms, drawn)
    masks = all_masks(n) if exact else _some(n, budget, 0)
    held = np.zeros((0, n), bool) if exact else _some(n, 256, 1)
    value = lambda m: spectrum(m) + (0 if exact else noise * rng.standard_normal(len(m)))
    ends = tuple(
        float(v)
        for v in spectrum(np.array([[False] * n, [True] * n])) + (0 if exact else np.array([0.4, -0.3]))
    )
    curve = []
    for solver, best, terms_ in (("linear", 0.71, n), ("proxyspex", r2, len(terms))):
        for k in (64, 128, 256, 512):
            score = best - 0.9 * (best - 0.2) * (64 / k) if solver != "linear" else best - 0.12 * (64 / k)
            curve.append(Fidelity(solver, k, score, (score - 0.05, min(1.0, score + 0.03)), 256, terms_))
    last = {point.solver: point for point in curve}
    spec = RunSpec({"name": "synthetic"}, {"name": "proxyspex"}, budget, 0)
    return Explanation(
        subject=Subject(players, "log-odds", text=text, spans=spans),
        spectrum=spectrum,
        sample=Sample(masks, value(masks)),
        held_out=Sample(held, value(held)),
        ends=ends,
        proof=Proof(tuple(curve), last["proxyspex"], last["linear"], exact=exact),
        spent=Spent(),
        spec=spec,
        complete=complete,
    )


REVIEW = {
    (0,): 0.05, (1,): -0.12, (2,): 0.14, (3,): 0.2, (5,): -0.3, (6,): 0.06, (9,): 0.16, (11,): 0.22,
    (12,): -0.1, (13,): -0.26, (2, 3): 0.62, (11, 12): 0.31, (11, 13): -0.18, (3, 5): -0.12, (6, 7): 0.03,
    (2, 3, 5): -0.21, (11, 12, 13): 0.14, (9, 11): 0.05, (2, 3, 11, 13): 0.04,
}  # fmt: skip


@pytest.fixture
def review() -> Explanation:
    """14 words, one of each kind of set."""
    return build(tuple(SENTENCE.split()), REVIEW, text=SENTENCE, spans=spans_of(SENTENCE))


@pytest.fixture
def make() -> Callable[..., Explanation]:
    return build


@pytest.fixture
def hostile() -> Explanation:
    """Ten labels that try to break out."""
    text, ends = " ".join(HOSTILE), np.cumsum([len(word) + 1 for word in HOSTILE]) - 1
    spans = tuple((int(end) - len(word), int(end)) for word, end in zip(HOSTILE, ends, strict=True))
    return build(
        HOSTILE,
        {(0,): 0.5, (1,): -0.3, (0, 1): 0.6, (0, 2, 3): -0.4, (4, 5): 0.3, (6, 7): 0.2, (8, 9): 0.2},
        text=text,
        spans=spans,
    )


@pytest.fixture
def long() -> Explanation:
    """500 words."""
    rng = np.random.default_rng(3)
    stock = [
        *SENTENCE.split(),
        "the",
        "film",
        "was",
        "not",
        "at",
        "all",
        "what",
        "anyone",
        "could",
        "have",
        "hoped",
        "for",
    ]
    words = tuple(stock[i] for i in rng.integers(len(stock), size=500))
    sets = {(i,): float(v) for i, v in enumerate(0.2 * rng.standard_normal(500))}
    for _ in range(40):
        sets[tuple(sorted(map(int, rng.choice(500, int(rng.integers(2, 5)), replace=False))))] = float(
            0.4 * rng.standard_normal()
        )
    text = " ".join(words)
    return build(words, sets, text=text, spans=spans_of(text))
