"""Gallery: recorded real runs as cards, each of which opens at once."""

from spexviz.ui.gallery import page

page()
