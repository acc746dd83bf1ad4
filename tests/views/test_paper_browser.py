"""The report, opened from a file in a real Chromium: its components run, linked, without a request."""

import pytest

from spexviz.views.cards import Item
from spexviz.views.paper import Story, report
from spexviz.views.story import Look
from tests.explanations import changed
from tests.views.harness import browser
from tests.views.test_arcs import recorded

pytestmark = pytest.mark.browser
EVIL = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>\u2028<!--"


@pytest.fixture(scope="module")
def chromium():
    pytest.importorskip("playwright")
    with browser() as running:
        yield running


def opened(chromium, path, text):
    path.write_text(text, encoding="utf-8")
    page = chromium.new_page()
    page.errors, page.asked = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(path.as_uri())
    return page


def test_the_report_of_a_text_links_its_strip_its_graph_and_its_table(chromium, tmp_path):
    page = opened(chromium, tmp_path / "report.html", report(recorded("prompt/never-fails"), dark=True))
    page.locator(".player").filter(has_text="never").click()
    assert page.locator(".token.selected").all_inner_texts() == ["never"]
    page.locator(".comb").nth(0).click()
    assert page.locator(".player.selected .name").all_inner_texts() == ["never", "fails"]
    assert page.locator(".badges .selected").count() == 1
    assert page.locator(".spexviz-rows [aria-selected='true']").count() == 1
    words = page.get_by_text("The strongest interactions (mean effect")
    assert words.count() == 2 and words.locator("visible=true").count() == 0, "they stand in for scripts"
    assert page.errors == [] and page.asked == [(tmp_path / "report.html").as_uri()]


def test_no_text_of_others_leaves_its_place_in_the_data(chromium, tmp_path):
    run = recorded("training/elevator")
    hostile = changed(run, players=(EVIL, *run.players[1:]), before=EVIL)
    text = report(hostile, [Item(player) for player in hostile.players])
    page = opened(chromium, tmp_path / "report.html", text)
    assert page.locator(".spexviz-arcs .player").count() > 4
    assert page.evaluate("window.evil") is None and page.locator("img").count() == 0
    assert page.errors == [] and len(page.asked) == 1


def test_a_report_has_each_script_once_and_a_notebook_with_each_view():
    told = Story(recorded("training/elevator"), Look())
    once = "".join(page for page in told.pages(apart=False) if isinstance(page, str))
    assert once.count('["cards"] = {') == 1 < once.count('window.spexvizViews["cards"];')
    for page in told.pages():
        if isinstance(page, str) and "window.spexvizViews[" in page:
            assert page.count("] = { css: ") == 1
