"""Explore: choose a model and a prompt, watch the run, see which words act together."""

from spexviz import models
from spexviz.ui.lens import Lens, page
from spexviz.ui.lenses.prompt import form as prompt_form

page(
    Lens(
        game="prompt",
        title="Which words act together?",
        intro="Remove some words, watch the answer, a few hundred times: spexviz finds the sets of words that explain it, "
        "and says how far to trust them. Choose an example or type your own prompt.",
        form=prompt_form.form,
        prefill=prompt_form.prefill,
        model=models.configured()[0],
    )
)
