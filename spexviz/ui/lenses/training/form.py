"""The form of a training-data run: data or a CSV file, what to look at, learner, players, budget."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.training import data as datasets
from spexviz.games.training.data import Data, Examples
from spexviz.games.training.game import VALUES, TrainingGame
from spexviz.kit.names import plain
from spexviz.kit.options import settings
from spexviz.run.plan import Request
from spexviz.ui import lens, run_form, widgets
from spexviz.ui.fields import Fields
from spexviz.views.cards import Card, Item

OWN, FILE = "A text of my own …", "Your CSV file"
SHORT = 60  # letters of a query in a title
TITLES = {"reviews": "Reviews", "digits": "Digits", FILE: FILE}
FIELDS = Fields("train", TrainingGame, {"source": "reviews", "own": ""}, without=("data",))


def prefill(request: Request) -> None:
    """Put the settings of a run back into the form."""
    held = settings(request.game)
    held["source"] = held["data"]
    if datasets.is_upload(held["data"]):
        st.session_state["train-upload"], held["source"] = held["data"], FILE
    if isinstance(held["query"], str):
        held["own"], held["query"] = held["query"], OWN
    FIELDS.fill(held)
    run_form.prefill(request)


def form() -> None:
    """The whole form; starts the run and opens it."""
    FIELDS.begin()
    data = _data()
    if data is None:
        return
    names = ("value", "learner", "players_are")
    columns = st.columns(3)
    chosen = {name: FIELDS.draw(name, column, told=True) for name, column in zip(names, columns, strict=True)}
    chosen["data"] = data.label
    if VALUES[chosen["value"]].about_query:
        chosen |= _query(data)
    with st.expander("Solver, features and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            chosen |= _more(data, chosen)
    sliding, starting = run_form.last_row()
    budget, options = run_form.budget_and_options(solver, sliding, 1024)
    game = run_form.made(TrainingGame, chosen)
    request = run_form.ready(game, solver, budget, seed, options)
    pressed = run_form.explain_button(request, starting)
    if pressed and request is not None and game is not None:
        lens.start(request, title(game))


def title(game: TrainingGame) -> str:
    """What a run is called: its data and its query in short, or what is measured over all held-out examples.

    Raises GameError where its data cannot be had.
    """
    data = game.examples
    if not game.about_query:
        held_out = f"{len(data.test)} held-out examples"
        return f"{data_title(data.label)}: {game.value} of a {game.learner} on {held_out}"
    query = game.query
    if not isinstance(query, str):
        query = data.test.texts[query]
    return f"{data_title(data.label)}: “{plain(query, SHORT)}”"


def data_title(label: str) -> str:
    """What a data set is called on the page."""
    return TITLES.get(label, FILE)


def item(examples: Examples, classes: tuple[str, ...], position: int) -> Item:
    """One example as it is shown on a card; what was planted in it is said."""
    pixels = None
    if examples.images is not None:
        pixels = tuple(examples.images[position].tolist())
    label = classes[examples.labels[position]]
    return Item(examples.texts[position], label, _remark(examples.planted[position]), pixels)


def _remark(planted: str) -> str:
    """What is said of what was planted in an example, "" for nothing."""
    if planted == datasets.MISLABELLED:
        return "planted: wrong label"
    return f"planted {planted}" if planted else ""


def _data() -> Data | None:
    """The chosen data set, with a line on what is in it; None while there is none."""
    picked = st.pills(
        "Data",
        list(TITLES),
        format_func=TITLES.__getitem__,
        default=FIELDS.kept("source"),
        key="train-picked",
        on_change=_take,
    )
    source = picked or FIELDS.kept("source")
    try:
        if source == FILE:
            return _uploaded()
        data = datasets.load(source)
    except SpexvizError as error:
        widgets.problem(error, key="train-data-error")
        return None
    known = datasets.NAMES[source].capitalize()
    st.caption(f"{known}; {len(data.test)} others are held out to ask about.")
    return data


def _take() -> None:
    if st.session_state.get("train-picked"):
        st.session_state["train-source"] = st.session_state["train-picked"]
    st.session_state["train-query"] = 0


def _uploaded() -> Data | None:
    help_ = (
        "UTF-8, with the columns text and label; split (train or test) and source if you like. "
        "At most 5,000 rows and 5 MB."
    )
    upload = st.file_uploader(
        "CSV file with the columns text and label",
        type=["csv", "tsv", "txt"],
        max_upload_size=5,
        help=help_,
        key="train-file",
    )
    if upload is not None:
        st.session_state["train-upload"] = datasets.keep(upload.getvalue()).label
    name = st.session_state.get("train-upload")
    if name is None:
        st.caption(
            "Without a column split, every fifth row is held out (of each label, where a label would have "
            "none to train on). The file stays on this server."
        )
        return None
    data = datasets.load(name)
    examples = f"{len(data.train):,} examples to train on, {len(data.test):,} held out"
    labels = ", ".join(plain(label, 30) for label in data.classes)
    widgets.note(f"{examples}; labels: {labels}.", key="train-file-note")
    return data


def _query(data: Data) -> dict[str, Any]:
    """A held-out example or a text of one's own, shown on a card."""

    def name(query: int | str) -> str:
        if isinstance(query, str):
            return query
        label = data.classes[data.test.labels[query]]
        return f"{plain(data.test.texts[query], 90)} ({plain(label, 20)})"

    offered: list[int | str] = list(range(len(data.test)))
    if data.train.images is None:
        offered.append(OWN)
    query = FIELDS.draw("query", offered=offered, format_func=name)
    if query == OWN:
        left, right = st.columns([5, 2], vertical_alignment="bottom")
        text = left.text_input(
            "Your text", FIELDS.kept("own"), key=FIELDS.key("own"), max_chars=datasets.MOST_LETTERS
        )
        return {"query": text, "answer": FIELDS.draw("answer", right, offered=data.classes)}
    if data.train.images is not None:
        shown = item(data.test, data.classes, query)
        widgets.cards([Card((shown,))], key="train-query-card", large=True)
    return {"query": query}


def _more(data: Data, before: dict[str, Any]) -> dict[str, Any]:
    """The rest; `before`: what was chosen above it."""
    chosen = {}
    if data.train.images is None:
        chosen = FIELDS.draw_all(("encoder", "components"))
    chosen["penalty"] = FIELDS.draw("penalty", format="%g")
    chosen |= FIELDS.draw_if(before["players_are"] == "cluster", "clusters")
    return chosen | FIELDS.draw_all(("seed",))
