"""The transformers backend against a naive forward of the same checkpoint.

One text at a time, all logits, no tricks.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from spexviz import models
from spexviz.errors import ModelError
from spexviz.games.prompt.game import PromptGame
from spexviz.masks import all_masks
from spexviz.models.hf import TransformersModel
from spexviz.models.machine import SETTING
from tests.models import tiny

TEXTS = [
    "Review: the film is not bad",
    "never",
    "Review: dull\nSentiment:",
    "not bad at all, really not bad at all " * 4,
]
ANSWERS = [" positive", " negative", " not bad at all", " not dull", "é😀"]


@pytest.fixture(scope="module", params=[*tiny.FAMILIES, *tiny.RECURRENT])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp(request.param), request.param)


def naive(folder: Path, text: str, answer: str, hidden: tuple = (), loaded: dict = {}) -> float:
    """Σ log p(token | everything before it), from the full logits of one unbatched forward pass."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if folder not in loaded:
        loaded[folder] = (
            AutoTokenizer.from_pretrained(folder),
            AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(),
        )
    tokenizer, model = loaded[folder]
    asked = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, ending = asked["input_ids"], tokenizer(answer, add_special_tokens=False)["input_ids"]
    seen = [int(not any(a < end and start < b for start, end in hidden)) for a, b in asked["offset_mapping"]]
    with torch.inference_mode():
        mask = torch.tensor([seen + [1] * len(ending)]) if hidden else None
        logits = (
            model(input_ids=torch.tensor([ids + ending]), attention_mask=mask, use_cache=False)
            .logits[0]
            .double()
        )
    logs = torch.log_softmax(logits, dim=-1)
    return sum(float(logs[len(ids) - 1 + j, token]) for j, token in enumerate(ending))


def test_answers_of_one_and_several_tokens(folder: Path) -> None:
    model = TransformersModel(str(folder), precision="fp32")
    assert {len(model.encode(answer)) for answer in ANSWERS} > {1}
    wanted = [[naive(folder, text, answer) for answer in ANSWERS] for text in TEXTS]
    np.testing.assert_allclose(model.log_probabilities(TEXTS, ANSWERS), wanted, atol=2e-4)


def test_the_other_texts_of_a_batch_do_not_matter(folder: Path) -> None:
    model = TransformersModel(str(folder), precision="fp32")
    together = model.log_probabilities(TEXTS * 2, ANSWERS[:3])
    alone = np.concatenate([model.log_probabilities([text], ANSWERS[:3]) for text in TEXTS])
    np.testing.assert_allclose(together, np.concatenate([alone, alone]), atol=2e-4)


def test_masking_by_attention(folder: Path) -> None:
    model, text = TransformersModel(str(folder), precision="fp32"), "Review: the film is not bad at all"
    hidden = [(), ((text.index("film"), text.index("film") + 4),), ((20, 23), (24, 27))]
    got = model.log_probabilities([text] * 3, ANSWERS[:2], hidden)
    np.testing.assert_allclose(
        got, [[naive(folder, text, answer, pieces) for answer in ANSWERS[:2]] for pieces in hidden], atol=2e-4
    )
    assert len({round(float(v), 6) for v in got[:, 0]}) == 3


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_hidden_token_matters_where_the_answer_is_read_and_nowhere_else(
    folder: Path, precision: str
) -> None:
    model, text = TransformersModel(str(folder), precision=precision), "Review: the film is not bad at all"
    last = text.rindex(" all")
    assert model.ignores(text, [(0, last)]) and model.ignores(text, [(8, 16), (20, 23)])
    assert model.ignores(text, [])
    assert not model.ignores(text, [(last, len(text))])


@pytest.mark.parametrize(("precision", "near"), [("fp32", 2e-4), ("bf16", 0.5)])
def test_a_game_on_a_folder(
    folder: Path, precision: str, near: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, precision)
    game = PromptGame(
        model=str(folder),
        prompt="not bad at all",
        template="Review: {}\nSentiment:",
        value="log-probability",
        target=" never dull",
    )
    model = models.load(str(folder))
    assert len(model.encode(" never dull")) > 1
    masks = all_masks(4)
    values = game(masks)
    assert model.precision == precision
    np.testing.assert_allclose(
        values, [naive(folder, text, " never dull") for text in game.texts(masks)], atol=near
    )
    assert np.isfinite(values).all() and values.std() > 0
    models.unload(str(folder))


@pytest.fixture
def llama(tiny_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_llama, tmp_path / "copy"))


def test_greedy_is_the_most_likely_continuation(llama: Path) -> None:
    model = TransformersModel(str(llama), precision="fp32")
    ids = model.encode("not bad")
    import torch

    with torch.inference_mode():
        for _ in range(4):
            ids.append(int(model.network(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    assert model.greedy("not bad", 4) == model.tokenizer.decode(
        ids[len(model.encode("not bad")) :], skip_special_tokens=True
    )


def test_fingerprint_follows_content_and_precision(llama: Path) -> None:
    first = TransformersModel(str(llama), precision="fp32").fingerprint
    assert (
        TransformersModel(str(llama), precision="fp32").fingerprint
        == first
        != TransformersModel(str(llama), precision="bf16").fingerprint
    )
    seen = {first}
    (llama / "chat_template.jinja").write_text("{{ messages[0]['content'] }}!")
    seen.add(TransformersModel(str(llama), precision="fp32").fingerprint)
    tiny.save(llama, seed=1)
    seen.add(TransformersModel(str(llama), precision="fp32").fingerprint)
    assert len(seen) == 3


def test_bf16_stays_near_fp32(llama: Path) -> None:
    exact, quick = (
        TransformersModel(str(llama), precision=p).log_probabilities(TEXTS, ANSWERS[:2])
        for p in ("fp32", "bf16")
    )
    assert 0 < np.abs(exact - quick).max() < 0.3


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_model_itself_can_be_asked_by_hand(folder: Path, precision: str) -> None:
    """Its last norm gives fp32, its head takes what its weights are."""
    import torch

    model = TransformersModel(str(folder), precision=precision)
    with torch.inference_mode():
        logits = model.network(input_ids=torch.tensor([model.encode(TEXTS[0])])).logits[0, -1].float()
    wanted = model.log_probabilities([TEXTS[0]], ANSWERS[:1])[0, 0]
    got = torch.log_softmax(logits, dim=-1)[model.encode(ANSWERS[0])[0]]
    assert float(got) == pytest.approx(wanted, abs=2e-4 if precision == "fp32" else 0.1)


def test_no_chat_template(llama: Path) -> None:
    (llama / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(ModelError, match="switch the chat template off"):
        TransformersModel(str(llama), precision="fp32").chat("hello")


def test_a_pickled_checkpoint_is_refused(llama: Path) -> None:
    import torch

    (llama / "model.safetensors").unlink()
    torch.save({}, llama / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        TransformersModel(str(llama))


def test_an_empty_text_is_asked_as_the_start_token(llama: Path) -> None:
    assert np.isfinite(TransformersModel(str(llama)).log_probabilities(["", "a"], [" positive"])).all()


def test_weights_written_over_on_the_disk_change_nothing_in_a_loaded_model(tmp_path: Path) -> None:
    """Mapped, they would: and a file that is cut short would end the process."""
    model = TransformersModel(str(tiny.save(tmp_path)), precision="fp32")
    before = model.log_probabilities(TEXTS, ANSWERS)
    (weights,) = tmp_path.glob("*.safetensors")
    with weights.open("r+b") as file:
        file.write(bytes(weights.stat().st_size))
    assert (model.log_probabilities(TEXTS, ANSWERS) == before).all()
