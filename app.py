"""Launcher: `streamlit run app.py` serves the dashboard. All of it is in spexviz/ui and pages/."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from spexviz.ui import runtime
from spexviz.ui.security import ContentSecurityPolicy

SHELL = Path(__file__).resolve().parent / "spexviz" / "ui" / "shell.py"

app = st.App(SHELL, lifespan=runtime.lifespan, middleware=[Middleware(ContentSecurityPolicy)])
