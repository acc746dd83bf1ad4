"""The pictures of a training-data run: examples that matter, sets, the what-if, harm and removal.

Numbers called “retrained” are real retrainings, made here when the features are at hand; nothing else on the
page needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from spexviz import views
from spexviz.errors import SpexvizError
from spexviz.games.training import retraining
from spexviz.games.training.game import TrainingGame
from spexviz.games.training.retraining import Removal
from spexviz.kit.arrays import Floats
from spexviz.kit.names import plain
from spexviz.results import Explanation
from spexviz.ui import what_if as what_if_of
from spexviz.ui import widgets
from spexviz.ui.games import game_of
from spexviz.ui.lenses.training import form as training_form
from spexviz.ui.panels import View
from spexviz.views.cards import Card, Item
from spexviz.views.examples import harmful
from spexviz.views.tried import Calls, Outcome

T = TypeVar("T")
READ = "Retrain here"
LISTED = 10  # rows of the harmful list
SAME = "the same text as the query"
CALLS = Calls(
    "Retrained without them",
    "Retrained without",
    "what the fit of all ablations predicts, without retraining; it knows of leaving out only.",
)


def what_if(view: View) -> None:
    """Leave out, double or relabel some players, and retrain: the real value beside the surrogate's."""
    explanation, out = view.explanation, view.look.off
    place = what_if_of.begin(view)
    game = _game(explanation)
    if game is not None:
        _read_first(view, game)
    double, relabel, also = _changes(view, game)
    found = Outcome(out, also)
    after = None
    if out and not also:
        after = what_if_of.known(explanation, out)
    if after is not None:
        found = Outcome(out, after=after)
    elif found.is_change:
        arguments = (out, tuple(sorted(relabel.items())), tuple(double))
        real = _retrained(view, "if", lambda game: retraining.what_if(game, out, relabel, double), arguments)
        if real is not None:
            found = Outcome(out, also, real[1], real[0])
    calls = replace(CALLS, changed="Retrained") if also else CALLS
    what_if_of.show(view, found, calls, place=place)
    what_if_of.listed(view, "Examples that are left out", partial(_numbered, explanation))


def _changes(view: View, game: TrainingGame | None) -> tuple[list[int], dict[int, int], str]:
    """What else is to be tried: players kept twice, {player: its new class}; and both in words."""
    key = f"{view.key}-if"
    name = partial(_numbered, view.explanation)
    options = range(len(view.explanation.players))
    if game is None:
        return [], {}, ""
    with st.expander("Keep some twice, or give them another label"):
        columns = st.columns(2)
        double = columns[0].multiselect("Keep twice", options, format_func=name, key=f"{key}-double")
        wrong = columns[1].multiselect("Give another label", options, format_func=name, key=f"{key}-relabel")
        relabel = _relabelled(game, wrong, key)
    parts = []
    if double:
        parts.append(f"with {len(double)} kept twice")
    if relabel:
        parts.append(f"with {len(relabel)} of another label")
    return double, relabel, " and ".join(parts)


def _numbered(explanation: Explanation, player: int) -> str:
    return f"{player + 1}. {plain(explanation.players[player], 60)}"


def _relabelled(game: TrainingGame, wrong: list[int], key: str) -> dict[int, int]:
    """{player: its new class}: the other one of two, or the one chosen."""
    classes, labels = game.examples.classes, game.examples.train.labels
    if not wrong:
        return {}
    if len(classes) == 2:
        return {i: 1 - labels[int(game.members[i][0])] for i in wrong}
    new = st.selectbox(
        "Their new label", range(len(classes)), format_func=classes.__getitem__, key=f"{key}-new"
    )
    return dict.fromkeys(wrong, int(new))


def removed(view: View) -> None:
    """The most harmful players; once they are retrained, the removal curve with leave-one-out beside it."""
    explanation = view.explanation
    game = _game(explanation)
    if game is None:
        return
    if not game.about_query:  # else the tab says it
        widgets.heading("Which examples do harm?", key=f"{view.key}-harm-heading")
    asked = f"{view.key}-removal-asked"
    if not _is_ready(view, game):
        _harmful(view, game, None)
        st.caption(f"What leaving them out really does is shown here after “{READ}” under “What if?”.")
    # in closed form it takes a moment, else up to a minute
    elif game.method.closed_form or st.session_state.get(asked):
        found = _retrained(view, "removal", lambda game: _removals(game, explanation), ())
        _harmful(view, game, None if found is None else found.alone)
        if found is not None:
            _removal_curve(view, found)
    else:
        _harmful(view, game, None)
        st.caption(
            "What leaving each out really does, and the value as more and more of the harmful ones go: some "
            "600 retrainings, up to a minute."
        )
        widgets.on_request("Compare and remove", asked, f"{asked}-button", ":material/content_cut:")


@dataclass(frozen=True)
class _Removals:
    """Leave-one-out effects, and the removal curves by the spectrum and by them."""

    alone: Floats
    by_spectrum: Removal
    by_leave_one_out: Removal


def _removals(game: TrainingGame, explanation: Explanation) -> _Removals:
    alone = retraining.leave_one_out(game)
    seed = explanation.spec.seed
    worst = retraining.harmful(game, explanation.main_effects())
    by_spectrum = retraining.removal(game, worst, seed)
    by_leave_one_out = retraining.removal(game, retraining.harmful(game, alone), seed, draws=0)
    return _Removals(alone, by_spectrum, by_leave_one_out)


def _removal_curve(view: View, found: _Removals) -> None:
    """The curve under what it says."""
    ours = found.by_spectrum
    unit = view.explanation.unit
    said = views.removal_in_words(ours.shares, ours.ordered, ours.random, unit)
    widgets.note(said, key=f"{view.key}-dropping-said")
    lines = [
        ("most harmful first, by the spectrum", ours.ordered),
        ("by leave-one-out", found.by_leave_one_out.ordered),
    ]
    figure = views.removal(ours.shares, lines, ours.random, unit, dark=widgets.dark())
    widgets.chart(figure, key=f"{view.key}-dropping")


def _harmful(view: View, game: TrainingGame, alone: Floats | None) -> None:
    """The list, and how many of the planted wrong labels are at its top.

    `alone`: leave-one-out effects, where they are known.
    """
    explanation = view.explanation
    shown = items(explanation)
    effects, better = explanation.main_effects(), game.higher_is_better
    worst = retraining.harmful(game, effects)
    moved = "lowers" if better else "raises"
    widgets.note(
        f"Most harmful first: keeping one {moved} the {explanation.unit} on average over random halves of "
        "the others.",
        kind="quiet",
        key=f"{view.key}-harm-said",
    )
    harm = [i for i in worst[:LISTED].tolist() if effects[i] and (effects[i] < 0) == better]
    listed = harmful(explanation, shown, harm, alone)
    widgets.table(listed, "Which do harm", f"{view.key}-harmful", view.key, view.look.selection)
    wrong = game.examples.mislabelled()
    if game.players_are == "example" and wrong and not game.about_query:
        orders = [worst] if alone is None else [worst, retraining.harmful(game, alone)]
        found = [round(retraining.precision_at(order, wrong, len(wrong)) * len(wrong)) for order in orders]
        st.caption(_wrong_labels_found(found, len(wrong), len(explanation.players)))


def _wrong_labels_found(found: Sequence[int], planted: int, players: int) -> str:
    """How many planted wrong labels are among as many most harmful ones.

    `found`: by the spectrum, and by leave-one-out where that is known.
    """
    chance = planted * planted / players
    line = (
        f"Of the {planted} most harmful, {found[0]} are among the {planted} planted wrong labels "
        f"(by chance {chance:.1f})"
    )
    for other in found[1:]:
        line += f"; leave-one-out finds {other}"
    return f"{line}."


def _is_ready(view: View, game: TrainingGame) -> bool:
    """Whether a retraining may be asked: the texts are read, or were asked to be."""
    return game.ready or bool(st.session_state.get(f"{view.key}-encode"))


def _read_first(view: View, game: TrainingGame) -> None:
    """A button that reads the texts with the encoder, while they are not read: once for all retrainings."""
    asked = f"{view.key}-encode"
    if not _is_ready(view, game):
        count = len(game.examples.texts)
        st.caption(
            f"To retrain here, the encoder first reads the {count:,} texts, once: seconds for hundreds of "
            f"texts, minutes for thousands. After that a change takes {_pace(game)}."
        )
    if game.ready or not widgets.on_request(READ, asked, f"{asked}-button", ":material/model_training:"):
        return
    try:
        with st.spinner("Reading the texts with the encoder …"):
            _ = game.asked
    except SpexvizError as error:
        widgets.problem(error, key=f"{asked}-error")
        return
    st.rerun()  # other panels retrain as well, now that they can


def _pace(game: TrainingGame) -> str:
    """How long one retraining takes, roughly."""
    if game.method.closed_form:
        return "a moment"
    return "some seconds"


def _retrained(view: View, what: str, ask: Callable[[TrainingGame], T], arguments: Any) -> T | None:
    """What real retraining says; None while the texts are not read, or with the reason why not."""
    explanation, key = view.explanation, f"{view.key}-{what}"
    game = _game(explanation)
    if game is None or not _is_ready(view, game):
        return None
    try:
        with st.spinner("Retraining …"):
            return _answer(view.key, what, arguments, ask, game)
    except SpexvizError as error:
        widgets.problem(error, key=f"{key}-error")
        return None


@st.cache_data(max_entries=128, show_spinner=False)
def _answer(
    key: str, what: str, arguments: Any, _ask: Callable[[TrainingGame], T], _built: TrainingGame
) -> T:
    return _ask(_built)


def _game(explanation: Explanation) -> TrainingGame | None:
    """The run's game; None where its data are not on this machine."""
    try:
        game = game_of(explanation, TrainingGame)
        _ = game.examples  # read now, so that what is missing is known here
    except SpexvizError:
        return None
    return game


def query(view: View) -> None:
    """The query as a picture, where it is one; a note where the data of the run are not on this machine."""
    game = _game(view.explanation)
    if game is None:
        widgets.note(
            "The data of this run are not on this machine: texts are shown, but nothing can be retrained.",
            kind="strip",
            key=f"{view.key}-no-data",
        )
        return
    data = game.examples
    if game.about_query and data.test.images is not None and not isinstance(game.query, str):
        shown = training_form.item(data.test, data.classes, game.query)
        widgets.cards([Card((shown,))], key=f"{view.key}-query", large=True)


def items(explanation: Explanation) -> tuple[Item, ...]:
    """What is shown of each player: its example with label and what was planted, or the name of its group."""
    game = _game(explanation)
    n = len(explanation.players)
    if game is None or game.players_are != "example" or len(game.examples.train) != n:
        return tuple(map(Item, explanation.players))
    data = game.examples
    asked = ""
    if game.about_query:
        asked = _words(game.before)
    return tuple(_compared(training_form.item(data.train, data.classes, i), asked) for i in range(n))


def _compared(item: Item, asked: str) -> Item:
    """The item, with a remark where it has the same words as the query; `asked`: its words, if any."""
    if not asked or _words(item.text) != asked:
        return item
    return replace(item, remark=", ".join(filter(None, [SAME, item.remark])))


def _words(text: str) -> str:
    """A text by its words alone."""
    return " ".join(text.casefold().split())
