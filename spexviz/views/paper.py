"""Paper: the story of a run in a notebook, whole or in one cell; and a run in a few lines of text.

As a file of its own it is a report: see document.py.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plotly.graph_objects import Figure

from spexviz.results import Explanation
from spexviz.views import rows, stories, theme
from spexviz.views.cards import Item
from spexviz.views.embed import placed, run_key, scripted
from spexviz.views.findings import finding, usual_order
from spexviz.views.question import question, said_untouched
from spexviz.views.still import PICTURES, still
from spexviz.views.stories import story
from spexviz.views.story import Component, Look, Panel, Shown, Table, Words, told_by, without_actions
from spexviz.views.theme import number
from spexviz.views.trust import trust

__all__ = ["Story", "cell", "in_words", "show"]

ROWS = 30  # of a table
FEW = 6  # sets under the text, and at least in the table, of a cell
WIDE = 100  # letters of a line of text


@dataclass(frozen=True)
class Story:
    """A run as a notebook shows it: its panels, one after the other."""

    explanation: Explanation
    look: Look
    items: Sequence[Item] = ()
    chosen: tuple[Panel, ...] | None = None

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Those that were chosen, or those of its depth that ask no model."""
        if self.chosen is not None:
            return self.chosen
        return told_by(without_actions(story(self.explanation, self.items)), self.look)

    def pages(self) -> Iterator[str | Figure]:
        """What each panel shows: HTML, with the script that it needs, or a figure."""
        for panel in self.panels:
            shown = panel.make(self.look)
            if isinstance(shown, Figure):
                yield shown
                continue
            page = html_of(panel, shown, self)
            name = _drawn_by(shown)
            if name:
                page = scripted(name) + page
            yield page

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display  # pyright: ignore[reportMissingImports] a notebook has it

        for page in self.pages():
            display(HTML(page) if isinstance(page, str) else page)


def show(explanation: Explanation, items: Sequence[Item] = (), **look: Any) -> Story:
    """The story of a run for a notebook; `look`: fields of Look, such as depth="researcher"."""
    usual = {"order": usual_order(explanation), "still": True}
    return Story(explanation, Look(**{**usual, **look}), items)


def cell(explanation: Explanation, **look: Any) -> str:
    """A run as one piece of HTML: question, finding, trust, picture and table.

    It is what a notebook shows of a result by itself; where scripts do not run, its picture is still. `look`:
    fields of Look.
    """
    told_so = show(explanation, **{"top": FEW, **look})
    pages = replace(told_so, chosen=stories.cell(explanation, FEW)).pages()
    dark = told_so.look.dark
    inside = "".join(page for page in pages if isinstance(page, str))
    t = theme.tokens(dark)
    style = f"font-family:{theme.FONT};background:{t.page};color:{t.ink};max-width:60rem;padding:0 1rem"
    return f'<div style="{html.escape(style)}">{inside}<p>{html.escape(cost(explanation))}</p></div>'


def in_words(explanation: Explanation) -> str:
    """A run in a few lines: what was asked, what was found, how far to trust it, and what it cost."""
    asked = [line for line in question(explanation).lines if line != said_untouched(explanation)]
    lines = [*asked, finding(explanation), *trust(explanation).lines, cost(explanation)]
    return "\n".join(textwrap.fill(line, WIDE) for line in lines if line)


def cost(explanation: Explanation) -> str:
    """What a run has asked of the model, and what was known."""
    spent = explanation.spent
    said = f"{spent.asked:,} ablations were asked, {spent.cached:,} were known"
    if spent.compared:
        said += f"; {spent.compared:,} masks were compared with fp32"
    return f"{said}."


def html_of(panel: Panel, shown: Shown, told: Story) -> str:
    """What a panel shows, as HTML; what users wrote is escaped."""
    if isinstance(shown, Words):
        return _of_words(shown)
    title = f"<h3>{html.escape(panel.title)}</h3>"
    look = told.look
    if isinstance(shown, Table):
        linked = {"selects": panel.selects and bool(shown.members), "selection": look.selection}
        data = rows.data(shown, panel.title, **linked, dark=look.dark)
        name, instead = "rows", _of_table(shown)
    elif isinstance(shown, Component):
        name, data, instead = shown.name, shown.data, _instead(shown, told)
        title = title if panel.is_titled else _own_title(shown)
    else:
        return ""
    return title + placed(name, data, instead, run=run_key(told.explanation), dark=look.dark)


def _own_title(shown: Component) -> str:
    """What a component would have written over it; "" for nothing."""
    if not shown.title:
        return ""
    return f"<h3>{html.escape(shown.title)}</h3><p>{html.escape(shown.subtitle)}</p>"


def _drawn_by(shown: Shown) -> str:
    """The component that draws it; "" for none."""
    if isinstance(shown, Table):
        return "rows"
    return shown.name if isinstance(shown, Component) else ""


def _instead(shown: Component, told: Story) -> str:
    """What stands where scripts do not run: the text on its colours, and the words."""
    words = f"<p>{html.escape(shown.text)}</p>"
    if shown.name not in PICTURES:
        return words
    return f"{still(told.explanation, told.look)}{words}"


def _of_words(shown: Words) -> str:
    """The first line of a headline is a heading; what is folded on a page stands open under a <details>."""
    tags = ["h2" if shown.kind == "headline" else "p", *["p"] * len(shown.lines)]
    written = [f"<{tag}>{html.escape(line)}</{tag}>" for tag, line in zip(tags, shown.lines, strict=False)]
    if shown.more:
        folded = "".join(f"<p>{html.escape(line)}</p>" for line in shown.more)
        written.append(f"<details><summary>{html.escape(shown.fold)}</summary>{folded}</details>")
    return "".join(written)


def _of_table(shown: Table) -> str:
    if not shown.rows:
        return "<p>Nothing to show.</p>"
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in shown.rows[0])
    body = ""
    for row in shown.rows[:ROWS]:
        cells = "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row.values())
        body += f"<tr>{cells}</tr>"
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else number(value)
    return str(value)
