"""Heads: switch parts of the model off, watch the answer, see which of them work together, and which can go."""

from spexviz import models
from spexviz.ui.lens import Lens, page
from spexviz.ui.lenses.heads import form as heads_form
from spexviz.ui.lenses.heads import panels as heads_view

page(
    Lens(
        game="heads",
        title="Which heads work together?",
        intro="Switch some attention heads off, watch the answer, a few hundred times: spexviz finds the sets of heads that explain it, "
        "says how far to trust them, and which heads the answer can do without.",
        form=heads_form.form,
        prefill=heads_form.prefill,
        picture=heads_view.picture,
        sections=(heads_view.what_if, heads_view.prune),
        model=models.configured()[0],
    )
)
