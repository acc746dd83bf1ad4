"""The lenses: a folder each, whose `LENS` says all that the shell, the routes and the page need.

A lens is there by being here.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spexviz.ui.lens import Lens


@cache
def lenses() -> tuple[Lens, ...]:
    """Every lens, in the order of the navigation."""
    found = [
        importlib.import_module(f"{__name__}.{info.name}").LENS for info in pkgutil.iter_modules(__path__)
    ]
    return tuple(sorted(found, key=lambda lens: (lens.position, lens.game)))


def lens_of(game: str) -> Lens | None:
    """The lens for games of this name, where there is one."""
    return next((lens for lens in lenses() if lens.game == game), None)
