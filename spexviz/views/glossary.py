"""Glossary: the words of the field, in one file, and which of them a text uses.

Wherever sentences are drawn, the words in them that stand in the glossary can be pointed at, focused or
tapped (`terms.js`): `explained` gives the script what it needs for the texts it draws. `help_of` is the same
for labels of Streamlit's own widgets, whose help says it. What stands in quotes is somebody's text, and is
not explained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from spexviz.kit.paths import ASSETS
from spexviz.views.component import colours, versioned

FILE = ASSETS / "glossary.json"
_QUOTED = re.compile("“[^”]*”")
_COLOURS = ("ink", "muted", "grid", "surface", "accent")


@dataclass(frozen=True)
class Term:
    """A word of the field, as somebody from outside it reads it.

    `short`: what it is, in one or two sentences; `more`: what else helps; `formula`: as text, with F the
    spectrum, M the Möbius coefficients; `forms`: how it is spelt in the app: with a capital exactly so, else
    in any case; `only`: why it is in no other text, "" for a word that is met.
    """

    name: str
    short: str
    forms: tuple[str, ...]
    more: str = ""
    formula: str = ""
    only: str = ""


@dataclass(frozen=True)
class Group:
    """Terms that are read together."""

    title: str
    terms: tuple[Term, ...]


@cache
def groups() -> tuple[Group, ...]:
    """All there are, in their order."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Group(one["title"], tuple(map(_term, one["terms"]))) for one in data["groups"])


def _term(data: dict[str, Any]) -> Term:
    return Term(forms=tuple(data.pop("forms")), **data)


@cache
def terms() -> Mapping[str, Term]:
    """{form: the term}, as forms are spelt in the file."""
    return {form: term for group in groups() for term in group.terms for form in term.forms}


def found(*texts: str) -> dict[str, Term]:
    """{form: the term} of those that stand in the texts, in the order in which they are met."""
    met: dict[str, Term] = {}
    for text in texts:
        for match in _pattern().finditer(_QUOTED.sub(" ", text)):
            form = _spelt(match[0])
            met.setdefault(form, terms()[form])
    return met


def explained(*texts: str) -> dict[str, list[str]]:
    """{form: [name, what it is]} of the terms in the texts: what `terms.js` needs to explain them."""
    return {form: [term.name, term.short] for form, term in found(*texts).items()}


def help_of(label: str, said: str | None = None) -> str | None:
    """The help of a widget: what is said of it, and what the words of its label mean. None for nothing."""
    met = {term.name: term.short for term in found(label).values()}
    about = [f"{name[:1].upper()}{name[1:]}: {short}" for name, short in met.items()]
    return "\n\n".join([*filter(None, [said]), *about]) or None


def data(dark: bool = False) -> dict[str, Any]:
    """All of it, as the data of its component."""
    shown = [{"title": group.title, "terms": list(map(_entry, group.terms))} for group in groups()]
    return versioned({"groups": shown, "colours": colours(_COLOURS, dark)}, ())


def _entry(term: Term) -> dict[str, Any]:
    forms = [form for form in term.forms if not _is_like(form, term.name)]
    return {
        "name": term.name,
        "forms": forms,
        "short": term.short,
        "more": term.more,
        "formula": term.formula,
    }


def _is_like(form: str, name: str) -> bool:
    """Whether it is the name, a part of it, or the same word with another ending."""
    form, name = form.casefold(), name.casefold()
    return form in name or name in form or form[:4] == name[:4]


@cache
def _pattern() -> re.Pattern[str]:
    """Any form, the longest first, as a whole word."""
    longest = sorted(terms(), key=len, reverse=True)
    alternatives = "|".join(
        re.escape(form) if _is_exact(form) else f"(?i:{re.escape(form)})" for form in longest
    )
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])")


def _is_exact(form: str) -> bool:
    return form != form.lower()


def _spelt(met: str) -> str:
    """The form in the file of what a text says."""
    return met if met in terms() else met.lower()
