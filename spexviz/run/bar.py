"""Bar: the progress of a run as a bar of tqdm, in a notebook as a widget, in a terminal on standard error."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from spexviz.ablate.runner import Progress


@contextmanager
def bar(stays: bool = False) -> Iterator[Callable[[Progress], None]]:
    """What a run is to tell; nothing is drawn where nobody looks. `stays`: the bar, when all is done."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a notebook has no widgets, and draws text then
        from tqdm.auto import tqdm
    off = False if "ipykernel" in sys.modules else None  # None: where standard error is no terminal
    with tqdm(unit=" ablations", dynamic_ncols=True, disable=off, leave=stays) as drawn:

        def tell(progress: Progress) -> None:
            drawn.total = progress.total
            drawn.n = progress.done
            drawn.set_description_str(progress.phase, refresh=True)

        yield tell
