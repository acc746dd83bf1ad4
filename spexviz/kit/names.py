"""Names: labels from outside made fit to show, one line each and all different.

Labels are hostile text: right-to-left marks reorder a line, controls break it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

# controls that could reorder what stands around a label
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# what a word sheds at its edges: not the hyphen of "-5", nor the signs of "C++" and "50%"
_POINTS = frozenset(".,;:!?…‥·。、，；：！？．，؟،؛¿¡–—―\"'`“”„‟‘’‚‛«»‹›")
_BRACKETS = {
    ")": "(",
    "]": "[",
    "}": "{",
    "）": "（",
    "】": "【",
    "」": "「",
    "』": "『",
    "》": "《",
    "〉": "〈",
}


_GLYPHS = {"\n": "↵", "\r": "↵", "\t": "⇥"}


def names(players: Sequence[str], length: int = 40) -> tuple[str, ...]:
    """One readable name a player, all different.

    Words lose the punctuation at their edges; those that then repeat get their position.

    >>> names(("never", "bad,", "not", "bad."))
    ('never', 'bad (2)', 'not', 'bad (4)')
    """
    return _names(tuple(players), length)


@lru_cache(maxsize=64)  # a page says them a dozen times
def _names(players: tuple[str, ...], length: int) -> tuple[str, ...]:
    shown = [plain(bare(plain(player, len(player) + 1)), length) for player in players]
    while len(set(shown)) < len(shown):
        count = Counter(shown)
        for i, name in enumerate(shown):
            if count[name] > 1:
                shown[i] = f"{name} ({i + 1})"
    return tuple(shown)


def bare(text: str) -> str:
    """The text without the punctuation at its edges; as it is where only punctuation would be left.

    >>> bare("“(fails),"), bare("f(x)."), bare("C++"), bare("-5"), bare("—")
    ('fails', 'f(x)', 'C++', '-5', '—')
    """
    inner, shorter = text, _without_an_edge(text)
    while shorter != inner:
        inner, shorter = shorter, _without_an_edge(shorter)
    if all(unicodedata.category(character).startswith(("P", "Z")) for character in inner):
        return text
    return inner


def _without_an_edge(text: str) -> str:
    """One mark less at the end or at the start, or one pair of brackets around all; else the same text."""
    text = text.strip()
    if text[-1:] in _POINTS or _is_lone(text, text[-1:]):
        return text[:-1]
    is_decimal = text[:1] == "." and text[1:2].isdigit()
    if (text[:1] in _POINTS and not is_decimal) or _is_lone(text, text[:1]):
        return text[1:]
    inside = text[1:-1]
    if _BRACKETS.get(text[-1:]) == text[:1] and _is_balanced(inside, text[:1], text[-1:]):
        return inside
    return text


def _is_lone(text: str, mark: str) -> bool:
    """Whether this is a bracket whose partner is not in the text."""
    for close, opening in _BRACKETS.items():
        if mark == opening:
            return close not in text
        if mark == close:
            return opening not in text
    return False


def _is_balanced(text: str, opening: str, close: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == opening) - (character == close)
        if depth < 0:
            return False
    return depth == 0


def plain(text: str, length: int = 40) -> str:
    """One line of at most `length` characters, without controls; white space alone becomes a glyph.

    What is too long ends behind a whole word, unless that would leave less than half of the room.

    >>> plain("Cold soup and a rude waiter", 24), plain("internationalisation", 8)
    ('Cold soup and a rude…', 'interna…')
    """
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
        return _cut(line, length - 1).rstrip() + "…"
    return line


def _cut(line: str, length: int) -> str:
    """The first words of the line, at most `length` characters; inside a word where that is long."""
    whole = line[: length + 1].rfind(" ")
    return line[: whole if 2 * whole >= length else length]


def visible(token: str, length: int = 24) -> str:
    """A token with what cannot be seen of it: spaces at its edges, line ends, tabs, controls.

    >>> visible(" positive"), visible("New York"), visible("\\n\\n"), visible("a\\x00")
    ('␣positive', 'New York', '↵↵', 'a\\\\x00')
    """
    text = upright(token)
    inner = text.strip(" ")
    left = len(text) - len(text.lstrip(" ")) if inner else len(text)
    right = len(text) - len(text.rstrip(" ")) if inner else 0
    shown = "␣" * left + "".join(map(_glyph, inner)) + "␣" * right
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"


def _glyph(character: str) -> str:
    """The character, or what stands for it where it would not be seen."""
    if character in _GLYPHS:
        return _GLYPHS[character]
    if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Zs", "Cs") and character != " ":
        return ascii(character)[1:-1]
    return character


def _printable(character: str) -> str:
    """The character, or a space for controls, line and paragraph separators and lone surrogates."""
    if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs"):
        return " "
    return character


def upright(text: str) -> str:
    """The text without characters that reorder a line, and without lone surrogates, which UTF-8 has not."""
    return _BIDI.sub("", text).encode("utf-8", "replace").decode("utf-8")
