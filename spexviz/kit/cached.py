"""What is computed once for each object: a property, or a function of it."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
One = TypeVar("One")
P = ParamSpec("P")


class cached_property(functools.cached_property[T]):
    """As in Python 3.12. That of 3.11 keeps a lock for all objects of a class: while one of them loaded its
    model, every other waited. Two threads may compute it at once here, and one of the two values stays.
    """

    def __init__(self, compute: Callable[[Any], T]):
        super().__init__(compute)
        self.lock = nullcontext()  # of 3.11


def once_each(compute: Callable[Concatenate[One, P], T]) -> Callable[Concatenate[One, P], T]:
    """A function that keeps what it has computed of an object, by identity, for as long as that lives.

    For objects that never change; what else it is given is hashable, and nobody changes what it returns. Two
    threads may compute it at once, and one of the two values stays.
    """
    kept: dict[int, dict[Hashable, T]] = {}

    @functools.wraps(compute)
    def computed(one: One, *rest: P.args, **named: P.kwargs) -> T:
        if id(one) not in kept:
            kept[id(one)] = {}
            weakref.finalize(one, kept.pop, id(one), None)
        found = kept[id(one)]
        key = (rest, tuple(sorted(named.items())))
        if key not in found:
            found[key] = compute(one, *rest, **named)
        return found[key]

    return computed
