"""Cards: what is written on them is text, whatever it looks like; a click selects, and mounting does not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spexviz.views import cards, rows
from spexviz.views.cards import Card, Item
from spexviz.views.examples import harmful
from spexviz.views.removal import removal, removal_in_words
from tests.views import harness

HOSTILE = "<img src=x onerror=alert(1)> \u202e $x$ [a](javascript:1)"


def some() -> list[Card]:
    digit = tuple(float(i % 17) for i in range(64))
    pair = (Item("one", "7", "planted pair 7", digit), Item(HOSTILE, HOSTILE, HOSTILE))
    return [
        Card((Item("the query", "yes"),)),
        Card(pair, -0.5, "beyond", (HOSTILE,), (0, 4)),
        Card((Item("x"),), 0.25, "main effect", members=(2,)),
    ]


def test_data_is_json_and_its_version_follows_all_but_the_selection() -> None:
    one = cards.data(some(), selection=(2,))
    json.dumps(one, allow_nan=False)
    assert one["version"] == cards.data(some())["version"] != cards.data(some(), dark=True)["version"]
    assert (
        one["cards"][1]["value"] == "−0.50"
        and len(one["cards"][1]["items"][0]["pixels"]) == 64
        and max(one["cards"][1]["items"][0]["pixels"]) == 1
    )
    assert one["cards"][1]["cell"] == cards.theme.colour(-0.5, 0.5) and "cell" not in one["cards"][0]


def test_the_cards_that_matter_come_by_size(review) -> None:
    found = cards.mattering(review, [Item(player) for player in review.players], 4)
    sizes = [abs(card.value) for card in found]
    assert sizes == sorted(np.abs(review.main_effects()), reverse=True)[:4] and [
        card.items[0].text for card in found
    ] == [review.players[card.members[0]] for card in found]


def test_the_removal_curve_says_its_numbers() -> None:
    figure = removal(
        (0.0, 0.5), [("<b>ours</b>", np.array([0.9, 0.8]))], np.array([[0.9, 0.5], [0.9, 0.7]]), "accuracy"
    )
    assert (
        "&lt;b&gt;ours" in figure.data[-1].name
        and "0.80" in figure.layout.meta["text"]
        and list(figure.data[-1].x) == [0, 50]
    )
    assert figure.data[2].y[1] == pytest.approx(0.6)


@pytest.mark.browser
def test_hostile_text_stays_text_and_clicks_select() -> None:
    pytest.importorskip("playwright")
    with harness.browser() as chromium:
        page = harness.mounted(chromium, cards.data(some()), name="cards")
        assert page.evaluate("window.sent") == [] and page.locator("img").count() == 0
        assert "<img src=x onerror=alert(1)>" in page.locator(".card").nth(1).inner_text()
        assert page.locator("svg rect").count() == sum(1 for i in range(64) if i % 17)
        page.locator(".card").nth(1).click()
        page.locator(".card").nth(2).press("Enter")
        page.locator(".card").nth(0).click()
        assert page.evaluate("window.sent.map(([, name, value]) => [name, value.members])") == [
            ["select", [0, 4]],
            ["select", [2]],
        ]
        chosen = page.locator(".card[aria-pressed=true]")
        for answer in ((0, 4), (2,)):  # an older answer of the server does not take a click back
            page.evaluate("data => window.again(0, data)", cards.data(some(), selection=answer))
            assert chosen.count() == 1 and chosen.get_attribute("class") == "card selected"
            assert page.locator(".card").nth(2).get_attribute("aria-pressed") == "true"
        page.locator(".card").nth(2).click()
        assert page.evaluate("window.sent.at(-1)[2].members") == [] and page.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1920])
def test_cards_go_by_keyboard_light_each_other_and_show_a_whole_text(width: int) -> None:
    pytest.importorskip("playwright")
    made = [
        Card((Item("short"),), 0.5, "mean effect", members=(0,)),
        Card((Item("word " * 400 + "end"),), 0.2, "mean effect", members=(1,)),
        Card((Item("short"), Item("o" * 600, "l" * 90)), -0.4, "beyond", ("small print",), (0, 1)),
    ]
    with harness.browser() as chromium:
        shown = {**cards.data(made), "run": "one"}
        page = harness.mounted(chromium, shown, cards.data(made) | {"run": "one"}, name="cards", width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        card, more = page.locator(".card"), page.locator(".more:visible")
        assert page.locator(".card[tabindex='0']").count() == 2, "one Tab stop a view"
        card.nth(1).hover()
        assert page.locator(".card.lit").count() == 2 and card.nth(4).get_attribute("class") == "card lit"
        card.nth(2).hover()
        assert page.locator(".card.lit").count() == 6, "a set and the cards of its members, in both views"
        page.mouse.move(0, 0)
        card.nth(0).focus()
        for key in ("ArrowRight", "Enter", "End", "Enter", "Escape"):
            page.keyboard.press(key)
        assert [value["members"] for value in page.evaluate("window.sent.map((one) => one[2])")] == [
            [1],
            [0, 1],
            [],
        ]
        text = card.nth(1).locator(".text")
        assert more.count() >= 2 and text.evaluate("text => text.scrollHeight > text.clientHeight")
        more.first.click()
        assert text.evaluate("text => text.scrollHeight <= text.clientHeight + 1")
        assert more.first.inner_text() == "Show less" and more.first.get_attribute("aria-expanded") == "true"
        assert page.evaluate("window.sent.length") == 3 and page.errors == []


def test_the_harmful_are_a_table_with_the_mean_effect_as_everywhere(review) -> None:
    items = [Item(player, "yes", "wrong label" if i == 5 else "") for i, player in enumerate(review.players)]
    alone = np.arange(14) / 10.0
    listed = harmful(review, items, [5, 13], alone)
    effects = review.main_effects()
    assert [row["Mean effect"] for row in listed.rows] == [
        cards.number(effects[5]),
        cards.number(effects[13]),
    ]
    assert [row["Left out alone"] for row in listed.rows] == ["+0.50", "+1.30"]
    assert [row["Note"] for row in listed.rows] == ["wrong label", ""]
    assert listed.numbers["Mean effect"] == (effects[5], effects[13]) and listed.members == ((5,), (13,))
    columns = [column["name"] for column in rows.data(listed, "harmful")["columns"]]
    assert columns == ["Player", "Label", "Mean effect", "Left out alone", "Note"]
    assert "Left out alone" not in harmful(review, items, [5]).columns


def test_the_removal_curve_begins_with_what_it_found() -> None:
    shares, random = (0.0, 0.1, 0.5), np.array([[0.3, 0.2, 0.0], [0.3, 0.3, 0.1]])
    said = removal_in_words(shares, np.array([0.3, 0.6, 0.9]), random, "margin")
    assert said == (
        "Retrained without the 10 % most harmful, the margin is 0.60; with everything it is 0.30, and "
        "without 10 % at random 0.25 on average."
    )
