"""What a model whose head reads whole texts allows: compared with its own forward pass of one text alone.

Padded batches in fp32, as those of causal models (compared.py); its head in fp32 against its plain forward
pass in half precision, both measured by the logits in fp32.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from spexviz.models.compared import SAME, computes
from spexviz.models.fastpath import in_fp32, near_each, off
from spexviz.models.head import run_in_fp32
from spexviz.models.residual import AT_MOST

Batch = dict[str, Any]
"""What a network takes of some texts, as tensors."""


@dataclass(frozen=True)
class AllowedEncoder:
    """What gives a text the logits that it has alone: `padded` batches, a `head` in fp32.

    `half`: transformers computes it in its half precision at all.
    """

    padded: bool
    head: bool = True
    half: bool = True


def allowed_encoder(network: Any, alone: Sequence[Batch], together: Batch | None) -> AllowedEncoder:
    """What a loaded network allows, by some texts; `together`: all padded, None where that cannot be."""
    import torch

    with torch.no_grad(), in_fp32(network):
        exact = [_logits(network, one) for one in alone]
        padded = together is not None and _is_padded(_logits(network, together), exact)
    if network.dtype == torch.float32:
        return AllowedEncoder(padded)
    if not computes(lambda: [_logits(network, one) for one in alone]):
        return AllowedEncoder(padded, half=False)
    with torch.no_grad():
        plain = _off(network, alone, exact)
        with ExitStack() as undo, suppress(Exception):  # whatever a family dislikes about it
            run_in_fp32(network, undo, inside=False)
            return AllowedEncoder(padded, head=_off(network, alone, exact) <= AT_MOST * plain)
    return AllowedEncoder(padded, head=False)


def _logits(network: Any, batch: Batch) -> Any:
    """(texts, …) in fp32: of labels, or of every token."""
    return network(**batch).logits.float()


def _off(network: Any, alone: Sequence[Batch], exact: Sequence[Any]) -> float:
    """By which share of the logits in fp32 those of the texts are off, in all."""
    import torch

    found = [_logits(network, one).flatten() for one in alone]
    return off(torch.cat(found), torch.cat([one.flatten() for one in exact]))


def _is_padded(together: Any, exact: Sequence[Any]) -> bool:
    """Whether padded texts have the logits that each has alone, wherever these are."""
    found = [row[: one[0].shape[0]] for row, one in zip(together, exact, strict=True)]
    return all(near_each(row, one[0], SAME) for row, one in zip(found, exact, strict=True))
