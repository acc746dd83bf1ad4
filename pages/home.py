"""Home: what spexviz does, on a recorded run whose words can be taken away; and where to go from here."""

from spexviz.ui.home import page

page()
