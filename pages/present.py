"""Present: runs for people in a room, large, one panel at a time; no sidebar."""

from spexviz.ui.present import page

page()
