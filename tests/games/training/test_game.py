"""TrainingGame: what it promises beyond the suite of all games.

Features without a model where the model does not matter.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import spexviz as sv
from spexviz.analysis import redundancy
from spexviz.errors import GameError
from spexviz.games.training import data as datasets
from spexviz.games.training import features, retraining
from spexviz.games.training import game as training
from spexviz.games.training.game import TrainingGame
from spexviz.games.training.learners import ridge
from spexviz.games.training.table import read_csv
from spexviz.masks import all_but, uniform_masks

WORDS = TrainingGame("reviews", 2, encoder="words")


def test_a_mask_is_a_refit_on_the_subset_by_hand() -> None:
    masks = uniform_masks(160, 6, 1)
    x, tests = WORDS._features
    labels = np.array(WORDS.examples.train.labels)
    for mask, value in zip(masks, WORDS(masks), strict=True):
        theta = np.linalg.solve(
            x[mask].T @ x[mask] + 0.3 * np.eye(x.shape[1]), x[mask].T @ np.eye(2)[labels[mask]]
        )
        scores = tests[2] @ theta
        truth = WORDS.examples.test.labels[2]
        assert value == pytest.approx(scores[truth] - scores[1 - truth], abs=1e-9)


@pytest.mark.parametrize("learner", ["ridge", "logistic"])
@pytest.mark.parametrize("value", training.VALUES)
def test_values_by_hand(learner: str, value: str) -> None:
    scores = np.array([[[0.2, 0.9, -1.0], [2.0, 0.5, 0.1]], [[0.0, 0.0, 0.0], [0.3, 0.4, 0.5]]])
    truth = np.array([1, 2])
    p = np.exp(scores) / np.exp(scores).sum(2, keepdims=True)
    right = np.array([[row[t] for row, t in zip(one, truth, strict=True)] for one in p])
    by_hand = {
        "margin": np.array([[0.7, -1.9], [0.0, 0.1]]),
        "logit": np.log(right / (1 - right)),
        "accuracy": np.array([[1.0, 0.0], [1 / 3, 1.0]]),  # of three that tie, each is right in a third
        "loss": -np.log(right) if learner == "logistic" else ((scores - np.eye(3)[truth]) ** 2).sum(2),
    }
    found = training.measured(scores, truth, value, squared=learner == "ridge")
    assert np.allclose(found, by_hand[value.removeprefix("test ")].mean(1))


@pytest.mark.parametrize("learner", ["ridge", "logistic", "network"])
@pytest.mark.parametrize(
    ("value", "nothing"),
    [("accuracy", 1 / 2), ("margin", 0.0), ("logit", 0.0), ("loss", None), ("test loss", None)],
)
def test_without_an_example_every_learner_knows_nothing(
    learner: str, value: str, nothing: float | None
) -> None:
    game = dataclasses.replace(WORDS, learner=learner, value=value)
    if nothing is None:
        nothing = 1.0 if learner == "ridge" else np.log(2)
    assert game(np.zeros((1, 160), dtype=bool))[0] == nothing


@pytest.mark.parametrize("learner", ["ridge", "logistic", "network"])
def test_scores_that_rounding_parts_tie(learner: str) -> None:
    """The same text once with each label: whatever is asked, both labels are as likely."""
    lines = ["text,label,split"]
    for i in range(6):
        lines += [f"film number {i},{label},train" for label in ("good", "bad")]
    lines += [f"film number {i},{label},test" for i in range(4) for label in ("good", "good", "bad")]
    given = read_csv("\n".join(lines).encode())
    game = TrainingGame(given, learner=learner, value="accuracy", encoder="words")
    masks = np.zeros((3, 12), dtype=bool)
    masks[1, :2] = masks[2, :] = True
    if learner == "network":  # which sees the examples of a batch in an order of its own, in fp32
        masks = masks[:1]
    assert game(masks).tolist() == [0.5] * len(masks)


def test_groups_hold_every_example_once_and_act_as_their_examples() -> None:
    for kind in ("source", "label", "cluster"):
        game = dataclasses.replace(WORDS, players_are=kind, clusters=7)
        assert sorted(np.concatenate(game.members).tolist()) == list(range(160)) and len(game.players) == len(
            game.members
        )
        mask = np.arange(len(game.players)) % 2 == 0
        each = np.zeros((1, 160), dtype=bool)
        each[0, np.concatenate([rows for rows, keep in zip(game.members, mask, strict=True) if keep])] = True
        assert game(mask[None]) == pytest.approx(WORDS(each))
    points = np.repeat(np.eye(4), 5, axis=0)
    assert len(set(training.kmeans(points, 4, 0))) == 4 and len(set(training.kmeans(points, 9, 0))) == 4


def test_a_query_of_ones_own_and_the_two_classes_of_it() -> None:
    good = TrainingGame(
        "reviews", "A wonderful, superb film that I loved", encoder="words", answer="positive"
    )
    bad = dataclasses.replace(good, answer="negative")
    full = np.ones((1, 160), dtype=bool)
    assert (
        good(full)[0] == pytest.approx(-bad(full)[0])
        and good(full)[0] > 0
        and good.fingerprint != bad.fingerprint
    )
    assert training.describe_query(good) == ("A wonderful, superb film that I loved", "positive")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"learner": "forest"}, "no learner"),
        ({"value": "beauty"}, "no value"),
        ({"players_are": "word"}, "no kind of player"),
        ({"encoder": "bert"}, "no encoder"),
        ({"clusters": 1}, "from 2 to"),
        ({"clusters": 10**9}, "from 2 to"),
        ({"components": True}, "from 1 to"),
        ({"penalty": 0.0}, "penalty"),
        ({"penalty": float("nan")}, "penalty"),
        ({"query": 50}, "from 0 to 49"),
        ({"query": -1}, "from 0 to 49"),
        ({"query": 1.5}, "position"),
        ({"query": "  ", "answer": "positive"}, "1 to 2,000"),
        ({"query": "fine", "answer": "good"}, "negative, positive"),
        ({"data": "../reviews"}, "no data set"),
        ({"data": 5}, "name of a data set"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(settings: dict, says: str) -> None:
    with pytest.raises(GameError, match=says):
        _ = TrainingGame(
            **{"data": "reviews", "query": 2, "encoder": "words", **settings}
        ).examples  # loads them


def test_more_examples_than_players_are_grouped() -> None:
    rows = "\n".join(f"{'good' if i % 2 else 'bad'} thing {i},{'ab'[i % 2]}" for i in range(1_400))
    data = datasets.read_csv(("text,label\n" + rows).encode())
    with pytest.raises(GameError, match="1,120 training examples are more than 1,000"):
        _ = TrainingGame(data, encoder="words").examples  # loads them
    with pytest.raises(GameError, match="no sources"):
        _ = TrainingGame(data, encoder="words", players_are="source").examples  # loads them
    game = TrainingGame(data, encoder="words", players_are="cluster", clusters=12)
    assert 2 <= len(game.players) <= 12 and np.isfinite(game(uniform_masks(len(game.players), 3, 0))).all()


def test_what_if_is_the_same_as_changing_the_data_by_hand() -> None:
    x, tests = WORDS._features
    labels = np.array(WORDS.examples.train.labels)
    rows = np.concatenate([np.delete(np.arange(160), [3, 8]), [5]])
    changed = labels.copy()
    changed[11] = 1 - changed[11]
    by_hand = ridge.scores(x[rows], changed[rows], 2, np.ones((1, 159)), tests[2:3], 0.3)[0, 0]
    truth = WORDS.examples.test.labels[2]
    before, after = retraining.what_if(WORDS, leave_out=[3, 8], relabel={11: int(changed[11])}, duplicate=[5])
    assert after == pytest.approx(by_hand[truth] - by_hand[1 - truth]) and before == pytest.approx(
        WORDS(np.ones((1, 160), bool))[0]
    )


def test_retraining_without_sets_removal_and_harm() -> None:
    found = retraining.without(WORDS, [(3, 8), (1, 2, 5)])
    full = WORDS(np.ones((1, 160), bool))[0]
    asked = WORDS(all_but([(3,), (3, 8), (1, 2, 5)], 160)) - full
    assert (
        found[0].alone[0] == pytest.approx(asked[0])
        and [f.together for f in found] == pytest.approx(asked[1:])
        and len(found[1].alone) == 3
    )
    effects = retraining.leave_one_out(WORDS)
    assert effects[3] == pytest.approx(-asked[0])
    worst = retraining.harmful(WORDS, effects)
    assert (
        effects[worst[0]] == effects.min()
        and retraining.harmful(dataclasses.replace(WORDS, value="loss"), effects)[0] == effects.argmax()
    )
    curve = retraining.removal(WORDS, worst, shares=(0.0, 0.1, 0.5), draws=3)
    assert (
        curve.ordered[0] == pytest.approx(full)
        and curve.random.shape == (3, 3)
        and (curve.ordered[1:] > curve.random[:, 1:].max(0)).all()
    )
    assert retraining.precision_at([4, 2, 9], [2, 7], 2) == 0.5


def test_features_are_kept_whole_and_a_damaged_file_is_made_again(private_home, monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(
        features,
        "_encode",
        lambda texts, folder: (
            calls.append(1) or np.arange(2000.0 * len(texts), dtype=np.float32).reshape(-1, 2000)
        ),
    )
    monkeypatch.setattr(features, "encoder_id", lambda encoder: "fake")
    monkeypatch.setattr(features, "_folder", lambda encoder: None)
    first = features.embed(["a", "b"], "minilm")
    assert (features.embed(["a", "b"], "minilm") == first).all() and len(calls) == 1
    file = max((private_home / "features").glob("*.npz"), key=lambda one: one.stat().st_mtime_ns)
    broken = file.read_bytes().replace(b"(2, 2000)", b"(2, 2000(")  # numpy's error of it is none of its own
    for damage in (b"", b"PK\x03\x04 no zip", b"\x80\x04.", broken):
        file.write_bytes(damage)
        assert (features.embed(["a", "b"], "minilm") == first).all()
    assert len(calls) == 5
    features.embed(["a", "c"], "minilm")
    assert len(calls) == 6


@pytest.mark.model
def test_the_first_planted_pair_is_the_most_redundant_one_for_its_query() -> None:
    """All ten are in `python -m benchmarks.training structure`."""
    game = sv.TrainingGame("reviews", 0)
    result = sv.explain(game, sv.GaussianProcess(), budget=1024)
    assert result.fidelity.r2 > result.baseline.r2 and result.fidelity.r2 > 0.7
    pair = game.examples.planted_pairs()[0]
    assert tuple(sorted(pair)) in [g.members for g in redundancy.redundant(result.spectrum)[:5]]
    alone = retraining.without(game, [tuple(sorted(pair))])[0]
    assert abs(alone.together) > 1.3 * abs(sum(alone.alone)), (
        "real retraining: without both more is lost than without each"
    )


@pytest.mark.model
@pytest.mark.parametrize("encoder", ["minilm", "bundled"])
def test_the_pooled_state_of_a_text_does_not_depend_on_its_batch(encoder: str) -> None:
    texts = ["Good.", "A long and winding review of a film that never quite ends", "Bad"]
    together = features._encode(texts, features._folder(encoder))
    assert (
        np.allclose(together[0], features._encode(texts[:1], features._folder(encoder))[0], atol=1e-4)
        and together.std() > 0
    )
