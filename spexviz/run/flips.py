"""Flips: the fewest players whose removal turns the answer round: the surrogate proposes, the model is asked.

Small sets come first, of each size those that the surrogate says go furthest; where the model does not flip,
the next is tried. What is left of the limit then asks the smaller sets that nobody proposed: only when all of
them are known not to flip is a set proven to be one of the fewest. Left out: sets of more than a few players,
of which there are too many to ask; an exact run knows them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice

import numpy as np

from spexviz.ablate.runner import Runner
from spexviz.analysis.optimum import remove
from spexviz.errors import SolverError
from spexviz.masks import Interaction, all_but
from spexviz.results import Explanation
from spexviz.results.flips import Flips, Line, Tried
from spexviz.results.subject import LOG_PROBABILITY, ODDS
from spexviz.spectrum import Spectrum

MOST, LIMIT = 4, 64  # players of a set, and ablations asked
BATCH = 8  # sets asked at a time
RANKED = 20_000  # sets of one size that are compared
PHASE = "looking for what flips it"
_SIGNED = ("margin", "log-odds")  # units of numbers whose sign is an answer
_SECONDS = 2.0  # of the optimum, where not all sets are compared


def line_of(explanation: Explanation) -> Line | None:
    """What turns the answer of a run round; None for a value that has no two sides, such as an accuracy.

    Log-odds and margins change their sign; of a single answer the probability is halved.
    """
    full = explanation.ends[1]
    scale = explanation.subject.scale
    if scale.kind == LOG_PROBABILITY:
        return Line(full - math.log(2.0), falls=True, halves=True)
    if scale.kind == ODDS or explanation.unit.startswith(_SIGNED):
        return Line(0.0, falls=full >= 0.0)
    return None


def flips(
    explanation: Explanation, runner: Runner, *, most: int = MOST, limit: int = LIMIT
) -> Iterator[Flips]:
    """Look for the fewest players; what is known is given after every few ablations, at last the answer.

    `runner` asks the game of the run, at most `limit` ablations of sets of up to `most` players; the next is
    asked when the next is taken, so leaving it there ends it. An exact run asks nothing. Same run, same sets,
    whatever the cache knows. Raises SolverError where nothing can flip, and whatever the runner raises.
    """
    line = line_of(explanation)
    if line is None:
        raise SolverError(
            f"Nothing flips where the value is a number without two sides ({explanation.unit}): "
            "look for it in a run that compares two answers."
        )
    if known := known_flips(explanation):
        yield known
        return
    search = _Search(explanation, runner, line, min(most, len(explanation.players)), limit)
    yield from search.run()


def known_flips(explanation: Explanation) -> Flips | None:
    """The answer of a run that has asked every mask; None for others, and where nothing can flip."""
    line = line_of(explanation)
    if line is None or not explanation.proof.exact:
        return None
    masks, values = explanation.sample.masks, explanation.sample.values
    removed = (~masks).sum(1)
    crossed = line.crossed(values) & (removed > 0)
    n = masks.shape[1]
    rows: Sequence[int]
    if crossed.any():
        rows = np.flatnonzero(crossed & (removed == removed[crossed].min())).tolist()
    else:
        beyond = np.array([line.beyond(value) for value in values.tolist()])
        rows = [int(np.argmax(np.where(removed, beyond, -math.inf)))]
    tried = []
    for row in rows:
        members = tuple(map(int, np.flatnonzero(~masks[row])))
        tried.append(Tried(members, float(values[row]), float(values[row])))
    is_only = bool(crossed.any()) and len(rows) == 1
    return Flips(line, tuple(tried), True, is_only, n, is_done=True)


@dataclass
class _Search:
    """The search in a run that has not asked every mask."""

    explanation: Explanation
    runner: Runner
    line: Line
    most: int
    limit: int
    tried: dict[Interaction, Tried] = field(default_factory=dict)
    asked: int = 0
    size: int = 0

    def run(self) -> Iterator[Flips]:
        for size in range(1, self.most + 1):
            self.size = size
            share = math.ceil((self.limit - self.asked) / (self.most - size + 1))
            yield from self.try_all(proposed(self.explanation.spectrum, size, self.line, share), True)
            if self.so_far.found is not None:
                break
        yield from self.prove()
        yield self.proven()

    def try_all(self, sets: Sequence[Interaction], until_found: bool) -> Iterator[Flips]:
        """Ask sets, some at a time, as far as the limit allows; `until_found`: no longer than needed."""
        left = [members for members in sets if members not in self.tried]
        while left and self.asked < self.limit:
            batch, left = left[:BATCH], left[BATCH:]
            self.ask(batch[: self.limit - self.asked])
            yield self.so_far
            if until_found and self.so_far.found is not None:
                return

    def prove(self) -> Iterator[Flips]:
        """Ask what nobody proposed: the smaller sets, and then the others of the same size, where all fit."""
        size = 1
        while (found := self.so_far.found) is not None and size <= len(found.members):
            unknown = self.unknown(size)
            if len(unknown) > self.limit - self.asked:
                return
            yield from self.try_all(unknown, False)
            size += 1

    def unknown(self, size: int) -> list[Interaction]:
        """The sets of one size that were not tried; no more of them than show that they are too many."""
        sets = combinations(range(len(self.explanation.players)), size)
        new = (members for members in sets if members not in self.tried)
        return list(islice(new, self.limit + 1))

    def ask(self, sets: Sequence[Interaction]) -> None:
        """The model's values without each of the sets: from the run where it has asked them."""
        masks = all_but(sets, len(self.explanation.players))
        values = self.explanation.asked(masks)
        new = np.isnan(values)
        self.asked += int(new.sum())
        self.runner.total = self.limit
        values[new] = self.runner(masks[new], PHASE)
        predicted = self.explanation.spectrum(masks)
        for members, value, said in zip(sets, values.tolist(), predicted.tolist(), strict=True):
            self.tried[members] = Tried(members, value, said)

    @property
    def so_far(self) -> Flips:
        return Flips(self.line, tuple(self.tried.values()), size=self.size, asked=self.asked)

    def proven(self) -> Flips:
        """The answer, with what is proven of it."""
        answer = self.so_far
        found = answer.found
        size = self.most + 1 if found is None else len(found.members)
        is_minimal = all(not self.unknown(smaller) for smaller in range(1, size))
        same = [one for one in answer.flipping if len(one.members) == size]
        is_only = is_minimal and len(same) == 1 and not self.unknown(size)
        if found is None:  # larger sets were not tried
            is_minimal = is_minimal and self.most == len(self.explanation.players)
        return replace(answer, is_minimal=is_minimal, is_only=is_only, is_done=True)


def proposed(spectrum: Spectrum, size: int, line: Line, count: int) -> list[Interaction]:
    """At most `count` sets of one size, first those that the surrogate says go furthest beyond the line.

    Where there are too many sets to compare, the best of them all stands first, and then the best of those of
    the players that have most to say.
    """
    n = spectrum.n
    pool = most_moving(spectrum, size)
    sets = list(combinations(pool, size))
    values = spectrum(all_but(sets, n))
    if line.falls:
        values = -values
    order = np.argsort(-values, kind="stable")[:count].tolist()
    best = [sets[i] for i in order]
    if len(pool) < n:
        direction = "down" if line.falls else "up"
        first = remove(spectrum, size, direction=direction, limit=_SECONDS).removed
        best = [first, *[members for members in best if members != first]][:count]
    return best


def most_moving(spectrum: Spectrum, size: int) -> list[int]:
    """So many players that all sets of a size can be compared: those whose terms have the largest sum."""
    pool = size
    while pool < spectrum.n and math.comb(pool + 1, size) <= RANKED:
        pool += 1
    says = np.abs(spectrum.values) @ spectrum.membership
    order = np.argsort(-says, kind="stable")[:pool]
    return sorted(order.tolist())
