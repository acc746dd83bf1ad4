"""Launcher: `streamlit run app.py` serves the dashboard. All of it is in spexviz/ui and pages/."""

import streamlit as st
from starlette.middleware import Middleware

from spexviz.kit.paths import PACKAGE
from spexviz.ui import runtime
from spexviz.ui.security import ContentSecurityPolicy

app = st.App(
    PACKAGE / "ui" / "shell.py", lifespan=runtime.lifespan, middleware=[Middleware(ContentSecurityPolicy)]
)
