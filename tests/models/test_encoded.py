"""What of an encoder is computed in half precision, in fp32, padded: as it was compared at load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spexviz.models.classifier import ClassifierModel
from tests.models import zoo

TRIED = ["Review: the film is not bad", "never", "not bad at all, really not bad at all"]


@pytest.mark.parametrize("family", ["T5", "Bart", "MBart"])
def test_a_head_behind_two_bodies_is_computed_in_fp32_too(family: str, tmp_path: Path) -> None:
    """The first body's states go on into the second, which computes in half precision."""
    folder = zoo.save(tmp_path, f"{family}ForSequenceClassification")
    model = ClassifierModel(str(folder), precision="bf16")
    assert (model.precision, model._allowed.head, model.remarks) == ("bf16", True, ())
    exact = ClassifierModel(str(folder), precision="fp32").log_probabilities(TRIED, ["fine"])
    error = np.abs(model.log_probabilities(TRIED, ["fine"]) - exact).max()
    assert 0 < error < 0.05


@pytest.mark.parametrize("family", ["Deberta", "FNet"])
def test_what_cannot_be_computed_in_half_precision_is_in_fp32(family: str, tmp_path: Path) -> None:
    folder = zoo.save(tmp_path, f"{family}ForSequenceClassification")
    model = ClassifierModel(str(folder), precision="bf16")
    assert model.precision == "fp32" and "cannot be computed in bf16: it is asked in fp32" in model.remarks[0]
    exact = ClassifierModel(str(folder), precision="fp32")
    np.testing.assert_array_equal(
        model.log_probabilities(TRIED, ["fine"]), exact.log_probabilities(TRIED, ["fine"])
    )
    assert exact.fingerprint == model.fingerprint and exact.remarks == model.remarks[1:]


def test_a_model_that_sees_its_padding_is_asked_one_text_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.bert.modeling_bert import BertEmbeddings

    real = BertEmbeddings.forward

    def of_all(self: Any, *given: Any, **named: Any) -> Any:
        states = real(self, *given, **named)
        return states + 0.1 * states.mean(1, keepdim=True)

    folder = zoo.save(tmp_path, "BertForSequenceClassification")
    monkeypatch.setattr(BertEmbeddings, "forward", of_all)
    monkeypatch.setattr("spexviz.models.encoder.remembered", lambda key, kind, find: find())
    model = ClassifierModel(str(folder), precision="fp32")
    assert model.batch_tokens == 1 and "each text is asked alone" in model.remarks[0]
    together = model.log_probabilities(TRIED, ["fine"])
    alone = np.concatenate([model.log_probabilities([text], ["fine"]) for text in TRIED])
    np.testing.assert_array_equal(together, alone)
