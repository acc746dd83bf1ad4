"""The pictures of a training-data run: query and examples that matter, sets that act together, what-if, removal, harmful examples.

Numbers called “retrained” are real retrainings, made here when the features are at hand; nothing else on the
page needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from spexviz import views
from spexviz.analysis import redundancy
from spexviz.analysis.redundancy import Group
from spexviz.errors import SpexvizError
from spexviz.games.training import retraining
from spexviz.games.training.game import TrainingGame
from spexviz.games.training.retraining import Without
from spexviz.results import Explanation
from spexviz.ui import what_if as asking
from spexviz.ui import widgets
from spexviz.ui.games import game_of
from spexviz.ui.lenses.training import form as training_form
from spexviz.ui.widgets import View
from spexviz.views.cards import Card, Item, mattering, quality_is_good
from spexviz.views.words import plain

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
        "Redundant: with one of them in the training set, the others add little. Left out together they are missed more than one by one.",
    ),
    redundancy.SYNERGISTIC: (
        "Only help together",
        "Synergistic: together they move the answer beyond what each does alone.",
    ),
}


def picture(view: View) -> None:
    """What was asked, and the training examples that matter most to it."""
    explanation, shown = view.explanation, _items(view.explanation)
    if (query := _query(explanation)) is not None:
        widgets.cards([query], key=f"{view.key}-query", large=True)
    st.subheader(f"{explanation.subject.noun.capitalize()}s that matter", anchor=False)
    st.caption(
        f"Average effect on the {explanation.unit} of keeping each, over random halves of the rest. Click a card to follow it through all views."
        if explanation.complete
        else "So far."
    )
    widgets.cards(
        mattering(explanation, shown, TOP),
        key=f"{view.key}-cards",
        selection=widgets.selection(explanation),
        good=quality_is_good(explanation),
    )


def sets(view: View) -> None:
    """Redundant and synergistic sets of two and three, each with its check and with what real retraining without it does."""
    explanation, shown = view.explanation, _items(view.explanation)
    found = [group for group in redundancy.groups(explanation.spectrum) if group.share >= LEAST]
    st.subheader("Sets that act together", anchor=False)
    chosen = {kind: [group for group in found if group.kind == kind][:SETS] for kind in KINDS}
    asked = tuple(group.members for groups in chosen.values() for group in groups)
    real = _retrained(view, "sets", lambda game: retraining.without(game, asked), asked) if asked else ()
    without = {one.members: one for one in real or ()}
    for column, (kind, (title, about)) in zip(st.columns(2), KINDS.items(), strict=True):
        with column:
            st.markdown(f"**{title}**")
            st.caption(about)
            cards = [
                _set_card(explanation, shown, group, without.get(group.members)) for group in chosen[kind]
            ]
            if cards:
                widgets.cards(
                    cards,
                    key=f"{view.key}-{kind}",
                    selection=widgets.selection(explanation),
                    good=quality_is_good(explanation),
                )
            else:
                st.caption("None stands out in this run.")


def what_if(view: View) -> None:
    """Leave out, double or relabel some players, and retrain: the real value beside the surrogate's."""
    explanation, key = view.explanation, f"{view.key}-if"
    st.subheader("What if?", anchor=False)
    label = lambda i: f"{i + 1}. {plain(explanation.players[i], 60)}"
    options, columns = list(range(len(explanation.players))), st.columns(3)
    out = asking.left_out(view, "Leave out", f"{key}-out", columns[0], label)
    double = columns[1].multiselect("Keep twice", options, format_func=label, key=f"{key}-double")
    wrong = columns[2].multiselect("Give another label", options, format_func=label, key=f"{key}-relabel")
    if not (out or double or wrong):
        st.caption(
            "Choose examples here, or click a card, a set or a node: they are then left out, and the model is retrained."
        )
        return
    game = _game(explanation)
    relabel = _relabelled(game, wrong, key) if game is not None else {}
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
    """The most harmful players; the removal curve, and leave-one-out beside the spectrum, once they are retrained."""
    explanation = view.explanation
    st.subheader("Harm and removal", anchor=False)
    game, asked = _game(explanation), f"{view.key}-removal-asked"
    if game is None:
        return
    found = None
    # in closed form it takes a moment, else up to a minute
    if game.method.closed_form or st.session_state.get(asked):
        found = _retrained(view, "removal", lambda game: _removals(game, explanation), ())
    _harmful(view, game, None if found is None else found[0])
    if found is not None:
        _, ours, other = found
        lines = [("most harmful first, by the spectrum", ours.ordered), ("by leave-one-out", other.ordered)]
        widgets.chart(
            views.removal(ours.shares, lines, ours.random, explanation.unit, dark=widgets.dark()),
            key=f"{view.key}-dropping",
        )
    elif not game.method.closed_form and not st.session_state.get(asked):
        st.caption(
            "Leave-one-out beside it, and the value as more and more of the harmful ones are left out: some 600 retrainings."
        )
        widgets.on_request("Compare and remove", asked, f"{asked}-button", ":material/content_cut:")


def _removals(game: TrainingGame, explanation: Explanation) -> tuple[Any, ...]:
    alone = retraining.leave_one_out(game)
    worst = retraining.harmful(game, explanation.main_effects())
    ours = retraining.removal(game, worst, explanation.spec.seed)
    return (
        alone,
        ours,
        retraining.removal(game, retraining.harmful(game, alone), explanation.spec.seed, draws=0),
    )


def _harmful(view: View, game: TrainingGame, alone: np.ndarray | None) -> None:
    """The list, and how many of the planted wrong labels are at its top.

    `alone`: leave-one-out effects, where they are known.
    """
    explanation, shown = view.explanation, _items(view.explanation)
    effects, better = explanation.main_effects(), game.higher_is_better
    worst = retraining.harmful(game, effects)
    st.caption(
        f"Most harmful first: keeping one {'lowers' if better else 'raises'} the {explanation.unit} on average over random halves of the others."
    )
    rows = []
    for i in worst[:LISTED].tolist():
        if effects[i] and (effects[i] < 0) == better:
            row = {
                explanation.subject.noun.capitalize(): plain(shown[i].text, 120),
                "Label": shown[i].label,
                "Effect": float(effects[i]),
            }
            rows.append(
                row
                | ({} if alone is None else {"Leave one out": float(alone[i])})
                | {"Planted": shown[i].remark}
            )
    number = st.column_config.NumberColumn
    columns = {
        explanation.subject.noun.capitalize(): st.column_config.TextColumn(width="large"),
        "Effect": number(format="%+.4f", help="Main effect by the surrogate"),
        "Leave one out": number(format="%+.4f", help="Real: whole set minus without it"),
    }
    st.dataframe(rows, hide_index=True, height="content", column_config=columns, key=f"{view.key}-harmful")
    wrong = game.examples.mislabelled()
    if game.players_are == "example" and wrong and not game.about_query:
        k, found = len(wrong), round(retraining.precision_at(worst, wrong, len(wrong)) * len(wrong))
        line = f"Of the {k} most harmful, {found} are among the {k} planted wrong labels (by chance {k * k / len(explanation.players):.1f})"
        if alone is not None:
            line += f"; leave-one-out finds {round(retraining.precision_at(retraining.harmful(game, alone), wrong, k) * k)}"
        st.caption(f"{line}.")


def _set_card(explanation: Explanation, shown: tuple[Item, ...], group: Group, real: Without | None) -> Card:
    number = views.theme.number
    lines = [
        f"Main effects {', '.join(map(number, group.mains))}; {views.theme.percent(group.share)} of the variance"
    ]
    if real is not None:
        both = "both" if len(group.members) == 2 else "all three"
        lines.append(
            f"Retrained without each: {', '.join(map(number, real.alone))}; without {both}: {number(real.together)}"
        )
    check = next((check for check in explanation.checks if check.members == group.members), None)
    if check is not None:
        part = "Checked" if len(group.members) == 2 else "Checked, the part of three alone"
        lines.append(f"{part}: {views.captions.check_text(check, explanation.unit)}")
    return Card(
        tuple(shown[i] for i in group.members),
        group.joint,
        "beyond what each does alone",
        tuple(lines),
        group.members,
    )


def _retrained(view: View, what: str, ask: Callable[[TrainingGame], T], arguments: Any) -> T | None:
    """What real retraining says;

    None, with a button, while the features would have to be made first, or with the reason why not.
    """
    explanation, key = view.explanation, f"{view.key}-{what}"
    game = _game(explanation)
    if game is None:
        return None
    label = "Retrain (reads the texts with the encoder first)"
    if not game.ready and not widgets.on_request(
        label, f"{view.key}-encode", f"{key}-button", ":material/model_training:"
    ):
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
        game = game_of(explanation)
        game.examples
        return game
    except SpexvizError:
        return None


def _query(explanation: Explanation) -> Card | None:
    """The query on a card, with what the whole training set makes of it;

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
    whole = f"{explanation.unit}: {views.theme.number(explanation.ends[1])} with the whole training set, {views.theme.number(explanation.ends[0])} with nothing"
    if not game.about_query:
        data = game.examples
        return Card(
            (Item(f"{len(data.test)} held-out examples of {training_form.data_title(data.label)}"),),
            lines=(whole,),
        )
    if isinstance(game.query, str):
        return Card((Item(game.query, game.answer),), lines=(whole,))
    return Card((training_form.item(game.examples.test, game.examples.classes, game.query),), lines=(whole,))


def _items(explanation: Explanation) -> tuple[Item, ...]:
    """What is shown of each player: its example with label and what was planted, or the name of its group."""
    game = _game(explanation)
    if game is None or game.players_are != "example" or len(game.examples.train) != len(explanation.players):
        return tuple(Item(player) for player in explanation.players)
    return tuple(
        training_form.item(game.examples.train, game.examples.classes, i)
        for i in range(len(explanation.players))
    )
