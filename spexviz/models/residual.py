"""What stays in fp32 where a model computes in half precision: the stream of its layers, and the last norm.

A number of bf16 has 8 bits, and the stream that the layers of a deep model add to holds some large channels:
rounding it after every layer is half of all that bf16 costs (measured on the bundled model: .0030 → .0013 and
.0043 → .0022 of R² for reviews of 30 and 60 words). So the embeddings and the norms are kept in fp32, and
hand the half precision to the matrix products, which are all of the work.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from spexviz.models.checkpoint import may_have
from spexviz.models.fastpath import made_up, near

_FINAL_NORMS = ("norm", "ln_f", "final_layernorm", "final_layer_norm", "norm_f")
_NEAR = 0.1  # of the states (root mean squares): rounding stays within it


def keep_in_fp32(body: Any, dtype: Any, device: Any) -> bool:
    """Keep the residual stream of a causal body in fp32, its last norm too; the rest computes in `dtype`.

    False, and only the last norm is in fp32, where the structure of the family does not allow it: found by
    asking it a few tokens.
    """
    import torch

    last = _final_norm(body)
    if last is not None:
        last.float()
        # a second time, where a first try did not help, it does nothing
        last.register_forward_pre_hook(_as_float)
    if dtype == torch.float32:
        return True
    plain = _states(body, device)
    undo: list[Callable[[], Any]] = []
    for module in body.modules():
        if module is not last:
            undo += _keep(module, dtype)
    with suppress(Exception):  # whatever a family dislikes about it, the plain forward is still there
        if near(_states(body, device), plain, _NEAR):
            return True
    for step in undo:
        step()
    return False


def _keep(module: Any, dtype: Any) -> list[Callable[[], Any]]:
    """Let a module that reads the stream take it in fp32 and hand `dtype` on; steps that undo it.

    None for any other module.
    """
    import torch

    kind = type(module).__name__
    undo: list[Callable[[], Any]] = []
    if isinstance(module, torch.nn.Embedding) or kind.endswith("Norm"):
        module.float()
        undo.append(lambda: module.to(dtype))
    if kind.endswith("Norm"):
        hook = module.register_forward_hook(lambda _, inputs, output: output.to(dtype))
        undo.append(hook.remove)
    if kind.endswith("RotaryEmbedding"):  # takes the precision of the stream for its angles
        hook = module.register_forward_hook(lambda _, inputs, output: tuple(one.to(dtype) for one in output))
        undo.append(hook.remove)
    return undo


def _as_float(module: Any, inputs: tuple) -> tuple:
    return (inputs[0].float(), *inputs[1:])


def _states(body: Any, device: Any) -> Any:
    """Last hidden states of some tokens, in fp32."""
    import torch

    vocabulary = int(body.get_input_embeddings().num_embeddings)
    ids = torch.tensor([made_up(vocabulary, 16)], device=device)
    with torch.inference_mode():
        return body(input_ids=ids, use_cache=False).last_hidden_state.float()


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
