"""A user's regular expression on a text: hostile until checked, so within limits of time and memory."""

from __future__ import annotations

import math
import re

from spexviz.errors import GameError
from spexviz.games.prompt.scripts import Span

REGEX_SECONDS = 1.0  # of computing, for one user's pattern on the whole text
LONGEST_PATTERN = 1_000
MOST_REPEATS = 10_000  # product of the counts in {…}: compiling unrolls them, which no time limit stops
_CALL_OF_A_GROUP = re.compile(r"\(\?(?:R|&|P>|[+-]?[0-9])")  # takes hundreds of MB within the time limit


def matches(text: str, pattern: str | None) -> list[Span]:
    """Where a user's pattern matches, empty matches too, within limits of time and memory.

    >>> matches("not bad", r"\\w+")
    [(0, 3), (4, 7)]

    Raises GameError, with the remedy, for a pattern that cannot be used.
    """
    import regex

    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise GameError(
            f'The split "regex" needs a pattern of 1 to {LONGEST_PATTERN} characters, e.g. pattern=r"\\w+".'
        )
    _check_size(pattern)
    try:
        compiled = regex.compile(pattern)
        return [match.span() for match in compiled.finditer(text, timeout=REGEX_SECONDS)]
    except TimeoutError:
        raise GameError(
            f"The pattern took more than {REGEX_SECONDS:g} s on this text: simplify it "
            "(no repeat inside a repeat), or split by words."
        ) from None
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise GameError(
            f"The pattern is not a usable regular expression ({error}): correct it, or split by words."
        ) from None


def _check_size(pattern: str) -> None:
    """Raise GameError for what would take too much memory before any time limit stops it."""
    bare = re.sub(r"\\.", "", pattern, flags=re.DOTALL)  # without escaped characters
    if _CALL_OF_A_GROUP.search(bare):
        raise GameError(
            "The pattern calls itself or one of its groups, e.g. (?R) or (?1): write the repeated part out."
        )
    repeats = 1
    for braces in re.findall(r"\{[^{}]*\}", bare):
        counts = map(int, re.findall(r"[0-9]+", braces))
        repeats *= math.prod(max(count, 1) for count in counts)
    if repeats > MOST_REPEATS:
        raise GameError(
            f"The counts in the braces of the pattern multiply to more than {MOST_REPEATS:,}: "
            "use smaller ones, or + and *."
        )
