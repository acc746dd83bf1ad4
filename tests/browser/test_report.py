"""Runs taken out of the app in a real browser: the report from a file, pictures, tables, code."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import expect

import spexviz as sv
from spexviz.kit.paths import ASSETS
from spexviz.results import Explanation
from spexviz.views.cards import Item
from spexviz.views.document import NO_SCRIPTS, Chapter, report
from tests.browser.harness import idle, wait_until
from tests.browser.test_story import open_card
from tests.explanations import changed

pytestmark = pytest.mark.browser
SIZES = ((400, "dark"), (1440, "light"))
if os.environ.get("SPEXVIZ_CAMPAIGN"):
    SIZES = tuple((width, theme) for width in (400, 1024, 1440) for theme in ("light", "dark"))
EVIL = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>\u2028<!--"
INK = {"light": "rgb(30, 34, 48)", "dark": "rgb(243, 244, 248)"}
HIDDEN = """() => [...document.querySelectorAll("main *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.right > innerWidth + 1 && getComputedStyle(one).visibility !== "hidden" && !one.closest("pre");
}).length"""


def recorded(name: str) -> Explanation:
    return Explanation.from_json((ASSETS / "runs" / f"{name}.json").read_text(encoding="utf-8"))


class Opened:
    """A file in a browser without a network: its page, what it asked for, and what went wrong."""

    def __init__(self, browser: Any, path: Path, width: int = 1024, theme: str = "light", **more: Any):
        size = {"width": width, "height": 900}
        self.context = browser.new_context(offline=True, viewport=size, color_scheme=theme, **more)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text))
        self.page.goto(path.as_uri())
        self.path = path

    def close(self) -> None:
        """Nothing was asked for but the file, and nothing was complained of."""
        self.context.close()
        assert self.wrong == [] and self.asked == [self.path.as_uri()]


def saved(page: Any, button: Any) -> bytes:
    """What a button hands over."""
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize(("width", "theme"), SIZES)
def test_a_report_links_its_views_by_mouse_and_keyboard(browser, tmp_path, width: int, theme: str) -> None:
    path = tmp_path / "report.html"
    report(recorded("prompt/never-fails"), out=path)
    opened = Opened(browser, path, width, theme)
    page = opened.page
    page.locator(".player").filter(has_text="never").click()
    expect(page.locator(".token.selected")).to_have_text(["never"])
    step = page.locator(".plot .mark.selected").locator("visible=true")
    expect(step).to_have_count(1)
    expect(step).to_have_attribute("aria-label", re.compile(r"\+ never"))
    page.locator(".comb").nth(0).click()
    expect(page.locator(".player.selected .name")).to_have_text(["never", "fails"])
    page.get_by_text("Sets as a table").click()
    row = page.locator(".spexviz-rows [aria-selected='true']")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("never × fails")

    mark = page.locator(".plot .mark[tabindex='0']").locator("visible=true").first
    mark.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".token.selected")).to_have_text(["fails"])
    tip = page.locator(".tip").inner_text()
    assert tip.startswith("+ fails") and "log-odds" in tip
    page.keyboard.press("Escape")
    assert page.locator(".selected").count() == 0
    page.locator(".comb").nth(1).press("Enter")
    expect(page.locator(".token.selected")).to_have_count(3)

    assert page.evaluate("getComputedStyle(document.body).color") == INK[theme]
    bar = page.locator(".plot .mark rect").locator("visible=true").first
    assert bar.evaluate("one => getComputedStyle(one).fill") != "rgb(0, 0, 0)"
    assert page.evaluate("document.documentElement.scrollWidth") <= width and page.evaluate(HIDDEN) == 0
    page.emulate_media(color_scheme="light" if theme == "dark" else "dark")
    assert page.evaluate("getComputedStyle(document.body).color") != INK[theme]
    expect(page.locator(".token.selected"), "the selection outlives the theme").to_have_count(3)
    opened.close()


def test_a_report_of_several_runs_prints_whole_and_stands_without_scripts(browser, tmp_path) -> None:
    path = tmp_path / "report.html"
    runs = [recorded(name) for name in ("prompt/turns", "heads/copying")]
    report(*runs, out=path, depth="researcher")
    opened = Opened(browser, path, theme="dark")
    page = opened.page
    page.get_by_role("navigation").get_by_role("link").nth(1).click()
    assert page.url.endswith("#run-2") and page.locator("#run-2").bounding_box()["y"] < 9
    folds = page.locator("details.more")
    count = folds.count()
    assert count and not page.locator("details.more[open]").count()
    page.emulate_media(media="print")
    wait_until(lambda: page.locator("details.more[open]").count() == count, 10, "open folds")
    expect(page.locator(".plot svg").locator("visible=true")).to_have_count(7)
    assert page.evaluate("getComputedStyle(document.body).color") == INK["light"]
    for box in page.locator(".spexviz-rows .box").all():
        assert box.evaluate("one => one.scrollHeight - one.clientHeight") <= 2, "a table is cut on paper"
    assert page.locator(".saver, .tip, [data-unseen]").locator("visible=true").count() == 0
    assert page.evaluate("document.body.getBoundingClientRect().width") == 690
    page.emulate_media(media="screen")
    wait_until(lambda: not page.locator("details.more[open]").count(), 10, "folds as before")
    opened.close()

    still = Opened(browser, path, java_script_enabled=False)
    text = still.page.locator("body").inner_text()
    assert NO_SCRIPTS in text and "The strongest interactions" in text and "not (24) × bad" in text
    assert still.page.locator(".plot svg").locator("visible=true").count() >= 2
    still.close()


def test_no_text_of_others_leaves_its_place_in_a_report(browser, tmp_path) -> None:
    run = recorded("training/elevator")
    hostile = changed(run, players=(EVIL, *run.players[1:]), before=EVIL, question=EVIL, model=EVIL)
    path = tmp_path / "report.html"
    report(Chapter(hostile, EVIL, [Item(player) for player in hostile.players]), out=path, depth="researcher")
    opened = Opened(browser, path)
    assert opened.page.locator(".spexviz-arcs .player").count() > 4
    assert opened.page.locator("img").count() == 0
    assert opened.page.evaluate("window.evil") is None
    expect(opened.page.locator("h1")).to_contain_text(EVIL[:30])
    svg = saved(opened.page, opened.page.get_by_role("button", name="Save this picture as SVG").first)
    assert {one.tag.rpartition("}")[2] for one in ET.fromstring(svg).iter()} & {"script", "img"} == set()
    opened.close()


def test_the_library_saves_what_the_browser_saves(tmp_path) -> None:
    run = recorded("prompt/never-fails")
    graph = sv.views.save(sv.views.graph(run), tmp_path / "graph.svg", width=700)
    texts = [one.text for one in ET.parse(graph).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Her", "acting", "never", "fails", "impress"} <= set(texts)
    png = sv.views.save(
        sv.views.path(run, dark=True), tmp_path / "path.png", width=500, dark=True
    ).read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20]) >= 1000


def test_a_run_is_taken_along(server, open_page, browser, tmp_path) -> None:
    page = open_page(f"{server.url}/explore", width=1440)
    open_card(page, "prompt", "never-fails")
    page.locator(".js-plotly-plot .bars").first.wait_for()
    pictures = page.get_by_role("toolbar", name="Save this picture")
    wait_until(lambda: pictures.count() >= 3, 30, "a way to save each picture")
    for picture in pictures.locator("visible=true").all():
        root = ET.fromstring(saved(page, picture.get_by_role("button", name="SVG")))
        texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert "never" in " ".join(filter(None, texts)), "words stay words"
        width = int(root.get("width"))
        png = saved(page, picture.get_by_role("button", name="PNG"))
        assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20]) == 2 * width
    page.get_by_role("tab", name="Sets as a table").click()
    table = page.get_by_role("toolbar", name="Save this table").first
    rows = page.get_by_role("grid", name="Sets as a table").locator("tbody tr").count()
    frame = pd.read_csv(StringIO(saved(page, table.get_by_role("button", name="CSV")).decode()))
    assert len(frame) == rows and frame["Set"][0] == "never × fails"
    value = recorded("prompt/never-fails").interactions().values[(2, 3)]
    assert frame["Surrogate (number)"][0] == pytest.approx(value)
    records = json.loads(saved(page, table.get_by_role("button", name="JSON")))
    assert len(records) == rows and records[0]["Order"] == 2

    page.get_by_role("button", name="Notebook code").click()
    page.get_by_text("sv.PromptGame(").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="How to cite").click()
    page.get_by_text("kang2025spex").first.wait_for()
    page.keyboard.press("Escape")

    path = tmp_path / "taken.html"
    path.write_bytes(saved(page, page.get_by_role("button", name="Report", exact=True)))
    opened = Opened(browser, path)
    expect(opened.page.locator("h1")).to_contain_text("Her acting never fails")
    expect(opened.page.locator(".comb")).to_have_count(12)
    opened.close()

    page.goto(f"{server.url}/runs")
    page.get_by_role("grid", name="Runs").wait_for()
    idle(page)
    toggle = page.get_by_text(re.compile("Show .* recorded run"))
    if toggle.count():
        toggle.click()
    page.get_by_label(re.compile("^Mark Her acting never fails to impress$")).first.check(force=True)
    button = page.get_by_role("button", name="Report", exact=True)
    wait_until(button.is_enabled, 30, "a run that is marked")
    idle(page)
    assert b"Her acting never fails to impress" in saved(page, button)
