"""Every number that any view shows of a set, as it is written, by the views that say it."""

from __future__ import annotations

import csv as csv_module
import html
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from plotly.graph_objects import Figure

from spexviz import views
from spexviz.kit.names import names
from spexviz.masks import Interaction
from spexviz.results import Explanation
from spexviz.views import cards, rows
from spexviz.views.cards import Item
from spexviz.views.examples import EFFECT, groups, harmful
from spexviz.views.findings import told
from spexviz.views.heat import heat
from spexviz.views.index_words import READINGS
from spexviz.views.squares import squares
from spexviz.views.stories import INDICES, story
from spexviz.views.story import Component, Look, Table
from spexviz.views.table import members_of
from spexviz.views.theme import interval_text, number

NUMBER = r"[+−]?(?:[\d,]+(?:\.\d+)?(?:e−?\d+)?|∞)"
RANGE = rf"\[{NUMBER}, {NUMBER}\]"
VALUE = re.compile(rf"({NUMBER})(?: ({RANGE}))?")
TOP = 16

Said = tuple[str, Interaction, str]
"""The view, the set, and what it writes: a number or an interval."""


Key = tuple[str, Interaction]
"""What is said, "value" or "interval", and of which set."""


def written(run: Explanation, index: str, order: int) -> tuple[dict[Key, dict[str, set[str]]], str]:
    """What is said of each set, with the views that say it; and all their text, for words to look for."""
    found: dict[Key, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    shown: list[str] = []
    for view, members, text in _all(run, index, order, shown):
        match = VALUE.fullmatch(text)
        assert match, f"{view} writes {text!r} of {members}"
        value, interval = match.groups()
        found["value", members][value].add(view)
        if interval:
            found["interval", members][interval].add(view)
    return found, "\n".join(shown)


def _all(run: Explanation, index: str, order: int, shown: list[str]) -> Iterator[Said]:
    label = names(run.players)
    by_name = {" × ".join(label[i] for i in m): m for m in _sets(run, index, order)}
    yield from _story(run, index, order, shown, by_name)
    yield from _frames(run, index, order, shown, by_name)
    yield from _cards(run, index, order, shown)
    yield from _players(run, index, order, shown)
    grid = squares(run, run.interactions(index, order))
    shown.append(_text(grid.data))
    yield from _of_squares(grid, by_name)
    yield from _notebook(run, index, order, by_name)
    if index == "mean":
        yield from _finding(run, label)
        harm = harmful(run, [Item(player) for player in run.players], range(min(4, len(run.players))))
        for (i,), row in zip(harm.members, harm.rows, strict=True):
            yield "harm", (i,), row[EFFECT]
        for check in run.checks:
            said = views.captions.check_text(check, run.unit)
            yield "check", check.members, re.search(rf"surrogate says ({NUMBER}),", said)[1]


def _text(data: Mapping[str, Any]) -> str:
    """All that a component is given, but for what the words of the field mean."""
    return json.dumps({name: part for name, part in data.items() if name != "terms"}, ensure_ascii=False)


def _look(index: str, order: int) -> dict[str, Any]:
    """What a view is told; the default index is left to it."""
    if index == "mean":
        return {"order": order}
    return {"index": index, "order": order}


def _sets(run: Explanation, index: str, order: int) -> list[Interaction]:
    return [members for members in run.interactions(index, order).values if members]


def _story(
    run: Explanation, index: str, order: int, shown: list[str], by_name: dict[str, Interaction]
) -> Iterator[Said]:
    """The panels of a page that can be clicked, cards of sets, and the selected set in all indices."""
    selection = next(iter(run.interactions(index, order).top(1).values))
    look = Look(**_look(index, order), top=TOP, selection=selection, depth="researcher")
    for panel in (*story(run), *groups(run, ())):
        made = panel.make(look) if panel.selects or panel.title == INDICES else None
        if isinstance(made, Component) and made.name == "strip":
            shown.append(_text(made.data) + made.text)
            yield from _of_strip(made.data)
            yield from _of_sentence(made.data["said"], selection)
        elif isinstance(made, Component) and made.name == "selected":
            shown.append(made.data["said"])
            yield from _of_sentence(made.data["said"], selection)
        elif isinstance(made, Component) and made.name == "squares":
            shown.append(_text(made.data) + made.text + made.subtitle)
            yield from _of_squares(made, by_name)
        elif isinstance(made, Component) and made.name == "arcs":
            shown.append(_text(made.data) + made.text)
            yield from _of_arcs(made, by_name)
        elif isinstance(made, Component):
            shown.append(_text(made.data) + made.text)
            yield from _of_cards(made.data["cards"])
        elif isinstance(made, Figure):
            shown.append(made.to_json())
        elif isinstance(made, Table) and panel.title == INDICES:
            (row,) = [row for row in made.rows if row["Index"] == READINGS[index].label]
            yield "all indices", selection, row["Value"].split(" ")[0]
        elif isinstance(made, Table):
            yield from _of_table(made)
            shown.append(repr(made))


def _of_sentence(line: str, selection: Interaction) -> Iterator[Said]:
    match = re.search(rf": (?:.* by |[A-Z]\S*(?: value)? )({NUMBER}) .*?({RANGE})?[;. ]", line)
    yield "selected", selection, match[1]


def _of_strip(data: dict[str, Any]) -> Iterator[Said]:
    for i, text in enumerate(data["effects"]):
        yield "strip", (i,), text
        if abs(data["cells"][i]) > 1:
            assert (data["cells"][i] > 0) == (not text.startswith("−")), "the colour has another sign"
    for comb in data["sets"]:
        yield "comb", tuple(comb["m"]), f"{comb['said']} {comb.get('range', '')}".rstrip()
        assert (comb["v"] < 0) == comb["said"].startswith("−"), "the bar has another sign"


def _of_cards(made: list[dict[str, Any]]) -> Iterator[Said]:
    for card in made:
        if "value" in card:
            yield "card", tuple(card["members"]), card["value"]
        for line in card["lines"]:
            alone = re.match(r"Each on its own (.+?); ", line)
            for i, value in zip(card["members"], alone[1].split(", ") if alone else (), strict=False):
                yield "card, alone", (i,), value
            if said := re.search(rf"surrogate says ({NUMBER}),", line):
                yield "card, check", tuple(card["members"]), said[1]


def _of_arcs(made: Component, by_name: dict[str, Interaction]) -> Iterator[Said]:
    for player in made.data["players"]:
        yield "arcs, player", (player["p"],), player["said"]
        assert player.get("sign", "") in ("", "0", player["said"][0]), (
            "the glyph of a player has another sign"
        )
        assert not player["cell"] or (player["cell"] < 0) == player["said"].startswith("−")
    for one in made.data["sets"]:
        members = tuple(one["m"])
        yield "arcs, set", members, f"{one['said']} {one.get('range', '')}".rstrip()
        assert (one["v"] < 0) == one["said"].startswith("−"), "the arc has another sign"
        if said := re.search(rf"surrogate says ({NUMBER}),", one.get("check", "")):
            yield "arcs, check", members, said[1]
    yield from _listed("arcs in words", made.text.rpartition("): ")[2], by_name)


def _of_squares(grid: Component, by_name: dict[str, Interaction]) -> Iterator[Said]:
    sizes = {}
    for square in grid.data["squares"]:
        yield "grid", (square["p"],), square["said"]
        if square["cell"]:
            assert (square["cell"] > 0) == (not square["said"].startswith("−")), "the colour has another sign"
        assert square["sign"] in ("", square["said"][0]), "the glyph has another sign"
        sizes[square["rank"]] = abs(square["cell"])
    ranked = [sizes[rank] for rank in sorted(sizes)]
    assert ranked == sorted(ranked, reverse=True), "the colour has another size than the rank"
    strongest = re.sub(r" \(\d+ of \d+\)", "", grid.text.rpartition("first: ")[2])
    yield from _listed("grid in words", strongest, by_name)


def _of_table(shown: Table) -> Iterator[Said]:
    page = rows.data(shown, "sets", selects=True)
    column = list(shown.columns)[2]
    for k, (members, row) in enumerate(zip(shown.members, shown.rows, strict=True)):
        yield "table", members, row[column]
        yield "page's table", tuple(page["members"][k]), page["rows"][k][2]
        yield "table, by number", members, number(page["numbers"][2][k])


def _finding(run: Explanation, label: tuple[str, ...]) -> Iterator[Said]:
    """The numbers behind the finding."""
    for line in told(run).numbers:
        said = re.search(rf"mean effect.*? ({NUMBER}(?: {RANGE})?) ", line)
        players = re.findall("“(.*?)”", line.partition(" carr")[0])
        if said and all(label.count(name) == 1 for name in players):
            yield "finding", tuple(sorted(map(label.index, players))), said[1]


def _listed(view: str, text: str, by_name: dict[str, Interaction]) -> Iterator[Said]:
    """ "never +0.50; fails −0.12." """
    for entry in text.removesuffix(".").split("; "):
        name, _, value = entry.rpartition(" ")
        if name in by_name:
            yield view, by_name[name], value


def _frames(
    run: Explanation, index: str, order: int, shown: list[str], by_name: dict[str, Interaction]
) -> Iterator[Said]:
    found = run.interactions(index, order)
    frame = views.table(found, TOP, run.checks)
    cells = frame[["value", "low", "high"]].to_numpy()
    for members, (value, *ends) in zip(members_of(found, TOP, run.checks), cells, strict=True):
        yield "frame", members, f"{number(value)} {interval_text(ends)}".rstrip()
    text = views.csv(found, None, run.checks)
    for row in csv_module.DictReader(io.StringIO(text)):
        if row["members"] in by_name:  # not those that are guarded
            yield "csv", by_name[row["members"]], number(float(row["value"]))
    shown += [text, repr(frame)]


def _cards(run: Explanation, index: str, order: int, shown: list[str]) -> Iterator[Said]:
    items = [Item(player) for player in run.players]
    mattering = cards.mattering(run, items, TOP, **_look(index, order))
    ranked = run.interactions(index, order).top(6, include_singletons=False)
    of_sets = [cards.of_set(run, items, members, **_look(index, order)) for members in ranked.values]
    data = cards.data([*mattering, *of_sets])
    shown.append(_text(data))
    yield from _of_cards(data["cards"])


def _players(run: Explanation, index: str, order: int, shown: list[str]) -> Iterator[Said]:
    page = heat(run, **_look(index, order))
    shown.append(page.html + page.text)
    for i, title in enumerate(re.findall(r'title="([^"]*)"', page.html)):
        yield "heat", (i,), title.split(" ")[0]


def _notebook(run: Explanation, index: str, order: int, by_name: dict[str, Interaction]) -> Iterator[Said]:
    found = run.interactions(index, order)
    for line in repr(found.top(12)).splitlines()[2:]:
        cells = re.split(r"  +", line)
        if cells[0] in by_name:
            has_interval = found.intervals is not None
            yield "notebook", by_name[cells[0]], " ".join(cells[1 : 2 + has_interval])
    for name, *cells in re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>", found._repr_html_()):
        if html.unescape(name) in by_name:
            value = " ".join(cells[: 1 + (found.intervals is not None)])
            yield "notebook, HTML", by_name[html.unescape(name)], value
