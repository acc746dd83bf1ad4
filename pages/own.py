"""Own: games that other packages have brought, with a form made of their options."""

from spexviz.ui.own import page

page()
