"""Document: the story of one run, or of several, as one HTML file that needs nothing from elsewhere.

    html = report(result)                      # also sv.report(result, out="run.html")

It holds the panels of the page, in light and in dark, by the scripts of the page; figures are SVG, so that
it is small, prints, and shows its pictures also where no script runs. Its policy lets it ask for nothing, and
lets no script run but those that stand in it, by their hashes: what a prompt says stays text.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

from spexviz.kit.names import plain
from spexviz.results import Explanation
from spexviz.views import sheet, theme
from spexviz.views.cards import Item
from spexviz.views.cite import bibtex, run_in_words
from spexviz.views.component import picture_tools, style
from spexviz.views.embed import run_key, scripted
from spexviz.views.findings import told, usual_order
from spexviz.views.plot.write import safe
from spexviz.views.question import measured
from spexviz.views.stories import story
from spexviz.views.story import Look, Panel, told_by, without_actions
from spexviz.views.words import plural

_TITLE = 90  # letters
LIMIT = (
    "What is drawn is a surrogate, fitted to real answers of the model with parts left out: no cause in the "
    "world. How far the pictures of a run may be read stands above them."
)
NO_SCRIPTS = "Scripts do not run here: pictures and tables stand as they are, and nothing can be selected."


@dataclass(frozen=True)
class Chapter:
    """A run in a report, and what is known of it beyond itself.

    `title`: its own; `items`: what is shown of its players; `when`: it was asked, in seconds since 1970;
    `look`: how it is looked at.
    """

    explanation: Explanation
    title: str = ""
    items: Sequence[Item] = ()
    when: float | None = None
    look: Look | None = None

    @property
    def name(self) -> str:
        """What it is called: its title, else the beginning of its text."""
        subject = self.explanation.subject
        called = self.title or subject.text or subject.before or subject.title
        return plain(called, _TITLE)


@dataclass
class _Page:
    """What is written so far, with the components that it needs and the colours of both themes."""

    colours: sheet.Colours = field(default_factory=sheet.Colours)
    components: dict[str, None] = field(default_factory=dict)


def report(
    *runs: Explanation | Chapter,
    out: Path | str | None = None,
    title: str = "",
    framed: bool = False,
    **look: Any,
) -> str:
    """The report of these runs as HTML, written to `out` too where it is given.

    `look`: fields of Look for all of them, such as depth="researcher", index="FBII", top=20; `framed`: for a
    place inside another page, without who made it and how to cite.
    Raises ValueError without a run, and OSError where `out` cannot be written.
    """
    if not runs:
        raise ValueError("A report needs at least one run: report(result).")
    chapters = [run if isinstance(run, Chapter) else Chapter(run) for run in runs]
    page = _Page()
    sections = [_chapter(chapter, k, page, look) for k, chapter in enumerate(chapters)]
    title = title or _title(chapters)
    main = ["<main>", *sections, "</main>"]
    body = "\n".join(main if framed else [*_head(chapters, title), *main, _foot(chapters)])
    text = _whole(title, body, page)
    if out is not None:
        Path(out).write_text(text, encoding="utf-8")
    return text


def _title(chapters: Sequence[Chapter]) -> str:
    if len(chapters) == 1:
        return chapters[0].name
    return f"{len(chapters)} runs of spexviz"


def _look(chapter: Chapter, more: dict[str, Any], dark: bool) -> Look:
    usual = {"order": usual_order(chapter.explanation)}
    if chapter.look is not None:
        usual = vars(chapter.look)
    return Look(**{**usual, **more, "dark": dark, "still": True, "off": ()})


def _chapter(chapter: Chapter, k: int, page: _Page, more: dict[str, Any]) -> str:
    """One run: its title, its facts, its panels."""
    explanation = chapter.explanation
    looks = [_look(chapter, more, dark) for dark in (False, True)]
    told_here = without_actions(story(explanation, chapter.items))
    shown = told_by(told_here, looks[0])
    parts = [f'<section class="run" id="run-{k + 1}"><h1>{safe(chapter.name)}</h1>', _facts(chapter)]
    writer = sheet.Writer(explanation, looks, f"r{k}-{run_key(explanation)}", page.colours, page.components)
    for room, in_room in groupby(shown, key=lambda panel: panel.room):
        parts += _room(room, list(in_room), writer)
    return "\n".join([*parts, "</section>"])


def _room(room: str, panels: Sequence[Panel], writer: sheet.Writer) -> Iterator[str]:
    """Panels of one place: beside each other, behind a fold each, or one under the other."""
    if room == "more":
        for title, of_title in groupby(panels, key=lambda panel: panel.title):
            inside = "".join(writer.panel(panel, under=True) for panel in of_title)
            if inside:
                yield f'<details class="more"><summary>{safe(title)}</summary>{inside}</details>'
        return
    inside = "".join(map(writer.panel, panels))
    yield f'<div class="{room}">{inside}</div>'


def _facts(chapter: Chapter) -> str:
    """What was asked of whom, at what cost: what a reader needs to believe it and to ask it again."""
    explanation = chapter.explanation
    subject = explanation.subject
    facts = {"Measured": measured(subject), "Model": subject.model}
    facts["Players"] = f"{len(subject.players)} {plural(subject.noun, len(subject.players))}"
    facts["Ablations"] = f"{explanation.ablations:,} (budget {explanation.spec.budget:,})"
    facts["Solver"] = explanation.spec.solver_name
    facts["Seed"] = str(explanation.spec.seed)
    facts["Settings"] = explanation.spec.id
    facts["Precision"] = explanation.precision
    if chapter.when is not None:
        facts["Asked on"] = _day(chapter.when)
    rows = [f"<div><dt>{name}</dt><dd>{safe(value)}</dd></div>" for name, value in facts.items() if value]
    return f'<dl class="facts">{"".join(rows)}</dl>'


def _head(chapters: Sequence[Chapter], title: str) -> Iterator[str]:
    """Who made this when, and what is in it."""
    import spexviz

    made = f"Made by spexviz {spexviz.__version__} on {_day(time.time())}."
    yield f"<header><p class='made'>{made} It opens without a network and asks for nothing.</p>"
    if len(chapters) > 1:
        yield f"<h1>{safe(title)}</h1><nav aria-label='Runs in this report'><ol>"
        for k, chapter in enumerate(chapters):
            found = " ".join(told(chapter.explanation).sentences)
            yield f'<li><a href="#run-{k + 1}">{safe(chapter.name)}</a><p>{safe(found)}</p></li>'
        yield "</ol></nav>"
    yield f"<noscript><p class='note'>{NO_SCRIPTS}</p></noscript></header>"


def _foot(chapters: Sequence[Chapter]) -> str:
    runs = "".join(f"<li>{safe(run_in_words(chapter.explanation))}</li>" for chapter in chapters)
    return (
        f"<footer><p>{LIMIT}</p><h2>How to cite</h2><p>Name what was asked:</p><ul>{runs}</ul>"
        f"<pre>{safe(bibtex())}</pre></footer>"
    )


def _day(seconds: float) -> str:
    at = time.localtime(seconds)
    return f"{at.tm_mday} {time.strftime('%B %Y', at)}"


def _whole(title: str, body: str, page: _Page) -> str:
    """The file: its policy, its colours, what it says, and its scripts."""
    scripts = [*map(scripted, page.components), f"<script>{_main_script()}</script>"]
    hashes = " ".join(map(_hash, scripts))
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    first = '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    head = [
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{safe(title)}</title>",
        f"<style>{_variables()}{page.colours.css()}{_read('document.css')}{style('chart')}</style>",
    ]
    return "\n".join([first, *head, "</head>", "<body>", body, *scripts, "</body>", "</html>", ""])


def _main_script() -> str:
    return f"(() => {{\n{picture_tools()}\n{_read('document.js')}\n}})();"


def _hash(script_: str) -> str:
    """How a policy names a script that stands in the page."""
    text = script_.removeprefix("<script>").removesuffix("</script>")
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _variables() -> str:
    """The colours that a page of ours gives its components, in both themes."""
    css = ""
    for dark, where in ((False, "{}"), (True, "@media screen and (prefers-color-scheme: dark) {{{}}}")):
        t = theme.tokens(dark)
        given = {"text-color": t.ink, "background-color": t.page, "secondary-background-color": t.surface}
        given |= {"primary-color": t.accent, "border-color": t.grid, "font": theme.FONT}
        names = "".join(f"--st-{name}:{value};" for name, value in given.items())
        names += f"--muted:{t.muted};--grid:{t.grid};--accent:{t.accent};"
        css += where.format(f":root{{{names}}}") + "\n"
    return css


def _read(name: str) -> str:
    return resources.files("spexviz.views").joinpath(name).read_text(encoding="utf-8")
