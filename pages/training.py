"""Training data: leave examples out, retrain, watch the answer, see which of them act together, and which do harm."""

from spexviz.ui.lens import Lens, page
from spexviz.ui.lenses.training import form as training_form
from spexviz.ui.lenses.training import panels as training_view

page(
    Lens(
        game="training",
        title="Which training examples act together?",
        intro="Leave some training examples out, retrain, watch the answer, a thousand times: spexviz finds the examples that matter to it, "
        "the sets that only help together and the duplicates that cancel, and says how far to trust them.",
        form=training_form.form,
        prefill=training_form.prefill,
        picture=training_view.picture,
        sections=(training_view.sets, training_view.what_if, training_view.prune),
    )
)
