"""Previews of a run: colours after the first chunk of ablations, long before a fit can be scored.

They look at values that were asked anyway, in the chunks in which they are asked, so no number depends on
them.
"""

from __future__ import annotations

from collections.abc import Callable

from spexviz.masks import Masks, Values
from spexviz.results.preview import Preview
from spexviz.results.subject import Subject
from spexviz.solvers.base import signs
from spexviz.solvers.linear import ridge_by_leave_one_out

FIRST = 32  # masks from which there is a preview; a sharper one at every doubling


class Previews:
    """Shows a linear fit of the masks so far: at 32, 64, 128 …, but never of more than `most`."""

    def __init__(self, subject: Subject, show: Callable[[Preview], None], most: int):
        self.subject = subject
        self.show = show
        self.most = most
        self.next = FIRST

    def __call__(self, masks: Masks, values: Values) -> None:
        """`masks`, `values`: those known so far, of the reference distribution or a whole cube of it."""
        if not self.next <= len(masks) <= self.most:
            return
        while self.next <= len(masks):
            self.next *= 2
        slopes = ridge_by_leave_one_out(signs(masks), values).slopes
        if slopes.any():  # else they tell nothing yet
            self.show(Preview(self.subject, -2.0 * slopes, len(masks)))
