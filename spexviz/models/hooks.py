"""What a module of torch is let do for a while; everything is as it was afterwards.

Hooks of torch are context managers of their own; a forward that stands for the module's is one here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def forward_as(module: Any, forward: Callable[..., Any]) -> Iterator[None]:
    """Let a module do something else when it is called; its own hooks run all the same."""
    module.forward = forward
    try:
        yield
    finally:
        del module.forward
