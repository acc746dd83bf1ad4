"""The built wheel in a browser: served from an empty folder, with a model of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.models import tiny
from tools import wheel

pytestmark = pytest.mark.browser
PRIMARY = "rgb(91, 63, 160)"  # .streamlit/config.toml, theme.light.primaryColor


def test_it_serves_a_folder_from_an_empty_one(new_server, open_page, tmp_path: Path) -> None:
    environment = wheel.over_this_environment(wheel.build(tmp_path), tmp_path)
    tiny.save(tmp_path / "mine")
    empty = tmp_path / "empty"
    empty.mkdir()
    launch = ("-m", "spexviz.cli", "serve", "--model", "../mine", "--model", "toy", "--port")
    server = new_server(root=empty, launch=launch, **environment.settings)
    page = open_page(f"{server.url}/explore")

    harness.type_prompt(page, "not bad at all", budget=64)
    expect(page.get_by_role("combobox", name="Model")).to_have_value("mine")
    button = page.get_by_role("button", name="Explain")
    assert button.evaluate("button => getComputedStyle(button).backgroundColor") == PRIMARY
    harness.explain(page)
    page.get_by_text("Good, exact: every possible mask was measured (all 16)").first.wait_for()

    page.goto(f"{server.url}/training")
    page.get_by_role("button").filter(has_text="Open").first.click()
    page.get_by_text("Recorded with spexviz").wait_for()
