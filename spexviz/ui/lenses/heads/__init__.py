"""The heads lens: switch parts of the model off, see which of them work together, and which can go."""

from __future__ import annotations

from spexviz.ui.lens import Lens
from spexviz.ui.lenses.heads import form, panels
from spexviz.ui.lenses.heads.variants import can_be_opened, variants
from spexviz.ui.repeat import Repeating

LENS = Lens(
    game="heads",
    page="heads",
    entry="Heads",
    icon=":material/grid_view:",
    position=1,
    title="Which heads work together?",
    intro="Switch some attention heads off, watch the answer, a few hundred times: spexviz finds the sets of "
    "heads that explain it, "
    "says how far to trust them, and which heads the answer can do without.",
    form=form.form,
    prefill=form.prefill,
    called=form.title,
    repeating=Repeating(variants, can_be_opened),
    actions={"attention": panels.attention, "removal": panels.removed},
    loads_model=True,
    plainly="A model is built of many small parts, its attention heads. Switch some off and see which of "
    "them do a piece of work together, and which could go.",
)
