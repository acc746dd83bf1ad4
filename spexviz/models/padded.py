"""Padding: the plain forward of texts of different lengths, filled up on the right.

A causal model never looks there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Padding:
    """A causal body of transformers, asked for the last hidden states of texts filled up with `pad`."""

    def __init__(self, body: Any, device: Any, pad: int):
        self._body = body
        self._device = device
        self._pad = pad

    def states(
        self, texts: Sequence[list[int]], read: Sequence[range], seen: Sequence[list[int] | None]
    ) -> Any:
        """(texts, reads, width): last hidden states of each text at the positions `read[i]`.

        Equally many of them for each text. `seen[i]`: 1 for each of its tokens that may be attended to, else
        0, and tokens after these may be; None: all.
        """
        import torch

        longest = max(map(len, texts))
        ids = torch.full((len(texts), longest), self._pad, dtype=torch.long)
        for i, text in enumerate(texts):
            ids[i, : len(text)] = torch.tensor(text)
        out = self._body(
            input_ids=ids.to(self._device), attention_mask=self._mask(seen, longest), use_cache=False
        )
        states = out.last_hidden_state
        places = torch.tensor([list(places) for places in read], device=self._device)
        return states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))

    def _mask(self, seen: Sequence[list[int] | None], longest: int) -> Any:
        """(texts, longest): 0 for what nothing may attend to; None where nothing is hidden."""
        import torch

        if all(one is None for one in seen):
            return None
        mask = torch.ones((len(seen), longest), dtype=torch.long)
        for i, one in enumerate(seen):
            if one is not None:
                mask[i, : len(one)] = torch.tensor(one)
        return mask.to(self._device)
