"""The parts of a transformer that can be switched off: heads, attention, MLP and neurons of its layers.

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
from spexviz.kit.memory import is_out_of_memory
from spexviz.models.attention import in_full_precision
from spexviz.models.base import OpenModel, opened
from spexviz.models.batches import PROBED, TOKENS
from spexviz.models.between import handing_over
from spexviz.models.hooks import forward_as, own
from spexviz.models.layers import find_layers

Site = tuple[int, str]
"""A layer and what lies there side by side: one of KINDS."""
KINDS = ("heads", "attention", "mlp", "neurons")
Change = Callable[[Any], Any]
"""New states from those at a site."""


@dataclass(frozen=True)
class Gate:
    """What happens at one site.

    `owner` (size,) is the player that each number belongs to, −1 for none; where a player is removed its
    numbers become those of `other` (tokens, size). `whole`: heads of the layer, to rescale what is kept; 0
    for not.
    """

    owner: Positions
    other: Any
    whole: int = 0


class Parts:
    """The layers of a loaded model of transformers, and runs of it with some parts switched off.

    Holds the model's lock while it runs. Raises ModelError for a model that is not of transformers, or whose
    layers have another build.
    """

    def __init__(self, model: OpenModel):
        self.model = opened(model)
        import torch

        with model.lock, torch.inference_mode():
            self.layers = find_layers(model)

    def batch_rows(self, length: int) -> int:
        """Texts of so many tokens that are run at once.

        On a GPU as many as the model takes of those with which its batches were tuned; one, where it gives a
        text other values in a batch than alone.
        """
        if self.model.batch_tokens == 1:
            return 1
        return max(1, TOKENS // length, self.model.batch_tokens // max(PROBED, length))

    def states(self, inputs: dict[str, list[int]], sites: Sequence[Site]) -> dict[Site, Any]:
        """What the untouched model has at each site for one text: {site: (tokens, size)}."""
        import torch

        seen: dict[Site, Any] = {}
        with self.model.lock, torch.inference_mode(), ExitStack() as hooks:
            for site in sites:
                self._change(hooks, site, _keeping(seen, site))
            self.model.read_batch(self._batch([inputs]))
        return seen

    def below(self, inputs: dict[str, list[int]], first: int) -> Any:
        """What comes into layer `first` for one text: (tokens, width)."""
        import torch

        seen: list[Any] = []

        def keep(_: Any, args: tuple, kwargs: dict[str, Any]) -> None:
            seen.append(_states(args, kwargs)[0])

        hook = self.layers[first].module.register_forward_pre_hook
        with self.model.lock, torch.inference_mode(), hook(keep, with_kwargs=True):
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
        # the last column is the owner of what belongs to no player
        always = np.ones((count, 1), dtype=bool)
        kept = torch.tensor(np.concatenate([masks, always], axis=1))
        owners = {site: torch.tensor(gate.owner % (masks.shape[1] + 1)) for site, gate in gates.items()}
        step = self.batch_rows(len(prompts[0]["input_ids"]))
        found = []
        with self.model.lock, torch.inference_mode():
            while rows:
                self.model.lock.give_way()
                batch = rows[:step]
                chosen = kept[[i for i, _ in batch]]
                asked = torch.tensor([columns[j] for _, j in batch], device=self.model.device)
                try:
                    states = torch.stack([below[j] for _, j in batch])
                    whole = self._batch([prompts[j] for _, j in batch])
                    switched = self._switched(gates, owners, chosen)
                    with handing_over(self.model), switched, self._from(first, states):
                        logs = self.model.read_batch(whole).gather(1, asked)
                except Exception as error:
                    if not is_out_of_memory(error) or step == 1:
                        raise
                    step = max(1, min(step, len(batch)) // 2)
                    continue
                found.append(logs)
                rows = rows[step:]
            table = torch.cat(found).double().cpu().numpy()
        return table.reshape(count, len(prompts), -1)

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

    def _change(self, hooks: ExitStack, site: Site, change: Change) -> None:
        """Let `change` have the states at a site: for heads and neurons a map's input, else an output."""
        place, kind = site
        layer = self.layers[place]
        module = layer.mix if kind in ("heads", "attention") else layer.feed

        def change_input(_: Any, inputs: tuple) -> tuple:
            return (change(inputs[0]), *inputs[1:])

        def change_output(_: Any, inputs: tuple, output: Any) -> Any:
            if isinstance(output, tuple):  # with what a router chose, or where heads attend
                return (change(output[0]), *output[1:])
            return change(output)

        if kind in ("heads", "neurons"):
            hooks.enter_context(module.register_forward_pre_hook(own(change_input)))
        else:
            hooks.enter_context(module.register_forward_hook(own(change_output)))

    def _batch(self, inputs: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        import torch

        device = self.model.device
        return {key: torch.tensor([one[key] for one in inputs], device=device) for key in inputs[0]}

    @contextmanager
    def _switched(self, gates: dict[Site, Gate], owners: dict[Site, Any], kept: Any) -> Iterator[None]:
        """Every site as its gate says; `kept` (rows, players + 1)."""
        with ExitStack() as hooks:
            for site, gate in gates.items():
                self._change(hooks, site, self._gated(gate, owners[site], kept))
            yield

    def _gated(self, gate: Gate, owner: Any, kept: Any) -> Change:
        """What a gate makes of the states at its site, for the rows of `kept`."""
        import torch

        on = kept[:, owner]  # (rows, size)
        factor: Any = 1.0
        if gate.whole:
            # the heads that are kept stand for those that are not, each for as many
            heads = on.reshape(len(on), gate.whole, -1).all(-1).sum(-1)
            factor = (gate.whole / heads.clamp(min=1))[:, None, None].to(self.model.device)
        on = on[:, None].to(self.model.device)

        def change(states: Any) -> Any:
            # some families lay the tokens of all texts in one row
            whole = states.reshape(len(on), -1, states.shape[-1])
            changed = torch.where(on, whole * factor, gate.other.to(states.dtype))
            return changed.to(states.dtype).reshape(states.shape)

        return change

    @contextmanager
    def _from(self, first: int, states: Any) -> Iterator[None]:
        """Layers below `first` do nothing, and it begins with these states."""

        def begin(_: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
            if args:
                return (states, *args[1:]), kwargs
            return args, {**kwargs, "hidden_states": states}

        with ExitStack() as hooks:
            module = self.layers[first].module
            hooks.enter_context(module.register_forward_pre_hook(own(begin), with_kwargs=True))
            for layer in self.layers[:first]:
                through = _through if layer.bare else _through_in_tuple
                hooks.enter_context(forward_as(layer.module, through))
            yield


def _keeping(seen: dict[Site, Any], site: Site) -> Change:
    """Changes nothing, and keeps a copy of the states (tokens, size) under the site."""

    def keep(states: Any) -> Any:
        seen[site] = states.reshape(-1, states.shape[-1]).clone()
        return states

    return keep


def _states(args: tuple, kwargs: dict[str, Any]) -> Any:
    """The states that a layer is given."""
    return args[0] if args else kwargs["hidden_states"]


def _through(*args: Any, **kwargs: Any) -> Any:
    return _states(args, kwargs)


def _through_in_tuple(*args: Any, **kwargs: Any) -> tuple:
    return (_states(args, kwargs),)
