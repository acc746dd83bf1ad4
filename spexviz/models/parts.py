"""The parts of a transformer that can be switched off: found in its tree of modules and in what runs when, not by model names.

A layer is an item of the longest list of modules in which attention and a feed-forward part run. The last
linear map of the attention mixes the heads, so its input holds them side by side (grouped-query attention
too: keys and values are shared before); the last one outside it closes the MLP, so its input holds the
neurons. Both were seen to run, in this order, on a short text.

What a batch needs is computed once: layers below the first part that is switched off give every mask the same
states, so they are run once a prompt; the others run for many masks at once, as the model's own code runs
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from spexviz.errors import ModelError
from spexviz.kit.arrays import Bools, Floats, Positions
from spexviz.models.attention import in_full_precision
from spexviz.models.base import OpenModel, opened
from spexviz.models.batches import PROBED, TOKENS, is_out_of_memory
from spexviz.models.checkpoint import may_have

Site = tuple[int, str]
"""A layer and what lies there side by side: one of KINDS."""
KINDS = ("heads", "attention", "mlp", "neurons")
_SHORT = "The film was"  # a text on which the parts are looked for


@dataclass(frozen=True)
class Layer:
    """One layer: its module, the last linear map of its attention (`mix`) and of its MLP (`feed`), and their sizes."""

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
        return {"heads": self.heads * self.head_width, "neurons": self.neurons}.get(kind, self.width)


@dataclass(frozen=True)
class Gate:
    """What happens at one site: `owner` (size,) is the player that each number belongs to, −1 for none; where a player is
    removed its numbers become those of `other` (tokens, size). `whole`: heads of the layer, to rescale what
    is kept; 0 for not.
    """

    owner: Positions
    other: Any
    whole: int = 0


class Parts:
    """The layers of a loaded model of transformers, and runs of it with some parts switched off. Holds the model's lock while it runs.

    Raises ModelError for a model that is not of transformers, or whose layers have another build.
    """

    def __init__(self, model: OpenModel):
        self.model = opened(model)
        import torch

        with model.lock, torch.inference_mode():
            self.layers = _find(model)

    def batch_rows(self, length: int) -> int:
        """Texts of so many tokens that are run at once; on a GPU as many as the model takes of those with which its batches were tuned."""
        return max(1, TOKENS // length, self.model.batch_tokens // max(PROBED, length))

    def states(self, inputs: dict[str, list[int]], sites: Sequence[Site]) -> dict[Site, Any]:
        """What the untouched model has at each site for one text: {site: (tokens, size)}."""
        import torch

        seen: dict[Site, Any] = {}
        with self.model.lock, torch.inference_mode(), ExitStack() as hooks:
            for site in sites:
                _watch(
                    hooks,
                    self._module(site),
                    site[1],
                    lambda states, site=site: seen.__setitem__(
                        site, states.reshape(-1, states.shape[-1]).clone()
                    ),
                )
            self.model.read_batch(self._batch([inputs]))
        return seen

    def below(self, inputs: dict[str, list[int]], first: int) -> Any:
        """What comes into layer `first` for one text: (tokens, width)."""
        import torch

        seen: list[Any] = []
        with self.model.lock, torch.inference_mode(), ExitStack() as hooks:
            hook = self.layers[first].module.register_forward_pre_hook(
                lambda _, args, kwargs: seen.append(_states(args, kwargs)[0]), with_kwargs=True
            )
            hooks.callback(hook.remove)
            self.model.read_batch(self._batch([inputs]))
        return seen[0].clone()

    def logs(
        self,
        prompts: Sequence[dict[str, list[int]]],
        below: Sequence[Any],
        first: int,
        gates: dict[Site, Gate],
        masks: Bools,
        columns: Sequence[Sequence[int]],
    ) -> Floats:
        """Log-probabilities (masks, prompts, columns) of the answers in `columns[prompt]`.

        The prompts are equally long; `below` and `first`: see `below`.
        """
        import torch

        count = len(masks)
        rows = [(i, j) for i in range(count) for j in range(len(prompts))]
        # the last one is the owner of the rest
        kept = torch.tensor(np.concatenate([masks, np.ones((count, 1), dtype=bool)], axis=1))
        owners = {site: torch.tensor(gate.owner % (masks.shape[1] + 1)) for site, gate in gates.items()}
        step, out = self.batch_rows(len(prompts[0]["input_ids"])), []
        with self.model.lock, torch.inference_mode():
            while rows:
                batch = rows[:step]
                chosen = kept[[i for i, _ in batch]]
                asked = torch.tensor([columns[j] for _, j in batch], device=self.model.device)
                try:
                    states = torch.stack([below[j] for _, j in batch])
                    with self._switched(gates, owners, chosen), self._from(first, states):
                        found = self.model.read_batch(self._batch([prompts[j] for _, j in batch])).gather(
                            1, asked
                        )
                except Exception as error:
                    if not is_out_of_memory(error) or step == 1:
                        raise
                    step = max(1, min(step, len(batch)) // 2)
                    continue
                out.append(found)
                rows = rows[step:]
            return torch.cat(out).double().cpu().numpy().reshape(count, len(prompts), -1)

    def attention(self, inputs: dict[str, list[int]], layer: int) -> Floats:
        """Attention of the heads of a layer on one text:

        (heads, from, to), rows add up to 1. Raises ModelError where the model does not tell.
        """
        import torch

        with self.model.lock, torch.inference_mode(), in_full_precision(self.model.network):
            found = self.model.body(**self._batch([inputs]), output_attentions=True).attentions
        if not found or found[layer] is None:
            raise ModelError(
                f"{self.model.label} does not tell where its heads attend: choose another model."
            )
        weights = found[layer][0].double().cpu().numpy()
        return weights / weights.sum(-1, keepdims=True)

    def _module(self, site: Site) -> Any:
        layer, kind = site
        return self.layers[layer].mix if kind in ("heads", "attention") else self.layers[layer].feed

    def _batch(self, inputs: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        import torch

        return {
            key: torch.tensor([one[key] for one in inputs], device=self.model.device) for key in inputs[0]
        }

    @contextmanager
    def _switched(self, gates: dict[Site, Gate], owners: dict[Site, Any], kept: Any) -> Iterator[None]:
        with ExitStack() as hooks:
            for site, gate in gates.items():
                _replace(hooks, self._module(site), site[1], self._gated(gate, owners[site], kept))
            yield

    def _gated(self, gate: Gate, owner: Any, kept: Any) -> Callable[[Any], Any]:
        import torch

        on = kept[:, owner]  # (rows, size)
        factor = 1.0
        if gate.whole:
            heads = on.reshape(len(on), gate.whole, -1).all(-1).sum(-1)
            factor = (gate.whole / heads.clamp(min=1))[:, None, None].to(self.model.device)
        on = on[:, None].to(self.model.device)

        def change(states: Any) -> Any:
            # some families lay the tokens of all texts in one row
            whole = states.reshape(len(on), -1, states.shape[-1])
            return (
                torch.where(on, whole * factor, gate.other.to(states.dtype))
                .to(states.dtype)
                .reshape(states.shape)
            )

        return change

    @contextmanager
    def _from(self, first: int, states: Any) -> Iterator[None]:
        """Layers below `first` do nothing, and it begins with these states."""

        def begin(_: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
            return ((states, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": states})

        with ExitStack() as hooks:
            hooks.callback(
                self.layers[first].module.register_forward_pre_hook(begin, with_kwargs=True).remove
            )
            for layer in self.layers[:first]:
                hooks.callback(delattr, layer.module, "forward")
                layer.module.forward = _through if layer.bare else _through_in_tuple
            yield


def _states(args: tuple, kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs["hidden_states"]


def _through(*args: Any, **kwargs: Any) -> Any:
    return _states(args, kwargs)


def _through_in_tuple(*args: Any, **kwargs: Any) -> tuple:
    return (_states(args, kwargs),)


def _watch(hooks: ExitStack, module: Any, kind: str, tell: Callable[[Any], None]) -> None:
    """Call `tell` with the states at a site."""

    def same(states: Any) -> Any:
        tell(states)
        return states

    _replace(hooks, module, kind, same)


def _replace(hooks: ExitStack, module: Any, kind: str, change: Callable[[Any], Any]) -> None:
    """Let `change` have the states at a site: what goes into the map for its heads or neurons, else what comes out."""
    if kind in ("heads", "neurons"):
        hooks.callback(
            module.register_forward_pre_hook(lambda _, inputs: (change(inputs[0]), *inputs[1:])).remove
        )
    else:
        hooks.callback(module.register_forward_hook(lambda _, inputs, output: change(output)).remove)


def _find(model: OpenModel) -> tuple[Layer, ...]:
    import torch

    body = model.body
    ran: list[tuple[Any, int, int]] = []
    linear = [
        m for m in body.modules() if not list(m.children()) and may_have(may_have(m, "weight"), "ndim") == 2
    ]
    linear = [m for m in linear if not isinstance(m, torch.nn.Embedding)]
    lists = sorted((m for m in body.modules() if isinstance(m, torch.nn.ModuleList)), key=len, reverse=True)
    bare: dict[int, bool] = {}
    with ExitStack() as hooks:
        for module in linear:
            hooks.callback(
                module.register_forward_hook(
                    lambda m, x, y: ran.append((m, x[0].shape[-1], y.shape[-1]))
                ).remove
            )
        for module in (item for modules in lists for item in modules):
            hooks.callback(
                module.register_forward_hook(
                    lambda m, x, y: bare.__setitem__(id(m), torch.is_tensor(y))
                ).remove
            )
        model.read_batch(
            {
                key: torch.tensor([ids], device=model.device)
                for key, ids in model.inputs_of(model.blank or _SHORT).items()
            }
        )
    heads = may_have(model.network.config.get_text_config(), "num_attention_heads")
    for modules in lists:
        layers = [_layer(module, ran, heads, bare.get(id(module), True)) for module in modules]
        if layers and all(layers):
            return tuple(layers)
    raise ModelError(
        f"{model.label} has no layers of attention and MLP that can be told apart: explain its prompts instead, or choose another model."
    )


def _layer(module: Any, ran: list[tuple[Any, int, int]], heads: Any, bare: bool) -> Layer | None:
    """The layer that a module is, by what ran in it;

    None where it is none, or runs more than once (shared weights).
    """
    path = {id(part): name.lower().split(".") for name, part in module.named_modules()}
    inside = [(part, into, out) for part, into, out in ran if id(part) in path]
    if len({id(part) for part, _, _ in inside}) != len(inside):
        return None
    attention = [one for one in inside if any("att" in name for name in path[id(one[0])])]
    rest = [one for one in inside if one not in attention]
    if not attention or not rest or not isinstance(heads, int) or attention[-1][1] % heads:
        return None
    (mix, into, width), (feed, neurons, _) = attention[-1], rest[-1]
    return Layer(module, mix, feed, heads, into // heads, neurons, width, bare)
