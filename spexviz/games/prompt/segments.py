"""Segmenters: which parts of a text are players, and the text that is left when some of them are removed.

Words, sentences and lines are joined again by one space or newline; tokens, regex matches and hand-given
spans are cut out of the text, and what stands between them stays untouched. No tokeniser is loaded here: its
spans are passed in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, pairwise

import numpy as np

from spexviz.errors import GameError
from spexviz.kit.arrays import Bools, Ints
from spexviz.masks import Masks

Span = tuple[int, int]
"""Half-open range of characters of the text."""

SPLITS: dict[str, str] = {
    "words": "Words as they stand between spaces; punctuation stays on its word.",
    "sentences": "Sentences, with their closing punctuation.",
    "lines": "Lines that are not blank.",
    "tokens": "The tokens of the model's own tokeniser.",
    "regex": "Every match of a regular expression.",
    "spans": "Ranges of characters given by hand.",
}
_JOINERS = {"words": " ", "sentences": " ", "lines": "\n"}  # the other splits cut the text in place

REGEX_SECONDS = 1.0  # of computing, for one user's pattern on the whole text
LONGEST_PATTERN = 1_000
MOST_REPEATS = 10_000  # product of the counts in {…}: compiling unrolls them, which no time limit stops
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|e\.g|i\.e|cf|Fig|Eq|No|[A-Z])\.$"
)
_SENTENCE_END = re.compile(r"[.!?…؟۔।]+[\"'”’»)\]]*(?=\s)|[。！？]+[”’」』）]*|(?=\n[^\S\n]*\n)")


@dataclass(frozen=True)
class Segments:
    """A text and the spans of its players, in order and disjoint.

    `joiner`: what stands between the kept pieces, or None where removed spans are cut out and the rest stays
    as it is. `fixed`: spans of pieces that are never players and always stay (only where there is a joiner).
    """

    text: str
    spans: tuple[Span, ...]
    joiner: str | None = None
    fixed: tuple[Span, ...] = ()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The text of each player; repeated words give repeated labels."""
        return tuple(self.text[a:b] for a, b in self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    @cached_property
    def pieces(self) -> tuple[tuple[str, ...], Ints]:
        """All pieces in the order of the text, and the player of each (−1: not a player)."""
        if self.joiner is None:
            edges = [0, *(edge for span in self.spans for edge in span), len(self.text)]
            every = list(pairwise(edges))  # gap, player, gap, …, player, gap
            owners = [k // 2 if k % 2 else -1 for k in range(len(every))]
        else:
            pairs = sorted(
                [(span, k) for k, span in enumerate(self.spans)] + [(span, -1) for span in self.fixed]
            )
            every, owners = [span for span, _ in pairs], [owner for _, owner in pairs]
        return tuple(self.text[a:b] for a, b in every), np.array(owners, dtype=np.int64)


def segment(
    text: str,
    split: str,
    *,
    token_spans: Iterable[Span] | None = None,
    pattern: str | None = None,
    spans: Iterable[Span] | None = None,
    protected: Iterable[Span] = (),
) -> Segments:
    """The players of `text`: `split` is a key of `SPLITS`.

    `token_spans`: for "tokens", the character offsets from the tokeniser; empty ones are dropped, overlapping
    ones (bytes of one character) become one player. `pattern`: for "regex". `spans`: for "spans". A segment
    that overlaps a `protected` range is no player and always stays in the text.
    Raises GameError for an empty text, nothing to split, an invalid or too slow pattern, or spans that do not
    fit.
    """
    if not text.strip():
        raise GameError("The text is empty: give a text with at least one word.")
    if split not in SPLITS:
        raise GameError(f"There is no split {split!r}: choose one of {', '.join(SPLITS)}.")
    if split == "tokens":
        found = _merged(_given(text, token_spans, "token_spans"))
    elif split == "regex":
        found = _matches(text, pattern)
    elif split == "spans":
        found = _disjoint(_given(text, spans, "spans"))
    else:
        found = {"words": _words, "sentences": _sentences, "lines": _lines}[split](text)
    guarded = [(a, b) for a, b in _given(text, protected, "protected") if a < b]
    free = [not any(a < stop and start < b for start, stop in guarded) for a, b in found]
    players, held = tuple(compress(found, free)), tuple(compress(found, (not f for f in free)))
    if not players:
        reason = (
            "every part of it is protected: protect less of it"
            if found
            else "nothing was found: choose another split or pattern"
        )
        raise GameError(f"Splitting this text into {split} leaves no players, because {reason}.")
    joiner = _JOINERS.get(split)
    return Segments(text, players, joiner, () if joiner is None else held)


def render(segments: Segments, masks: Masks, replacement: str | None = None) -> list[str]:
    """The text of each mask (b, n), True = kept: removed players are deleted, or each replaced by `replacement`.

    With every player kept, words give `" ".join(text.split())`, and tokens, regex and spans give exactly the
    text.
    Raises GameError for masks of another number of players.
    """
    masks = np.asarray(masks)
    if masks.dtype != bool or masks.ndim != 2 or masks.shape[1] != len(segments):
        raise GameError(
            f"This text has {len(segments)} players: its masks are a bool array (masks, {len(segments)}), not {masks.dtype} {masks.shape}."
        )
    pieces, owners = segments.pieces
    # owner −1: always kept
    kept = np.concatenate([masks, np.ones((len(masks), 1), dtype=bool)], axis=1)[:, owners].tolist()
    joiner = segments.joiner or ""
    if replacement is None:
        return [joiner.join(compress(pieces, row)) for row in kept]
    return [
        joiner.join([piece if keep else replacement for piece, keep in zip(pieces, row, strict=True)])
        for row in kept
    ]


def render_one(segments: Segments, mask: Bools | Sequence[bool], replacement: str | None = None) -> str:
    """The text of one mask (n,); see `render`."""
    return render(segments, np.asarray(mask, dtype=bool)[None, :], replacement)[0]


def _words(text: str) -> list[Span]:
    """Exactly `str.split()`."""
    return [match.span() for match in re.finditer(r"\S+", text)]


def _lines(text: str) -> list[Span]:
    """Lines that are not blank, without their line ends and trailing spaces; indentation stays."""
    return [match.span() for match in re.finditer(r"[^\S\r\n]*\S(?:[^\r\n]*\S)?", text)]


def _sentences(text: str) -> list[Span]:
    """Closing punctuation before a space (not after an abbreviation, nor before a small letter), or a blank line."""
    found, start = [], 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text) if _ends(text, match)), len(text)]:
        piece = text[start:end]
        if piece.strip():
            found.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
        start = end
    return found


def _ends(text: str, match: re.Match[str]) -> bool:
    if not match.group() or match.group()[0] in "。！？":
        return True
    following = text[match.end() : match.end() + 64].lstrip()[:1]
    return not following.islower() and not _ABBREVIATION.search(text[max(0, match.end() - 8) : match.end()])


def _matches(text: str, pattern: str | None) -> list[Span]:
    """Non-empty matches of a user's pattern, within a time limit."""
    import regex

    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise GameError(
            f'The split "regex" needs a pattern of 1 to {LONGEST_PATTERN} characters, e.g. pattern=r"\\w+".'
        )
    bare = re.sub(r"\\.", "", pattern, flags=re.DOTALL)  # without escaped characters
    if re.search(r"\(\?(?:R|&|P>|[+-]?[0-9])", bare):  # hundreds of MB within the time limit
        raise GameError(
            "The pattern calls itself or one of its groups, e.g. (?R) or (?1): write the repeated part out."
        )
    counts = [
        int(count) for braces in re.findall(r"\{[^{}]*\}", bare) for count in re.findall(r"[0-9]+", braces)
    ]
    if math.prod(max(count, 1) for count in counts) > MOST_REPEATS:
        raise GameError(
            f"The counts in the braces of the pattern multiply to more than {MOST_REPEATS:,}: use smaller ones, or + and *."
        )
    try:
        compiled = regex.compile(pattern)
        return _merged([match.span() for match in compiled.finditer(text, timeout=REGEX_SECONDS)])
    except TimeoutError:
        raise GameError(
            f"The pattern took more than {REGEX_SECONDS:g} s on this text: simplify it (no repeat inside a repeat), or split by words."
        ) from None
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise GameError(
            f"The pattern is not a usable regular expression ({error}): correct it, or split by words."
        ) from None


def _given(text: str, spans: Iterable[Span] | None, what: str) -> list[Span]:
    """Spans from outside, as int pairs inside the text."""
    if spans is None:
        raise GameError(f"This split needs `{what}`: pairs (start, end) of character positions in the text.")
    try:
        pairs = [(int(a), int(b)) for a, b in spans]
    except (TypeError, ValueError):
        raise GameError(
            f"`{what}` must hold pairs (start, end) of character positions in the text."
        ) from None
    for a, b in pairs:
        if not 0 <= a <= b <= len(text):
            raise GameError(
                f"({a}, {b}) of `{what}` is no range of a text of {len(text)} characters: give 0 ≤ start ≤ end ≤ {len(text)}."
            )
    return pairs


def _disjoint(spans: list[Span]) -> list[Span]:
    spans = sorted(spans)
    for k, (a, b) in enumerate(spans):
        if a == b:
            raise GameError(f"The span ({a}, {b}) is empty: give start < end.")
        if k and a < spans[k - 1][1]:
            raise GameError(f"The spans {spans[k - 1]} and ({a}, {b}) overlap: give spans that do not.")
    return spans


def _merged(spans: list[Span]) -> list[Span]:
    """Sorted spans without empty ones; overlapping ones become one."""
    out: list[Span] = []
    for a, b in sorted(span for span in spans if span[0] < span[1]):
        if out and a < out[-1][1]:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        else:
            out.append((a, b))
    return out
