"""A property that is computed once for each object."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


class cached_property(functools.cached_property[T]):
    """As in Python 3.12. That of 3.11 keeps a lock for all objects of a class: while one of them loaded its
    model, every other waited. Two threads may compute it at once here, and one of the two values stays.
    """

    def __init__(self, compute: Callable[[Any], T]):
        super().__init__(compute)
        self.lock = nullcontext()  # of 3.11
