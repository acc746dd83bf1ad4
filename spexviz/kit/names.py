"""Names: labels from outside made fit to show, one line each and all different.

Labels are hostile text: right-to-left marks reorder a line, controls break it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

# controls that could reorder what stands around a label
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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


def upright(text: str) -> str:
    """The text without characters that reorder a line, and without lone surrogates, which UTF-8 has not."""
    return _BIDI.sub("", text).encode("utf-8", "replace").decode("utf-8")
