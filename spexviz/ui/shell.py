"""The shell around every page: navigation, page settings, and what every page needs first."""

from __future__ import annotations

import streamlit as st

from spexviz.kit.paths import ASSETS
from spexviz.ui import access, address, browser, own, playlist, routes
from spexviz.ui.learn import place
from spexviz.ui.lenses import lenses

HOME = ("home", "Home", ":material/home:")
OTHERS = (  # pages that are no lens's
    ("gallery", "Gallery", ":material/photo_library:"),
    (place.PAGE, "Learn", ":material/school:"),
    ("playground", "Playground", ":material/function:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("runs", "Runs", ":material/history:"),
    ("glossary", "Glossary", ":material/menu_book:"),
)
UNLISTED = ((playlist.PAGE, "Present", ":material/slideshow:"),)  # reached from a run, or from several
OWN = (own.ENTRY,) if own.games() else ()
ENTRIES = (HOME, *((lens.page, lens.entry, lens.icon) for lens in lenses()), *OWN, *OTHERS)
SIDEBAR = 200  # pixels, the least that Streamlit allows; on a phone it is folded
look = {"page_icon": str(ASSETS / "mark.svg"), "layout": "wide", "initial_sidebar_state": SIDEBAR}
st.set_page_config(page_title="spexviz", **look)
st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "mark.svg")
# A page whose file does not exist is not listed.
pages = [
    st.Page(routes.file_of(name), title=title, icon=icon, url_path=name, default=name == HOME[0])
    for name, title, icon in ENTRIES
    if routes.file_of(name).exists()
]
pages += [
    st.Page(routes.file_of(name), title=title, icon=icon, url_path=name, visibility="hidden")
    for name, title, icon in UNLISTED
]

# Constant style, no user text: less empty space above, headings that do not shout, a main button and chosen
# words that can be read on the dark theme too, small print with a contrast of 4.5, tabs, numbers, chosen
# words and boxes to tick that wrap where room is short, the focus on links of the sidebar, no room for what
# shows nothing.
st.html(f"""<style>
.stMainBlockContainer {{ padding-top: 3rem; padding-bottom: 3rem; }}
@media (max-width: 768px) {{ .stMainBlockContainer {{ padding-top: 4.5rem; }} }}
.stMainBlockContainer h1 {{ font-size: 1.9rem; padding: 0.4rem 0; }}
.stMainBlockContainer h2 {{ font-size: 1.3rem; padding: 0.4rem 0; }}
.stMainBlockContainer h3 {{ font-size: 1.1rem; padding: 0.3rem 0; }}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {{
  color: light-dark(#5d5b6a, #aeacb9);
  opacity: 1;
}}
.stTabs [role="tablist"] {{ flex-wrap: wrap; row-gap: 0.25rem; }}
[data-testid="stMetric"] :is(label, p, div, span) {{ white-space: normal; overflow: visible; }}
[data-testid="stMetricValue"] {{ font-size: clamp(1.3rem, 2.2vw, 2.1rem); overflow-wrap: anywhere; }}
[data-testid="stBaseButton-primary"]:enabled kbd {{ opacity: 1; }}
:is([data-testid^="stBaseButton-primary"]:is(:enabled, :enabled:hover), [data-tag], [data-tag] > *) {{
  color: light-dark(#fff, #14131a);
}}
:is([data-tag], [data-tag] > span) {{ height: auto; white-space: normal; }}
.stCheckbox p {{ white-space: normal; }}
[data-testid="stSidebarNavLink"]:focus-visible {{ outline: 2px solid light-dark(#5b3fa0, #b9a3f0); }}
[class*="st-key-{browser.UNSEEN}-"] {{ position: absolute; }}
</style>""")
page = st.navigation(pages)
if access.access().unguarded:
    st.warning(f"{access.UNGUARDED} Enter nothing that others must not see.", icon=":material/lock_open:")
browser.begin(f"{page.url_path}?{st.query_params.get(address.RUN, '')}")
if page.url_path != playlist.PAGE:
    playlist.leave()
if page.url_path != place.PAGE:
    place.leave()
page.run()
