"""The question of a prompt's form: what to look at, and the answers, each with the token that it is.

Once the model is loaded it is asked for its likeliest answers, and for what those that were typed are to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from spexviz import models
from spexviz.errors import SpexvizError
from spexviz.games.prompt.game import PromptGame
from spexviz.games.prompt.targets import Reading, reading
from spexviz.kit.names import plain, visible
from spexviz.kit.options import options
from spexviz.models.base import LanguageModel, Likely
from spexviz.ui import runtime, widgets
from spexviz.ui.beside import Questions
from spexviz.ui.fields import Fields
from spexviz.ui.lenses.prompt import spelling
from spexviz.views.tokens import Press, chance, tokens

LIKELIEST = 5  # answers offered
READ = {"log-odds": ("target", "contrast"), "log-probability": ("target",), "greedy": ()}
_CLASSES = {
    "log-odds": "One class against another",
    "log-probability": "One class",
    "greedy": "The class that it chooses",
}
_MORE = {"greedy": ("answer_tokens",)}
_ALL = ("target", "contrast", "answer_tokens")


class Question:
    """What to look at, as it stands in the form. `places`: under each field, for what is said of it."""

    def __init__(self, fields: Fields, model: str):
        self.fields = fields
        self.name = model
        self.model: LanguageModel | None = models.load(model) if models.is_loaded(model) else None
        self.places: dict[str, Any] = {}
        self.untold: list[str] = []  # what it has not told, and why
        self.wrong: dict[str, str] = {}  # why a field cannot be asked as it stands

    def draw(self) -> dict[str, Any]:
        """The fields that apply; what they hold."""
        called = self._called()
        value = self.fields.draw("value", chooser="radio", horizontal=True, format_func=called)
        chosen: dict[str, Any] = {"value": value}
        names = (*READ[value], *_MORE.get(value, ()))
        for name, column in zip(names, st.columns(2), strict=False):
            with column:
                chosen[name] = self._field(name, chosen)
                self.places[name] = st.container()
        self.below = st.container()
        self.fields.hold([name for name in _ALL if name not in names])
        return chosen

    def _called(self) -> Callable[[str], str]:
        if self.model is not None and self.model.kind == "classifier":
            return _CLASSES.__getitem__
        return options(PromptGame)["value"].name_of

    def _field(self, name: str, chosen: Mapping[str, Any]) -> Any:
        """A text, or a label of those that the model knows."""
        labels = [] if self.model is None or name not in ("target", "contrast") else self.model.answers or []
        if not labels:
            return self.fields.draw(name)
        offered = [label for label in labels if label != chosen.get("target")] or list(labels)
        if self.fields.kept(name) not in offered:
            self.fields.fill({name: _like(self.fields.kept(name), offered)})
        return self.fields.draw(name, offered=offered, format_func=visible)

    def tell(self, asked: PromptGame | None, value: str, questions: Questions) -> None:
        """Say under each field what its answer is. `asked`: a game with this prompt around them."""
        if self.model is None:
            self._offer_loading()
            return
        if asked is None:
            return
        with self._said_below():
            model, text = asked.asked_model, asked.wrap(asked.prompt)
            likely, label = self._likely(model, text, questions)
            single = value == "log-odds"
            for name in READ[value]:
                told = spelling.Told()
                with self._said_below():
                    found = self._reading(name, model, text, single, questions)
                    told = spelling.told(found, name, single=single, is_blank=bool(model.blank))
                    if found is None and self.fields.kept(name):
                        told = spelling.Told("Asking the model what this is …")
                if told.is_wrong:
                    self.wrong[name] = told.problem
                self._show(name, told, likely, label)

    @contextmanager
    def _said_below(self) -> Iterator[None]:
        """What the model does not tell is said under all fields."""
        try:
            yield
        except SpexvizError as error:
            if str(error) in self.untold:
                return
            self.untold.append(str(error))
            said = f"What the model would answer is not known: {error}"
            with self.below:
                widgets.note(said, key=f"form-untold-{len(self.untold)}")

    def _likely(
        self, model: LanguageModel, text: str, questions: Questions
    ) -> tuple[tuple[Likely, ...], str]:
        """The likeliest answers, () while they are awaited; what they are called, "" where there are none."""
        if model.answers:  # all of them are there to choose from
            return (), ""
        key = ("likeliest", model.fingerprint, text, LIKELIEST)
        with self._said_below():
            return questions.get(key, lambda: model.likeliest(text, LIKELIEST)) or (), "Likeliest:"
        return (), ""

    def _reading(
        self, name: str, model: LanguageModel, text: str, single: bool, questions: Questions
    ) -> Reading | None:
        """What the answer in a field is to the model; None for none, or while that is not known."""
        answer = self.fields.kept(name)
        if not answer:
            return None
        key = ("reading", model.fingerprint, text, answer, single)
        return questions.get(key, lambda: reading(model, text, answer, single=single))

    def _show(self, name: str, told: spelling.Told, likely: tuple[Likely, ...], label: str) -> None:
        """What stands under a field; what is pressed there fills it, or another."""
        now = self.fields.kept(name)
        fixes = [Press(text, small) for text, small, _ in told.fixes]
        offered = [Press(visible(one.text), chance(one.probability), one.text == now) for one in likely]
        shown = tokens(
            told.said,
            told.why,
            fixes,
            offered,
            label,
            is_wrong=told.is_wrong,
            dark=widgets.dark(),
        )
        filled = {
            "fix": [fields for *_, fields in told.fixes],
            "likely": [{name: one.text} for one in likely],
        }

        def pressed(what: Any) -> None:
            self.fields.fill(_meant(what, filled))

        with self.places[name]:
            widgets.asking(shown, f"form-{name}-tokens", press=pressed)

    def tell_own(self, answer: str | None) -> None:
        """What the model itself answers, under the choice of that."""
        with self.below:
            said = "Asking the model for its answer …"
            if answer is not None:
                said = f"It answers “{plain(answer, 200)}”."
            widgets.note(said, key="form-own")

    def _offer_loading(self) -> None:
        """That the model's answers are not known before it is loaded, and the way to load it now."""
        name = self.name
        with self.below, st.container(horizontal=True, vertical_alignment="center", key="form-load-row"):
            if runtime.is_loading(name):
                widgets.note(
                    "The model is being loaded: then its likeliest answers stand here, to choose from.",
                    key="form-loading",
                )
                st.fragment(lambda: _until_loaded(name), run_every=1.0)()
                return
            said = "Once the model is loaded, its likeliest answers stand here, to choose from."
            if reason := runtime.why_not(name):
                said = f"The model could not be loaded. {reason}"
            widgets.note(said, key="form-unloaded")
            st.button("Load the model now", key="form-load", on_click=runtime.load_now, args=(name,))


def _until_loaded(name: str) -> None:
    if models.is_loaded(name) or not runtime.is_loading(name):
        st.rerun()


def _like(held: str, labels: list[str]) -> str:
    """The label that is meant: alike but for spaces and capitals, else the first."""
    return next((label for label in labels if label.strip().lower() == held.strip().lower()), labels[0])


def _meant(what: Any, filled: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What a press fills in; the browser's word is looked at before it is believed."""
    for name, choices in filled.items():
        place = what.get(name) if isinstance(what, Mapping) else None
        if type(place) is int and 0 <= place < len(choices):
            return choices[place]
    return {}
