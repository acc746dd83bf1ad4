"""Sentences on a page: text that may hold a user's words, set as text, with a fold and a meter."""

from __future__ import annotations

from streamlit.components.v2 import component

from spexviz.views import glossary
from spexviz.views.component import script, style
from spexviz.views.story import Words

_sentences = component("spexviz_sentences", css=style("sentences"), js=script("sentences"))
PROBLEM = "#c0562b"
_LEVELS = {"headline": 2, "heading": 3}  # of headings by their kind; others are none
_OWN = ("title",)  # kinds of sentences that are a user's


def words(said: Words, key: str, edge: str = "", heading: int = 0) -> None:
    """Draw sentences; `edge`: the colour at the left of a strip.

    `heading`: the level of the first as a heading, 0 for that of its kind.
    """
    heading = heading or _LEVELS.get(said.kind, 0)
    terms = {} if said.kind in _OWN else glossary.explained(*said.lines, *said.more)
    _sentences(
        key=key,
        data={
            "lines": list(said.lines),
            "kind": said.kind,
            "fold": said.fold,
            "more": list(said.more),
            "open": said.is_open,
            "level": said.level,
            "edge": edge,
            "heading": heading,
            "terms": terms,
        },
    )


def heading(title: str, *more: str, key: str) -> None:
    """The title of a panel, with what is to be known of it in small print, a paragraph each."""
    words(Words((title, *filter(None, more)), "heading"), key)


def note(*lines: str, kind: str = "plain", key: str, edge: str = "", level: int = 0) -> None:
    """Sentences of a kind: "headline", "title", "plain", "quiet" or "strip"; `level`: as a heading of it."""
    words(Words(lines, kind), key, edge, level)


def problem(error: Exception | str, key: str) -> None:
    """Why something cannot be done, and the remedy."""
    note(str(error), kind="strip", key=key, edge=PROBLEM)
