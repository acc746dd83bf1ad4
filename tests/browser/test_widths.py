"""Nothing is cut, too pale or beyond the window; all states at all widths are looked at by `make shots`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.states import is_well, select_first, wrong_with
from tests.browser.test_story import open_card

pytestmark = pytest.mark.browser
BAD = """<!doctype html><body style="margin:0;background:#fff;color:#1e2230">
<p style="width:60px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis">a text that is cut</p>
<p style="height:20px;overflow:hidden">a text<br>whose second line is cut</p>
<p style="color:#999">a text that is too pale</p>
<div style="opacity:0.5"><p>a text that has faded</p></div>
<p style="white-space:nowrap;width:900px">WIDE</p><p style="margin-left:500px;white-space:nowrap">far away</p>
<button><span style="display:contents">
<p style="width:60px;overflow:hidden;white-space:nowrap">a button that is cut</p></span></button>
<section></section>
<script>document.querySelector("section").attachShadow({ mode: "open" }).innerHTML =
  '<div style="background:#202020"><p style="color:#444">a pale text of a component</p></div>';</script>"""
GOOD = """<!doctype html><body style="margin:0;background:#fff;color:#1e2230"><p>a text</p>
<div style="width:200px;overflow-x:auto"><p style="width:900px;white-space:nowrap">a wide table that
scrolls in a box of its own, further than the window</p></div>
<p style="display:none;color:#fff">nobody sees this</p>
<button disabled style="color:#aaa">off</button>"""


def test_the_audit_finds_what_is_wrong_and_only_that(browser: Any) -> None:
    with browser.new_context(viewport={"width": 400, "height": 600}) as context:
        page = context.new_page()
        page.set_content(BAD)
        found = "\n".join(wrong_with(page))
        for said in (
            'cut: "a text that is cut"',
            'cut: "whose second line is cut"',
            'cut: "a button that is cut"',
            ': "a text that is too pale"',
            ': "a text that has faded"',
            'px): "far away"',
            "the page is 900 px wide",
            ': "a pale text of a component"',
        ):
            assert said in found, found
        assert len(found.splitlines()) == 8, found
        page.set_content(GOOD)
        assert wrong_with(page) == []


@pytest.mark.parametrize(
    ("lens", "game", "name", "width", "theme"),
    [("heads", "heads", "copying", 400, "dark"), ("explore", "prompt", "turns", 1024, "light")],
)
def test_a_run_with_a_selection_is_whole(
    server: Any, open_page: Any, lens: str, game: str, name: str, width: int, theme: str
) -> None:
    page = open_page(f"{server.url}/{lens}", width=width, theme=theme)
    open_card(page, game, name)
    select_first(page)
    page.mouse.move(0, 0)
    is_well(page)
