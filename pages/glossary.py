"""Glossary: the words of the field, each explained for somebody from outside it."""

from spexviz.ui.glossary import page

page()
