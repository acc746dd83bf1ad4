"""The whole way with a real encoder: weights from a package, a head in closed form, and what negation does to it."""

from __future__ import annotations

import pytest

from spexviz import models
from spexviz.errors import ModelError
from spexviz.games.prompt.game import PromptGame
from spexviz.models.classifier import ClassifierModel
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear
from tests.models import minilm

pytestmark = pytest.mark.model  # not in the quick half of the suite


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> ClassifierModel:
    return models.load(str(minilm.save(tmp_path_factory.mktemp("minilm"))))


def effects(classifier: ClassifierModel, prompt: str, masking: str) -> tuple[dict, float]:
    """BII of the single words and pairs, by name, exact over all masks; and the value of the full prompt."""
    game = PromptGame(classifier, prompt, "The {}", "positive", "negative", masking=masking)
    result = pipeline.explain(game, Linear(), 2 ** len(game.players))
    assert result.proof.exact
    found = result.interactions("BII", order=2).values
    return {tuple(game.players[i] for i in members): value for members, value in found.items()}, result.ends[
        1
    ]


@pytest.mark.parametrize("masking", ["delete", "mask-token", "attention"])
def test_negation_turns_an_opinion_round(masking: str, classifier: ClassifierModel) -> None:
    found, praised = effects(classifier, "film is not bad", masking)
    pairs = {members: value for members, value in found.items() if len(members) == 2}
    assert (
        max(pairs, key=lambda members: abs(pairs[members])) == ("not", "bad")
        and pairs["not", "bad"] > 0.8
        and praised > 0
    )


@pytest.mark.parametrize("masking", ["delete", "attention"])
def test_opinions_alone_and_one_that_the_head_has_not_seen(masking: str, classifier: ClassifierModel) -> None:
    """Not with mask tokens: this encoder has not been trained with them for what it is now, and reads them as praise."""
    assert not any("excellent" in text for text in minilm.sentences()[0])
    bad, blamed = effects(classifier, "film is bad", masking)
    excellent, praised = effects(classifier, "book is excellent", masking)
    assert bad["bad",] < -0.2 and blamed < 0 and excellent["excellent",] > 0.2 and praised > 0
    negated, turned = effects(classifier, "book is not excellent", masking)
    assert negated["not", "excellent"] < -0.8 and turned < 0


def test_the_package_alone_has_no_head(classifier: ClassifierModel) -> None:
    assert (
        classifier.answers == ("negative", "positive")
        and classifier.context == 510
        and classifier.mask_token == "[MASK]"
    )
    with pytest.raises(ModelError, match="answer at random"):
        models.load(str(minilm.body()))
