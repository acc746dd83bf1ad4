"""Which code computes the attention of a loaded model, and where its heads look.

The weights that say so are computed in fp32, whatever the model computes in.

Of the two names of transformers that choose the code neither is public, so they stand here only. In bf16 the
rows of a softmax add up to 1.002. So the family's eager attention is given its queries and keys in fp32; what
the layer goes on with has its own precision again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "spexviz-fp32"


def can_be_chosen(model: Any) -> bool:
    """Whether the family of a model of transformers lets its attention be computed by other code."""
    return model._can_set_attn_implementation()


def of(model: Any) -> str:
    """The name of the code that computes the attention of a loaded model of transformers now."""
    return model.config._attn_implementation


@contextmanager
def computed_by(model: Any, name: str) -> Iterator[None]:
    """Let a loaded model of transformers compute its attention by the code registered under a name."""
    before = of(model)
    model.config._attn_implementation = name
    try:
        yield
    finally:
        model.config._attn_implementation = before


@contextmanager
def in_full_precision(model: Any) -> Iterator[None]:
    """Let a loaded model of transformers compute its weights of attention in fp32.

    Where its family does not let attention be chosen, they stay in the model's precision.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(NAME, _in_fp32)
    AttentionMaskInterface.register(NAME, eager_mask)
    name = NAME if can_be_chosen(model) else "eager"  # only eager attention tells its weights
    with computed_by(model, name):
        yield


def _in_fp32(module: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any) -> tuple[Any, Any]:
    own = sys.modules[type(module).__module__].eager_attention_forward  # that of the layer's family
    if mask is not None:
        mask = mask.float()
    out, weights = own(module, query.float(), key.float(), value.float(), mask, **options)
    return out.to(query.dtype), weights
