"""The split to begin with, offered in the prompt's form: one press takes it."""

from __future__ import annotations

import streamlit as st

from spexviz.games.prompt.length import MOST_CHARACTERS
from spexviz.games.prompt.proposal import Proposal, proposed
from spexviz.ui import widgets
from spexviz.ui.fields import Fields

_LABELS = {
    "boundaries": "Split it between its characters",
    "sentences": "Start with its {} sentences",
    "lines": "Start with its {} lines",
    "paragraphs": "Start with its {} paragraphs",
}
_NEXT = {
    "boundaries": "a word is then what stands between two of Unicode's boundaries.",
    "sentences": "start with its sentences, and look into single ones later.",
    "lines": "start with whole lines, and look into single ones later.",
    "paragraphs": "start with whole paragraphs, and look into single ones later.",
}


def offer(fields: Fields, prompt: str) -> None:
    """Another split than the one that is chosen, with its reason, where the text asks for it."""
    if len(prompt) > MOST_CHARACTERS:
        return
    found = proposed(prompt, fields.kept("split"))
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="form-proposal-row"):
        widgets.note(f"{found.why}: {_NEXT[found.split]}", key="form-proposal")
        st.button(label(found), key="form-proposal-take", on_click=take, args=(fields, found))


def label(found: Proposal) -> str:
    """What the button says that takes a split."""
    return _LABELS[found.split].format(f"{found.count:,}")


def take(fields: Fields, found: Proposal) -> None:
    """Choose the split that is proposed."""
    fields.fill({"split": found.split})
