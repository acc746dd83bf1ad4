"""The Glossary page: every word of the field that the app uses, in one place."""

from __future__ import annotations

import streamlit as st

from spexviz.ui import widgets
from spexviz.views import glossary
from spexviz.views.story import Component

INTRO = (
    "The words that are used here, each explained without the others as far as can be. Wherever one "
    "of them is underlined with dots, pointing at it, tapping it, or reaching it with the keyboard says the "
    "same."
)


def page() -> None:
    """The whole page."""
    st.title("Glossary", anchor=False)
    st.caption(INTRO)
    widgets.asking(Component("glossary", glossary.data(widgets.dark())), "glossary")
