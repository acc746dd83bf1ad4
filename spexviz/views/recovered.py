"""Recovered: what a solver finds of a function that is known, as a line of a list, a sentence and a table.

Sets are told by their members, the true value and the one that the solver shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spexviz.analysis.recovery import LEAST, Recovery, members_of
from spexviz.kit.arrays import Floats, Ints
from spexviz.kit.names import names
from spexviz.kit.numerals import number, percent
from spexviz.masks import Interaction
from spexviz.views.captions import r2_text
from spexviz.views.rivals import Row
from spexviz.views.story import Table
from spexviz.views.words import joined, plural

COLUMN = "sets found"  # what stands behind R² in the list
TOLD = 3  # sets that a sentence names
ROWS = 40  # of a table
FOUND, MISSED, FALSE = "Found", "Missed", "Not in the function"
COUNTED = f"A set counts from {percent(LEAST)} of the size of the strongest true one."


@dataclass(frozen=True)
class Held:
    """What was found, held to the truth: which sets, and the tables (2^n,) of true and found values."""

    title: str
    recovery: Recovery
    true: Floats
    found: Floats
    players: Sequence[str]

    @property
    def label(self) -> Sequence[str]:
        return names(tuple(self.players))


def line(key: str, title: str, r2: float, recovery: Recovery, own: bool = False) -> Row:
    """A line of the list. `r2`: NaN where none can be given, as of a guess."""
    beside = _counted(recovery)
    said = recovery_said(recovery)
    if math.isfinite(r2):
        said = f"R² {r2_text(r2)}, {said}"
    return Row(key, title, r2, (r2, r2), beside, said, own)


def _counted(recovery: Recovery) -> str:
    """ "2 of 3", "2 of 3, 6 false"."""
    found = f"{len(recovery.hits)} of {recovery.true}"
    return f"{found}, {len(recovery.false)} false" if len(recovery.false) else found


def recovery_said(recovery: Recovery) -> str:
    """ "2 of 3 sets found, 1 missed, 6 false"."""
    return (
        f"{len(recovery.hits)} of {recovery.true} {plural('set', recovery.true)} found, "
        f"{len(recovery.missed)} missed, {len(recovery.false)} false"
    )


def truth_said(true: Floats, sets: Ints, players: Sequence[str], index_said: str) -> str:
    """The true sets in a sentence; `sets`: their numbers, `index_said`: how they are counted."""
    label = names(tuple(players))
    if not len(sets):
        return f"{index_said} it has no sets: it is the same for every input."
    return f"{index_said} it has {len(sets):,} {plural('set', len(sets))}: {_named(sets, true, label)}."


def said(held: Held) -> str:
    """What a solver finds, misses, and shows that is not there."""
    recovery = held.recovery
    if recovery.is_whole:
        return f"{held.title} finds {_all_of(recovery.true)}, and shows nothing else."
    sentences = [
        f"{held.title} finds {len(recovery.hits)} of {recovery.true} {plural('set', recovery.true)}."
    ]
    if len(recovery.missed):
        sentences.append(f"It misses {_named(recovery.missed, held.true, held.label)}.")
    if len(recovery.false):
        there = "one set that is" if len(recovery.false) == 1 else f"{len(recovery.false):,} sets that are"
        false = _named(recovery.false, held.found, held.label)
        sentences.append(f"It shows {there} not in the function: {false}.")
    return " ".join(sentences)


def _all_of(count: int) -> str:
    if count == 0:
        return "that there is nothing to find"
    return "the one set" if count == 1 else f"all {count:,} sets"


def _named(sets: Ints, values: Floats, label: Sequence[str]) -> str:
    """The largest of them with their values, and how many more there are."""
    named = [f"{joined(members_of(k), label)} ({number(float(values[k]))})" for k in sets[:TOLD].tolist()]
    more = len(sets) - len(named)
    return f"{', '.join(named)}{f' and {more:,} more' if more else ''}"


def table(held: Held) -> Table:
    """A row a set: what it is in the function, what the solver shows of it, and which of the three it is."""
    rows, members, true, shown = [], [], [], []
    for verdict, number_of_set in _judged(held.recovery):
        one = members_of(number_of_set)
        values = float(held.true[number_of_set]), float(held.found[number_of_set])
        rows.append(
            {
                "Set": joined(one, held.label),
                "Verdict": verdict,
                "In the function": number(values[0]),
                "Shown": number(values[1]),
            }
        )
        members.append(one)
        true.append(values[0])
        shown.append(values[1])
    columns = {
        "Set": "",
        "Verdict": f"{COUNTED} One that is shown with the wrong sign is both missed and not in the function.",
        "In the function": "Its value, without noise",
        "Shown": f"What {held.title} shows of it",
    }
    numbers = {"In the function": tuple(true), "Shown": tuple(shown)}
    return Table(tuple(rows), tuple(members), columns, numbers)


def _judged(recovery: Recovery) -> Iterator[tuple[str, int]]:
    """The sets of a table, what went wrong first."""
    judged = ((MISSED, recovery.missed), (FALSE, recovery.false), (FOUND, recovery.hits))
    left = ROWS
    for verdict, sets in judged:
        for one in sets[:left].tolist():
            yield verdict, one
        left = max(0, left - len(sets))


def guess_said(recovery: Recovery, true: Floats, guesses: Sequence[Interaction], label: Sequence[str]) -> str:
    """How good somebody's guess was."""
    if not guesses:
        return f"You named no set; there {'is' if recovery.true == 1 else 'are'} {recovery.true}."
    sentences = [f"Of your {len(guesses)} {plural('guess', 1) if len(guesses) == 1 else 'guesses'}"]
    sentences[0] += f", {len(recovery.hits)} {'is' if len(recovery.hits) == 1 else 'are'} in the function."
    if len(recovery.missed):
        sentences.append(f"Not named: {_named(recovery.missed, true, label)}.")
    return " ".join(sentences)
