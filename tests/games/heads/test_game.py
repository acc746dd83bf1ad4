"""HeadsGame: its values are those of the model with weights cut by hand, in every family.

Its settings mean what they say.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from spexviz import HeadsGame, ProxySPEX, explain, models
from spexviz.errors import GameError, ModelError
from spexviz.masks import uniform_masks
from spexviz.models.machine import SETTING
from spexviz.spec import build, describe
from tests.models import planted, tiny

PROMPT = "Review: the film is not bad at all"
OUT = {  # in a layer: the map that closes its attention, and the one that closes its MLP
    "LlamaForCausalLM": ("self_attn.o_proj", "mlp.down_proj"),
    "Qwen2ForCausalLM": ("self_attn.o_proj", "mlp.down_proj"),
    "Gemma2ForCausalLM": ("self_attn.o_proj", "mlp.down_proj"),
    "GPT2LMHeadModel": ("attn.c_proj", "mlp.c_proj"),
    "GPTNeoXForCausalLM": ("attention.dense", "mlp.dense_4h_to_h"),
    "OPTForCausalLM": ("self_attn.out_proj", "fc2"),
    "BertForSequenceClassification": ("attention.output.dense", "output.dense"),
    "DistilBertForSequenceClassification": ("attention.out_lin", "ffn.lin2"),
    "BertForMaskedLM": ("attention.output.dense", "output.dense"),
}
FAMILIES = list(OUT)


@pytest.fixture(params=["fp32", "bf16"])
def precision(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What models are loaded in, on every processor."""
    monkeypatch.setenv(SETTING, request.param)
    return request.param


@pytest.fixture
def folder(
    made: dict[str, str], precision: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Makes a tiny checkpoint of a family, once for each precision, in which it is loaded."""

    def of(family: str) -> str:
        if (key := f"{family}-{precision}") not in made:
            path = tmp_path_factory.mktemp(key)
            made[key] = str(
                tiny.save(path, family) if family in tiny.FAMILIES else tiny.save_encoder(path, family)
            )
        return made[key]

    return of


@pytest.fixture(scope="session")
def made() -> dict[str, str]:
    return {}


@pytest.fixture
def near(precision: str) -> float:
    """How far a value may be from the one that the model's own head gives, which rounds to bf16."""
    return {"fp32": 1e-4, "bf16": 0.02}[precision]


def game_of(folder: str, **settings: object) -> HeadsGame:
    kind = models.load(folder).kind
    prompt = "the film is [MASK] not bad" if kind == "masked-lm" else PROMPT
    answers = (
        ("fine", "dull") if kind == "classifier" else ("good", "bad") if kind == "masked-lm" else ("b", "d")
    )
    return HeadsGame(folder, prompt, *answers, **{"layers": "all", "ablation": "zero", **settings})


def plain(game: HeadsGame) -> float:
    """The value as any other game would read it."""
    logs = game.language_model.log_probabilities([game.prompt], [game.target, game.contrast])[0]
    return float(logs[0] - logs[1])


def cut(game: HeadsGame, family: str, mask: np.ndarray, which: int) -> float:
    """The value with the weights of removed parts set to zero, asked in the plain way."""
    import torch

    modules = game.language_model.network.named_modules()
    weights = {
        name: module
        for name, module in modules
        if name.endswith(OUT[family][which]) and ("attention" not in name or which == 0)
    }
    kept, layers = mask.reshape(2, -1), [weights[name] for name in sorted(weights)]
    assert len(layers) == 2
    before = [{key: value.clone() for key, value in module.state_dict().items()} for module in layers]
    try:
        for module, keep in zip(layers, kept, strict=True):
            if len(keep) == 1 and not keep[0]:
                for parameter in module.parameters():
                    parameter.data.zero_()
            elif len(keep) > 1:
                weight = module.weight.data if isinstance(module, torch.nn.Linear) else module.weight.data.T
                weight[:, ~np.repeat(keep, weight.shape[1] // len(keep))] = 0.0
        return plain(game)
    finally:
        for module, state in zip(layers, before, strict=True):
            module.load_state_dict(state)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("unit", "which"), [("head", 0), ("attention", 0), ("mlp", 1)])
def test_values_are_those_of_the_model_with_its_weights_cut(
    folder, family: str, unit: str, which: int
) -> None:
    game = game_of(folder(family), part=unit)
    n = len(game.players)
    assert n == (8 if unit == "head" else 2)
    masks = uniform_masks(n, min(6, 2**n), 1)
    values = game(masks)
    expected = [cut(game, family, mask, which) for mask in masks]
    np.testing.assert_allclose(values, expected, atol=2e-4)
    assert np.ptp(values) > 1e-3
    assert game(np.ones((1, n), dtype=bool))[0] == pytest.approx(plain(game), abs=1e-4)


def test_many_masks_at_once_are_each_mask_alone(folder) -> None:
    questions = [
        [PROMPT, "b", "d"],
        ["the film never fails", "g", "d"],
        ["Review: naïve", "b", "s"],
        ["Review: positive", "b", "n"],
    ]
    for settings in (
        {"ablation": "mean"},
        {"ablation": "resample"},
        {"ablation": "zero", "rescale": True},
        {"part": "layer"},
        {"part": "neuron"},
    ):
        game = HeadsGame(folder("LlamaForCausalLM"), questions=questions, layers="all", **settings)
        masks = uniform_masks(len(game.players), min(12, 2 ** len(game.players)), 0)
        alone = [game(mask[None])[0] for mask in masks]
        np.testing.assert_allclose(game(masks), alone, atol=1e-4)
        assert np.ptp(alone) > 1e-4, settings


def test_a_call_fills_one_batch_of_the_model(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    game, batches = game_of(folder("LlamaForCausalLM")), []
    read = type(game.language_model).read_batch
    monkeypatch.setattr(
        type(game.language_model),
        "read_batch",
        lambda self, batch: batches.append(batch["input_ids"].shape) or read(self, batch),
    )
    game(uniform_masks(8, 8, 0))
    batches.clear()
    game(np.ones((game.call_masks, 8), dtype=bool))
    (rows, length), *more = batches
    assert not more and rows * length <= 1024 < (rows + 1) * length
    two = HeadsGame(game.model, questions=[[PROMPT, "b", "d"], [PROMPT, "g", "d"]], layers="all")
    assert two.call_masks == rows // 2
    monkeypatch.setattr(game.language_model, "batch_tokens", 2**17)  # as on a GPU
    assert game.call_masks == 2**17 // 64


def test_out_of_memory_halves_the_batch_and_goes_on(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    game, masks, sizes = game_of(folder("LlamaForCausalLM")), uniform_masks(8, 20, 0), []
    wanted, read = game(masks), type(game.language_model).read_batch

    def small(self: object, batch: dict) -> object:
        sizes.append(len(batch["input_ids"]))
        if sizes[-1] > 6:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return read(self, batch)

    monkeypatch.setattr(type(game.language_model), "read_batch", small)
    np.testing.assert_allclose(game(masks), wanted, atol=1e-5)
    assert sizes == [20, 10, 5, 5, 5, 5]


def test_layers_below_the_first_player_change_nothing(folder) -> None:
    both = game_of(folder("Qwen2ForCausalLM"))
    upper = game_of(folder("Qwen2ForCausalLM"), layers=[1])
    masks = uniform_masks(4, 10, 3)
    np.testing.assert_allclose(
        upper(masks), both(np.concatenate([np.ones((10, 4), dtype=bool), masks], axis=1)), atol=1e-4
    )


def test_mean_ablation_is_the_mean_over_the_reference(folder, near: float) -> None:
    """By hand: the head's numbers at every place are replaced by means of what it gives on the reference
    prompts.
    """
    import torch

    path, reference = folder("LlamaForCausalLM"), ["the film is dull", "Sentiment: negative boring"]
    game = HeadsGame(path, PROMPT, "b", "d", layers=[1], reference_prompts=reference)
    model, module = game.language_model, game.language_model.network.model.layers[1].self_attn.o_proj
    seen: list = []
    hook = module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][0].clone()))
    with torch.inference_mode():
        for text in reference:
            model.body(input_ids=torch.tensor([model.encode(text)]))
    hook.remove()
    first, rest = (
        torch.stack([states[0] for states in seen]).mean(0),
        torch.cat([states[1:] for states in seen]).mean(0),
    )

    def replaced(_: object, inputs: tuple) -> tuple:
        states = inputs[0].clone()
        states[:, 0, 8:16], states[:, 1:, 8:16] = first[8:16], rest[8:16]
        return (states, *inputs[1:])

    hook = module.register_forward_pre_hook(replaced)
    with torch.inference_mode():
        logs = torch.log_softmax(
            model.network(input_ids=torch.tensor([model.encode(PROMPT)])).logits[0, -1].float(), dim=-1
        )
    hook.remove()
    expected = float(logs[game._columns[0][0]] - logs[game._columns[0][1]])
    assert game(np.array([[True, False, True, True]]))[0] == pytest.approx(expected, abs=near)


def test_rescaling_multiplies_what_is_kept(folder) -> None:
    game = game_of(folder("LlamaForCausalLM"), layers=[1], rescale=True)
    module = game.language_model.network.model.layers[1].self_attn.o_proj
    before = module.weight.data.clone()
    module.weight.data[:, :16] = 0.0
    module.weight.data *= 2.0
    expected = plain(game)
    module.weight.data = before
    assert game(np.array([[False, False, True, True]]))[0] == pytest.approx(expected, abs=1e-4)
    assert game(np.ones((1, 4), dtype=bool))[0] == pytest.approx(plain(game), abs=1e-4)


def test_values_of_questions(folder) -> None:
    questions = [[PROMPT, "b", "d"], ["the film never fails", "g", "d"]]
    masks = uniform_masks(8, 8, 0)
    make = lambda value, asked: HeadsGame(
        folder("LlamaForCausalLM"), questions=asked, layers="all", ablation="zero", value=value
    )
    odds = make("log-odds", questions).by_question(masks)
    assert odds.shape == (8, 2)
    np.testing.assert_allclose(odds[:, 1], make("log-odds", questions[1:])(masks), atol=1e-4)
    np.testing.assert_array_equal(make("accuracy", questions)(masks), (odds > 0).mean(1))
    alone = [
        HeadsGame(folder("LlamaForCausalLM"), p, t, layers="all", ablation="zero", value="log-probability")(
            masks
        )
        for p, t, _ in questions
    ]
    np.testing.assert_allclose(make("log-probability", questions)(masks), np.mean(alone, axis=0), atol=1e-4)
    assert (np.asarray(alone) < 0).all()


def test_groups_and_candidates_are_players_of_the_same_model(folder) -> None:
    path = folder("LlamaForCausalLM")
    heads = game_of(path)
    assert heads.players[:2] == ("L0.H0", "L0.H1") and heads.layout.tolist()[5] == [1, 1]
    layers = game_of(path, groups="layer")
    assert layers.players == ("L0", "L1")
    np.testing.assert_allclose(
        layers(np.array([[False, True]])), heads(np.array([[False] * 4 + [True] * 4])), atol=1e-5
    )
    pair = game_of(path, groups=[["L0.H1", "L1.H2"]])
    assert len(pair.players) == 7 and "L0.H1+L1.H2" in pair.players
    few = game_of(path, only=["L1.H2", "L0.H1"])
    assert few.players == ("L0.H1", "L1.H2")
    everyone = np.ones((1, 8), dtype=bool)
    everyone[0, [1, 6]] = False
    assert few(np.zeros((1, 2), dtype=bool))[0] == pytest.approx(heads(everyone)[0], abs=1e-4)
    assert len({game.fingerprint for game in (heads, layers, pair, few)}) == 4
    named = game_of(path, part="neuron", only=["L0.N3", "L1.N63"])
    assert named.players == ("L0.N3", "L1.N63")
    assert len(game_of(path, part="neuron", neurons=5).players) == 5


def test_keep_does_not_change_a_value_and_comes_back_from_json(folder) -> None:
    game = game_of(folder("LlamaForCausalLM"), keep=0.9, questions=[[PROMPT, "b", "d"]])
    again = build({"heads": HeadsGame}, describe(game), "game")
    assert again == game and again.keep == 0.9
    assert game.fingerprint == game_of(folder("LlamaForCausalLM"), questions=[[PROMPT, "b", "d"]]).fingerprint


def test_threads_share_a_model(folder) -> None:
    game, other = game_of(folder("LlamaForCausalLM")), game_of(folder("LlamaForCausalLM"), layers=[1])
    masks = uniform_masks(8, 16, 0)
    expected, also, start = game(masks), other(masks[:8, :4]), threading.Barrier(4)

    def ask(k: int) -> bool:
        start.wait()
        return all(
            np.allclose(
                (game, other)[k % 2]((masks, masks[:8, :4])[k % 2]), (expected, also)[k % 2], atol=1e-5
            )
            for _ in range(3)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))
    # no hook is left behind
    assert plain(game) == pytest.approx(game(np.ones((1, 8), dtype=bool))[0], abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_attention_is_a_distribution(folder, family: str, precision: str) -> None:
    """Of fp32 in either precision; what bf16 changes is where the heads look, not how the weights add up."""
    game = game_of(folder(family))
    tokens, attention = game.attention(1)
    assert attention.shape == (4, len(tokens), len(tokens)) and attention.dtype == np.float64
    np.testing.assert_allclose(attention.sum(2), 1.0, atol=1e-12)
    weights = attention[attention > 0]
    assert len(np.unique(weights.astype(np.float32))) > 0.9 * len(weights), (
        "rounded to bf16, many would be the same"
    )
    if game.language_model.kind == "hf":
        assert "".join(tokens) == PROMPT and np.triu(attention[0], 1).max() == 0.0
    exact = type(game.language_model)(folder(family), precision="fp32")
    np.testing.assert_allclose(
        attention, replace(game, model=exact).attention(1)[1], atol=1e-6 if precision == "fp32" else 0.03
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ablation": "none"}, "Choose one of: mean"),
        ({"keep": 1.0}, "between 0 and 1"),
        ({"rescale": True, "ablation": "mean"}, 'ablation "zero"'),
        ({"contrast": "b"}, "two different answers"),
        ({"prompt": " "}, "type a prompt"),
        ({"layers": [7]}, "positions from 0 to 1"),
        ({"only": ["L9.H9"]}, "labels are like L0.H0"),
        ({"groups": [["L0.H0"], ["L0.H0"]]}, "in two groups"),
        ({"groups": "head"}, 'Groups are "layer"'),
        ({"groups": [["L0.H0"], []]}, "at least one label"),
        ({"layers": ["first"]}, "positions such as 0 and 1"),
        ({"prompt": "film " * 300}, "shorten it"),
        ({"prompt": "film " * 300, "part": "neuron"}, "shorten it"),
        ({"reference_prompts": ["film " * 300]}, "A reference prompt is .* shorten it"),
        ({"part": "neuron", "only": ["L0.H1"]}, "L3.N0"),
        ({"questions": [["a", "b"]]}, "three texts"),
    ],
)
def test_errors_name_the_remedy(folder, settings: dict, words: str) -> None:
    with pytest.raises(GameError, match=words):
        HeadsGame(
            **{
                "model": folder("LlamaForCausalLM"),
                "prompt": PROMPT,
                "target": "b",
                "contrast": "d",
                **settings,
            }
        ).check()


def test_models_and_answers_that_cannot_be_reached(folder) -> None:
    with pytest.raises(ModelError, match="choose a model of transformers"):
        HeadsGame("toy", PROMPT, "b", "d").check()
    with pytest.raises(ModelError, match="single token"):
        HeadsGame(folder("LlamaForCausalLM"), PROMPT, " zzz qqq", "d").check()


@pytest.mark.model
def test_the_bundled_model_untouched_and_cut(bundled) -> None:
    game = HeadsGame(
        "bundled", "The Eiffel Tower is located in the city of", " Paris", " London", ablation="zero"
    )
    assert len(game.players) == 54 and game.players[0] == "L12.H0"
    full, empty = game(np.array([[True] * 54, [False] * 54]))
    assert full == pytest.approx(plain(game), abs=0.01) and full > 8
    assert empty < full - 2


def test_a_planted_pair_is_the_top_interaction(tmp_path) -> None:
    """The output of this model needs heads A and B together, and neither does anything alone."""
    path = str(planted.save(tmp_path))
    game = HeadsGame(path, planted.PROMPT, planted.TARGET, planted.CONTRAST, layers="all", ablation="zero")
    a, b = (game.players.index(name) for name in (planted.A, planted.B))
    masks = np.ones((4, 16), dtype=bool)
    masks[[1, 3], a] = masks[[2, 3], b] = False
    full, without_a, without_b, without_both = game(masks)
    assert full - without_a > 1.0 and abs(without_a - without_b) < 0.2 and abs(without_a - without_both) < 0.2
    result = explain(game, ProxySPEX(), 256)
    assert not result.proof.exact and result.fidelity.r2 > 0.9
    members, value = next(iter(result.interactions("FBII", 2).top(1, include_singletons=False)))
    assert members == (a, b) and value > 0.8
