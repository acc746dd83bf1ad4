"""Compare: two runs beside each other: what differs, how far they agree, and where not, set by set."""

from spexviz.ui.compare import page

page()
