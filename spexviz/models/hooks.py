"""What a module of torch is let do for a while, in one thread; everything is as it was afterwards.

Hooks of torch are context managers of their own; a forward that stands for the module's is one here. A
question of a page may pass through the same modules in another thread meanwhile (kit/handover.py): it meets
them as they were.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def own(change: Callable[..., Any]) -> Callable[..., Any]:
    """A hook that acts in this thread only."""
    thread = threading.get_ident()

    def hook(module: Any, *given: Any) -> Any:
        if threading.get_ident() == thread:
            return change(module, *given)
        return None

    return hook


@contextmanager
def forward_as(module: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """Let a module do something else when this thread calls it; its own hooks run all the same."""
    thread = threading.get_ident()
    before = vars(module).get("forward")
    others = module.forward

    def chosen(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() == thread:
            return forward(*args, **kwargs)
        return others(*args, **kwargs)

    module.forward = chosen
    try:
        yield
    finally:
        del module.forward
        if before is not None:
            module.forward = before
