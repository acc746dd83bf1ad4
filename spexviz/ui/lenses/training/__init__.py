"""The training-data lens: leave examples out, retrain, see which act together, and which do harm."""

from __future__ import annotations

from spexviz.ui.lens import Lens
from spexviz.ui.lenses.training import form, panels
from spexviz.ui.lenses.training.variants import variants
from spexviz.ui.repeat import Repeating

LENS = Lens(
    game="training",
    page="training",
    entry="Training data",
    icon=":material/dataset:",
    position=2,
    title="Which training examples act together?",
    intro="Leave some training examples out, retrain, watch the answer, a thousand times: spexviz finds the "
    "examples that matter to it, "
    "the sets that only help together and the duplicates that cancel, and says how far to trust them.",
    form=form.form,
    prefill=form.prefill,
    called=form.title,
    repeating=Repeating(variants),
    actions={"query": panels.query, "what-if": panels.what_if, "removal": panels.removed},
    items=panels.items,
    plainly="A model learns from examples. Leave some out and let it learn again: see which of them taught "
    "it an answer together, and which are mislabelled.",
)
