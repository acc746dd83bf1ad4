"""Heads: switch parts of the model off, watch the answer, see which work together, and which can go."""

from spexviz.ui.lens import page
from spexviz.ui.lenses.heads import LENS

page(LENS)
