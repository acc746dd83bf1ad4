"""The shell around every page: navigation, page settings, and what every page needs first."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[2] / "pages"


def home() -> None:
    """The bare address leads to the Explore page, keeping a run's link."""
    st.switch_page(explore, query_params={key: st.query_params[key] for key in st.query_params})


st.set_page_config(page_title="spexviz", page_icon="🎐", layout="wide")
explore = st.Page(PAGES / "explore.py", title="Explore", icon=":material/travel_explore:", url_path="explore")
runs = st.Page(PAGES / "runs.py", title="Runs", icon=":material/history:", url_path="runs")
start = st.Page(home, title="Home", url_path="home", default=True, visibility="hidden")

# Constant style, no user text: less empty space above, a title that does not shout.
st.html("<style>.stMainBlockContainer{padding-top:3rem;padding-bottom:3rem} .stMainBlockContainer h1{font-size:1.9rem;padding:0.4rem 0}</style>")
st.navigation([start, explore, runs]).run()
