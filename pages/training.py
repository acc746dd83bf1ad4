"""Training data: leave examples out, retrain, watch the answer, see which act together, and which do harm."""

from spexviz.ui.lens import page
from spexviz.ui.lenses.training import LENS

page(LENS)
