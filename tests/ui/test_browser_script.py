"""What a page begins with."""

from __future__ import annotations

from pathlib import Path

import streamlit

from spexviz.ui import browser


def test_what_draws_figures_is_found_where_this_streamlit_has_it() -> None:
    script = browser.figures_script()
    assert script.startswith("static/js/PlotlyChart."), "or figures come a second later than they could"
    assert (Path(streamlit.__file__).parent / "static" / script).is_file()
