"""Try it: what a finished run can be asked, and its model answers: any set, the fewest words, other words.

Work is done where its button was pressed: whatever is pressed next ends it, and what it has asked is kept.
Other words, which are asked in a moment, stand in a fragment, whose answer does not draw the page anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import streamlit as st

from spexviz.ablate.runner import Progress
from spexviz.errors import SpexvizError
from spexviz.games.base import Game
from spexviz.games.prompt.game import PromptGame
from spexviz.kit.names import names, plain
from spexviz.masks import Interaction, Masks
from spexviz.results import Check, Explanation
from spexviz.results.flips import Flips
from spexviz.run.checks import MOST_ORDER, with_checks
from spexviz.run.flips import LIMIT, MOST, flips, known_flips, line_of
from spexviz.run.measured import as_asked
from spexviz.ui import runtime, widgets
from spexviz.ui.games import asking, game_of, is_loaded, is_refused
from spexviz.ui.lists import listed
from spexviz.ui.panels import View
from spexviz.ui.selection import off, select
from spexviz.ui.sentences import words
from spexviz.views import asked
from spexviz.views.story import Words
from spexviz.views.voice import Voice
from spexviz.views.words import plural

FIELDS = 4  # words that can be typed over at once
LONGEST = 200  # characters of one
SHOWN = 2_000  # characters of what was asked, where it is told
Tell = Callable[[float, str], None]
"""What is told how far something is, and in words."""


def with_checked(explanation: Explanation, key: str) -> Explanation:
    """The run with what this visitor has asked of it and no store keeps: a file's run stays as it is."""
    return with_checks(explanation, st.session_state.get(_checked(key), ()))


def panel(view: View) -> None:
    """The questions, about the selected players; which these are can be chosen here as well."""
    noun = view.explanation.subject.noun
    widgets.heading(
        "Try it",
        f"The model answers, not the fit; choose {plural(noun)} here or above.",
        key=f"{view.key}-try-heading",
    )
    chosen = _choice(view)
    _questions(view, chosen)


def _choice(view: View) -> Interaction:
    """The selected players, as a list that says and changes them."""
    chosen, players = view.look.selection, view.explanation.players
    nouns = plural(view.explanation.subject.noun)
    called = names(players, 60).__getitem__
    listed(view.key, f"These {nouns}", chosen, select, called, len(players), f"Choose {nouns}")
    return chosen


def _questions(view: View, chosen: Interaction) -> None:
    """One beside the other; what the model must be asked for only where it may be."""
    can_ask = not is_refused(view.explanation, f"{view.key}-ask")
    parts = [_together, _fewest]
    if view.explanation.spec.game_name == PromptGame.name:
        parts.append(_other_words)
    for column, part in zip(st.columns(len(parts)), parts, strict=True):
        with column.container(border=True, height="stretch"):
            part(view, chosen, can_ask)


def _question(text: str, key: str) -> None:
    widgets.note(text, kind="title", key=f"{key}-question", level=4)


def _together(view: View, chosen: Interaction, can_ask: bool) -> None:
    """Any set, checked on the model as those of every run are."""
    key = f"{view.key}-together"
    _question("Do these act together?", key)
    hint = asked.hint(view.explanation.subject.noun, chosen, 2, MOST_ORDER)
    if hint:
        st.caption(hint)
        return
    if said := asked.known(view.explanation, chosen):
        words(said, f"{key}-answer")
        return
    name = Voice.of(view.explanation).name_all(chosen)
    widgets.note(f"{name}: more than their parts?", key=f"{key}-set")
    if can_ask and _pressed(view, "Measured like the sets of the run, and kept with it.", key):
        with _working(key) as tell:
            _check(view, chosen, tell)


def _check(view: View, chosen: Interaction, tell: Tell) -> None:
    def report(progress: Progress) -> None:
        tell(progress.done / max(1, progress.total), f"{progress.done} ablations …")

    game = game_of(view.explanation, Game)
    found = runtime.manager().check(view.key, game, chosen, report)
    own: list[Check] = st.session_state.setdefault(_checked(view.key), [])
    own += [check for check in found.checks if check.members == chosen]
    st.rerun()  # every view shows it


def _checked(key: str) -> str:
    return f"{key}-checked"


def _fewest(view: View, chosen: Interaction, can_ask: bool) -> None:
    """The fewest players whose removal turns the answer round."""
    explanation, key = view.explanation, f"{view.key}-fewest"
    noun = plural(explanation.subject.noun)
    line = line_of(explanation)
    if line is None:
        _question(f"Which fewest {noun} flip the answer?", key)
        st.caption(f"Not here: {explanation.unit} is a number without two sides, so nothing flips.")
        return
    _question(f"Which fewest {noun} {'halve its probability' if line.halves else 'flip the answer'}?", key)
    found: Flips | None = known_flips(explanation) or st.session_state.get(key)
    if found is None:
        st.caption(f"The surrogate proposes what to leave out; the model is asked, at most {LIMIT} times.")
        if not can_ask or not _pressed(view, f"Sets of up to {MOST} {noun} are tried.", key):
            return
        with _working(key) as tell:
            st.session_state[key] = _search(view, tell)
            st.rerun()  # the answer stands in the place of the button
        return
    words(asked.flipped(explanation, found), f"{key}-answer")
    best = found.found
    if best and best.members != chosen and st.button("Select them", type="tertiary", key=f"{key}-select"):
        select(view.key, best.members)
        st.rerun()


def _search(view: View, tell: Tell) -> Flips | None:
    """The answer, told of on its way."""
    found: Flips | None = None
    for found in flips(view.explanation, asking(view.explanation, LIMIT)):
        tell(found.asked / LIMIT, f"{len(found.tried)} sets tried …")
    return found


@st.fragment
def _other_words(view: View, chosen: Interaction, can_ask: bool) -> None:
    """Other words over the chosen ones; one that is left empty is left out."""
    explanation, key = view.explanation, f"{view.key}-reworded"
    _question("What if it said something else?", key)
    if hint := asked.hint(explanation.subject.noun, chosen, 1, FIELDS):
        st.caption(hint)
        return
    originals = {player: explanation.players[player].strip() for player in chosen}
    fields = {player: f"{key}-{player}" for player in chosen}
    label = names(explanation.players)
    with st.form(key, border=False):
        typed = {}
        for player, original in originals.items():
            typed[player] = st.text_input(
                f"Instead of “{label[player]}”", original, LONGEST, key=fields[player]
            ).strip()
        # Enter presses the first button of a form: there is one, and it keeps its name
        is_asked = st.form_submit_button(
            "Ask the model", disabled=not can_ask, help=_loads(view) if can_ask else None
        )
    changes = {player: text for player, text in typed.items() if text != originals[player]}
    if not changes:
        st.caption("This is what it says: type other words, or nothing to leave a word out.")
        return
    question = (tuple(sorted(changes.items())), off(view.key, len(explanation.players)))
    if is_asked:
        with _working(key, stops=False):
            st.session_state[f"{key}-answer"] = (question, *_reworded(explanation, *question))
    answer = st.session_state.get(f"{key}-answer")
    if answer and answer[0] == question:
        words(answered(explanation, *answer[1:]), f"{key}-said")
    st.button(
        "Put the original back",
        type="tertiary",
        key=f"{key}-back",
        on_click=lambda: st.session_state.update({fields[i]: originals[i] for i in chosen}),
    )


def answered(explanation: Explanation, value: float, text: str) -> Words:
    """What the model answers to other words."""
    return asked.changed(explanation, value, plain(text, SHOWN))


def _reworded(
    explanation: Explanation, changes: Sequence[tuple[int, str]], removed: Interaction
) -> tuple[float, str]:
    """The answer with other words, and to what; those that are empty or switched off are left out."""
    game = as_asked(explanation, game_of(explanation, PromptGame))
    assert isinstance(game, PromptGame)  # in another precision it is one, too
    other = game.reworded({player: text for player, text in changes if text})
    gone = [*removed, *[player for player, text in changes if not text]]
    mask: Masks = np.ones((1, len(explanation.players)), dtype=bool)
    mask[0, gone] = False
    value = asking(explanation, 1, other)(mask)[0]
    return float(value), other.texts(mask)[0]


def _pressed(view: View, help_: str, key: str) -> bool:
    return st.button(_label(view), help=help_, key=f"{key}-button")


def _loads(view: View) -> str | None:
    return None if is_loaded(view.explanation) else "The model is loaded first: some seconds."


def _label(view: View) -> str:
    """What a button says that asks the model."""
    try:
        game = game_of(view.explanation, Game)
    except SpexvizError:  # said above
        return "Ask the model"
    if game.model_name is None:
        return "Measure it"
    return "Ask the model" if is_loaded(view.explanation) else "Ask the model (loads it)"


@contextmanager
def _working(key: str, *, stops: bool = True) -> Iterator[Tell]:
    """How far it is, and a way to stop; afterwards nothing of it is left, or why it could not be done.

    `stops`: not in a fragment, which is run again only when it has ended.
    """
    place = st.empty()
    with place.container():
        bar: Any = st.progress(0.0, "Asking the model …")
        if stops:
            st.button("Stop", key=f"{key}-stop", help="What has been asked is kept.")

    def tell(share: float, said: str) -> None:
        bar.progress(min(1.0, share), said)

    try:
        yield tell
    except SpexvizError as error:
        place.empty()
        widgets.problem(error, key=f"{key}-error")
    else:
        place.empty()
