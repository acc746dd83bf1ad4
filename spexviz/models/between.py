"""Between two layers: where a forward pass that takes long lets a question of a page go first.

A micro-batch of a small model takes a second on a laptop, a layer of it some hundredths. The pass goes on
with the same numbers as if nothing had been: what it changes in the modules for itself is its own thread's
(see hooks.py), or as usual again meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from spexviz.models import attention
from spexviz.models.base import OpenModel
from spexviz.models.fastpath import layers_of
from spexviz.models.hooks import own


@contextmanager
def handing_over(model: OpenModel) -> Iterator[None]:
    """Give way between the layers of the passes in here, where others wait; the model's lock must be held.

    On a GPU a batch takes no time, and keeps memory that a question may need: there it goes before the next.
    """
    usual = attention.of(model.network)

    def give_way(layer: Any, inputs: tuple) -> None:
        if model.lock.wanted:
            with attention.computed_by(model.network, usual):
                model.lock.give_way()

    with ExitStack() as hooks:
        if model.device.type == "cpu":
            for layer in layers_of(model.body):
                hooks.enter_context(layer.register_forward_pre_hook(own(give_way)))
        yield
