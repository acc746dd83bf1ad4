"""Words of scripts that set no space between them: Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

Span = tuple[int, int]
"""Half-open range of characters of the text."""

_BOUNDARIES = r"(?w)\b"
_LETTER = r"\p{L}"
_UNSPACED = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
    r"\p{Javanese}\p{Balinese}\p{Tai_Tham}\p{New_Tai_Lue}\p{Tai_Le}]"
)
_OPENING = ("Ps", "Pi")  # of unicodedata: brackets and quotation marks


def boundaries(text: str) -> list[Span]:
    """Words between the word boundaries of Unicode, without the white space around them.

    A mark stays on the word before it, an opening one on the word after it. No dictionary is asked: each
    character of Han or hiragana is a word, as is each consonant of Thai, Lao or Khmer with the signs on it; a
    run of katakana, hangul or Latin letters is one, and so is a number.
    Source: https://unicode.org/reports/tr29/#Word_Boundaries
    """
    found: list[Span] = []
    for start, stop in _pieces(text):
        if text[start:stop].isspace():
            continue
        if found and found[-1][1] == start and _belongs(text[slice(*found[-1])], text[start:stop]):
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def is_unspaced(text: str) -> bool:
    """Whether most letters of the text belong to scripts that set no space between words."""
    import regex

    letters = regex.findall(_LETTER, text)
    return 2 * len(regex.findall(_UNSPACED, "".join(letters))) > len(letters)


def _pieces(text: str) -> list[Span]:
    """What stands between the boundaries of the text."""
    import regex

    edges = [match.start() for match in regex.finditer(_BOUNDARIES, text)]
    return list(pairwise(edges))


def _belongs(word: str, piece: str) -> bool:
    """Whether a piece belongs to the word that it touches: a mark after it, or the first after marks."""
    if _is_marks(word):
        return True
    return _is_marks(piece) and unicodedata.category(piece[0]) not in _OPENING


def _is_marks(text: str) -> bool:
    return all(unicodedata.category(character).startswith("P") for character in text)


def hint_of_one(text: str, split: str) -> str:
    """What to do about a text that is a single player when it is split so."""
    finer = "boundaries" if is_unspaced(text) else "tokens"
    remedy = f'split it into "{finer}"'
    if split == finer:
        remedy = "take a longer prompt"
    return f"Split into {split} this prompt is a single player, and no sets can be found: {remedy}."
