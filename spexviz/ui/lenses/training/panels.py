"""The pictures of a training-data run: examples that matter, sets, the what-if, harm and removal.

Numbers called “retrained” are real retrainings, made here when the features are at hand; nothing else on the
page needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from spexviz import views
from spexviz.analysis import redundancy
from spexviz.analysis.redundancy import Group
from spexviz.errors import SpexvizError
from spexviz.games.training import retraining
from spexviz.games.training.game import TrainingGame
from spexviz.games.training.retraining import Removal, Without
from spexviz.kit.arrays import Floats
from spexviz.kit.names import plain
from spexviz.results import Explanation
from spexviz.ui import what_if as asking
from spexviz.ui import widgets
from spexviz.ui.games import game_of
from spexviz.ui.lenses.training import form as training_form
from spexviz.ui.widgets import View
from spexviz.views.cards import Card, Item, mattering, quality_is_good

T = TypeVar("T")
TOP, SETS, LISTED = 9, 4, 12  # cards of examples; of sets of a kind; rows of the harmful list
WORDS = asking.Words(
    "Whole training set",
    "Retrained",
    "It knows of leaving out only.",
    "The real value less the average effect of each.",
)
LEAST = 0.002  # share of the variance below which a set is not worth a card
KINDS = {
    redundancy.REDUNDANT: (
        "Duplicates cancel",
        "Redundant: with one of them in the training set, the others add little. Left out together they are "
        "missed more than one by one.",
    ),
    redundancy.SYNERGISTIC: (
        "Only help together",
        "Synergistic: together they move the answer beyond what each does alone.",
    ),
}


def picture(view: View) -> None:
    """What was asked, and the training examples that matter most to it."""
    explanation = view.explanation
    query = _query(explanation)
    if query is not None:
        widgets.cards([query], key=f"{view.key}-query", large=True)
    st.subheader(f"{explanation.subject.noun.capitalize()}s that matter", anchor=False)
    if explanation.complete:
        st.caption(
            f"Average effect on the {explanation.unit} of keeping each, over random halves of the rest. "
            "Click a card to follow it through all views."
        )
    else:
        st.caption("So far.")
    _selectable(explanation, mattering(explanation, _items(explanation), TOP), f"{view.key}-cards")


def sets(view: View) -> None:
    """Redundant and synergistic sets of two and three, with their checks and real retraining without them."""
    explanation = view.explanation
    shown = _items(explanation)
    found = [group for group in redundancy.groups(explanation.spectrum) if group.share >= LEAST]
    st.subheader("Sets that act together", anchor=False)
    chosen = {kind: [group for group in found if group.kind == kind][:SETS] for kind in KINDS}
    asked = tuple(group.members for groups in chosen.values() for group in groups)
    real: tuple[Without, ...] | None = ()
    if asked:
        real = _retrained(view, "sets", lambda game: retraining.without(game, asked), asked)
    without = {one.members: one for one in real or ()}
    for column, (kind, (title, about)) in zip(st.columns(2), KINDS.items(), strict=True):
        with column:
            st.markdown(f"**{title}**")
            st.caption(about)
            cards = [
                _set_card(explanation, shown, group, without.get(group.members)) for group in chosen[kind]
            ]
            if cards:
                _selectable(explanation, cards, f"{view.key}-{kind}")
            else:
                st.caption("None stands out in this run.")


def _selectable(explanation: Explanation, found: Sequence[Card], key: str) -> None:
    """Cards whose members a click selects in all views."""
    widgets.cards(
        found,
        key=key,
        selection=widgets.selection(explanation),
        good=quality_is_good(explanation),
    )


def what_if(view: View) -> None:
    """Leave out, double or relabel some players, and retrain: the real value beside the surrogate's."""
    explanation, key = view.explanation, f"{view.key}-if"

    def label(player: int) -> str:
        return f"{player + 1}. {plain(explanation.players[player], 60)}"

    st.subheader("What if?", anchor=False)
    options = list(range(len(explanation.players)))
    columns = st.columns(3)
    out = asking.left_out(view, "Leave out", f"{key}-out", columns[0], label)
    double = columns[1].multiselect("Keep twice", options, format_func=label, key=f"{key}-double")
    wrong = columns[2].multiselect("Give another label", options, format_func=label, key=f"{key}-relabel")
    if not (out or double or wrong):
        st.caption(
            "Choose examples here, or click a card, a set or a node: they are then left out, and the model "
            "is "
            "retrained."
        )
        return
    game = _game(explanation)
    relabel: dict[int, int] = {}
    if game is not None:
        relabel = _relabelled(game, wrong, key)
    arguments = (tuple(out), tuple(sorted(relabel.items())), tuple(double))
    real = _retrained(view, "if", lambda game: retraining.what_if(game, out, relabel, double), arguments)
    asking.values(view, WORDS, out, real, predicted=not (double or wrong), change=True)


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
    st.subheader("Harm and removal", anchor=False)
    game = _game(explanation)
    if game is None:
        return
    asked = f"{view.key}-removal-asked"
    # in closed form it takes a moment, else up to a minute
    if game.method.closed_form or st.session_state.get(asked):
        found = _retrained(view, "removal", lambda game: _removals(game, explanation), ())
        _harmful(view, game, None if found is None else found.alone)
        if found is not None:
            _removal_curve(view, found)
        return
    _harmful(view, game, None)
    st.caption(
        "Leave-one-out beside it, and the value as more and more of the harmful ones are left out: "
        "some 600 retrainings."
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
    ours = found.by_spectrum
    lines = [
        ("most harmful first, by the spectrum", ours.ordered),
        ("by leave-one-out", found.by_leave_one_out.ordered),
    ]
    figure = views.removal(ours.shares, lines, ours.random, view.explanation.unit, dark=widgets.dark())
    widgets.chart(figure, key=f"{view.key}-dropping")


def _harmful(view: View, game: TrainingGame, alone: Floats | None) -> None:
    """The list, and how many of the planted wrong labels are at its top.

    `alone`: leave-one-out effects, where they are known.
    """
    explanation = view.explanation
    shown = _items(explanation)
    effects, better = explanation.main_effects(), game.higher_is_better
    worst = retraining.harmful(game, effects)
    moved = "lowers" if better else "raises"
    st.caption(
        f"Most harmful first: keeping one {moved} the {explanation.unit} on average over random halves of "
        "the "
        "others."
    )
    player = explanation.subject.noun.capitalize()
    rows = []
    for i in worst[:LISTED].tolist():
        if not effects[i] or (effects[i] < 0) != better:
            continue
        row = {player: plain(shown[i].text, 120), "Label": shown[i].label, "Effect": float(effects[i])}
        if alone is not None:
            row["Leave one out"] = float(alone[i])
        row["Planted"] = shown[i].remark
        rows.append(row)
    number = st.column_config.NumberColumn
    columns = {
        player: st.column_config.TextColumn(width="large"),
        "Effect": number(format="%+.4f", help="Main effect by the surrogate"),
        "Leave one out": number(format="%+.4f", help="Real: whole set minus without it"),
    }
    st.dataframe(rows, hide_index=True, height="content", column_config=columns, key=f"{view.key}-harmful")
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


def _set_card(explanation: Explanation, shown: tuple[Item, ...], group: Group, real: Without | None) -> Card:
    number = views.theme.number
    lines = []
    if real is not None:
        whole = "both"
        if len(group.members) > 2:
            whole = "all three"
        each = ", ".join(map(number, real.alone))
        lines.append(f"Retrained without each: {each}; without {whole}: {number(real.together)}")
    return views.cards.of_set(explanation, shown, group.members, lines)


def _retrained(view: View, what: str, ask: Callable[[TrainingGame], T], arguments: Any) -> T | None:
    """What real retraining says.

    None, with a button, while the features would have to be made first, or with the reason why not.
    """
    explanation, key = view.explanation, f"{view.key}-{what}"
    game = _game(explanation)
    if game is None:
        return None
    label, icon = "Retrain (reads the texts with the encoder first)", ":material/model_training:"
    asked = f"{view.key}-encode"
    if not game.ready and not widgets.on_request(label, asked, f"{key}-button", icon):
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


def _query(explanation: Explanation) -> Card | None:
    """The query on a card, with what the whole training set makes of it.

    None without its data, a note for values over a test set.
    """
    game = _game(explanation)
    if game is None:
        widgets.note(
            "The data of this run are not on this machine: texts are shown, but nothing can be retrained.",
            kind="strip",
            key="no-data",
        )
        return None
    nothing, everything = map(views.theme.number, explanation.ends)
    whole = f"{explanation.unit}: {everything} with the whole training set, {nothing} with nothing"
    return Card((_asked_about(game),), lines=(whole,))


def _asked_about(game: TrainingGame) -> Item:
    """The held-out example or the text that the value is about, or all held-out examples."""
    data = game.examples
    if not game.about_query:
        return Item(f"{len(data.test)} held-out examples of {training_form.data_title(data.label)}")
    if isinstance(game.query, str):
        return Item(game.query, game.answer)
    return training_form.item(data.test, data.classes, game.query)


def _items(explanation: Explanation) -> tuple[Item, ...]:
    """What is shown of each player: its example with label and what was planted, or the name of its group."""
    game = _game(explanation)
    n = len(explanation.players)
    if game is None or game.players_are != "example" or len(game.examples.train) != n:
        return tuple(map(Item, explanation.players))
    data = game.examples
    return tuple(training_form.item(data.train, data.classes, i) for i in range(n))
