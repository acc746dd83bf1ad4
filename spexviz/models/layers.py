"""The layers of a transformer, found in its tree of modules and in what runs when, not by model names.

A layer is an item of the longest list of modules in which attention and a feed-forward part run. The last
linear map of the attention mixes the heads, so its input holds them side by side (grouped-query attention
too: keys and values are shared before); the last one outside it closes the MLP, so its input holds the
neurons. Both were seen to run, in this order, on a short text.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from spexviz.errors import ModelError
from spexviz.models.base import OpenModel
from spexviz.models.checkpoint import may_have

_SHORT = "The film was"  # a text on which the parts are looked for


@dataclass(frozen=True)
class Layer:
    """A layer: its module, the last linear maps of its attention (`mix`) and MLP (`feed`), their sizes."""

    module: Any
    mix: Any
    feed: Any
    heads: int
    head_width: int
    neurons: int
    width: int
    bare: bool = True  # gives states, not a tuple that begins with them

    def size(self, kind: str) -> int:
        """How many numbers a token has at a site of this kind."""
        if kind == "heads":
            return self.heads * self.head_width
        if kind == "neurons":
            return self.neurons
        return self.width


@dataclass(frozen=True)
class _Map:
    """A linear map that was seen to run, with the widths of its input and its output."""

    module: Any
    into: int
    out: int


@dataclass
class _Run:
    """What was seen when a model ran: linear maps in order, and (by id) which modules gave bare states."""

    maps: list[_Map] = field(default_factory=list)
    bare: dict[int, bool] = field(default_factory=dict)

    def note_map(self, module: Any, inputs: tuple, output: Any) -> None:
        """A hook for a linear map."""
        self.maps.append(_Map(module, inputs[0].shape[-1], output.shape[-1]))

    def note_output(self, module: Any, inputs: tuple, output: Any) -> None:
        """A hook for a module that may be a layer."""
        import torch

        self.bare[id(module)] = torch.is_tensor(output)


def find_layers(model: OpenModel) -> tuple[Layer, ...]:
    """The layers of a model, whose lock is held. Raises ModelError where none can be told apart."""
    import torch

    lists = [module for module in model.body.modules() if isinstance(module, torch.nn.ModuleList)]
    lists.sort(key=len, reverse=True)
    ran = _run(model, lists)
    heads = may_have(model.network.config.get_text_config(), "num_attention_heads")
    for modules in lists:
        layers = [_layer(module, ran, heads) for module in modules]
        found = tuple(layer for layer in layers if layer is not None)
        if layers and len(found) == len(layers):
            return found
    raise ModelError(
        f"{model.label} has no layers of attention and MLP that can be told apart: "
        "explain its prompts instead, or choose another model."
    )


def _run(model: OpenModel, lists: list[Any]) -> _Run:
    """Run the model on a short text, and see what runs in it."""
    import torch

    ran = _Run()
    with ExitStack() as hooks:
        for module in model.body.modules():
            if _is_linear(module):
                hooks.callback(module.register_forward_hook(ran.note_map).remove)
        for modules in lists:
            for module in modules:
                hooks.callback(module.register_forward_hook(ran.note_output).remove)
        inputs = model.inputs_of(model.blank or _SHORT)
        model.read_batch({key: torch.tensor([ids], device=model.device) for key, ids in inputs.items()})
    return ran


def _is_linear(module: Any) -> bool:
    """Whether a module is one matrix that multiplies, of whatever class: families have their own."""
    import torch

    if isinstance(module, torch.nn.Embedding) or list(module.children()):
        return False
    weight = may_have(module, "weight")
    return may_have(weight, "ndim") == 2


def _layer(module: Any, ran: _Run, heads: Any) -> Layer | None:
    """The layer that a module is, by what ran in it;

    None where it is none, or runs more than once (shared weights).
    """
    path = {id(part): name.lower().split(".") for name, part in module.named_modules()}
    inside = [one for one in ran.maps if id(one.module) in path]
    if len({id(one.module) for one in inside}) != len(inside):
        return None
    attention = [one for one in inside if any("att" in name for name in path[id(one.module)])]
    rest = [one for one in inside if one not in attention]
    if not attention or not rest or not isinstance(heads, int):
        return None
    mix = attention[-1]
    feed = rest[-1]
    if mix.into % heads:
        return None
    bare = ran.bare.get(id(module), True)
    return Layer(module, mix.module, feed.module, heads, mix.into // heads, feed.into, mix.out, bare)
