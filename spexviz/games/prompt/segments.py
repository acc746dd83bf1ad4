"""Segmenters: which parts of a text are players, and the text that is left when some of them are removed.

Between kept words, sentences and lines stands the white space that was typed, or one space or newline;
tokens, regex matches and hand-given spans are cut out of the text, and what stands between them stays
untouched. No tokeniser is loaded here: its spans are passed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress, pairwise

import numpy as np

from spexviz.errors import GameError
from spexviz.games.prompt.patterns import matches
from spexviz.games.prompt.scripts import Span, boundaries
from spexviz.kit.arrays import Bools, Ints
from spexviz.kit.cached import cached_property
from spexviz.kit.spans import merged, overlaps
from spexviz.masks import Interaction, Masks

SPLITS: dict[str, str] = {
    "words": "Words as they stand between spaces; punctuation stays on its word.",
    "boundaries": "Words by Unicode's boundaries, for scripts without spaces (Chinese, Japanese, Thai).",
    "sentences": "Sentences, with their closing punctuation.",
    "lines": "Lines that are not blank.",
    "paragraphs": "Paragraphs, with a blank line between them.",
    "tokens": "The tokens of the model's own tokeniser.",
    "regex": "Every match of a regular expression.",
    "spans": "Ranges of characters given by hand.",
}
JOINERS = {"words": " ", "sentences": " ", "lines": "\n", "paragraphs": "\n\n"}
"""What once stood between kept pieces, and still does where white space is not kept as typed."""
COARSER = ("sentences", "lines", "paragraphs")  # than words, mostly finest first
_IN_PLACE = ("tokens", "regex", "spans")  # what stands between the players is text, and stays

_LINE_END = re.compile(r"\r\n|\r|\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|e\.g|i\.e|cf|Fig|Eq|No|[A-Z])\.$"
)
# a run of marks is looked at once, from its first one: from each of them 20,000 dots take seconds
_SENTENCE_END = re.compile(
    r"(?<![.!?…؟۔।])[.!?…؟۔।]++[\"'”’»)\]]*+(?=\s)|[。！？]++[”’」』）]*+|(?=\n[^\S\n]*+\n)"
)


@dataclass(frozen=True)
class Segments:
    """A text and the spans of its players, in order and disjoint.

    `fixed`: spans of pieces that are never players and always stay. `gaps`: what stands before each piece,
    players and fixed ones in the order of the text, and after the last one; of the gaps between two kept
    pieces one stays. None where removed spans are cut out and the rest stays as it is.
    """

    text: str
    spans: tuple[Span, ...]
    fixed: tuple[Span, ...] = ()
    gaps: tuple[str, ...] | None = None

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The text of each player; repeated words give repeated labels."""
        return tuple(self.text[a:b] for a, b in self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    @cached_property
    def pieces(self) -> tuple[tuple[str, ...], Ints]:
        """All pieces in the order of the text, and the player of each (−1: not a player)."""
        owned = self._owned()
        texts = tuple(self.text[start:stop] for (start, stop), _ in owned)
        owners = [owner for _, owner in owned]
        return texts, np.array(owners, dtype=np.int64)

    def _owned(self) -> list[tuple[Span, int]]:
        """The span and the player of each piece."""
        players = range(len(self.spans))
        if self.gaps is None:
            edges = [0, *(edge for span in self.spans for edge in span), len(self.text)]
            spans = list(pairwise(edges))  # gap, player, gap, …, player, gap
            owners = [-1] * len(spans)
            owners[1::2] = players
            return list(zip(spans, owners, strict=True))
        owned = list(zip(self.spans, players, strict=True))
        owned += [(span, -1) for span in self.fixed]
        return sorted(owned)


def segment(
    text: str,
    split: str,
    *,
    token_spans: Iterable[Span] | None = None,
    pattern: str | None = None,
    spans: Iterable[Span] | None = None,
    protected: Iterable[Span] = (),
    as_typed: bool = False,
) -> Segments:
    """The players of `text`: `split` is a key of `SPLITS`.

    >>> segment("Not bad at all.", "words").labels
    ('Not', 'bad', 'at', 'all.')

    `as_typed`: white space between kept pieces, and around all of them, stays as it is in the text; else it
    is one of `JOINERS`, where the split has one. `token_spans`: for "tokens", the character offsets from the
    tokeniser; empty ones are dropped, overlapping ones (bytes of one character) become one player. `pattern`:
    for "regex". `spans`: for "spans"; with another split they stand in the place of what it would find, and
    what is removed goes as it does there. A segment that overlaps a `protected` range is no player and always
    stays in the text.
    Raises GameError for an empty text, nothing to split, an invalid or too slow pattern, or spans that do not
    fit.
    """
    if not text.strip():
        raise GameError("The text is empty: give a text with at least one word.")
    if split not in SPLITS:
        raise GameError(f"There is no split {split!r}: choose one of {', '.join(SPLITS)}.")
    found = _spans(text, split, token_spans, pattern, spans)
    guarded = merged(_given(text, protected, "protected"))
    players: list[Span] = []
    held: list[Span] = []
    for span in found:
        if overlaps(span, guarded):
            held.append(span)
        else:
            players.append(span)
    if not players:
        reason = "nothing was found: choose another split or pattern"
        if split == "spans":
            reason = "no piece of it is marked: mark at least one"
        if found:
            reason = "every part of it is protected: protect less of it"
        raise GameError(f"Splitting this text into {split} leaves no players, because {reason}.")
    if split in _IN_PLACE:  # what stands between the players stays anyway
        return Segments(text, tuple(players))
    gaps = _gaps(text, found)
    if not as_typed:
        gaps = joined(split, gaps)
    return Segments(text, tuple(players), tuple(held), gaps)


def outside(segments: Segments, members: Interaction) -> tuple[Span, ...]:
    """The ranges of the text that are in none of these players, without the white space at their ends.

    >>> outside(segment("Not bad. Not at all. Good.", "sentences"), (1,))
    ((0, 8), (21, 26))
    """
    edges = [0, *chain.from_iterable(segments.spans[i] for i in members), len(segments.text)]
    found: list[Span] = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        rest = segments.text[start:stop]
        if rest.strip():
            found.append((start + len(rest) - len(rest.lstrip()), start + len(rest.rstrip())))
    return tuple(found)


def joined(split: str, gaps: tuple[str, ...]) -> tuple[str, ...]:
    """The gaps of a split where white space is not kept as typed: one joiner, and nothing around them."""
    if split not in JOINERS:
        return gaps
    return ("", *[JOINERS[split]] * (len(gaps) - 2), "")


def render(segments: Segments, masks: Masks, replacement: str | None = None) -> list[str]:
    """The text of each mask (b, n), True = kept: removed players are deleted, or each becomes `replacement`.

    >>> render(segment("Not bad at all.", "words"), np.array([[True, True, False, False]]))
    ['Not bad']

    With every player kept this is exactly the text (where white space is not kept as typed, words give
    `" ".join(text.split())`). Of the gaps between two kept pieces that with the most line ends stays, then
    the longest, then the first: what stands in its own line does so whatever is removed before it.
    Raises GameError for masks of another number of players.
    """
    masks = np.asarray(masks)
    if masks.dtype != bool or masks.ndim != 2 or masks.shape[1] != len(segments):
        raise GameError(
            f"This text has {len(segments)} players: its masks are a bool array (masks, {len(segments)}), "
            f"not {masks.dtype} {masks.shape}."
        )
    pieces, owners = segments.pieces
    always = np.ones((len(masks), 1), dtype=bool)  # the last column: what is no player has the owner −1
    kept = np.concatenate([masks, always], axis=1)[:, owners].tolist()
    if replacement is None:
        return [_kept(segments, row) for row in kept]
    return [_whole(segments.gaps, _replaced(pieces, row, replacement)) for row in kept]


def render_one(segments: Segments, mask: Bools | Sequence[bool], replacement: str | None = None) -> str:
    """The text of one mask (n,); see `render`.

    >>> render_one(segment("Not bad at all.", "words"), [False, True, True, True], "_")
    '_ bad at all.'
    """
    return render(segments, np.asarray(mask, dtype=bool)[None, :], replacement)[0]


def _kept(segments: Segments, kept: Sequence[bool]) -> str:
    """The text of the kept pieces."""
    pieces, _ = segments.pieces
    gaps = segments.gaps
    texts = list(compress(pieces, kept))
    if gaps is None:
        return "".join(texts)
    first, *inner, last = gaps
    if not texts or len(set(inner)) <= 1:
        return first + "".join(inner[:1]).join(texts) + last
    places = list(compress(range(len(pieces)), kept))
    between = [_strongest(gaps[left + 1 : right + 1]) for left, right in pairwise(places)]
    return _whole((first, *between, last), texts)


def _strongest(gaps: Sequence[str]) -> str:
    """The one of some gaps that stays when all pieces between them are removed."""
    if len(gaps) == 1:
        return gaps[0]
    return max(gaps, key=lambda gap: (len(f"{gap}.".splitlines()), len(gap)))


def _whole(gaps: Sequence[str] | None, texts: Sequence[str]) -> str:
    """Texts with their gaps: one before each, and one after the last."""
    if gaps is None:
        return "".join(texts)
    alternating = chain.from_iterable(zip(gaps, texts, strict=False))
    return "".join(alternating) + gaps[-1]


def _gaps(text: str, spans: Sequence[Span]) -> tuple[str, ...]:
    """What stands in the text before each span, and after the last."""
    edges = [0, *chain.from_iterable(spans), len(text)]
    return tuple(text[start:stop] for start, stop in zip(edges[::2], edges[1::2], strict=True))


def _replaced(pieces: Sequence[str], kept: Sequence[bool], replacement: str) -> list[str]:
    return [piece if keep else replacement for piece, keep in zip(pieces, kept, strict=True)]


def _spans(
    text: str,
    split: str,
    token_spans: Iterable[Span] | None,
    pattern: str | None,
    spans: Iterable[Span] | None,
) -> list[Span]:
    """What a split finds in a text, in order and disjoint; or what is given in its place."""
    if split == "spans" or spans is not None:
        return _disjoint(_given(text, spans, "spans"))
    if split == "tokens":
        return merged(_given(text, token_spans, "token_spans"))
    if split == "regex":
        return merged(matches(text, pattern))
    if split == "sentences":
        return _sentences(text)
    if split == "lines":
        return _lines(text)
    if split == "paragraphs":
        return _paragraphs(text)
    if split == "boundaries":
        return boundaries(text)
    return _words(text)


def _words(text: str) -> list[Span]:
    """Exactly `str.split()`."""
    return [match.span() for match in re.finditer(r"\S+", text)]


def _lines(text: str) -> list[Span]:
    """Lines that are not blank, without their line ends and trailing spaces; indentation stays."""
    lines = [(match.start(), match.group().rstrip()) for match in re.finditer(r"[^\r\n]+", text)]
    return [(start, start + len(line)) for start, line in lines if line]


def _paragraphs(text: str) -> list[Span]:
    """Lines with no blank one between them, together."""
    found: list[Span] = []
    for start, stop in _lines(text):
        if found and len(_LINE_END.findall(text, found[-1][1], start)) == 1:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def _sentences(text: str) -> list[Span]:
    """Ended by closing punctuation before a space, or by a blank line; without the space around them.

    Not after an abbreviation, nor before a small letter.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if _ends(text, match)]
    found: list[Span] = []
    start = 0
    for end in [*ends, len(text)]:
        sentence = text[start:end]
        if sentence.strip():
            begin = start + len(sentence) - len(sentence.lstrip())
            found.append((begin, start + len(sentence.rstrip())))
        start = end
    return found


def _ends(text: str, match: re.Match[str]) -> bool:
    """Whether a sentence ends with this match."""
    mark = match.group()
    if not mark or mark[0] in "。！？":  # a blank line, or a mark that nothing else is written with
        return True
    end = match.end()
    following = text[end : end + 64].lstrip()[:1]
    last_word = text[max(0, end - 8) : end]
    return not following.islower() and not _ABBREVIATION.search(last_word)


def _given(text: str, spans: Iterable[Span] | None, what: str) -> list[Span]:
    """Spans from outside, as int pairs inside the text."""
    if spans is None:
        raise GameError(f"This split needs `{what}`: pairs (start, end) of character positions in the text.")
    try:
        pairs = [(int(start), int(stop)) for start, stop in spans]
    except (TypeError, ValueError):
        raise GameError(
            f"`{what}` must hold pairs (start, end) of character positions in the text."
        ) from None
    for start, stop in pairs:
        if not 0 <= start <= stop <= len(text):
            raise GameError(
                f"({start}, {stop}) of `{what}` is no range of a text of {len(text)} characters: "
                f"give 0 ≤ start ≤ end ≤ {len(text)}."
            )
    return pairs


def _disjoint(spans: list[Span]) -> list[Span]:
    """Sorted spans. Raises GameError where one is empty, or overlaps the one before."""
    found = sorted(spans)
    for k, (start, stop) in enumerate(found):
        if start == stop:
            raise GameError(f"The span ({start}, {stop}) is empty: give start < end.")
        if k and start < found[k - 1][1]:
            raise GameError(
                f"The spans {found[k - 1]} and ({start}, {stop}) overlap: give spans that do not."
            )
    return found
