"""Runs: everything that was asked on this machine; find, open, rename, delete, take in a file."""

from spexviz.ui.runs import page

page()
