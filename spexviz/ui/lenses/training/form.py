"""The form of a training-data run: data (or a CSV file), what to look at, learner, players, solver, budget."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spexviz.errors import SpexvizError
from spexviz.games.training import data as datasets
from spexviz.games.training.data import Data, Examples
from spexviz.games.training.features import ENCODERS
from spexviz.games.training.game import MOST_CLUSTERS, MOST_COMPONENTS, PLAYERS, VALUES
from spexviz.games.training.learners import LEARNERS
from spexviz.spec import RunSpec
from spexviz.ui import lens, run_form, widgets
from spexviz.views.cards import Card, Item
from spexviz.views.words import plain

OWN, FILE = "A text of my own …", "Your CSV file"
TITLES = {"reviews": "Reviews", "digits": "Digits", FILE: FILE}
DEFAULTS = {"source": "reviews", "query": 0, "own": "", "answer": "", "learner": "ridge", "value": "margin", "players_are": "example"}
MORE = {"encoder": "minilm", "penalty": 0.3, "components": 64, "clusters": 32, "seed": 0}
FIELDS = run_form.Fields("train", DEFAULTS | MORE)


def prefill(spec: RunSpec) -> None:
    """Put the settings of a run back into the form."""
    game = dict(spec.game)
    uploaded = str(game.get("data", "")).startswith("upload:")
    game["source"] = FILE if uploaded else game.get("data")
    if uploaded:
        st.session_state["train-upload"] = game["data"]
    if isinstance(game.get("query"), str):
        game["own"], game["query"] = game["query"], OWN
    FIELDS.fill(game)
    run_form.prefill(spec)


def form() -> None:
    """The whole form; starts the run and opens it."""
    FIELDS.begin()
    data = _data()
    if data is None:
        return
    game = {"name": "training", "data": data.label} | _settings()
    game |= _query(data) if VALUES[game["value"]][2] else {}
    with st.expander("Solver, features and more"):
        left, right = st.columns(2)
        with left:
            solver, seed = run_form.solver_and_seed()
        with right:
            game |= _more(data)
    budget, options = run_form.budget_and_checks(1024)
    spec = run_form.ready(game, solver, budget, seed, options)
    if run_form.explain_button(spec):
        lens.start(spec, title(data, game))


def title(data: Data, game: dict[str, Any]) -> str:
    """What a run is called: its query, or what is measured over all held-out examples."""
    query = game.get("query")
    if query is None:
        return f"{TITLES.get(data.label, FILE)}: {game['value']} of a {game['learner']} on {len(data.test)} held-out examples"
    return query if isinstance(query, str) else data.test.texts[query]


def item(examples: Examples, classes: tuple[str, ...], position: int) -> Item:
    """One example as it is shown on a card; what was planted in it is said."""
    pixels = None if examples.images is None else tuple(examples.images[position].tolist())
    planted = examples.planted[position]
    remark = "planted: wrong label" if planted == datasets.MISLABELLED else f"planted {planted}" if planted else ""
    return Item(examples.texts[position], classes[examples.labels[position]], remark, pixels)


def _data() -> Data | None:
    """The chosen data set, with a line on what is in it; None while there is none."""
    picked = st.pills("Data", list(TITLES), format_func=TITLES.__getitem__, default=FIELDS.kept("source"), key="train-picked", on_change=_take)
    source = picked or FIELDS.kept("source")
    try:
        if source == FILE:
            data = _uploaded()
            if data is None:
                return None
        else:
            data = datasets.load(source)
            st.caption(f"{datasets.NAMES[source].capitalize()}; {len(data.test)} others are held out to ask about.")
    except SpexvizError as error:
        widgets.problem(error, key="train-data-error")
        return None
    return data


def _take() -> None:
    if st.session_state.get("train-picked"):
        st.session_state["train-source"] = st.session_state["train-picked"]
    st.session_state["train-query"] = 0


def _uploaded() -> Data | None:
    help_ = "UTF-8, with the columns text and label; split (train or test) and source if you like. At most 5,000 rows and 5 MB."
    upload = st.file_uploader("CSV file with the columns text and label", type=["csv", "tsv", "txt"], max_upload_size=5, help=help_, key="train-file")
    if upload is not None:
        st.session_state["train-upload"] = datasets.keep(upload.getvalue()).label
    name = st.session_state.get("train-upload")
    if name is None:
        st.caption("Without a column split, every fifth row is held out. The file stays on this server.")
        return None
    data = datasets.load(name)
    widgets.note(
        f"{len(data.train):,} examples to train on, {len(data.test):,} held out; labels: {', '.join(plain(c, 30) for c in data.classes)}.",
        key="train-file-note",
    )
    return data


def _settings() -> dict[str, Any]:
    columns = st.columns(3, vertical_alignment="bottom")
    return {
        "value": _choice(columns[0], "What to look at", list(VALUES), "value", " ".join(f"{n}: {v[0]}" for n, v in VALUES.items())),
        "learner": _choice(columns[1], "Learner", list(LEARNERS), "learner", " ".join(text for text, _ in LEARNERS.values())),
        "players_are": _choice(columns[2], "Players are", list(PLAYERS), "players_are", " ".join(PLAYERS.values())),
    }


def _choice(column: Any, label: str, options: list[Any], name: str, help_: str, **more: Any) -> Any:
    return column.selectbox(label, options, FIELDS.index(options, name), key=f"train-{name}", help=help_, **more)


def _query(data: Data) -> dict[str, Any]:
    """A held-out example or a text of one's own, shown on a card."""
    own = [] if data.train.images is not None else [OWN]
    name = lambda q: q if q == OWN else f"{plain(data.test.texts[q], 90)} ({plain(data.classes[data.test.labels[q]], 20)})"  # noqa: E731
    help_ = "What the retrained models are asked. Redundant examples show for a query that is near them."
    query = _choice(st, "Which held-out example", [*range(len(data.test)), *own], "query", help_, format_func=name)
    if query == OWN:
        left, right = st.columns([5, 2], vertical_alignment="bottom")
        text = left.text_input("Your text", FIELDS.kept("own"), key="train-own", max_chars=datasets.MOST_LETTERS)
        answer = _choice(right, "Its true label", list(data.classes), "answer", "The label that is right for your text.")
        return {"query": text, "answer": answer}
    if data.train.images is not None:
        widgets.cards([Card((item(data.test, data.classes, query),))], key="train-query-card", large=True)
    return {"query": query}


def _more(data: Data) -> dict[str, Any]:
    out: dict[str, Any] = {"encoder": "minilm", "components": 64}
    if data.train.images is None:
        out["encoder"] = _choice(st, "Features", list(ENCODERS), "encoder", "; ".join(f"{n}: {t}" for n, t in ENCODERS.items()) + ".")
        out["components"] = int(st.number_input("Components kept", 1, MOST_COMPONENTS, FIELDS.kept("components"), key="train-components"))
    out["penalty"] = float(
        st.number_input(
            "Penalty", 0.001, 1000.0, FIELDS.kept("penalty"), format="%.3f", key="train-penalty", help="L2, on all weights of the learner."
        )
    )
    out["clusters"] = int(
        st.number_input("Clusters", 2, MOST_CLUSTERS, FIELDS.kept("clusters"), key="train-clusters", help="Where players are clusters.")
    )
    out["seed"] = int(st.number_input("Seed of network and clusters", 0, 2**32 - 1, FIELDS.kept("seed"), key="train-seed"))
    return out
