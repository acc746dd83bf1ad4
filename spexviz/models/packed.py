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
from itertools import chain
from typing import Any

import numpy as np

from spexviz.models import attention
from spexviz.models.checkpoint import may_have
from spexviz.models.fastpath import made_up, near, near_each
from spexviz.models.prefixes import Layout, layout

NAME = "spexviz-packed"
# of the states (root mean squares): rounding passes; what hides in it is seen in fp32 (compared.py)
_TOLERANCE = {"fp32": 1e-3, "fp16": 0.03, "bf16": 0.1}
# configuration that cuts attention off: longer texts are asked plainly
_LIMITS = ("sliding_window", "attention_chunk_size")


class _Now(threading.local):
    """The layout of the forward pass that this thread is in; `rows` is None where it is in none.

    `gather`: the node at each place of the padded texts (texts × longest, row by row); `scatter`: a place of
    each node there; `rows`: the nodes whose last states are read; `nodes`: how many there are.
    """

    texts = nodes = 0
    gather: Any = None
    scatter: Any = None
    rows: Any = None


_now = _Now()


class Packing:
    """A causal body of transformers, asked for the last hidden states of packed texts.

    Made by `Packing.of`.
    """

    def __init__(self, model: Any, device: Any):
        self._model = model
        self._body = model.base_model
        self._device = device
        self._hooks: list[Any] = []
        limits = [may_have(model.config, name) for name in _LIMITS]
        given = (limit for limit in limits if isinstance(limit, int) and limit > 0)
        self.longest = min(given, default=2**31)

    @classmethod
    def of(cls, model: Any, device: Any, precision: str) -> Packing | None:
        """The packing of a loaded model; None where its family does not give the plain forward's values."""
        from transformers import AttentionInterface

        AttentionInterface.register(NAME, _attention)
        packing = cls(model, device)
        if attention.can_be_chosen(model) and packing.install(precision):
            return packing
        return None

    def install(self, precision: str) -> bool:
        """Whether packed texts get the states of the plain forward.

        The last layer then computes only what is read; else the model is left as it was.
        """
        self._hooks = self._read_only_in_the_last_layer()
        # whatever a family dislikes about packed input, the plain forward is still there
        with suppress(Exception):
            if self._agrees(precision):
                return True
        self.remove()
        return False

    def remove(self) -> None:
        """Leave the model as it was."""
        for hook in self._hooks:
            hook.remove()

    def states(self, texts: Sequence[Sequence[int]], read: Sequence[range]) -> Any:
        """(texts, reads, width): last hidden states of each text (sorted) at the positions `read[i]`.

        Equally many of them for each text.
        """
        import torch

        tree = layout(texts)
        read_nodes = [[path[at] for at in reads] for path, reads in zip(tree.paths, read, strict=True)]
        places = torch.tensor(read_nodes, device=self._device)
        ids = torch.tensor([tree.ids], device=self._device)
        positions = torch.tensor([tree.positions], device=self._device)
        with self._packed(tree, places):
            out = self._body(input_ids=ids, position_ids=positions, use_cache=False)
        return out.last_hidden_state[0][places]

    @contextmanager
    def _packed(self, tree: Layout, places: Any) -> Iterator[None]:
        """Let attention gather the texts of this tree; `places`: the nodes whose last states are read."""
        import torch

        gather, scatter = _indices(tree)
        _now.texts = len(tree.paths)
        _now.gather = torch.from_numpy(gather).to(self._device)
        _now.scatter = torch.from_numpy(scatter).to(self._device)
        _now.rows = places.flatten().unique()
        try:
            with attention.computed_by(self._model, NAME):
                yield
        finally:
            _now.gather = _now.scatter = _now.rows = None

    def _read_only_in_the_last_layer(self) -> list[Any]:
        """Hooks by which the feed-forward part of the last layer computes only where its result is read.

        They save 2.5 % of a model of 30 layers.
        """
        import torch

        lists = [module for module in self._body.modules() if isinstance(module, torch.nn.ModuleList)]
        if not lists:
            return []
        last = lists[0][-1]
        feed = may_have(last, "mlp")
        if feed is None:
            return []
        return [feed.register_forward_pre_hook(_pick), feed.register_forward_hook(_put_back)]

    def _agrees(self, precision: str) -> bool:
        """The same, on short texts that share beginnings, at the last state and at the last three."""
        import torch

        tokens = made_up(int(self._model.get_input_embeddings().num_embeddings), 24)
        texts = sorted(
            [
                tokens[:1],
                tokens[:9],
                tokens[:5] + tokens[12:20],
                tokens[:5],
                tokens[3:24],
                tokens[:9] + tokens[20:22],
            ]
        )
        compare = near_each if precision == "fp32" else near
        with torch.inference_mode():
            plain = {tuple(text): self._plainly(text).float() for text in texts}
            for count in (1, 3):
                long = [text for text in texts if len(text) >= count]
                packed = self.states(long, [range(len(text) - count, len(text)) for text in long]).float()
                wanted = torch.stack([plain[tuple(text)][-count:] for text in long])
                if not compare(packed, wanted, _TOLERANCE[precision]):
                    return False
        return True

    def _plainly(self, text: list[int]) -> Any:
        """(tokens, width): last hidden states of one text by the plain forward."""
        import torch

        ids = torch.tensor([text], device=self._device)
        return self._body(input_ids=ids, use_cache=False).last_hidden_state[0]


def _indices(tree: Layout) -> tuple[np.ndarray, np.ndarray]:
    """`gather` and `scatter` of _Now: padded texts from the nodes of a tree, and its nodes from these."""
    lengths = np.array([len(path) for path in tree.paths])
    width = int(lengths.max())
    nodes = np.fromiter(chain.from_iterable(tree.paths), dtype=np.int64, count=int(lengths.sum()))
    # token t of text i stands at place i · width + t
    text = np.repeat(np.arange(len(lengths)), lengths)
    begins = np.repeat(np.cumsum(lengths) - lengths, lengths)  # of its text, in `nodes`
    token = np.arange(len(nodes)) - begins
    place = text * width + token
    gather = np.zeros(len(lengths) * width, dtype=np.int64)
    gather[place] = nodes
    # a node of several texts is read in the last of them: it has the same state in all
    scatter = np.zeros(len(tree), dtype=np.int64)
    scatter[nodes] = place
    return gather, scatter


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
    """Attention of packed texts: nodes (1, heads, nodes, d) to texts (texts, heads, longest, d), and back.

    Texts are padded on the right, where a causal query never looks. Every text that shares a node gets the
    same for it.
    """
    import torch

    texts = _now.texts
    q = _gathered(query)
    k = _gathered(key)
    v = _gathered(value)
    if softcap:
        out = _capped(q, k, v, scaling, softcap)
    else:
        shared = q.shape[1] != k.shape[1]  # several heads of queries have the same keys and values
        out = torch.nn.functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=scaling, enable_gqa=shared
        )
    width = out.shape[2]
    out = out.transpose(1, 2).reshape(texts * width, -1).index_select(0, _now.scatter)
    return out.view(1, len(out), query.shape[1], -1), None


def _gathered(states: Any) -> Any:
    """(texts, heads, longest, d) from (1, heads, nodes, d).

    Rows go by index_select: plain indexing takes 3 times (fp32) to 10 times (bf16) as long on a CPU.
    """
    heads = states.shape[1]
    size = states.shape[3]
    width = len(_now.gather) // _now.texts
    rows = states[0].transpose(0, 1).reshape(-1, heads * size)
    whole = rows.index_select(0, _now.gather)
    return whole.view(_now.texts, width, heads, size).transpose(1, 2)


def _capped(q: Any, k: Any, v: Any, scaling: float | None, cap: Any) -> Any:
    """Causal attention whose scores are kept within ±cap by a tanh, as in Gemma 2."""
    import torch

    copies = q.shape[1] // k.shape[1]
    k = k.repeat_interleave(copies, dim=1)
    v = v.repeat_interleave(copies, dim=1)
    if scaling is None:
        scaling = q.shape[-1] ** -0.5
    scores = torch.tanh(q @ k.transpose(-1, -2) * scaling / cap) * cap
    width = q.shape[2]
    later = torch.ones(width, width, dtype=torch.bool, device=q.device).triu(1)
    weights = torch.softmax(scores.masked_fill(later, float("-inf")), dim=-1, dtype=torch.float32)
    return weights.to(v.dtype) @ v


def _pick(module: Any, inputs: tuple) -> tuple | None:
    """Give a module only the nodes that are read, inside a packed forward pass."""
    if _now.rows is None:
        return None
    _now.nodes = inputs[0].shape[1]
    return (inputs[0][:, _now.rows], *inputs[1:])


def _put_back(module: Any, inputs: tuple, output: Any) -> Any:
    """What a module made of the nodes that are read, at their places again; zeros elsewhere."""
    if _now.rows is None:
        return None
    whole = output.new_zeros(output.shape[0], _now.nodes, output.shape[2])
    whole[:, _now.rows] = output
    return whole
