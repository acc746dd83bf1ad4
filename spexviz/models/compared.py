"""Which fast paths a causal model allows: compared with its own forward pass of one text alone, in fp32.

In half precision a small leak from one text to the next hides in the rounding. What is found is remembered
in `$SPEXVIZ_HOME/compared/`, so that it costs once a model: under what the model is, the versions of what
computes it, and the source of the paths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from spexviz.errors import StoreError
from spexviz.kit.files import write_whole
from spexviz.kit.memory import is_out_of_memory
from spexviz.kit.paths import home
from spexviz.models import fastpath, packed, padded, residual
from spexviz.models.fastpath import in_fp32, made_up, near_each
from spexviz.models.packed import Packing
from spexviz.models.padded import Padding
from spexviz.models.residual import LAST_NORM, NOTHING, WHOLE, worth_keeping

T = TypeVar("T")
SAME = 1e-3  # of a state (root mean squares): sums in fp32 in another order stay well within it
ROUGH = 0.1  # the same in a half precision
_MOST = 1_000  # models that are remembered


@dataclass(frozen=True)
class Allowed:
    """What gives a text the states that it has alone: `packed` rows, `padded` batches.

    `causal`: what comes after a token changes nothing in its state. `kept`: how much of a half precision
    stays in fp32 (residual.py). `half`: transformers computes it in its half precision at all.
    """

    packed: bool
    padded: bool
    causal: bool
    kept: str
    half: bool = True

    def __post_init__(self) -> None:
        if self.kept not in (WHOLE, LAST_NORM, NOTHING):
            raise ValueError("so much cannot be kept in fp32")


def allowed(network: Any, device: Any, padding: Padding) -> Allowed:
    """What a loaded causal model allows, as found by asking it some made-up texts in fp32."""
    import torch

    body = network.base_model
    if not computes(lambda: padding.states([made_up(256, 3)], [range(1)], [None])):
        return Allowed(packed=False, padded=True, causal=True, kept=NOTHING, half=False)
    with torch.no_grad(), in_fp32(body):
        in_both = computes(lambda: padding.states([made_up(256, 3)], [range(1)], [None]))
    if not in_both:  # quantised for a half precision: each text alone, and causal as far as that can tell
        with torch.no_grad():
            causal = _is_causal(padding, int(network.get_input_embeddings().num_embeddings), ROUGH)
        return Allowed(packed=False, padded=False, causal=causal, kept=NOTHING)
    kept = worth_keeping(network, device)
    with torch.no_grad(), in_fp32(body):
        packing = Packing.of(network, device, "fp32")
        if packing is not None:
            packing.remove()
        vocabulary = int(network.get_input_embeddings().num_embeddings)
        batched = _is_padded(padding, vocabulary)
        causal = _is_causal(padding, vocabulary)
    return Allowed(batched and packing is not None, batched, causal, kept)


def computes(ask: Callable[[], Any]) -> bool:
    """Whether a forward pass gives anything: some families cannot compute in half precision."""
    import torch

    try:
        with torch.no_grad():
            ask()
    except Exception as error:
        if is_out_of_memory(error):
            raise
        return False
    return True


def remembered(key: str, kind: type[T], find: Callable[[], T]) -> T:
    """What was found for a model before, or else is now; `key`: its fingerprint."""
    try:
        file = home() / "compared" / f"{_name(key)}.json"
    except StoreError:  # nowhere to remember it
        return find()
    with suppress(OSError, ValueError, TypeError):
        return kind(**json.loads(file.read_text()))
    found = find()
    with suppress(OSError):
        write_whole(file, json.dumps(vars(found)).encode(), _MOST)
    return found


def _name(key: str) -> str:
    """A name of what is compared: the model, what computes it, and the source of the paths."""
    content = hashlib.sha256(key.encode())
    for package in ("torch", "transformers"):
        content.update(version(package).encode())
    for source in (__file__, fastpath.__file__, packed.__file__, padded.__file__, residual.__file__):
        content.update(Path(source).read_bytes())
    return content.hexdigest()[:32]


def _is_padded(padding: Padding, vocabulary: int) -> bool:
    """Whether texts that are filled up behind have the states that each has alone."""
    import torch

    tokens = made_up(vocabulary, 24)
    texts = [tokens[:1], tokens[:9], tokens[3:24]]
    reads = [range(len(text) - 1, len(text)) for text in texts]
    together = padding.states(texts, reads, [None] * len(texts))
    alone = [padding.states([text], [read], [None]) for text, read in zip(texts, reads, strict=True)]
    return near_each(together.float(), torch.cat(alone).float(), SAME)


def _is_causal(padding: Padding, vocabulary: int, tolerance: float = SAME) -> bool:
    """Whether tokens have the states that they have without those after them."""
    tokens = made_up(vocabulary, 24)
    read = [range(9)]
    alone = padding.states([tokens[:9]], read, [None])
    more = padding.states([tokens], read, [None])
    return near_each(more.float(), alone.float(), tolerance)
