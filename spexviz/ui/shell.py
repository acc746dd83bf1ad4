"""The shell around every page: navigation, page settings, and what every page needs first."""

from __future__ import annotations

import streamlit as st

from spexviz.kit.paths import ASSETS
from spexviz.ui import access, routes
from spexviz.ui.lenses import lenses

OTHERS = (("runs", "Runs", ":material/history:"),)  # pages that are no lens's
ENTRIES = (*((lens.page, lens.entry, lens.icon) for lens in lenses()), *OTHERS)


def home() -> None:
    """The bare address leads to the Explore page, keeping a run's link."""
    st.switch_page(pages[0], query_params={key: st.query_params[key] for key in st.query_params})


st.set_page_config(page_title="spexviz", page_icon=str(ASSETS / "mark.svg"), layout="wide")
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "mark.svg")
# A page whose file does not exist is not listed.
pages = [
    st.Page(routes.file_of(name), title=title, icon=icon, url_path=name)
    for name, title, icon in ENTRIES
    if routes.file_of(name).exists()
]
start = st.Page(home, title="Home", url_path="home", default=True, visibility="hidden")

# Constant style, no user text: less empty space above, a title that does not shout, a main button that can be
# read on the dark theme too; small print with a contrast of 4.5; tabs and numbers wrap where room is short.
st.html("""<style>
.stMainBlockContainer { padding-top: 3rem; padding-bottom: 3rem; }
@media (max-width: 768px) { .stMainBlockContainer { padding-top: 4.5rem; } }
.stMainBlockContainer h1 { font-size: 1.9rem; padding: 0.4rem 0; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {
  color: light-dark(#5d5b6a, #aeacb9);
  opacity: 1;
}
.stTabs [role="tablist"] { flex-wrap: wrap; row-gap: 0.25rem; }
[data-testid="stMetric"] :is(label, p, div, span) { white-space: normal; overflow: visible; }
[data-testid="stMetricValue"] { font-size: clamp(1.3rem, 2.2vw, 2.1rem); overflow-wrap: anywhere; }
[data-testid="stBaseButton-primary"]:enabled kbd { opacity: 1; }
[data-testid="stBaseButton-primary"]:is(:enabled, :enabled:hover) { color: light-dark(#fff, #14131a); }
</style>""")
page = st.navigation([start, *pages])
if access.access().unguarded:
    st.warning(f"{access.UNGUARDED} Enter nothing that others must not see.", icon=":material/lock_open:")
page.run()
