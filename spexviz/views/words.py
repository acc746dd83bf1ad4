"""Words: names made fit for figures, and what a player is called.

Labels are hostile text: Plotly renders markup.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence

from spexviz.masks import Interaction
from spexviz.views.theme import TIMES

_FIRST, _POP = "\u2068", "\u2069"  # isolate: the label keeps its own direction and disturbs nothing


def escape(text: str) -> str:
    """Text that Plotly shows letter by letter: no markup, no TeX, right-to-left words isolated."""
    safe = html.escape(text, quote=True)
    return isolated(safe.replace("$", "&#36;"))


def isolated(text: str) -> str:
    """The text, isolated if it holds right-to-left letters: what stands around it keeps its order."""
    directions = set(map(unicodedata.bidirectional, text))
    if directions & {"R", "AL", "AN"}:
        return f"{_FIRST}{text}{_POP}"
    return text


def joined(members: Interaction, shown: Sequence[str]) -> str:
    """ "never × fails"; "nothing" for the empty set."""
    if not members:
        return "nothing"
    return f" {TIMES} ".join(shown[i] for i in members)


def one(noun: str) -> str:
    """ "a head", "an example"."""
    article = "a"
    if noun[:1] in "aeiou":
        article = "an"
    return f"{article} {noun}"


def plural(noun: str, count: int = 2) -> str:
    """ "head" for 1, "heads" for any other count."""
    if count == 1:
        return noun
    return f"{noun}s"
