"""Classifiers and masked language models against a naive forward of the same checkpoint.

One text at a time, no tricks.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import GameError, ModelError
from spexviz.games.prompt.game import MASKINGS, PromptGame
from spexviz.masks import all_masks, uniform_masks
from spexviz.models.base import LanguageModel
from spexviz.models.classifier import ClassifierModel
from spexviz.models.encoder import batches
from spexviz.models.masked import MaskedModel
from tests.models import tiny, zoo

TEXTS = [
    "Review: the film is not bad",
    "never",
    "Review: dull Sentiment:",
    "not bad at all, really not bad at all " * 4,
    "dull",
]
HIDDEN = [(), ((0, 3),), ((8, 12),), ((0, 12), (20, 30)), ((0, 4),)]


@pytest.fixture(scope="module", params=[*tiny.CLASSIFIERS, *tiny.MASKED])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_encoder(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return (ClassifierModel if "Classification" in folder.name else MaskedModel)(
        str(folder), precision="fp32"
    )


@pytest.fixture
def texts(model: LanguageModel) -> list[str]:
    return [text + f" {model.blank}." if model.blank else text for text in TEXTS]


@pytest.fixture
def answers(model: LanguageModel) -> list[str]:
    return list(model.answers or (" positive", " negative", " dull"))


def naive(folder: Path, text: str, answers: list[str], pieces: tuple = (), loaded: dict = {}) -> list[float]:
    """Log-softmax of the logits of one unbatched forward pass, at the last mask token where there is one."""
    import torch
    import transformers

    if folder not in loaded:
        config = transformers.AutoConfig.from_pretrained(folder)
        load = getattr(transformers, config.architectures[0]).from_pretrained
        loaded[folder] = (
            transformers.AutoTokenizer.from_pretrained(folder),
            load(folder, dtype=torch.float32).eval(),
        )
    tokenizer, model = loaded[folder]
    asked = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    ids, spans = asked["input_ids"], asked["offset_mapping"][0].tolist()
    seen = [int(not any(a < end and start < b for start, end in pieces)) for a, b in spans]
    with torch.inference_mode():
        logits = model(input_ids=ids, attention_mask=torch.tensor([seen])).logits[0].double()
    if logits.ndim == 1:
        return [
            float(torch.log_softmax(logits, 0)[list(model.config.id2label.values()).index(answer)])
            for answer in answers
        ]
    place = max(i for i, token in enumerate(ids[0].tolist()) if token == tokenizer.mask_token_id)
    return [
        float(
            torch.log_softmax(logits[place], 0)[tokenizer(answer, add_special_tokens=False)["input_ids"][0]]
        )
        for answer in answers
    ]


def test_a_folder_is_recognised_by_its_head(folder: Path) -> None:
    found = models.load(str(folder))
    assert type(found) is (ClassifierModel if "Classification" in folder.name else MaskedModel)
    models.unload(str(folder))


def test_values_are_those_of_a_plain_forward_pass(
    folder: Path, model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    wanted = [naive(folder, text, answers) for text in texts]
    got = model.log_probabilities(texts, answers)
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    np.testing.assert_array_equal(
        model.log_probabilities(texts * 2, answers[:1])[:, 0], np.tile(got[:, 0], 2)
    )
    assert got.std(axis=0).min() > 1e-3


def test_masking_by_attention(
    folder: Path, model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    wanted = [naive(folder, text, answers, pieces) for text, pieces in zip(texts, HIDDEN, strict=True)]
    np.testing.assert_allclose(model.log_probabilities(texts, answers, HIDDEN), wanted, atol=1e-4)
    assert np.abs(np.array(wanted) - model.log_probabilities(texts, answers))[1:].max(axis=1).min() > 1e-4


def test_no_hidden_token_matters_where_the_answer_is_read_at_a_special_one(
    model: LanguageModel, texts: list[str]
) -> None:
    for text, pieces in zip(texts, HIDDEN, strict=True):
        assert model.ignores(text, pieces)


def test_a_classifier_that_reads_its_last_token_sees_it_though_it_is_hidden(tmp_path: Path) -> None:
    import transformers

    causal = tiny.save(tmp_path)
    config = transformers.AutoConfig.from_pretrained(causal)
    config.num_labels = 2
    transformers.LlamaForSequenceClassification(config).float().save_pretrained(causal)
    game = PromptGame(
        str(causal), "the film is bad", target="LABEL_1", contrast="LABEL_0", masking="attention"
    )
    with pytest.raises(GameError, match="let the template go on"):
        game.check()
    replace(game, template="{} :").check()


def test_bf16_body_stays_near_fp32(
    folder: Path, model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    quick = type(model)(str(folder), precision="bf16")
    gap = np.abs(quick.log_probabilities(texts, answers) - model.log_probabilities(texts, answers))
    assert 0 < gap.max() < 0.25 and quick.fingerprint != model.fingerprint
    assert (
        model.at_full_precision() is model
        and (exact := quick.at_full_precision()) is quick.at_full_precision()
    )
    assert type(exact) is type(model) and exact.fingerprint == model.fingerprint


def test_the_longest_text_is_read_and_one_token_more_is_refused(
    folder: Path, model: LanguageModel, answers: list[str]
) -> None:
    end = f" {model.blank}" if model.blank else " bad"
    longest = " not" * (model.context - 1) + end
    assert len(model.encode(longest)) == model.context < 256
    np.testing.assert_allclose(
        model.log_probabilities([longest], answers[:1])[0], naive(folder, longest, answers[:1]), atol=1e-4
    )
    with pytest.raises(ModelError, match="shorten"):
        model.log_probabilities([" not" + longest], answers[:1])
    game = PromptGame(model, ("not " * model.context).strip(), "{}" + end, answers[0], answers[1])
    with pytest.raises(GameError, match=f"reads at most {model.context}"):
        game(np.ones((1, model.context), bool))


def test_greedy_is_the_likeliest_answer(model: LanguageModel, texts: list[str]) -> None:
    answer = model.greedy(texts[0], 5)
    others = list(model.answers or (" positive", " dull", " film", " never"))
    assert model.answer_length(answer) == 1
    assert (model.log_probabilities(texts[:1], [answer]) >= model.log_probabilities(texts[:1], others)).all()


@pytest.mark.parametrize("masking", MASKINGS)
def test_a_game_for_each_masking(
    folder: Path, model: LanguageModel, answers: list[str], masking: str
) -> None:
    template = f"Review: {{}} really {model.blank}." if model.blank else "Review: {}"
    game = PromptGame(model, "never not dull", template, answers[0], answers[1], masking=masking)
    masks = all_masks(3)
    values = game(masks)
    assert values.std() > 1e-3
    pairs = [
        naive(folder, text, answers[:2], tuple(pieces))
        for text, pieces in zip(game.texts(masks), _pieces(game, masks), strict=True)
    ]
    np.testing.assert_allclose(values, [a - b for a, b in pairs], atol=1e-4)
    if masking == "mask-token":
        assert game.texts(masks[:1])[0].count(model.mask_token) == 3 + bool(model.blank)


def _pieces(game: PromptGame, masks: np.ndarray) -> list:
    return game._hidden(masks) if game.masking == "attention" else [()] * len(masks)


def test_what_a_run_costs_is_learnt_from_the_calls(
    model: LanguageModel, texts: list[str], answers: list[str]
) -> None:
    for _ in range(2):
        model.log_probabilities(texts, answers)
    short, long = model.seconds(texts[1:2]), model.seconds(texts[3:4])
    assert 0 < short < long and model.seconds(texts[1:2] * 9) == pytest.approx(short, rel=1e-6)
    assert model.memory > sum(p.numel() for p in model.body.parameters()) * 4


def test_two_threads_at_once(model: LanguageModel, texts: list[str], answers: list[str]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    alone = [model.log_probabilities(texts[:k], answers) for k in range(1, 6)] * 4
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda k: model.log_probabilities(texts[:k], answers), [*range(1, 6)] * 4))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


# ---- labels ----


@pytest.mark.parametrize(
    ("labels", "config"),
    [(("score",), {}), (("toxic", "rude", "kind"), {"problem_type": "multi_label_classification"})],
)
def test_a_label_that_excludes_no_other_stands_against_its_own_negation(
    labels: tuple, config: dict, tmp_path: Path
) -> None:
    import torch
    import transformers

    folder = tiny.save_encoder(tmp_path, labels=labels, **config)
    model = ClassifierModel(str(folder), precision="fp32")
    assert model.answers == (*labels, *(f"not {label}" for label in labels))
    logs = model.log_probabilities(TEXTS, model.answers)
    np.testing.assert_allclose(np.exp(logs[:, : len(labels)]) + np.exp(logs[:, len(labels) :]), 1, atol=1e-6)
    plain = transformers.BertForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        logits = [plain(**tokenizer(text, return_tensors="pt")).logits[0].tolist() for text in TEXTS]
    np.testing.assert_allclose(logs[:, : len(labels)] - logs[:, len(labels) :], logits, atol=1e-4)


def test_what_is_no_label_is_refused_with_the_labels(tmp_path: Path) -> None:
    model = ClassifierModel(str(tiny.save_encoder(tmp_path)))
    for change in ({}, {"target": "fine"}, {"value": "log-probability"}):
        with pytest.raises(
            ModelError, match=r"cannot answer ' \w+': choose one of its labels, 'dull', 'fine'"
        ):
            PromptGame(model, "not bad", **change).check()
    with pytest.raises(ModelError, match="switch the chat template off"):
        PromptGame(model, "not bad", target="fine", contrast="dull", chat=True).check()
    assert PromptGame(model, "not bad", value="greedy").answers[0] in ("fine", "dull")


def test_labels_of_the_same_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="give each its own in id2label"):
        ClassifierModel(str(tiny.save_encoder(tmp_path, labels=("same", "same"))))


def test_many_labels_are_not_all_named(tmp_path: Path) -> None:
    model = ClassifierModel(str(tiny.save_encoder(tmp_path, labels=tuple(f"class {i}" for i in range(50)))))
    with pytest.raises(ModelError, match=r"'class 19' …"):
        model.answer_length("other")


def test_without_a_padding_token_texts_are_asked_one_by_one(tmp_path: Path) -> None:
    import transformers

    folder = tiny.save(tmp_path, "LlamaForCausalLM")
    config = transformers.AutoConfig.from_pretrained(folder)
    transformers.LlamaForSequenceClassification(config).save_pretrained(folder)
    model = models.load(str(folder))
    assert (
        type(model) is ClassifierModel
        and model.answers == ("LABEL_0", "LABEL_1")
        and model.mask_token is None
    )
    np.testing.assert_allclose(
        model.log_probabilities(TEXTS, model.answers),
        [naive(folder, text, list(model.answers)) for text in TEXTS],
        atol=1e-4 if model.precision == "fp32" else 0.05,
    )
    with pytest.raises(GameError, match='no mask token: use the masking "delete"'):
        PromptGame(model, "not bad", target="LABEL_1", contrast="LABEL_0", masking="mask-token").check()
    models.unload(str(folder))


# ---- the mask token ----


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> MaskedModel:
    return MaskedModel(
        str(tiny.save_encoder(tmp_path_factory.mktemp("bert"), "BertForMaskedLM")), precision="fp32"
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"template": "{}"}, r"reads its answer at \[MASK\]: write it once into the template"),
        ({"template": "[MASK] {} [MASK]"}, "write it once"),
        ({"prompt": "not [MASK]"}, r'take it out of the prompt, or use the masking "mask-token"'),
        ({"masking": "replace", "replacement": "[MASK]"}, 'use the masking "mask-token"'),
        ({"masking": "mask-token", "template": "[MASK] {}"}, "after the {}"),
        ({"target": "dullness"}, r"5 tokens for .* stands for one"),
        ({"target": "dullness", "value": "log-probability"}, r"stands for one"),
        ({"target": "漢"}, r"a token that it does not know"),
    ],
)
def test_templates_and_answers_that_a_masked_model_cannot_read(
    change: dict, word: str, bert: MaskedModel
) -> None:
    with pytest.raises((GameError, ModelError), match=word):
        PromptGame(
            **{
                "model": bert,
                "prompt": "not bad",
                "template": "{} [MASK]",
                "target": "dull",
                "contrast": "good",
                **change,
            }
        ).check()


def test_the_mask_token_may_stand_before_the_prompt(bert: MaskedModel) -> None:
    game = PromptGame(bert, "not bad at all", "[MASK] review: {}", "dull", "good")
    masks = uniform_masks(4, 6, 0)
    wanted = [naive(Path(bert.label), text, ["dull", "good"]) for text in game.texts(masks)]
    np.testing.assert_allclose(game(masks), [a - b for a, b in wanted], atol=1e-4)


def test_a_leading_space_that_is_missing_is_named(tmp_path: Path) -> None:
    model = MaskedModel(str(tiny.save_encoder(tmp_path, "RobertaForMaskedLM")))
    with pytest.raises(ModelError, match="Did you mean ' negative', with a leading space"):
        model.answer_length("negative")


def test_a_text_without_the_mask_token(bert: MaskedModel) -> None:
    with pytest.raises(ModelError, match=r"write it into the template"):
        bert.log_probabilities(["not bad"], ["dull"])


# ---- checkpoints ----


def test_the_fingerprint_follows_weights_labels_and_tokeniser(tmp_path: Path) -> None:
    seen = [
        ClassifierModel(str(tiny.save_encoder(tmp_path, labels=labels)), precision="fp32").fingerprint
        for labels in (("a", "b"), ("a", "b"), ("b", "a"))
    ]
    assert seen[0] == seen[1] != seen[2]
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.add_tokens(["film"])
    tokenizer.save_pretrained(tmp_path)
    assert ClassifierModel(str(tmp_path), precision="fp32").fingerprint not in seen


@pytest.mark.parametrize("architecture", ["BertModel", "BertForSequenceClassification", "BertForMaskedLM"])
def test_a_body_without_its_head_is_refused(architecture: str, tmp_path: Path) -> None:
    import transformers

    folder = tiny.save_encoder(tmp_path)
    transformers.BertModel.from_pretrained(folder).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": [architecture]}))
    with pytest.raises(ModelError, match=r"answer at random.*saved with its head"):
        models.load(str(folder))


def test_a_masked_model_whose_tokeniser_has_no_mask_token(tmp_path: Path) -> None:
    folder = tiny.save_encoder(tmp_path, "BertForMaskedLM")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    del config["mask_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="set mask_token"):
        models.load(str(folder))


def test_micro_batches_are_sorted_and_bounded() -> None:
    lengths = np.random.default_rng(0).integers(1, 40, 200).tolist()
    groups = list(batches(lengths, 64))
    assert sorted(i for group in groups for i in group) == list(range(200))
    assert all(len(group) == 1 or max(lengths[i] for i in group) * len(group) <= 64 for group in groups)
    assert [lengths[i] for group in groups for i in group] == sorted(lengths) and len(groups) < 200
    assert list(batches([], 64)) == [] and list(batches([3, 9, 1, 2], 6)) == [[2, 3], [0], [1]]


def test_a_model_that_takes_no_mask_reads_no_padding(tmp_path: Path) -> None:
    """FNet mixes whatever stands in its row."""
    model = ClassifierModel(str(zoo.save(tmp_path, "FNetForSequenceClassification")), precision="fp32")
    texts = ["dull", "the film is not bad at all"]
    together = model.log_probabilities(texts, ["fine", "dull"])
    alone = [model.log_probabilities([text], ["fine", "dull"])[0] for text in texts]
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert np.ptp(together) > 0.1
