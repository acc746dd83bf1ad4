"""Launcher: `streamlit run app.py` serves the dashboard. All of it is in spexviz/ui and pages/."""

import streamlit as st
from starlette.middleware import Middleware

from spexviz.kit.paths import PACKAGE
from spexviz.ui import door, embedding, front, operator, runtime, security

DOORS = (
    security.ContentSecurityPolicy,
    security.OwnAddress,
    door.Token,
    door.VisitorCookie,
    front.FrontPage,
)

app = st.App(
    PACKAGE / "ui" / "shell.py",
    lifespan=runtime.lifespan,
    routes=[*operator.routes(), *embedding.routes()],
    middleware=[Middleware(one) for one in DOORS],
)
