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
_FLAG_LETTER = r"\U0001F1E6-\U0001F1FF"
_FOLLOWS = rf"[{_FLAG_LETTER}\p{{WB=Extend}}\p{{WB=Format}}\p{{WB=ZWJ}}]"
# 64 of them, from the first of a run on: two make a flag, so a boundary comes after every even number
_FLAGS = rf"(?:(?<!{_FOLLOWS})|\G)[{_FLAG_LETTER}]{{64}}(?=[{_FLAG_LETTER}])"


def boundaries(text: str) -> list[Span]:
    """Words between the word boundaries of Unicode, without the white space around them.

    A mark stays on the word before it, an opening one on the word after it. No dictionary is asked: each
    character of Han or hiragana is a word, as is each consonant of Thai, Lao or Khmer with the signs on it; a
    run of katakana, hangul or Latin letters is one, and so is a number.
    Source: https://unicode.org/reports/tr29/#Word_Boundaries
    """
    found: list[Span] = []
    begun_by_marks = False  # whether the last word is marks alone so far
    for start, stop in _pieces(text):
        piece = text[start:stop]
        if piece.isspace():
            continue
        marks = _is_marks(piece)
        touches = bool(found) and found[-1][1] == start
        follows = marks and unicodedata.category(piece[0]) not in _OPENING
        if touches and (begun_by_marks or follows):
            found[-1] = (found[-1][0], stop)
            begun_by_marks = begun_by_marks and marks
        else:
            found.append((start, stop))
            begun_by_marks = marks
    return found


def is_unspaced(text: str) -> bool:
    """Whether most letters of the text belong to scripts that set no space between words."""
    import regex

    letters = regex.findall(_LETTER, text)
    return 2 * len(regex.findall(_UNSPACED, "".join(letters))) > len(letters)


def _pieces(text: str) -> list[Span]:
    """What stands between the boundaries of the text.

    Long runs of flags are looked at 64 letters at a time: each boundary among them asks how many came before.
    """
    import regex

    cuts = [match.end() for match in regex.finditer(_FLAGS, text)]
    found: list[Span] = []
    for start, stop in pairwise([0, *cuts, len(text)]):
        edges = [start + match.start() for match in regex.finditer(_BOUNDARIES, text[start:stop])]
        found += pairwise(edges)
    return found


def _is_marks(text: str) -> bool:
    return all(unicodedata.category(character).startswith("P") for character in text)


def hint_of_one(text: str, split: str) -> str:
    """What to do about a text that is a single player when it is split so."""
    finer = "boundaries" if is_unspaced(text) else "tokens"
    remedy = f'split it into "{finer}"'
    if split == finer:
        remedy = "take a longer prompt"
    return f"Split into {split} this prompt is a single player, and no sets can be found: {remedy}."
