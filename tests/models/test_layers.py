"""The parts of a model are found by what runs; where that cannot be told, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from spexviz.errors import ModelError
from spexviz.models.hf import TransformersModel
from spexviz.models.parts import Parts


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
