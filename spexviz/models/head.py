"""The head of a model, that is all that comes after the last hidden states, in fp32.

A head in bf16 rounds logits to 1/8. Of a causal model it is mostly one linear map; whether it is, the model's
own logits say, for every column: some families scale them, cap them, or have more modules there, under names
that nobody can list. Their own code then computes them, from states that another forward pass has found.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from spexviz.errors import ModelError
from spexviz.models.checkpoint import may_have
from spexviz.models.fastpath import is_plain, made_up, tensors_of, widen
from spexviz.models.hooks import forward_as

_SAME = 1e-4  # of the largest logit: sums in fp32 in another order stay within it
_TEXTS = 3  # made up, on which a head is compared
_TOKENS = 12  # of each


class OutputHead:
    """Logits of a causal model from its last hidden states.

    `is_linear`: whether one linear map makes them. The network's head computes in fp32 from then on. Raises
    ModelError for a network without a head, or whose own logits cannot be had.
    """

    def __init__(self, network: Any, label: str):
        import torch

        output = network.get_output_embeddings()
        if output is None:
            raise ModelError(f'"{label}" has no output head: spexviz needs a causal language model.')
        run_in_fp32(network, ExitStack())  # as long as the model is there
        if is_plain(output.weight):  # also where the whole model is asked by hand
            output.register_forward_pre_hook(_as_the_weight)
        self.weight = output.weight  # (vocabulary, width)
        self._bias = may_have(output, "bias")
        self._network = network
        self._trunk, self._given, own = self._asked(label)
        states = self._given.last_hidden_state
        # else something between them changes the width, or the numbers are packed
        fits = states.shape[-1] == self.weight.shape[-1] and is_plain(self.weight)
        self.is_linear = fits and _same(self._linear(states), own)
        with torch.no_grad():
            is_own = self.is_linear or _same(self._own(states), own)
        if not is_own:
            raise ModelError(
                f"The head of {label} cannot be computed apart from its body, so its logits cannot be read: "
                "choose another model."
            )

    def logits(self, states: Any) -> Any:
        """(…, vocabulary) in fp32."""
        if self.is_linear:
            return self._linear(states.float())
        return self._own(states.float())

    def _linear(self, states: Any) -> Any:
        import torch

        return torch.nn.functional.linear(states, self.weight, self._bias)

    def _own(self, states: Any) -> Any:
        """What the network's own code makes of the states, each of them a text of one token to it."""
        import torch

        each = states.reshape(-1, 1, states.shape[-1])
        ids = torch.zeros(each.shape[:2], dtype=torch.long, device=each.device)
        given = type(self._given)(last_hidden_state=each)
        with forward_as(self._trunk, lambda *_, **__: given):
            logits = self._network(input_ids=ids, use_cache=False).logits
        return logits.float().reshape(*states.shape[:-1], -1)

    def _asked(self, label: str) -> tuple[Any, Any, Any]:
        """The module whose output the head reads, that output, and the network's own logits for it."""
        import torch

        seen: list[tuple[Any, Any]] = []

        def see(module: Any, inputs: tuple, output: Any) -> None:
            if may_have(output, "last_hidden_state") is not None:
                seen.append((module, output))

        vocabulary = int(self._network.get_input_embeddings().num_embeddings)
        texts = [made_up(vocabulary, _TOKENS, 5 * i) for i in range(_TEXTS)]
        ids = torch.tensor(texts, device=self.weight.device)
        with torch.inference_mode(), ExitStack() as hooks:
            for module in _models_in(self._network.base_model):
                hooks.enter_context(module.register_forward_hook(see))
            own = self._network(input_ids=ids, use_cache=False).logits
        if not seen:
            raise ModelError(
                f"The head of {label} is not apart from its body, so its logits cannot be read: "
                "choose another model."
            )
        trunk, given = seen[-1]  # the outermost is the last to be done
        return trunk, given, own.float()


def run_in_fp32(network: Any, undo: ExitStack, inside: bool = True) -> None:
    """Let all that comes after the last hidden state compute in fp32, until `undo` is closed.

    Whatever the body does. `inside`: a head may also read a body within the body (of OPT, the decoder).
    """
    body = network.base_model
    if body is network:
        widen(undo, tensors_of(network))
        return
    output = network.get_output_embeddings()
    if output is not None and is_plain(output.weight):  # tied to the token embeddings, which stay as they are
        undo.callback(setattr, output, "weight", output.weight)
        weight = output.weight.detach().float()
        output.weight = type(output.weight)(weight, requires_grad=False)
    for part in network.children():
        if part is not body:
            widen(undo, tensors_of(part))
    pooler = may_have(body, "pooler")
    if pooler is not None:
        widen(undo, tensors_of(pooler))
        undo.callback(pooler.register_forward_pre_hook(_floats_in).remove)
    for module in _models_in(body) if inside else [body]:
        undo.callback(module.register_forward_hook(_floats_out).remove)


def _models_in(body: Any) -> list[Any]:
    """The modules of a body that are bodies themselves: a head may read any of them (of OPT, the decoder)."""
    from transformers import PreTrainedModel

    return [module for module in body.modules() if isinstance(module, PreTrainedModel)]


def _same(found: Any, own: Any) -> bool:
    """Whether logits (…, vocabulary) are the same but for rounding in fp32, in every column."""
    import torch

    if found.shape != own.shape:
        return False
    largest = float(own.nan_to_num(0.0, 0.0, 0.0).abs().max())
    return torch.allclose(found, own, rtol=0.0, atol=_SAME * largest, equal_nan=True)


def _as_the_weight(head: Any, inputs: tuple) -> tuple:
    return (inputs[0].to(head.weight.dtype), *inputs[1:])


def _floats_in(_: Any, inputs: tuple) -> tuple:
    return (inputs[0].float(), *inputs[1:])


def _floats_out(_: Any, inputs: Any, output: Any) -> Any:
    states = may_have(output, "last_hidden_state")
    if states is not None:
        output.last_hidden_state = states.float()
    return output
