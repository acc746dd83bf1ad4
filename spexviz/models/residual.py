"""What stays in fp32 where a model computes in half precision: the stream that its layers add to, and the last norm.

A number of bf16 has 8 bits, and the stream of a deep model holds some large channels: rounding it after every
layer is half of all that bf16 costs (measured on the bundled model: .0030 → .0013 and .0043 → .0022 of R² for
reviews of 30 and 60 words). So the embeddings and the norms are kept in fp32, and hand the half precision to
the matrix products, which are all of the work.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from spexviz.models.checkpoint import may_have
from spexviz.models.machine import made_up

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
    before = _states(body, device)
    undo: list[Callable[[], Any]] = []
    for module in body.modules():
        if module is last:
            continue
        kind = type(module).__name__
        if isinstance(module, torch.nn.Embedding) or kind.endswith("Norm"):
            module.float()
            undo.append(lambda module=module: module.to(dtype))
        if kind.endswith("Norm"):
            undo.append(module.register_forward_hook(lambda _, inputs, output: output.to(dtype)).remove)
        if kind.endswith("RotaryEmbedding"):  # takes the precision of the stream for its angles
            undo.append(
                module.register_forward_hook(
                    lambda _, inputs, output: tuple(part.to(dtype) for part in output)
                ).remove
            )
    with suppress(Exception):  # whatever a family dislikes about it, the plain forward is still there
        after = _states(body, device)
        if bool((after - before).square().mean().sqrt() <= _NEAR * before.square().mean().sqrt()):
            return True
    for step in undo:
        step()
    return False


def _as_float(module: Any, inputs: tuple) -> tuple:
    return (inputs[0].float(), *inputs[1:])


def _states(body: Any, device: Any) -> Any:
    """Last hidden states of some tokens, in fp32."""
    import torch

    ids = torch.tensor([made_up(int(body.get_input_embeddings().num_embeddings), 16)], device=device)
    with torch.inference_mode():
        return body(input_ids=ids, use_cache=False).last_hidden_state.float()


def _final_norm(body: Any) -> Any:
    found = next((norm for name in _FINAL_NORMS if (norm := may_have(body, name)) is not None), None)
    inner = may_have(body, "decoder")  # families that keep it one room further in (OPT, GPT-NeoX variants)
    return found if found is not None or inner is None else _final_norm(inner)
