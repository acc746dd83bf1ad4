"""Words: players' labels made fit to show.

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
    """One readable name a player, all different: repeated words get their position in the text, "never (7)"."""
    shown = [plain(player, length) for player in players]
    count = Counter(shown)
    return tuple(f"{name} ({i + 1})" if count[name] > 1 else name for i, name in enumerate(shown))


def plain(text: str, length: int = 40) -> str:
    """One line of at most `length` characters, without control characters; white space alone becomes a visible glyph."""
    text = _BIDI.sub("", str(text))
    if text and not text.strip():
        return "↵" if "\n" in text else "␣"
    text = " ".join(
        "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text).split()
    )
    if not text:
        return "∅"
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Text that Plotly shows letter by letter: no markup, no TeX, right-to-left words isolated."""
    return isolated(html.escape(text, quote=True).replace("$", "&#36;"))


def isolated(text: str) -> str:
    """The text, between isolating marks if it holds right-to-left letters: what stands around it keeps its order."""
    rtl = any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text)
    return f"{_FIRST}{text}{_POP}" if rtl else text


def upright(text: str) -> str:
    """The text without characters that reorder a line (and without lone surrogates, which no UTF-8 message can carry)."""
    return _BIDI.sub("", text).encode("utf-8", "replace").decode("utf-8")


def joined(members: Interaction, shown: Sequence[str]) -> str:
    """ "never × fails"; "nothing" for the empty set."""
    return f" {TIMES} ".join(shown[i] for i in members) if members else "nothing"
