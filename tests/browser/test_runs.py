"""Runs that end in other ways than by being done: killed, cancelled, failed, deleted."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.sync_api import expect

from spexviz.ablate.executors import CHUNK
from spexviz.run.measured import most_measured
from tests.browser.harness import explain, idle, type_prompt, wait_until
from tests.browser.test_explore import LONG, REVIEW, stored

pytestmark = pytest.mark.browser
OTHER = (
    "We arrived late and hungry, the room was cold, yet the waiter who hardly smiled brought soup that was "
    "anything but "
    "ordinary, so nobody at our table would call the evening wasted."
)


@pytest.mark.model
def test_a_killed_run_is_resumed_and_asks_nothing_twice(new_server, open_page):
    server = new_server(launch=("-m", "tests.browser.counting", "run", "app.py", "--server.port"))
    page = open_page(f"{server.url}/explore")
    type_prompt(page, REVIEW, budget=256)
    run_id = explain(page)
    wait_until(lambda: server.ablations() >= 3 * CHUNK, LONG / 1000, "three chunks")
    server.kill()
    page.close()
    # for fits, the two ends; then, at most, a quarter of the budget to check sets, and what measures the text
    planned = 256 + 2
    more = 256 // 4 + most_measured(len(REVIEW.split()))
    kept, reported = server.ablations(), server.run(run_id)
    asked = (server.home / "asked.log").read_text().splitlines()
    precision = asked[0].split()[0]
    asked = [one for one in asked if one.startswith(precision)]
    assert reported["state"] == "running" and reported["total"] == planned + more
    assert reported["done"] <= kept < planned, "killed in the middle, and what was reported was kept"
    assert kept <= len(asked) <= kept + CHUNK

    server.start()
    page = open_page(f"{server.url}/explore?run={run_id}")
    page.get_by_text(re.compile("Interrupted. The server stopped during this run")).wait_for()
    page.get_by_role("button", name="Resume").click()
    wait_until(lambda: server.run(run_id)["state"] == "done", LONG / 1000, "the run to end")
    page.get_by_role("tab", name="Sets as a table").wait_for()
    assert planned < server.ablations() <= reported["total"]
    counts = Counter((server.home / "asked.log").read_text().splitlines())
    compared = [one for one in counts if not one.startswith(precision)]
    assert len(compared) == (0 if precision == "fp32" else 16) and all(
        counts.pop(one) == 1 for one in compared
    )
    twice = {mask for mask, count in counts.items() if count > 1}
    assert len(counts) == server.ablations() and max(counts.values()) <= 2
    assert twice <= set(asked[kept:]), "only the chunk in flight was asked again"
    result = stored(server, run_id)
    assert result.complete and result.spent.cached >= kept and result.spent.compared == len(compared)


@pytest.mark.model
@pytest.mark.campaign
def test_visitors_take_turns_and_cancel_keeps_what_is_done(new_server, open_page):
    server = new_server()
    runs = []
    for prompt in (REVIEW, OTHER):  # takes both workers
        page = open_page(f"{server.url}/explore")
        type_prompt(page, prompt, budget=2048)
        runs.append(explain(page))
        page.get_by_role("button", name="Cancel").wait_for()
    third_visitor = open_page(f"{server.url}/explore")
    type_prompt(third_visitor, "This is not a good film", model="toy")
    third = explain(third_visitor)
    third_visitor.get_by_role("tab", name="Sets as a table").wait_for(timeout=LONG)
    assert server.run(third)["state"] == "done", "between two chunks of the others"
    assert [server.run(run)["state"] for run in runs] == ["running", "running"]
    wait_until(lambda: server.run(runs[1])["done"] >= 2 * CHUNK, LONG / 1000, "two chunks of the second run")
    page.get_by_role("button", name="Cancel").click()
    total = 2048 + 2 + 2048 // 4 + most_measured(len(OTHER.split()))
    page.get_by_text(re.compile(rf"Cancelled after [\d,]+ of {total} ablations")).wait_for(timeout=LONG)
    assert server.run(runs[0])["state"] == "running"
    assert server.run(runs[1])["state"] == "cancelled"

    done = server.run(runs[1])["done"]
    page.get_by_role("button", name="Resume").click()
    wait_until(
        lambda: server.run(runs[1])["done"] > done,
        LONG / 1000,
        "the resumed run to pass where it was cancelled",
    )
    for run_id in runs:
        page.goto(f"{server.url}/explore?run={run_id}")
        page.get_by_role("button", name="Cancel").click()
    for run_id in runs:
        wait_until(
            lambda run_id=run_id: server.run(run_id)["state"] == "cancelled", LONG / 1000, "both runs to end"
        )


def listed(page):
    """The titles in the table."""
    titles = page.locator(".spexviz-rows td.first").all_inner_texts()
    return [title.partition("\n")[0] for title in titles]


def mark(page, title):
    page.get_by_label(f"Mark {title}").check()


def test_runs_are_listed_opened_deleted_and_brought_back(new_server, open_page):
    server = new_server()
    prompts = ["This film is not good at all", "Never boring and hardly dull"]
    page = open_page(f"{server.url}/explore")
    for prompt in prompts:
        type_prompt(page, prompt, model="toy")
        explain(page)
        page.get_by_role("tab", name="Sets as a table").wait_for()
        idle(page)
        page.get_by_role("button", name="New run").click()
        page.get_by_role("button", name="Explain").wait_for()
        idle(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Runs").click()
    wait_until(lambda: listed(page) == prompts[::-1], 60, "both runs, the newest first")
    found = page.locator(".spexviz-rows .under").first.inner_text()
    expect(page.locator(".spexviz-rows tbody")).to_contain_text("done")
    assert found and "R²" not in found
    for prompt in prompts:
        mark(page, prompt)
    page.get_by_text("2 runs marked").wait_for()
    page.get_by_role("button", name="Delete").and_(page.locator(":enabled")).click()
    page.get_by_text("2 runs were deleted").wait_for()
    page.get_by_text("No runs yet").wait_for()
    page.reload()
    page.get_by_role("button", name="Undo").click()
    wait_until(lambda: listed(page) == prompts[::-1], 60, "the runs to come back")
    idle(page)
    mark(page, prompts[1])
    page.get_by_role("button", name="Rename").and_(page.locator(":enabled")).click()
    page.get_by_label("Title", exact=True).fill("<b>Another</b> title")
    page.keyboard.press("Enter")
    wait_until(lambda: listed(page) == ["<b>Another</b> title", prompts[0]], 60, "the other title")
    idle(page)
    page.get_by_role("searchbox").fill("film good")
    assert listed(page) == prompts[:1], "as one types"
    for _ in range(3):  # the box that marks all, the headings, the rows
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Sets as a table").wait_for()
    wait_until(
        lambda: page.locator(".token").all_inner_texts() == prompts[0].split(), 60, "the words of the run"
    )
    assert re.search(r"/explore\?run=[0-9a-f]{16}", page.url)
    page.go_back()
    page.locator(".spexviz-rows").wait_for()
    assert page.evaluate("location.pathname + location.search") == "/runs"


@pytest.mark.campaign
def test_a_saved_run_opens_on_another_server(new_server, open_page, tmp_path):
    page = open_page(f"{new_server().url}/explore")
    type_prompt(page, "This film is not good at all", model="toy")
    run_id = explain(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Run as JSON").click()
    download.value.save_as(tmp_path / "run.json")
    (tmp_path / "broken.json").write_text('{"format": "something else"}')
    other = open_page(f"{new_server().url}/runs")
    other.locator("input[type=file]").set_input_files(tmp_path / "broken.json")
    other.get_by_text("This file is not a spexviz run").wait_for()
    other.locator("input[type=file]").set_input_files(tmp_path / "run.json")
    other.get_by_role("tab", name="Sets as a table").wait_for()
    assert re.search(r"/explore\?run=[0-9a-f]{16}\Z", other.url) and not other.url.endswith(run_id), (
        "a run of its own there"
    )
    other.get_by_text(re.compile("Opened from a file: its numbers are the file's")).wait_for()
    wait_until(
        lambda: (
            other.locator(".token").all_inner_texts() == ["This", "film", "is", "not", "good", "at", "all"]
        ),
        60,
        "the words of the run",
    )


HOSTILE = (
    "<img/src=x/onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "<iframe/srcdoc='<script>alert(3)</script>'>",
    "![pixel](https://example.com/pixel.png)",
    "[link](javascript:alert(4))",
    "**not**",
    "$x^2$",
    ":material/delete:",
    "<b>good</b>",
    "not",
    "good",
)


def test_hostile_words_stay_words(server, open_page):
    page = open_page(f"{server.url}/explore")
    type_prompt(page, " ".join(HOSTILE), model="toy", budget=64)
    run_id = explain(page)
    page.get_by_role("tab", name="Sets as a table").wait_for()
    idle(page)
    wait_until(lambda: page.locator(".token").all_inner_texts() == list(HOSTILE), 60, "the words")
    page.locator(".token").first.click()
    page.get_by_text(re.compile(r"<img/src=x/onerror=alert\(1\)>: keeping it")).first.wait_for()
    page.get_by_role("tab", name="How good is it, and what did it cost?").click()
    page.get_by_role("button", name="Link and settings").click()
    page.get_by_text("What was asked:").wait_for()
    smuggled = "img[src='x'], img[src*='example.com'], iframe[srcdoc], a[href^='javascript']"
    assert page.locator(smuggled).count() == 0
    page.goto(f"{server.url}/runs")
    page.locator(".spexviz-rows").wait_for()
    assert page.locator(smuggled).count() == 0
    for given in ("<script>alert(5)</script>", "../../etc/passwd", "0" * 16, "%00"):
        page.goto(f"{server.url}/explore?run={given}")
        page.get_by_text("This address names a run that is not on this machine").wait_for()
        page.get_by_role("button", name="Explain").wait_for()
    page.goto(f"{server.url}/explore?run={run_id}")
    page.get_by_role("tab", name="Sets as a table").wait_for()


@pytest.mark.parametrize(("theme", "width"), [("dark", 420)])
def test_no_page_is_wider_than_its_window(server, open_page, theme, width):
    page = open_page(f"{server.url}/explore", width=width, theme=theme)

    def overflow() -> int:
        return page.evaluate(
            "Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')].map(e => "
            "e.scrollWidth - e.clientWidth))"
        )

    wait_until(lambda: overflow() <= 0, 20, "a form within its window, once the sidebar is folded")
    type_prompt(
        page,
        " ".join(["A film that is not good,", "never boring, hardly great and no fun:"] * 3),
        model="toy",
        budget=256,
    )
    explain(page)
    page.get_by_role("tab", name="Sets as a table").wait_for()
    page.locator(".js-plotly-plot:visible").first.wait_for()
    idle(page)
    assert overflow() <= 0, "a result"
    background = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 19, 26)"}[theme]
    runs = page.context.new_page()
    runs.goto(f"{server.url}/runs")
    runs.locator(".spexviz-rows").wait_for()
    assert (
        runs.evaluate(
            "document.querySelector('[data-testid=stMain]').scrollWidth - "
            "document.querySelector('[data-testid=stMain]').clientWidth"
        )
        <= 0
    )
