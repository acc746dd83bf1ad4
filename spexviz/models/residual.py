"""What stays in fp32 where a model computes in half precision: the stream of its layers, and the last norm.

A number of bf16 has 8 bits, and the stream that the layers of a deep model add to holds some large channels:
rounding it after every layer is half of all that bf16 costs (measured on the bundled model: .0030 → .0013 and
.0043 → .0022 of R² for reviews of 30 and 60 words). So the embeddings and the norms are kept in fp32, and
hand the half precision to the matrix products, which are all of the work. Whether that brings a family nearer
to its states in fp32 is measured on the model itself.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Any

from spexviz.models.checkpoint import may_have
from spexviz.models.fastpath import in_fp32, made_up, off, tensors_of, widen

WHOLE, LAST_NORM, NOTHING = "the stream", "the last norm", "nothing"
"""How much is kept in fp32."""
_FINAL_NORMS = ("norm", "ln_f", "final_layernorm", "final_layer_norm", "norm_f")
# how far from the states in fp32, against the plain forward in half precision: kept, they should be nearer,
# and are within the luck of some roundings
AT_MOST = 1.05
_OVERFLOWN = 0.1  # how far (root mean squares) where the plain forward gives no numbers
_LENGTHS = (40, 17, 9, 1)  # tokens of the texts that are asked


def worth_keeping(network: Any, device: Any) -> str:
    """How much of a causal body in half precision is nearer to its states in fp32 if it is kept there."""
    import torch

    body, dtype = network.base_model, network.dtype
    if dtype == torch.float32:
        return WHOLE
    vocabulary = int(network.get_input_embeddings().num_embeddings)
    with in_fp32(body):
        exact = _states(body, vocabulary, device)
    plain = off(_states(body, vocabulary, device), exact)
    most = AT_MOST * plain if plain < 1 else _OVERFLOWN  # NaN is not
    for kept in (WHOLE, LAST_NORM):
        with ExitStack() as undo, suppress(Exception):  # whatever a family dislikes about it
            keep(body, kept, dtype, undo)
            if off(_states(body, vocabulary, device), exact) <= most:
                return kept
    return NOTHING


def keep(body: Any, kept: str, dtype: Any, undo: ExitStack) -> None:
    """Keep so much of a causal body in fp32 until `undo` is closed; the rest computes in `dtype`."""
    last = _final_norm(body)
    if last is not None and kept != NOTHING:
        widen(undo, tensors_of(last))
        undo.callback(last.register_forward_pre_hook(_as_float).remove)
    if kept == WHOLE:
        for module in body.modules():
            if module is not last:
                _keep(module, dtype, undo)


def _keep(module: Any, dtype: Any, undo: ExitStack) -> None:
    """Let a module that reads the stream take it in fp32 and hand `dtype` on; any other stays as it is."""
    import torch

    kind = type(module).__name__
    if isinstance(module, torch.nn.Embedding) or kind.endswith("Norm"):
        widen(undo, tensors_of(module))
    if kind.endswith("Norm"):
        hook = module.register_forward_hook(lambda _, inputs, output: output.to(dtype))
        undo.callback(hook.remove)
    if kind.endswith("RotaryEmbedding"):  # takes the precision of the stream for its angles
        hook = module.register_forward_hook(lambda _, inputs, output: tuple(one.to(dtype) for one in output))
        undo.callback(hook.remove)


def _as_float(module: Any, inputs: tuple) -> tuple:
    return (inputs[0].float(), *inputs[1:])


def _states(body: Any, vocabulary: int, device: Any) -> Any:
    """Last hidden states of some texts, each asked alone: (tokens, width) in fp32."""
    import torch

    found = []
    with torch.no_grad():
        for first, length in enumerate(_LENGTHS):
            ids = torch.tensor([made_up(vocabulary, length, first)], device=device)
            found.append(body(input_ids=ids, use_cache=False).last_hidden_state[0].float())
    return torch.cat(found)


def _final_norm(body: Any) -> Any:
    """The norm after the last layer; None where no name is known for it."""
    for name in _FINAL_NORMS:
        norm = may_have(body, name)
        if norm is not None:
            return norm
    inner = may_have(body, "decoder")  # families that keep it one room further in (OPT, GPT-NeoX variants)
    if inner is None:
        return None
    return _final_norm(inner)
