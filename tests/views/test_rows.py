"""Rows: a table that is sorted, walked and followed; what stands in it is text, whatever it looks like."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from spexviz.views import rows
from spexviz.views.rows import Listed
from spexviz.views.story import Table
from tests.views import harness

HOSTILE = "<img src=x onerror=alert(1)> \u202e $x$ [a](javascript:1)"
NAMES = ("never × fails", HOSTILE, "bad", "all × not (24)")
CELLS = tuple(
    {"Set": name, "Order": order, "Surrogate": said, "Verdict": verdict, "Of the variance": share}
    for name, order, said, verdict, share in zip(
        NAMES,
        (2, 1, 1, 2),
        ("+0.86 [+0.79, +0.94]", "−1.50 [−1.71, −1.20]", "−0.28 [−0.32, −0.25]", "+0.48 [+0.40, +0.55]"),
        ("confirmed", "", "undecided", "contradicted"),
        ("38 %", "9.3 %", "3.9 %", "< 0.1 %"),
        strict=True,
    )
)
COLUMNS = dict.fromkeys(CELLS[0], "") | {"Verdict": f"Whether the model bears it out {HOSTILE}"}
NUMBERS = {"Surrogate": (0.86, -1.5, math.nan, 0.48), "Of the variance": (0.38, 0.093, 0.039, 0.0)}
SETS = Table(CELLS, ((0, 1), (2,), (3,), (4, 5)), COLUMNS, NUMBERS)


def sets(**options: Any) -> dict[str, Any]:
    return rows.data(SETS, "Sets", selects=True, **options)


def many(count: int = 60) -> dict[str, Any]:
    """A table that is longer than its box."""
    cells = tuple({"Set": f"word {k}", "Order": 1} for k in range(count))
    return rows.data(
        Table(cells, tuple((k,) for k in range(count)), dict.fromkeys(cells[0], "")), "Many", selects=True
    )


def runs(count: int = 3, **known: Any) -> dict[str, Any]:
    """Rows that open something."""
    cells = tuple({"Run": f"run {k}", "When": ""} for k in range(count))
    shown = Table(
        cells, columns={"Run": "", "When": ""}, numbers={"When": tuple(1.7e9 - 9e4 * k for k in range(count))}
    )
    keys = tuple(f"key-{k}" for k in range(count))
    listed = Listed(
        keys, words=tuple(f"prompt {k} {HOSTILE}" for k in range(count)), times=("When",), noun="run", **known
    )
    return rows.data(shown, "Runs", listed=listed)


def test_data_is_json_and_its_version_follows_all_but_the_selection() -> None:
    one = sets()
    json.dumps(one, allow_nan=False)
    assert one["version"] == sets(selection=(2,))["version"] != sets(dark=True)["version"]
    assert [column["kind"] for column in one["columns"]] == ["text", "number", "number", "text", "number"]
    assert one["numbers"][2] == [0.86, -1.5, None, 0.48] and one["numbers"][1] == [2.0, 1.0, 1.0, 2.0]
    assert one["members"] == [[0, 1], [2], [3], [4, 5]] and rows.data(SETS, "Sets")["members"] == []
    assert "\u202e" not in json.dumps(one, ensure_ascii=False)
    assert rows.data(Table(()), "nothing")["columns"] == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    pytest.importorskip("playwright")
    with harness.browser() as running:
        yield running


def mounted(chromium: Any, *items: dict[str, Any], **options: Any) -> Any:
    return harness.mounted(chromium, *items, name="rows", **options)


def first_cells(page: Any, table: int = 0) -> list[str]:
    found = page.locator("section").nth(table).locator("tbody td.first")
    return [text.partition("\n")[0] for text in found.all_inner_texts()]


def sent(page: Any, name: str) -> list[Any]:
    return page.evaluate("name => window.sent.filter(one => one[1] === name).map(one => one[2])", name)


@pytest.mark.browser
def test_a_click_selects_in_every_view_of_the_run_and_nothing_is_cut(chromium: Any) -> None:
    both = {**sets(), "run": "one"}
    page = mounted(chromium, both, both, dark=True)
    table, other = (page.locator("section").nth(k) for k in range(2))
    assert table.get_by_role("grid", name="Sets").count() == 1 and page.evaluate("window.sent") == []
    assert page.locator("img").count() == 0 and "<img src=x onerror=alert(1)>" in first_cells(page)[1]
    said = table.locator(".box").inner_text()
    assert "confirmed" in said and "None" not in said
    clipped = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert page.locator("td, th").evaluate_all(clipped) == []
    table.locator("tbody tr").nth(3).click()
    page.mouse.move(1, 1)
    for view in (table, other):
        chosen = view.locator("tr[aria-selected=true]")
        assert chosen.count() == 1 and chosen.get_attribute("data-row") == "3"
    table.locator("tbody tr").nth(0).hover()
    assert other.locator("tr.lit").get_attribute("data-row") == "0"
    other.locator("tbody tr").nth(3).click()
    assert sent(page, "select") == [{"members": [4, 5]}, {"members": []}]
    assert page.locator("tr[aria-selected=true]").count() == 0 and page.errors == []


@pytest.mark.browser
def test_another_views_selection_marks_the_row_within_its_own_box(chromium: Any) -> None:
    page = mounted(chromium, {**many(), "run": "one"})
    page.evaluate("document.body.style.paddingTop = '700px'")
    shown = (
        "box => { const row = box.querySelector('[aria-selected=true]').getBoundingClientRect();"
        " const frame = box.getBoundingClientRect();"
        " return row.top >= frame.top && row.bottom <= frame.bottom; }"
    )
    page.evaluate("data => window.again(0, data)", {**many(), "run": "one", "selection": [45]})
    assert page.locator(".box").evaluate(shown) and page.evaluate("window.scrollY") == 0
    assert page.locator("tr[aria-selected=true]").inner_text().startswith("word 45")
    assert page.locator("tr[tabindex='0']").get_attribute("data-row") == "45", "the one Tab stop of the rows"
    page.evaluate("data => window.again(0, data)", {**many(), "run": "one", "selection": [45, 46]})
    assert page.locator("tr[aria-selected=true]").count() == 0, "a set without a row ticks none"
    assert (
        page.locator("th").first.evaluate(
            "head => head.getBoundingClientRect().top - head.closest('.box').getBoundingClientRect().top"
        )
        <= 2
    )


@pytest.mark.browser
def test_headings_sort_by_number_and_say_what_a_column_is(chromium: Any) -> None:
    page = mounted(chromium, sets())
    head = page.get_by_role("columnheader", name="Surrogate")
    orders = {
        "none": [0, 1, 2, 3],
        "descending": [0, 3, 1, 2],
        "ascending": [1, 3, 0, 2],
    }  # what is unknown comes last
    for way in ("none", "descending", "ascending", "none"):
        assert head.get_attribute("aria-sort") == way
        assert (
            page.locator("tbody tr").evaluate_all("all => all.map(one => Number(one.dataset.row))")
            == orders[way]
        )
        head.get_by_role("button").click()
    about = page.get_by_role("tooltip")
    assert about.count() == 0
    page.keyboard.press("ArrowRight")
    assert (
        about.inner_text().startswith("Whether the model bears it out <img")
        and page.locator("img").count() == 0
    )
    page.keyboard.press("Escape")
    assert about.count() == 0
    page.get_by_role("columnheader", name="Verdict").hover()
    assert about.count() == 1 and page.locator("tr.at").count() == 0
    assert page.evaluate("window.sent") == [] and page.errors == []


@pytest.mark.browser
def test_the_keyboard_walks_selects_and_clears(chromium: Any) -> None:
    page = mounted(chromium, sets())
    press = page.keyboard.press
    press("Tab")
    press("ArrowRight")
    press("ArrowRight")
    press("Enter")  # by the surrogate, the largest first
    press("Tab")
    press("ArrowDown")
    press("Enter")
    press("End")
    press("Enter")
    press("Escape")
    assert sent(page, "select") == [{"members": [4, 5]}, {"members": [3]}, {"members": []}]
    stops = "all => all.filter(one => one.tabIndex === 0).map(one => one.tagName)"
    assert page.locator("button, tr, .box, input").evaluate_all(stops) == ["BUTTON", "TR", "BUTTON"]


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_a_row_is_a_block_with_its_names(chromium: Any, dark: bool) -> None:
    page = mounted(chromium, sets(dark=dark), width=400, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator(".box").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    row = page.locator("tbody tr").first
    named = row.locator("td").evaluate_all("all => all.map(one => getComputedStyle(one, '::before').content)")
    assert named[1:] == [f'"{name} "' for name in list(COLUMNS)[1:]]
    tops = row.locator("td").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert tops[0] < min(tops[1:]) and page.get_by_role("columnheader").count() == 5
    assert page.get_by_role("row").count() == 5, "a block is a row all the same"
    inks = "all => all.map(one => getComputedStyle(one).color)"
    ground = page.locator("thead tr").evaluate("one => getComputedStyle(one).backgroundColor")
    for colour in {*page.locator("td, th").evaluate_all(inks)}:
        assert contrast(colour, ground) >= 4.5


@pytest.mark.browser
def test_long_names_get_room_or_their_rows_are_blocks(chromium: Any) -> None:
    long = "All week long, the elevator smelled of… × The elevator smelled of wet paint for…"
    cells = tuple({**cell, "Set": long} for cell in CELLS)
    data = rows.data(Table(cells, SETS.members, COLUMNS, NUMBERS), "Sets", selects=True)
    for width, is_narrow in ((680, True), (1100, False)):
        page = mounted(chromium, data, width=width)
        assert page.locator(".narrow").count() == is_narrow
        assert page.locator("td.first").first.bounding_box()["width"] >= 190 and page.errors == []


def contrast(one: str, other: str) -> float:
    """Of two colours as a browser says them. Source: WCAG 2.2."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.browser
def test_rows_open_are_sought_and_marked(chromium: Any) -> None:
    page = mounted(chromium, runs(marked=("key-1", "gone")))
    assert (
        page.locator("tr[aria-selected=true]").get_attribute("data-row") == "1"
        and page.evaluate("window.sent") == []
    )
    page.locator("tbody tr").nth(2).locator("td.first").click()
    page.get_by_label("Mark run 0").check()
    page.locator("tbody tr").nth(0).press("Space")
    page.locator("tbody tr").nth(0).press("ArrowDown")
    page.keyboard.press("Enter")
    assert sent(page, "open") == [{"key": "key-2"}, {"key": "key-1"}]
    assert sent(page, "mark") == [{"keys": ["key-1", "key-0"]}, {"keys": ["key-1"]}]
    page.get_by_role("searchbox").fill("PROMPT 2")
    assert first_cells(page) == ["run 2"] and page.get_by_role("status").inner_text() == "1 of 3"
    assert sent(page, "mark")[-1] == {"keys": []}, "nothing is marked that is not seen"
    page.get_by_label("Mark all").check()
    assert sent(page, "mark")[-1] == {"keys": ["key-2"]}
    page.evaluate("data => window.again(0, data)", runs(4))
    assert page.get_by_role("searchbox").input_value() == "PROMPT 2" and first_cells(page) == ["run 2"]
    page.evaluate("data => window.again(0, data)", runs(2))
    assert page.get_by_text("No run has these words.").is_visible() and page.locator("img").count() == 0
    page.get_by_role("searchbox").fill("")
    assert page.locator("tr[aria-selected=true]").count() == 0 and page.errors == []


@pytest.mark.browser
def test_times_are_said_in_the_browsers_own_time(chromium: Any) -> None:
    page = mounted(chromium, runs(5), timezone_id="Asia/Tokyo")
    page.clock.set_fixed_time("2023-11-15T08:30:00+09:00")  # 1.7e9 s is the 15th, 07:13, in Tokyo
    page.evaluate("data => window.again(0, data)", {**runs(5), "version": "anew"})
    said = page.locator("td.time").all_inner_texts()
    assert said == ["today 07:13", "yesterday 06:13", "2 days ago", "3 days ago", "4 days ago"]
    assert "2023" in page.locator("td.time").first.get_attribute("title")
