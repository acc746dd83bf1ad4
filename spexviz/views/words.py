"""Words: players' labels made fit to show, and what a player is called.

Labels are hostile text: Plotly renders markup, right-to-left marks reorder a line.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from spexviz.masks import Interaction
from spexviz.views.theme import TIMES

# controls that could reorder what stands around a label
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FIRST, _POP = "\u2068", "\u2069"  # isolate: the label keeps its own direction and disturbs nothing


def names(players: Sequence[str], length: int = 40) -> tuple[str, ...]:
    """One readable name a player, all different: repeated words get their position, "never (7)"."""
    shown = [plain(player, length) for player in players]
    count = Counter(shown)
    for i, name in enumerate(shown):
        if count[name] > 1:
            shown[i] = f"{name} ({i + 1})"
    return tuple(shown)


def plain(text: str, length: int = 40) -> str:
    """One line of at most `length` characters, without controls; white space alone becomes a glyph."""
    text = _BIDI.sub("", str(text))
    if text.isspace():
        if "\n" in text:
            return "↵"
        return "␣"
    printable = "".join(map(_printable, text))
    line = " ".join(printable.split())
    if not line:
        return "∅"
    if len(line) > length:
        return line[: length - 1].rstrip() + "…"
    return line


def _printable(character: str) -> str:
    """The character, or a space for controls, line and paragraph separators and lone surrogates."""
    if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs"):
        return " "
    return character


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


def upright(text: str) -> str:
    """The text without characters that reorder a line, and without lone surrogates, which UTF-8 has not."""
    return _BIDI.sub("", text).encode("utf-8", "replace").decode("utf-8")


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
