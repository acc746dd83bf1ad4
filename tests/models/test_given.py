"""Models in memory: real ones of transformers, PEFT and a quantiser, beside what they say themselves."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spexviz as sv
from spexviz import models
from spexviz.errors import ModelError
from spexviz.masks import all_masks
from spexviz.models.given import Given, model_of
from tests.models import tiny

# what PEFT asks of transformers 5.23 by a name that will go
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
PROMPT, TEMPLATE = "the film is not bad", "Review: {}\nSentiment:"
ASKED = {"prompt": PROMPT, "template": TEMPLATE, "target": " good", "contrast": " bad"}


def loaded(folder: Path, kind: str = "AutoModelForCausalLM", **more: Any) -> tuple[Any, Any]:
    """The model and the tokeniser of a folder, as a notebook has them."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return getattr(transformers, kind).from_pretrained(folder, **more), tokenizer


def with_lora(network: Any, seed: int = 0) -> Any:
    """The network in a model of PEFT, with a LoRA whose weights are not zero."""
    from peft import LoraConfig, get_peft_model

    made = get_peft_model(
        network, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    )
    shake(made, seed)
    return made


def shake(made: Any, seed: int) -> None:
    """Other weights for the LoRA."""
    import torch

    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        for name, parameter in made.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.3 * torch.randn_like(parameter))


def quantised(folder: Path) -> Any:
    from optimum.quanto import freeze, qint8, quantize

    network, _ = loaded(folder)
    quantize(network, weights=qint8)
    freeze(network)
    return network


def in_pipeline(folder: Path) -> Any:
    from transformers import pipeline

    network, tokenizer = loaded(folder)
    return pipeline("text-generation", model=network, tokenizer=tokenizer)


def on_disk(folder: Path) -> tuple[Any, Any]:
    """A model that accelerate has dispatched: its last layer lies on a disk."""
    where = {"model.embed_tokens": "cpu", "model.norm": "cpu", "model.rotary_emb": "cpu", "lm_head": "cpu"}
    where |= {"model.layers.0": "cpu", "model.layers.1": "disk"}
    return loaded(folder, device_map=where, offload_folder=folder / "offloaded")


FORMS: dict[str, Callable[[Path], Any]] = {
    "pair": loaded,
    "pipeline": in_pipeline,
    "peft": lambda folder: (with_lora(loaded(folder)[0]), loaded(folder)[1]),
    "quantised": lambda folder: (quantised(folder), loaded(folder)[1]),
    "device_map": lambda folder: loaded(folder, device_map={"": "cpu"}),
}


def by_itself(thing: Any, texts: list[str]) -> np.ndarray:
    """Log-odds of the two answers by the plain forward of what was given."""
    import torch

    network, tokenizer = thing if isinstance(thing, tuple) else (thing.model, thing.tokenizer)
    good, bad = (tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in (" good", " bad"))
    found = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logits = network(input_ids=ids.to(network.device)).logits[0, -1].float().cpu()
        found.append(float(logits[good] - logits[bad]))
    return np.array(found)


def state_of(thing: Any) -> list[Any]:
    """What a holder would notice: modes, gradients, hooks, code of attention, and the weights themselves."""
    network = thing[0] if isinstance(thing, tuple) else thing.model
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules()]
    weights = [(p.requires_grad, p.dtype, p.data_ptr(), p._version) for p in network.parameters()]
    return [[m.training for m in network.modules()], hooks, weights, network.config._attn_implementation]


@pytest.mark.parametrize("form", FORMS)
def test_a_model_in_memory_is_asked_as_it_is_and_left_as_it_was(
    form: str, tiny_llama: Path, tmp_path: Path
) -> None:
    given = FORMS[form](tiny_llama)
    network = given[0] if isinstance(given, tuple) else given.model
    network.train()
    before = state_of(given)
    game = sv.PromptGame(given, **ASKED)
    masks = all_masks(5)
    values = game(masks)
    network.eval()
    np.testing.assert_allclose(values, by_itself(given, game.texts(masks)), atol=2e-4)
    network.train()
    assert state_of(given) == before, "nothing of what was given has changed"

    result = sv.explain(game, sv.Linear(), budget=32)
    again = sv.load(result.save(tmp_path / "run.json"))
    assert again.spec == result.spec and again.spec.game["model"].startswith("given:")
    assert again.subject.model.endswith("(from memory)") and again.proof.exact
    np.testing.assert_array_equal(again.asked(masks), result.asked(masks))
    np.testing.assert_allclose(result.asked(masks), values, atol=1e-6)


@pytest.mark.parametrize("form", ["pair", "peft"])
def test_proofs_at_load_hold_for_it_as_by_name(form: str, tiny_llama: Path) -> None:
    given = model_of(FORMS[form](tiny_llama))
    named = models.load(str(tiny_llama))
    assert not isinstance(given, str) and given.kind == named.kind == "hf"
    assert given.packing is not None, "texts are packed, as the comparison with the plain forward allows"
    assert given.fingerprint != named.fingerprint or given.precision == named.precision
    texts = ["Review: dull", "Review: good " * 9, "Review: dull"]
    table = given.log_probabilities(texts, [" good", " bad"])
    alone = np.concatenate([given.log_probabilities([text], [" good", " bad"]) for text in texts])
    np.testing.assert_allclose(table, alone, atol=1e-4)


def test_a_half_precision_is_kept_and_compared_with_fp32(tiny_llama: Path) -> None:
    import torch

    network, tokenizer = loaded(tiny_llama, dtype=torch.bfloat16)
    result = sv.explain(sv.PromptGame((network, tokenizer), **ASKED), sv.Linear(), budget=32)
    assert (
        result.precision.startswith(("bf16: rounding costs", "fp32, since rounding"))
        and result.spent.compared
    )
    assert network.dtype == torch.bfloat16 and all(p.dtype == torch.bfloat16 for p in network.parameters())


def test_a_folder_is_given_as_a_path(tiny_llama: Path) -> None:
    game = sv.PromptGame(tiny_llama, **ASKED)
    assert game.model == str(tiny_llama) and game == sv.PromptGame(str(tiny_llama), **ASKED)


def test_its_content_names_it(tiny_llama: Path) -> None:
    import torch

    network, tokenizer = loaded(tiny_llama)
    first = Given(network, tokenizer)
    other_objects = Given(*loaded(tiny_llama))
    assert first.digests() == other_objects.digests() and first.label == other_objects.label
    assert model_of((network, tokenizer)) is model_of((network, tokenizer)), "and is made once"
    with torch.no_grad():
        network.model.layers[0].mlp.up_proj.weight[0, 0] += 1e-3
    assert Given(network, tokenizer).digests() != first.digests()
    fast = copy.deepcopy(tokenizer)
    fast.add_tokens(["cinematic"])
    assert Given(network, fast).digests() != Given(network, tokenizer).digests()
    named = sv.model(network, tokenizer, name="mine")
    assert named.label == "given:mine"
    with torch.no_grad():
        network.model.layers[0].mlp.up_proj.weight[0, 0] += 1e-3
    assert sv.model(network, tokenizer, name="mine").fingerprint == named.fingerprint, "its holder answers"
    assert sv.model(network, tokenizer, name="another").fingerprint != named.fingerprint


def test_the_adapter_that_is_active_is_part_of_it(tiny_llama: Path) -> None:
    from peft import LoraConfig

    network, tokenizer = loaded(tiny_llama)
    made = with_lora(network)
    first = sv.PromptGame((made, tokenizer), **ASKED)
    made.add_adapter("second", LoraConfig(r=4, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    shake(made, 1)
    by_first = sv.PromptGame((made, tokenizer), **ASKED)
    made.set_adapter("second")
    second = sv.PromptGame((made, tokenizer), **ASKED)
    everything = all_masks(5)[-1:]
    assert by_first.fingerprint != second.fingerprint != first.fingerprint
    assert by_first(everything)[0] != second(everything)[0]
    with made.disable_adapter():
        plain = sv.PromptGame((made, tokenizer), **ASKED)
    bare = sv.PromptGame(loaded(tiny_llama), **ASKED)
    np.testing.assert_allclose(plain(everything), bare(everything), atol=1e-5)
    assert plain.fingerprint not in (second.fingerprint, by_first.fingerprint)


def test_two_models_are_never_mixed_in_one_game(tiny_llama: Path) -> None:
    import torch

    network, tokenizer = loaded(tiny_llama)
    game = sv.PromptGame((network, tokenizer), **ASKED)
    game(all_masks(5)[:4])
    with torch.no_grad():
        network.lm_head.weight.mul_(1.5)
    with pytest.raises(ModelError, match=r"have changed since the game was made.*make the game again"):
        game(all_masks(5)[4:])
    again = sv.PromptGame((network, tokenizer), **ASKED)
    assert np.isfinite(again(all_masks(5))).all() and again.fingerprint != game.fingerprint


def test_heads_and_encoders_in_memory(tiny_llama: Path, tmp_path: Path) -> None:
    heads = sv.HeadsGame(
        loaded(tiny_llama), "the film is not bad", " good", " bad", layers="all", ablation="zero"
    )
    named = sv.HeadsGame(
        str(tiny_llama), "the film is not bad", " good", " bad", layers="all", ablation="zero"
    )
    assert heads.players == named.players
    masks = all_masks(len(heads.players))[::17]
    tolerance = 1e-4 if named.precision == "fp32" else 0.1
    np.testing.assert_allclose(heads(masks), named(masks), atol=tolerance)
    for family, kind in (
        ("BertForSequenceClassification", "AutoModelForSequenceClassification"),
        ("BertForMaskedLM", "AutoModelForMaskedLM"),
    ):
        folder = tiny.save_encoder(tmp_path / family, family)
        made = sv.model(loaded(folder, kind))
        named_one = models.load(str(folder))
        texts = [f"the film is good {made.blank or ''}", f"dull {made.blank or ''}"]
        answers = list((made.answers or ("good", "bad"))[:2])
        assert made.kind == named_one.kind
        tolerance = 1e-4 if named_one.precision == "fp32" else 0.1
        np.testing.assert_allclose(
            made.log_probabilities(texts, answers),
            named_one.log_probabilities(texts, answers),
            atol=tolerance,
        )


def test_weights_on_a_disk_need_a_name(tiny_llama: Path) -> None:
    network, tokenizer = on_disk(tiny_llama)
    with pytest.raises(ModelError, match=r"lie on a disk.*name="):
        sv.PromptGame((network, tokenizer), **ASKED)
    game = sv.PromptGame(sv.model(network, tokenizer, name="offloaded"), **ASKED)
    masks = all_masks(5)[::7]
    np.testing.assert_allclose(game(masks), by_itself((network, tokenizer), game.texts(masks)), atol=2e-4)


def test_what_is_no_model_says_what_to_give(tiny_llama: Path) -> None:
    import torch
    from peft import PromptTuningConfig, get_peft_model

    network, tokenizer = loaded(tiny_llama)
    body, _ = loaded(tiny_llama, "AutoModel")
    tuned = get_peft_model(
        loaded(tiny_llama)[0], PromptTuningConfig(num_virtual_tokens=3, task_type="CAUSAL_LM")
    )
    for thing, said in (
        (network, r"without its tokeniser: give both, \(model, tokenizer\)"),
        (7, "no model, but int"),
        ((tokenizer, network), "no model, but tuple"),
        ((torch.nn.Linear(2, 2), tokenizer), "no model of transformers: make a game of a function"),
        ((body, tokenizer), "has no head that answers"),
        ((tuned, tokenizer), "sets virtual tokens before each text"),
    ):
        with pytest.raises(ModelError, match=said):
            sv.PromptGame(thing, **ASKED)


def test_names_with_a_dtype_and_a_device(tiny_llama: Path) -> None:
    import torch

    made = sv.model(tiny_llama, dtype=torch.float32, device="cpu")
    assert made.precision == "fp32" and made.label == str(tiny_llama)
    game = sv.PromptGame(made, **ASKED)
    assert sv.explain(game, sv.Linear(), 32).spec.game["model"] == str(tiny_llama)
    assert sv.model(str(tiny_llama), dtype="bf16").precision == "bf16"
    assert sv.model("toy") is models.load("toy")
    with pytest.raises(ModelError, match="There is no dtype 'int3'"):
        sv.model(tiny_llama, dtype="int3")
    with pytest.raises(ModelError, match="leave out dtype and device"):
        sv.model("toy", dtype="fp32")
    with pytest.raises(ModelError, match="are for names"):
        sv.model(*loaded(tiny_llama), dtype="fp32")


HUB = """
import json, sys
import spexviz as sv
for revision in ("", "v1", "main"):
    made = sv.model("org/tiny", revision=revision)
    print(json.dumps([made.label, made.fingerprint]))
game = sv.PromptGame("org/tiny@v1", "not bad", target=" good", contrast=" bad")
print(json.dumps([game.model_name, game.fingerprint != sv.PromptGame("org/tiny", "not bad", target=" good",
    contrast=" bad").fingerprint]))
try:
    sv.model("org/tiny", revision="v9")
except sv.errors.ModelError as error:
    print(json.dumps([str(error), ""]))
"""


@pytest.mark.campaign
def test_a_revision_of_a_hub_id(tmp_path: Path) -> None:
    """A hub's cache as huggingface_hub lays it out, with two commits; no network is there."""
    store = tmp_path / "hub" / "models--org--tiny"
    for seed, (ref, commit) in enumerate({"main": "a" * 40, "v1": "b" * 40}.items()):
        tiny.save(store / "snapshots" / commit, seed=seed)
        (store / "refs").mkdir(exist_ok=True)
        (store / "refs" / ref).write_text(commit)
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", HUB], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    plain, tagged, main, game, missing = map(json.loads, done.stdout.splitlines()[-5:])
    assert [plain[0], tagged[0], main[0]] == ["org/tiny", "org/tiny@v1", "org/tiny@main"]
    assert tagged[1] != plain[1] and game == ["org/tiny@v1", True]
    assert "could not be loaded" in missing[0] or "no tokeniser" in missing[0]
