from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import AblationError, GameError, ModelError
from spexviz.games.prompt.game import MASKINGS, SPACES, VALUES, PromptGame
from spexviz.games.prompt.segments import SPLITS
from spexviz.masks import all_masks, uniform_masks
from spexviz.models.hf import TransformersModel
from spexviz.models.toy import ToyModel
from spexviz.run import pipeline
from spexviz.solvers.linear import Linear

REVIEW = "Review: {}\nSentiment (positive or negative):"
PROMPT = "It is good.\nNever dull! Bad."
MODELS = ["toy", pytest.param("bundled", marks=pytest.mark.model)]
EXTRA = {"regex": {"pattern": r"\w+"}, "spans": {"spans": ((0, 5), (6, 11), (12, 23))}}
KINDS = list(itertools.product(SPLITS, MASKINGS, VALUES))


@pytest.mark.parametrize("field", ["prompt", "template", "target", "replacement"])
def test_half_a_character_is_refused_before_a_model_is_asked(field: str) -> None:
    """Case 22."""
    settings = {"model": "toy", "prompt": "not good", "template": "{}", "masking": "replace"}
    with pytest.raises(GameError, match=f"half a character in the {field} .*delete it"):
        PromptGame(**{**settings, field: "good \ud83d {}"})


@pytest.mark.parametrize("model", MODELS)
def test_every_split_masking_and_value_gives_numbers(model: str) -> None:
    for split, masking, value in KINDS:
        if masking == "mask-token" and models.load(model).mask_token is None:
            continue
        game = PromptGame(
            model,
            PROMPT,
            REVIEW,
            split=split,
            masking=masking,
            value=value,
            answer_tokens=2,
            **EXTRA.get(split, {}),
        )
        n = len(game.players)
        masks = np.concatenate([np.zeros((1, n), bool), np.ones((1, n), bool), uniform_masks(n, 2, 0)])
        values = game(masks)
        assert values.shape == (len(masks),) and values.dtype == np.float64 and np.isfinite(values).all(), (
            split,
            masking,
            value,
        )
        assert value == "log-odds" or (values <= 0).all()
        assert "".join(game.players) and [game.text[a:b] for a, b in game.text_spans] == list(game.players)
        assert game.layout.shape == (n, 1)


def test_toy_values_by_hand() -> None:
    game = PromptGame("toy", "never fails to impress", REVIEW)
    masks = all_masks(4)
    by_hand = [
        (1 if never else -1) * 1.5 * fails + impress * (-1 if never and not fails else 1)
        for never, fails, _, impress in masks.tolist()
    ]
    for masking in MASKINGS:
        np.testing.assert_allclose(replace(game, masking=masking)(masks), by_hand)


def test_what_is_asked_for_each_masking() -> None:
    game = PromptGame("toy", "not  so bad", "<{}>", replacement="_")
    masks = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]], dtype=bool)
    assert game.texts(masks) == ["<not  bad>", "<>", "<not  so bad>"]
    assert replace(game, masking="replace").texts(masks) == ["<not  _ bad>", "<_  _ _>", "<not  so bad>"]
    assert replace(game, masking="mask-token").texts(masks) == [
        "<not  [MASK] bad>",
        "<[MASK]  [MASK] [MASK]>",
        "<not  so bad>",
    ]
    before = replace(game, space="one")
    assert before.texts(masks) == ["<not bad>", "<>", "<not so bad>"]
    assert replace(before, masking="replace").texts(masks) == ["<not _ bad>", "<_ _ _>", "<not so bad>"]
    assert replace(game, masking="attention").texts(masks) == ["<not  so bad>"] * 3
    assert replace(game, masking="attention")._hidden(masks) == [[(6, 8)], [(1, 4), (6, 8), (9, 12)], []]
    assert replace(game, chat=True).texts(masks)[0] == "User: <not  bad>\nAnswer:"
    assert replace(game, chat=True, masking="attention")._hidden(masks)[0] == [(12, 14)]
    protected = replace(game, protected=[(0, 3)])
    assert protected.players == ("so", "bad") and protected.texts(np.zeros((1, 2), bool)) == ["<not>"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"prompt": ""}, "type at least one word"),
        ({"prompt": " \n"}, "type at least one word"),
        ({"template": "Review:"}, "exactly once"),
        ({"template": "{} {}"}, "exactly once"),
        ({"split": "letters"}, "Choose one of: words"),
        ({"masking": "burn"}, "Choose one of: delete"),
        ({"value": "gold"}, "Choose one of: log-odds"),
        ({"target": ""}, "leading space"),
        ({"target": " negative"}, "two different answers"),
        ({"answer_tokens": 10**9}, "1 to 256"),
    ],
)
def test_wrong_settings_are_refused_at_once(change: dict, word: str) -> None:
    with pytest.raises(GameError, match=word):
        PromptGame(**{"model": "toy", "prompt": "not bad", **change})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"model": "no model!"}, "There is no model"),
        ({"target": " very positive"}, "2 tokens.*log-probability"),
        ({"prompt": "bad " * 2100}, "at most 2048: shorten"),
        ({"masking": "replace", "replacement": "a b c d e f g h " * 200}, "at most 2048"),
        ({"prompt": "bad " * 2049, "value": "greedy"}, "at most 2048"),
        ({"split": "regex"}, "pattern"),
        ({"protected": ((0, 7),)}, "protect less"),
        ({"target": " wonderful"}, "choose one of these"),
    ],
)
def test_what_only_the_model_can_tell_is_refused_at_the_first_ablation(change: dict, word: str) -> None:
    with pytest.raises((GameError, ModelError), match=word):
        game = PromptGame(**{"model": "toy", "prompt": "not bad", **change})
        game(np.ones((1, len(game.players)), dtype=bool))


def test_a_value_that_is_not_finite_names_the_mask() -> None:
    class Broken(ToyModel):
        def log_probabilities(self, texts: list, answers: list, hidden: object = None) -> np.ndarray:
            return np.where([["bad" in text] for text in texts], np.nan, 0.0) + np.zeros(
                (len(texts), len(answers))
            )

    with pytest.raises(AblationError, match="mask 01"):
        PromptGame(Broken(), "not bad")(np.array([[1, 0], [0, 1]], dtype=bool))


def test_a_model_that_answers_nothing_has_no_greedy_value() -> None:
    class Silent(ToyModel):
        def greedy(self, text: str, tokens: int) -> str:
            return ""

    with pytest.raises(GameError, match="choose a target"):
        PromptGame(Silent(), "not bad", value="greedy")(np.ones((1, 2), bool))


def test_a_chat_template_that_changes_the_prompt_cannot_mask_by_attention() -> None:
    class Shouting(ToyModel):
        def chat(self, text: str) -> str:
            return text.upper()

    with pytest.raises(GameError, match="use the masking delete"):
        PromptGame(Shouting(), "not bad", chat=True, masking="attention")(np.ones((1, 2), bool))


class Dated(ToyModel):
    """Its chat template writes the date."""

    today = "26 Nov 2026"

    def chat(self, text: str) -> str:
        return f"[{self.today}] {text} [answer]"


def test_a_chat_template_is_rendered_once_so_a_run_has_one_date(monkeypatch: pytest.MonkeyPatch) -> None:
    game = PromptGame(Dated(), "not bad at all", "Review: {}", chat=True)
    masks = np.array([[True, True, False, False], [False, False, False, False]])
    wanted = ["[26 Nov 2026] Review: not bad [answer]", "[26 Nov 2026] Review:  [answer]"]
    assert game.texts(masks) == wanted
    monkeypatch.setattr(Dated, "today", "27 Nov 2026")
    assert game.texts(masks) == wanted
    assert replace(game).fingerprint != game.fingerprint  # the next day's run asks anew
    assert (
        replace(game, chat=False).fingerprint
        == PromptGame(Dated(), "not bad at all", "Review: {}").fingerprint
    )


def test_a_chat_template_that_trims_is_rendered_for_each_text() -> None:
    class Trimming(ToyModel):
        def chat(self, text: str) -> str:
            return f"[user] {text.strip()} [answer]"

    game = PromptGame(Trimming(), "not bad at all", "{} ", chat=True)
    assert game.texts(np.array([[False, True, False, False]])) == ["[user] bad [answer]"]


@pytest.mark.model
def test_token_ids_are_those_of_the_tokeniser_on_the_joined_text(bundled: TransformersModel) -> None:
    from transformers import AutoTokenizer

    from spexviz.models.bundled import folder

    text = (
        "Her  acting never fails to impress, even though\nthe plot is — naïvely — anything but “original” 😀."
    )
    words, tokenizer = text.split(), AutoTokenizer.from_pretrained(folder())

    def joined(mask: list[bool], space: str) -> str:
        if space == "one":
            return " ".join(itertools.compress(words, mask))
        left = ""
        between: list[str] = []
        for i, part in enumerate(re.split(r"(\s+)", text)):
            if i % 2:
                between.append(part)
            elif mask[i // 2]:
                gap = max(between, key=lambda gap: ("\n" in gap, len(gap)), default="")
                left = f"{left}{gap}{part}" if left else part
                between = []
        return left

    for chat, space in itertools.product((False, True), SPACES):
        game = PromptGame(bundled, text, REVIEW, chat=chat, space=space)
        masks = uniform_masks(len(words), 1000, 0)
        in_one_call = bundled._ids_of(game.texts(masks))
        for asked, mask, given in zip(game.texts(masks), masks.tolist(), in_one_call, strict=True):
            inner = REVIEW.replace("{}", joined(mask, space))
            if chat:
                turn = [{"role": "user", "content": inner}]
                ids = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=True)[
                    "input_ids"
                ]
            else:
                ids = tokenizer(inner, add_special_tokens=False)["input_ids"]
            assert bundled.encode(asked) == given == list(ids)


@pytest.mark.model
def test_the_sentence_of_the_readme_shows_what_was_measured(bundled: TransformersModel) -> None:
    """Source: facts §10, measured exactly on all 64 masks."""
    result = pipeline.explain(PromptGame(bundled, "Her acting never fails to impress", REVIEW), Linear(), 64)
    assert result.proof.exact and len(result.sample.values) == 64
    assert result.ends == pytest.approx((0.46, 1.45), abs=0.15)
    total = result.spectrum.energy()
    shares = [result.spectrum.energy(1) / total, result.spectrum.energy(2) / total]
    assert [*shares, 1 - sum(shares)] == pytest.approx([0.16, 0.69, 0.15], abs=0.03)
    assert 4 * result.spectrum.coefficients[(2, 3)] == pytest.approx(2.40, abs=0.15)
    found = result.interactions("BII", order=2)
    leader = max(
        (term for term in result.spectrum if term), key=lambda term: abs(result.spectrum.coefficients[term])
    )
    assert leader == (2, 3) and found.values[(2, 3)] == pytest.approx(2.40, abs=0.15)
    assert result.baseline.r2 == pytest.approx(0.16, abs=0.03)


@pytest.mark.model
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"target": "positively absurd"}, r"tokens for bundled"),
        ({"target": "impress"}, r"Did you mean ' impress', with a leading space"),
        ({"contrast": ""}, "0 tokens"),
        ({"masking": "mask-token"}, 'bundled has no mask token: use the masking "delete" or "replace"'),
        ({"prompt": "word " * 9000}, "at most 8192"),
        ({"prompt": "word " * 9000, "value": "greedy"}, "at most 8192"),
    ],
)
def test_errors_with_a_real_tokeniser(change: dict, word: str, bundled: TransformersModel) -> None:
    with pytest.raises(GameError, match=word):
        PromptGame(**{"model": bundled, "prompt": "not bad", **change}).check()


@pytest.mark.model
def test_precision_is_part_of_the_fingerprint(bundled: TransformersModel) -> None:
    other = type(bundled)(precision="fp32" if bundled.precision == "bf16" else "bf16")
    games = [PromptGame(model, "Her acting never fails to impress", REVIEW) for model in (bundled, other)]
    assert games[0].fingerprint != games[1].fingerprint
    masks = all_masks(6)[::5]
    first, second = games[0](masks), games[1](masks)
    assert np.abs(first - second).max() < 0.25 and np.corrcoef(first, second)[0, 1] > 0.99


@pytest.mark.model
def test_the_gguf_file_and_the_converted_folder_are_the_same_model(bundled: TransformersModel) -> None:
    from spexviz.models.bundled import folder, gguf

    texts = [REVIEW.replace("{}", text) for text in ("never fails", "The plot is bad", "")]
    answers = [" positive", " negative", " not so bad"]
    folder_model, gguf_model = (TransformersModel(str(path), precision="fp32") for path in (folder(), gguf()))
    np.testing.assert_allclose(
        folder_model.log_probabilities(texts, answers),
        gguf_model.log_probabilities(texts, answers),
        atol=1e-3,
    )
    assert len({model.fingerprint for model in (bundled, folder_model, gguf_model)}) >= 2
