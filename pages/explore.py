"""Explore: choose a model and a prompt, watch the run, see which words act together."""

from spexviz.ui.lens import page
from spexviz.ui.lenses.prompt import LENS

page(LENS)
