import math
import tomllib

import pytest
from plotly.graph_objects import Figure

from spexviz.kit.names import plain
from spexviz.kit.paths import COMES_WITH
from spexviz.views import theme
from spexviz.views.words import escape, joined


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_on_every_cell_and_marks_on_the_page(dark):
    t = theme.tokens(dark)
    for cell in [*theme.palette(dark), t.page, t.surface]:
        assert theme.contrast(cell, theme.ink(dark)) >= 4.5, cell
    for on_page in (t.up, t.down, t.muted, t.ink, *t.solvers):
        assert theme.contrast(on_page, t.page) >= 4.5, on_page
        assert theme.contrast(on_page, t.surface) >= 4.5, on_page
    for mark in (t.up, t.down, t.muted):
        assert theme.contrast(mark, t.on_mark) >= 4.5, mark


def test_contrast_follows_wcag():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.01)


def test_colour_is_neutral_at_zero_saturates_at_the_limit_and_tells_signs_apart():
    assert (
        theme.colour(0, 1) == theme.colour(5, 0) == theme.colour(math.nan, 1) == theme.LIGHT.cell_zero.lower()
    )
    assert theme.colour(1, 1) == theme.colour(9, 1) == theme.LIGHT.cell_up.lower()
    assert theme.colour(-1, 1) == theme.LIGHT.cell_down.lower()
    assert len(set(theme.palette())) == 2 * theme.STEPS + 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.234, "+1.23"), (-0.1, "−0.10"), (0.0, "0"), (-0.0, "0"), (1e-17, "0"), (0.0042, "+0.0042"),
        (-0.04, "−0.040"),
        (12345.6, "+12,345.60"),
        (3.2e-5, "+3.2e−05"), (2e6, "+2.0e06"), (math.nan, "unknown"), (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_numbers_carry_their_sign_with_a_true_minus(value, text):
    assert theme.number(value) == text


def test_unsigned_numbers_and_shares():
    assert theme.number(0.83, signed=False) == "0.83" and theme.number(-0.2, signed=False) == "−0.20"
    assert [theme.percent(s) for s in (0, 0.0004, 0.032, 0.47, 1)] == [
        "0 %",
        "< 0.1 %",
        "3.2 %",
        "47 %",
        "100 %",
    ]


def test_labels_are_shown_letter_by_letter():
    assert escape("<b>$x$ & 'y'") == "&lt;b&gt;&#36;x&#36; &amp; &#x27;y&#x27;"
    assert escape("שלום") == "\u2068שלום\u2069"
    assert plain("\u202eevil\n\x00word") == "evil word"
    assert plain(" \n") == "↵" and plain("  ") == "␣" and plain("") == "∅"
    assert joined((0, 2), ("a", "b", "c")) == "a × c"


def test_a_title_comes_off_a_figure_as_text_and_leaves_no_room_behind() -> None:
    def made() -> Figure:
        return theme.apply(
            Figure(), title="A &amp; B", subtitle="one<br>two &lt;i&gt; " + 20 * "long ", text="t"
        )

    written, bare = made(), made()
    assert theme.untitled(bare) == ["A & B", "one", "two <i> " + (20 * "long ").strip()]
    assert bare.layout.title.text is None and bare.layout.meta["text"] == "t"
    plots = [figure.layout.height - figure.layout.margin.t for figure in (written, bare)]
    assert plots[0] == plots[1] and bare.layout.margin.t < 20
    assert theme.untitled(bare) == [] == theme.untitled(Figure())
    untold = theme.apply(Figure(), title="alone")
    assert theme.untitled(untold) == ["alone"] and untold.layout.margin.t == bare.layout.margin.t


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_text_colour_is_readable_on_the_pages_of_the_app(name: str) -> None:
    page = tomllib.loads((COMES_WITH / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"][
        name
    ]
    t = theme.tokens(name == "dark")
    for back in (page["backgroundColor"], page["secondaryBackgroundColor"], t.page, t.surface):
        for text in (page["textColor"], page["primaryColor"], t.ink, t.muted, t.up, t.down, t.accent):
            assert theme.contrast(text, back) >= 4.5, f"{text} on {back}"
