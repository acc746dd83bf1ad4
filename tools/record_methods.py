"""Makes assets/lessons/same-masks.json: what LIME, SHAP and attention say of two texts.

`python -m tools.record_methods`. LIME, SHAP and the best scores that there are come from the recorded answers
alone; attention comes from the bundled model, at the place where it reads its answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spexviz.games.heads.game import HeadsGame
from spexviz.games.prompt.game import PromptGame
from spexviz.kit.arrays import Floats
from spexviz.kit.paths import ASSETS
from spexviz.masks import Masks, Values, all_masks
from spexviz.metrics import r2
from spexviz.results import Explanation
from spexviz.run.plan import Request
from spexviz.solvers.base import Design, Solver
from spexviz.solvers.baselines import LIME, KernelSHAP
from spexviz.spectrum import Spectrum

RUNS = {  # the words that are taken away to see who is right
    "never-fails": ((2, 3), (0,)),
    "not-unpleasant": ((3, 4), (3,)),
}
FILE = ASSETS / "lessons" / "same-masks.json"
LINEAR, LIME_, SHAP, ATTENTION = "linear", "lime", "shap", "attention"


def recorded(name: str) -> Explanation:
    """The recorded run of a text."""
    path = ASSETS / "runs" / "prompt" / f"{name}.json"
    return Explanation.from_json(path.read_text(encoding="utf-8"))


def from_masks(run: Explanation) -> dict[str, dict[str, Any]]:
    """What each method makes of all answers of a run: a constant, a score a word, its R² on them."""
    masks, values = asked(run)
    return {
        LINEAR: described(_best_scores(masks, values), masks, values),
        LIME_: described(_of(LIME(), masks, values), masks, values),
        SHAP: described(_of(KernelSHAP(), masks, values), masks, values),
    }


def asked(run: Explanation) -> tuple[Masks, Values]:
    """Every mask, and what the model has answered."""
    masks = all_masks(len(run.players))
    return masks, run.asked(masks)


def described(fit: tuple[float, Floats], masks: Masks, values: Values) -> dict[str, Any]:
    """A method by its constant and its scores."""
    constant, scores = fit
    worth = r2(values, constant + masks @ scores)
    return {"constant": _short(constant), "scores": list(map(_short, scores)), "r2": _short(worth)}


def _of(solver: Solver, masks: Masks, values: Values) -> tuple[float, Floats]:
    return additive(solver.fit(Design(masks), values, seed=0))


def additive(fit: Spectrum) -> tuple[float, Floats]:
    """The constant and the scores of f(m) = constant + Σ score_i m_i, from its spectrum."""
    scores = np.array([-2.0 * fit.coefficients.get((i,), 0.0) for i in range(fit.n)])
    return fit.coefficients.get((), 0.0) - float(scores.sum()) / 2.0, scores


def _best_scores(masks: Masks, values: Values) -> tuple[float, Floats]:
    """By least squares: no method that gives each word a score can do better on these masks."""
    columns = np.column_stack([np.ones(len(masks)), masks.astype(float)])
    found = np.linalg.lstsq(columns, values, rcond=None)[0]
    return float(found[0]), found[1:]


# ---- attention ---------------------------------------------------------------------------------------------


def attention(run: Explanation) -> dict[str, Any]:
    """How much of the attention of the last token goes to each word: the mean of all heads, and by rollout.

    It has no unit and no sign, so it is given the best line through it: constant + slope · Σ share_i m_i.
    """
    tokens, layers = weights(run)
    places = words_of(run, tokens)
    masks, values = asked(run)
    mean = _per_word(np.mean([layer.mean(0)[-1] for layer in layers], axis=0), places)
    rolled = _per_word(rollout([layer.mean(0) for layer in layers])[-1], places)
    found = described(best_line(mean, masks, values), masks, values)
    by_rollout = described(best_line(rolled, masks, values), masks, values)
    return found | {
        "shares": list(map(_short, mean)),
        "on_words": _short(mean.sum()),
        "rollout": list(map(_short, rolled / rolled.sum())),  # of what goes to words at all: next to nothing
        "rollout_r2": by_rollout["r2"],
    }


def weights(run: Explanation) -> tuple[list[str], list[Floats]]:
    """The tokens of the whole text, and of each layer the attention (heads, from, to)."""
    game = Request.of(run.spec).game
    if not isinstance(game, PromptGame):
        raise SystemExit(f"{run.spec.game_name} is no game of a text.")
    whole = run.subject.before + str(run.subject.text) + run.subject.after
    model = HeadsGame(model="bundled", prompt=whole, target=game.target, contrast=game.contrast)
    layers = range(len(model.parts.layers))
    found = [model.attention(layer) for layer in layers]
    return found[0][0], [of_layer for _, of_layer in found]


def words_of(run: Explanation, tokens: Sequence[str]) -> list[list[int]]:
    """The positions of the tokens of each word; one that begins with a space belongs to the word after it."""
    before = len(run.subject.before)
    spans = [(start + before, end + before) for start, end in run.subject.spans]
    found: list[list[int]] = [[] for _ in spans]
    at = 0
    for position, token in enumerate(tokens):
        end = at + len(token)
        for word, (start, stop) in enumerate(spans):
            if start < end <= stop:
                found[word].append(position)
        at = end
    if not all(found):
        raise SystemExit("A word has no token of its own.")
    return found


def rollout(layers: Sequence[Floats]) -> Floats:
    """Attention through all layers, each half attention and half passing on (Abnar and Zuidema 2020)."""
    passed = np.eye(len(layers[0]))
    for layer in layers:
        passed = (layer + np.eye(len(layer))) / 2.0 @ passed
    return passed


def best_line(shares: Floats, masks: Masks, values: Values) -> tuple[float, Floats]:
    """The line through the summed shares of what is kept that is nearest to the answers, as scores."""
    slope, constant = np.polyfit(masks @ shares, values, 1)
    return float(constant), slope * shares


def _per_word(share: Floats, places: Sequence[Sequence[int]]) -> Floats:
    return np.array([share[list(place)].sum() for place in places])


# ---- the file ----------------------------------------------------------------------------------------------


def told(name: str) -> dict[str, Any]:
    """All that the file holds of a text."""
    run = recorded(name)
    methods = from_masks(run) | {ATTENTION: attention(run)}
    predicted = {"-".join(map(str, off)): _without(methods, off) for off in RUNS[name]}
    return {"words": list(run.players), "methods": methods, "without": predicted}


def _without(methods: Mapping[str, Mapping[str, Any]], off: Sequence[int]) -> dict[str, float]:
    """By each method, the chance of the first answer without some words."""
    found = {}
    for name, method in methods.items():
        value = method["constant"] + sum(s for i, s in enumerate(method["scores"]) if i not in off)
        found[name] = _short(1.0 / (1.0 + np.exp(-value)))
    return found


def _short(value: float) -> float:
    """Four digits behind the point: more differ between processors."""
    return round(float(value), 4)


def main() -> None:
    """Write the file."""
    data = {name: told(name) for name in RUNS}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    Path(FILE).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for name, one in data.items():
        print(name, {method: found["r2"] for method, found in one["methods"].items()}, one["without"])


if __name__ == "__main__":
    main()
