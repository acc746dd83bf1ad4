"""Learn: short lessons, each beside a real run; progress is kept in the browser."""

from spexviz.ui.learn.page import page

page()
