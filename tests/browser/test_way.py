"""The way round in a real browser: where pages begin, Back and Forward, the address and the link.

That nothing is left on the console, by an address with a run or without, is looked at by `open_page`.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.browser.harness import Server, idle, wait_until
from tests.browser.test_story import open_card

pytestmark = pytest.mark.browser
CARDS = (
    ("explore", "prompt", "never-fails"),
    ("heads", "heads", "copying"),
    ("training", "training", "elevator"),
)
TABLE = "Sets as a table"
CAMPAIGN = bool(os.environ.get("SPEXVIZ_CAMPAIGN"))
REFUSED = """
navigator.clipboard.writeText = () => Promise.reject(new DOMException("refused", "NotAllowedError"));
document.execCommand = () => false;
"""


def path(page: Any, server: Server) -> str:
    """Where the browser says that it is."""
    return page.evaluate("location.href").removeprefix(server.url)


def is_at(page: Any, server: Server, there: str, shown: Any) -> None:
    """Wait until the page is there, and shows this."""
    wait_until(lambda: re.fullmatch(there, path(page, server)), 30, f"{there}, not {path(page, server)}")
    shown.first.wait_for()
    idle(page)


def entry(page: Any, name: str) -> Any:
    return page.get_by_test_id("stSidebarNavLink").filter(has_text=name)


def depth(page: Any, name: str) -> Any:
    return page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True)


def scrolled(page: Any) -> int:
    return page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")


@pytest.mark.parametrize("width", [400, 1440] if CAMPAIGN else [400])
def test_a_run_opens_at_its_top_and_nothing_is_pointed_at(server, open_page, width: int) -> None:
    page = open_page(f"{server.url}/explore", width=width, height=800, theme="light")
    for lens, game, name in CARDS:
        page.goto(f"{server.url}/{lens}")
        card = harness.card(page, game, name)
        card.scroll_into_view_if_needed()
        idle(page)
        wait_until(lambda: scrolled(page) > 0, 20, "a form that is scrolled down")
        box = card.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # and there it rests
        page.get_by_role("tab", name=TABLE).wait_for()
        page.locator(".spexviz-arcs, .spexviz-squares").first.wait_for()  # what comes late
        idle(page)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert scrolled(page) == 0, lens
        assert page.locator("h1").first.bounding_box()["y"] < 200
        assert page.locator(".lit, .lighting").count() == 0
        if lens == "explore":
            assert_told_early(page)
    assert_headings(page)


def assert_told_early(page: Any) -> None:
    """Prompt, answer, finding and picture stand within the first screen and a half."""
    for shown in (".spexviz-question", ".headline h2", ".spexviz-strip .text"):
        box = page.locator(shown).first.bounding_box()
        assert box["y"] + box["height"] <= 1.5 * page.viewport_size["height"], shown


def assert_headings(page: Any) -> None:
    """One title, the finding under it, and the titles of panels under that, as a screen reader has them."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    found = [node for node in nodes if not node["ignored"] and node["role"]["value"] == "heading"]
    named = {node["name"]["value"]: level(node) for node in found}
    assert [*named.values()][:2] == [1, 2] and {*named.values()} <= {1, 2, 3, 4}
    assert [name for name, at in named.items() if at == 2] == [page.locator(".headline h2").inner_text()]
    assert list(named.values()).count(1) == 1 and named["What matters most"] == 3


def level(node: dict) -> int:
    return next(one["value"]["value"] for one in node["properties"] if one["name"] == "level")


def test_the_sidebar_leaves_room_and_shows_where_the_focus_is(server, open_page) -> None:
    page = open_page(f"{server.url}/runs", width=1024)
    assert page.get_by_test_id("stSidebar").bounding_box()["width"] <= 205
    for _ in range(20):
        page.keyboard.press("Tab")
        if entry(page, "Heads").evaluate("link => link.matches(':focus-visible')"):
            break
    assert entry(page, "Heads").evaluate("link => getComputedStyle(link).outlineWidth") == "2px"


def test_back_and_forward_lead_from_run_to_where_one_came_from(server, open_page) -> None:
    page = open_page(f"{server.url}/explore", theme="dark")
    form = page.get_by_role("button", name="Explain")
    run = page.get_by_role("tab", name=TABLE)
    is_at(page, server, "/explore", form)
    open_card(page, "prompt", "never-fails")
    is_at(page, server, r"/explore\?run=\w+", run)
    opened = path(page, server)
    steps = page.evaluate("history.length")
    page.go_back()
    is_at(page, server, "/explore", form)
    page.go_forward()
    is_at(page, server, re.escape(opened), run)

    entry(page, "Explore").focus()  # the sidebar leads to the form, by keyboard too
    page.keyboard.press("Enter")
    is_at(
        page,
        server,
        "/explore",
        page.get_by_text("Your last run: “Her acting never fails to impress” · done"),
    )
    assert page.evaluate("history.length") == steps + 1
    page.get_by_role("button", name="Open it").press("Enter")
    is_at(page, server, re.escape(opened), run)
    entry(page, "Heads").click()
    is_at(page, server, "/heads", form)
    assert page.get_by_text("Your last run").count() == 0, "of this lens there is none"
    page.go_back()
    is_at(page, server, re.escape(opened), run)
    page.go_back()
    is_at(page, server, "/explore", form)
    page.go_back()
    is_at(page, server, re.escape(opened), run)

    page.goto(f"{server.url}{opened.replace('explore', 'heads')}&order=2")  # it is no run of that lens
    is_at(page, server, re.escape(f"{opened}&order=2"), run)
    page.go_back()
    is_at(page, server, re.escape(opened), run)
    page.goto(server.url + opened.replace("explore", ""))  # by the bare address
    is_at(page, server, re.escape(opened), run)


def test_what_is_chosen_stands_in_the_address_and_in_the_link(server, open_page) -> None:
    page = open_page(f"{server.url}/explore")
    open_card(page, "prompt", "turns")
    opened, steps = path(page, server), page.evaluate("history.length")
    assert re.fullmatch(r"/explore\?run=\w+", opened), "what everybody sees at first is not in it"
    page.locator(".comb").nth(1).click()
    depth(page, "researcher").click()
    page.get_by_role("combobox", name="Index").wait_for()
    idle(page)
    page.get_by_test_id("stButtonGroup").filter(has_text="Highest order").get_by_text("2", exact=True).click()
    page.get_by_role("slider", name="Sets shown").press("ArrowLeft")
    wanted = rf"{re.escape(opened)}&sets=11&depth=researcher&order=2&selected=(\d+-\d+)"
    wait_until(lambda: re.fullmatch(wanted, path(page, server)), 30, "all of it")
    idle(page)
    chosen = path(page, server)
    selected = page.locator(".comb[aria-pressed=true] .members").inner_text()
    assert page.evaluate("history.length") == steps, "only the run is a step"
    page.reload()
    page.get_by_role("combobox", name="Index").wait_for()
    idle(page)
    assert path(page, server) == chosen
    entry(page, "Heads").click()
    is_at(page, server, "/heads", page.get_by_role("button", name="Explain"))
    page.go_back()
    is_at(page, server, re.escape(chosen), page.locator(".comb[aria-pressed=true]"))

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Link and settings").click()
    page.get_by_role("button", name="Copy link").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{server.url}{opened}&index=mean&sets=11&depth=researcher&order=2&selected=")

    other = open_page(link)  # another visitor
    other.locator(".comb[aria-pressed=true]").wait_for()
    expect(other.locator(".comb[aria-pressed=true] .members")).to_have_text(selected)
    expect(other.locator(".comb")).to_have_count(11)
    other.get_by_role("combobox", name="Index").wait_for()
    assert not any(cookie["name"] == "spexviz-depth" for cookie in other.context.cookies())
    other.evaluate(REFUSED)
    other.get_by_role("button", name="Link and settings").click()
    other.get_by_role("button", name="Copy link").click()
    other.get_by_text("This browser lets no page copy").wait_for()
    field = other.get_by_label("Address of this view")
    expect(field).to_have_value(link)
    assert field.evaluate("field => field.selectionEnd - field.selectionStart") == len(link)
    other.keyboard.press("Escape")
    other.get_by_role("button", name="New run").click()
    open_card(other, "prompt", "never-fails")
    assert other.get_by_role("combobox", name="Index").count() == 0, "for this visitor as before"
