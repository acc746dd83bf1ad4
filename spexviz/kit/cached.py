"""What is computed once for each object."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
One = TypeVar("One")
T = TypeVar("T")


class cached_property(functools.cached_property[T]):
    """As in Python 3.12. That of 3.11 keeps a lock for all objects of a class: while one of them loaded its
    model, every other waited. Two threads may compute it at once here, and one of the two values stays.
    """

    def __init__(self, compute: Callable[[Any], T]):
        super().__init__(compute)
        self.lock = nullcontext()  # of 3.11


def kept(answer: Callable[Concatenate[One, P], T]) -> Callable[Concatenate[One, P], T]:
    """A function of an object that never changes, and of what else it is called with: the object keeps each
    answer. Two threads may compute one at once, and one of the two stays.
    """
    place = f"_kept_{answer.__module__}.{answer.__qualname__}"

    @functools.wraps(answer)
    def known(one: One, *args: P.args, **more: P.kwargs) -> T:
        answers = vars(one).setdefault(place, {})
        asked = (args, tuple(sorted(more.items())))
        if asked not in answers:
            answers[asked] = answer(one, *args, **more)
        return answers[asked]

    return known
