"""The prompt lens: choose a model and a prompt, watch the run, see which words act together."""

from __future__ import annotations

from spexviz.ui.lens import Lens
from spexviz.ui.lenses.prompt import form
from spexviz.ui.lenses.prompt.variants import variants
from spexviz.ui.repeat import Repeating

LENS = Lens(
    game="prompt",
    page="explore",
    entry="Explore",
    icon=":material/travel_explore:",
    position=0,
    title="Which words act together?",
    intro="Remove some words, watch the answer, a few hundred times: spexviz finds the sets of words that "
    "explain it, "
    "and says how far to trust them. Choose an example or type your own prompt.",
    form=form.form,
    prefill=form.prefill,
    called=form.title,
    repeating=Repeating(variants),
    loads_model=True,
    plainly="Take words away and see how the answer changes. Some words matter alone; others only beside "
    "each other, like “not” and “bad”.",
)
