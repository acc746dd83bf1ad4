"""Playground: a function that is known, and what each solver finds of it."""

from spexviz.ui.playground import page

page()
