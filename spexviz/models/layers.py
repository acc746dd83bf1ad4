"""The layers of a transformer, found in its tree of modules and by what these do, not by names.

A layer is an item of the longest list of modules in which attention and a feed-forward part run (exits.py).
The linear map that closes the attention mixes the heads, so its input holds them side by side (grouped-query
attention too: keys and values are shared before); the one that closes the MLP has the neurons as its input.
Where a mixture of experts closes a part, the part can be switched off as a whole, and what lies in it cannot.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from spexviz.errors import ModelError
from spexviz.models.base import OpenModel
from spexviz.models.checkpoint import may_have
from spexviz.models.exits import Call, branches_of

_SHORT = "The film was"  # a text on which the parts are looked for


@dataclass(frozen=True)
class Layer:
    """A layer: its module, those that give what its attention (`mix`) and MLP (`feed`) give, their sizes.

    `heads`, `neurons`: 0 where that is no single linear map, whose input would hold them.
    """

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


@dataclass
class _Run:
    """What was seen when a model ran: (by id) how modules were called, and which gave bare states."""

    calls: dict[int, list[Call]] = field(default_factory=dict)
    bare: dict[int, bool] = field(default_factory=dict)

    def note(self, module: Any, args: tuple, kwargs: dict[str, Any], output: Any) -> None:
        """A hook for a module that may be a layer."""
        import torch

        self.calls.setdefault(id(module), []).append(Call.of(args, kwargs))
        self.bare[id(module)] = torch.is_tensor(output)


def find_layers(model: OpenModel) -> tuple[Layer, ...]:
    """The layers of a model, whose lock is held. Raises ModelError where none can be told apart."""
    import torch

    lists = [module for module in model.body.modules() if isinstance(module, torch.nn.ModuleList)]
    lists.sort(key=len, reverse=True)
    ran = _run(model, lists)
    heads = may_have(model.network.config.get_text_config(), "num_attention_heads")
    for modules in lists:
        layers = _layers(list(modules), ran, heads)
        if layers:
            return layers
    raise ModelError(
        f"{model.label} has no layers of attention and MLP that can be told apart: "
        "explain its prompts instead, or choose another model."
    )


def _run(model: OpenModel, lists: list[Any]) -> _Run:
    """Run the model on a short text, and see what runs in it."""
    import torch

    ran = _Run()
    with ExitStack() as hooks:
        for module in {module for modules in lists for module in modules}:
            hooks.enter_context(module.register_forward_hook(ran.note, with_kwargs=True))
        inputs = model.inputs_of(f"{_SHORT} {model.blank or ''}".strip())
        model.read_batch({key: torch.tensor([ids], device=model.device) for key, ids in inputs.items()})
    return ran


def _layers(modules: list[Any], ran: _Run, heads: Any) -> tuple[Layer, ...]:
    """The layers that these modules are; none where one of them is no layer."""
    found: list[Layer] = []
    for module in modules:
        layer = _layer(module, ran, heads)
        if layer is None:
            return ()
        found.append(layer)
    return tuple(found)


def _layer(module: Any, ran: _Run, heads: Any) -> Layer | None:
    """The layer that a module is, by what it does;

    None where it is none, or runs more than once (shared weights).
    """
    calls = ran.calls.get(id(module), [])
    if len(calls) != 1 or not isinstance(heads, int):
        return None
    branches = branches_of(module, calls[0], heads)
    attention = [branch for branch in branches if branch.heads is not None]
    rest = [branch for branch in branches if not branch.mixes]
    if len(attention) != 1 or len(rest) != 1:
        return None
    mix = attention[0]
    feed = rest[0]
    apart = mix.heads or 0
    head_width = mix.into // max(apart, 1)
    width = calls[0].states.shape[-1]
    return Layer(module, mix.site, feed.site, apart, head_width, feed.into, width, ran.bare[id(module)])
