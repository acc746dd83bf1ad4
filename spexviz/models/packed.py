"""Packing: all texts of a batch in one row without padding, every common beginning computed once.

The texts of a game share their beginnings (the template, the words that two masks both keep), and a causal
model computes the same there: so the tokens of a batch are laid out as a prefix tree, one column a node, and
the linear layers, which are nearly all of the work, see each node once (measured: 14–20 % fewer tokens at 30
words; fewer are saved in longer texts). Only the attention gathers whole texts again. It goes through
transformers' attention interface; `Packing.of` checks the values once against the plain forward, and a family
that does not give them (ALiBi, recurrences, attention sinks, …) is asked in padded batches instead.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from spexviz.models import attention
from spexviz.models.checkpoint import may_have
from spexviz.models.machine import made_up

NAME = "spexviz-packed"
_TOLERANCE = {
    "fp32": 1e-3,
    "fp16": 0.03,
    "bf16": 0.1,
}  # of the states (root mean squares): rounding passes, an attention that sees other texts does not
# configuration that cuts attention off: longer texts are asked plainly
_LIMITS = ("sliding_window", "attention_chunk_size")


class _Now(threading.local):
    """The layout of the forward pass that this thread is in; `rows` is None where it is in none."""

    texts = nodes = 0
    gather: Any = None
    scatter: Any = None
    rows: Any = None


_now = _Now()


@dataclass(frozen=True)
class Layout:
    """Tokens of a batch as a prefix tree:

    `ids` and `positions` a node; `paths[i]`: the nodes of text i, in order.
    """

    ids: list[int]
    positions: list[int]
    paths: list[list[int]]

    def __len__(self) -> int:
        return len(self.ids)


def layout(texts: Sequence[Sequence[int]]) -> Layout:
    """The prefix tree of token sequences given in sorted order (else fewer beginnings are found).

    >>> layout([(5, 7), (5, 8, 9)])
    Layout(ids=[5, 7, 8, 9], positions=[0, 1, 1, 2], paths=[[0, 1], [0, 2, 3]])
    """
    ids: list[int] = []
    positions: list[int] = []
    paths: list[list[int]] = []
    last: Sequence[int] = ()
    for text in texts:
        same = common(last, text)
        path = [*(paths[-1][:same] if paths else ()), *range(len(ids), len(ids) + len(text) - same)]
        ids += text[same:]
        positions += range(same, len(text))
        paths.append(path)
        last = text
    return Layout(ids, positions, paths)


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two texts begin with in common."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


class Packing:
    """A causal body of transformers, asked for the last hidden states of packed texts.

    Made by `Packing.of`.
    """

    def __init__(self, model: Any, device: Any):
        self._model, self._body, self._device = model, model.base_model, device
        limits = [may_have(model.config, name) for name in _LIMITS]
        self.longest = min((limit for limit in limits if isinstance(limit, int) and limit > 0), default=2**31)

    @classmethod
    def of(cls, model: Any, device: Any, precision: str) -> Packing | None:
        """The packing of a loaded model, or None where its family does not give the values of the plain forward."""
        from transformers import AttentionInterface

        AttentionInterface.register(NAME, _attention)
        packing = cls(model, device)
        return packing if attention.can_be_chosen(model) and packing.install(precision) else None

    def install(self, precision: str) -> bool:
        """Read only what is needed in the last layer, if packed texts then get the states of the plain forward; else leave it as it was."""
        handles = self._read_only_in_the_last_layer()
        # whatever a family dislikes about packed input, the plain forward is still there
        with suppress(Exception):
            if self._agrees(precision):
                return True
        for handle in handles:
            handle.remove()
        return False

    def states(self, texts: Sequence[Sequence[int]], read: Sequence[range]) -> Any:
        """(texts, reads, width): last hidden states of each text (sorted) at the positions `read[i]`, equally many for each."""
        import torch

        tree = layout(texts)
        places = torch.tensor(
            [[path[at] for at in reads] for path, reads in zip(tree.paths, read, strict=True)],
            device=self._device,
        )
        row = lambda values: torch.tensor([values], device=self._device)
        with self._packed(tree, places):
            states = self._body(
                input_ids=row(tree.ids), position_ids=row(tree.positions), use_cache=False
            ).last_hidden_state
        return states[0][places]

    @contextmanager
    def _packed(self, tree: Layout, places: Any) -> Iterator[None]:
        import torch

        lengths = np.array([len(path) for path in tree.paths])
        width, nodes = (
            int(lengths.max()),
            np.fromiter(chain.from_iterable(tree.paths), dtype=np.int64, count=int(lengths.sum())),
        )
        text = np.repeat(np.arange(len(lengths)), lengths)
        place = text * width + np.arange(len(nodes)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        gather, scatter = np.zeros(len(lengths) * width, dtype=np.int64), np.zeros(len(tree), dtype=np.int64)
        gather[place], scatter[nodes] = nodes, place
        _now.texts = len(lengths)
        _now.gather, _now.scatter = (torch.from_numpy(index).to(self._device) for index in (gather, scatter))
        _now.rows = places.flatten().unique()
        try:
            with attention.computed_by(self._model, NAME):
                yield
        finally:
            _now.gather = _now.scatter = _now.rows = None

    def _read_only_in_the_last_layer(self) -> list[Any]:
        """In the last layer, compute the feed-forward part only where its result is read: 2.5 % of a model of 30 layers."""
        import torch

        lists = [module for module in self._body.modules() if isinstance(module, torch.nn.ModuleList)]
        if not lists or not hasattr(lists[0][-1], "mlp"):
            return []
        part = lists[0][-1].mlp
        return [part.register_forward_pre_hook(_pick), part.register_forward_hook(_put_back)]

    def _agrees(self, precision: str) -> bool:
        """Whether packed texts get the states of the plain forward, on five short texts that share beginnings."""
        import torch

        tokens = made_up(int(self._model.get_input_embeddings().num_embeddings), 24)
        texts = sorted(
            [tokens[:9], tokens[:5] + tokens[12:20], tokens[:5], tokens[3:24], tokens[:9] + tokens[20:22]]
        )
        with torch.inference_mode():
            packed = self.states(texts, [range(len(text) - 2, len(text)) for text in texts]).float()
            plain = [
                self._body(
                    input_ids=torch.tensor([text], device=self._device), use_cache=False
                ).last_hidden_state[0, -2:]
                for text in texts
            ]
            plain = torch.stack(plain).float()
        return bool(
            (packed - plain).square().mean().sqrt() <= _TOLERANCE[precision] * plain.square().mean().sqrt()
        )


def _attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    scaling: float | None = None,
    softcap: Any = None,
    **_: Any,
) -> Any:
    """Attention of packed texts: (1, heads, nodes, d) is gathered into (texts, heads, longest, d), and back to the nodes.

    Texts are padded on the right, where a causal query never looks. Every text that shares a node gets the
    same for it. Rows go by index_select: plain indexing takes 3 times (fp32) to 10 times (bf16) as long on a
    CPU.
    """
    import torch

    texts, width = _now.texts, len(_now.gather) // _now.texts

    def whole(states: Any) -> Any:
        heads, size = states.shape[1], states.shape[3]
        return (
            states[0]
            .transpose(0, 1)
            .reshape(-1, heads * size)
            .index_select(0, _now.gather)
            .view(texts, width, heads, size)
            .transpose(1, 2)
        )

    q, k, v = whole(query), whole(key), whole(value)
    if softcap:
        k, v = (states.repeat_interleave(q.shape[1] // states.shape[1], dim=1) for states in (k, v))
        scores = (
            torch.tanh(
                q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scaling is None else scaling) / softcap
            )
            * softcap
        )
        later = torch.ones(width, width, dtype=torch.bool, device=q.device).triu(1)
        out = (
            torch.softmax(scores.masked_fill(later, float("-inf")), dim=-1, dtype=torch.float32).to(v.dtype)
            @ v
        )
    else:
        out = torch.nn.functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=scaling, enable_gqa=q.shape[1] != k.shape[1]
        )
    out = out.transpose(1, 2).reshape(texts * width, -1).index_select(0, _now.scatter)
    return out.view(1, len(out), query.shape[1], -1), None


def _pick(module: Any, inputs: tuple) -> tuple | None:
    if _now.rows is None:
        return None
    _now.nodes = inputs[0].shape[1]
    return (inputs[0][:, _now.rows], *inputs[1:])


def _put_back(module: Any, inputs: tuple, output: Any) -> Any:
    if _now.rows is None:
        return None
    whole = output.new_zeros(output.shape[0], _now.nodes, output.shape[2])
    whole[:, _now.rows] = output
    return whole
