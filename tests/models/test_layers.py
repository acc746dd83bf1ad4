"""The parts of a model are found by what runs; where that cannot be told, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from spexviz import HeadsGame
from spexviz.errors import GameError, ModelError
from spexviz.models.hf import TransformersModel
from spexviz.models.parts import Parts
from tests.models import families, zoo
from tests.models.families import CLAIMS, REFUSED, RIGHT


@pytest.fixture
def llama(tiny_llama: Path) -> TransformersModel:
    return TransformersModel(str(tiny_llama), precision="fp32")


def test_the_maps_that_close_attention_and_mlp_are_found(llama: TransformersModel) -> None:
    layers = Parts(llama).layers
    assert [layer.module for layer in layers] == list(llama.body.layers)
    for layer in layers:
        assert layer.mix is layer.module.self_attn.o_proj and layer.feed is layer.module.mlp.down_proj
        assert (layer.heads, layer.head_width, layer.neurons, layer.width) == (4, 8, 64, 32)
        assert [layer.size(kind) for kind in ("heads", "attention", "mlp", "neurons")] == [32, 32, 32, 64]


def test_layers_that_share_their_weights_are_refused(llama: TransformersModel) -> None:
    import torch

    llama.body.layers = torch.nn.ModuleList([llama.body.layers[0]] * 2)
    with pytest.raises(ModelError, match="has no layers of attention and MLP that can be told apart"):
        Parts(llama)


def outcomes(name: str) -> dict[str, str]:
    return {claim: outcome.end for claim, outcome in families.tried(name).items()}


def test_experts_whose_router_gives_a_tuple_are_switched_off_as_by_hand() -> None:
    assert set(outcomes("MixtralForCausalLM").values()) == {RIGHT}


def test_an_attention_that_experts_close_has_no_heads_to_tell_apart() -> None:
    """Its last linear map makes keys and values, and has the layer's width by accident."""
    assert outcomes("JetMoeForCausalLM") == {**dict.fromkeys(CLAIMS, RIGHT), "heads": REFUSED}


def test_what_cannot_be_told_apart_is_refused_in_words(tmp_path: Path) -> None:
    model = TransformersModel(str(zoo.save(tmp_path, "JetMoeForCausalLM")), precision="fp32")
    for part, said in {"head": 'the part "attention"', "neuron": 'the part "mlp"'}.items():
        with pytest.raises(GameError, match=f"cannot be told apart .*{said}"):
            HeadsGame(model, "the film", "b", "d", layers="all", part=part).check()
    with pytest.raises(GameError, match=r'There is no neuron "L0\.N0"'):
        HeadsGame(model, "the film", "b", "d", layers="all", part="neuron", only=["L0.N0"]).check()


def test_recurrent_parts_are_no_attention(tmp_path: Path) -> None:
    model = TransformersModel(str(zoo.save(tmp_path, "RecurrentGemmaForCausalLM")), precision="fp32")
    with pytest.raises(ModelError, match="has no layers of attention and MLP that can be told apart"):
        Parts(model)
