"""Asked: what the model answered to a question about a finished run, in plain sentences, numbers behind them.

Do these act together? Which fewest words flip the answer? What if it said something else?
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spexviz.masks import Interaction
from spexviz.results import Check, Explanation
from spexviz.results.flips import Flips, Tried
from spexviz.results.subject import NUMBER
from spexviz.views.captions import check_text
from spexviz.views.story import Words
from spexviz.views.theme import interval_text, number, percent
from spexviz.views.voice import Voice
from spexviz.views.words import plural

LEAST = 0.005  # share of the variance below which acting together is hardly worth a word
CLEAR = 0.02  # of an effect as large as an interval allows: below it there is "no sign" of one
LISTED = 12  # sets whose answers are listed
OTHERS = 3  # further sets that are named
HOW, TRIED = "How do we know?", "What was tried"
_COUNTS = ("no", "one", "two", "three", "four")


def known(explanation: Explanation, members: Interaction) -> Words | None:
    """Whether the players of a set act together, where that is known without asking; else None."""
    if explanation.proof.exact:
        return _exactly(explanation, members)
    for check in explanation.checks:
        if check.members == members:
            return _measured(explanation, check)
    return None


def _exactly(explanation: Explanation, members: Interaction) -> Words:
    """Of a run that has asked every mask."""
    spectrum, keep = explanation.spectrum, explanation.fidelity.keep
    effect = spectrum.mean_effects(keep).get(members, 0.0)
    share = spectrum.shares(keep).get(members, 0.0)
    word = "Yes" if share >= LEAST else "Hardly"
    line = f"{word}: {_move(explanation, members, number(effect))} (exact: every mask was measured)."
    return Words((line,), fold=HOW, more=(f"{percent(share)} of the variance is this set's own.",))


def _measured(explanation: Explanation, check: Check) -> Words:
    """Of a set that was checked on the model."""
    low, high = check.interval
    value = f"{number(check.model_mean)} {interval_text(check.interval)}"
    cost = f"measured, {_cost(check)}"
    if low > 0 or high < 0:
        line = f"Yes: {_move(explanation, check.members, value)} ({cost})."
    elif _share(explanation, check) < CLEAR:
        line = f"No sign of it: {value} {explanation.unit} {_beyond(check.members)} ({cost})."
    else:
        line = f"Not clear: {value} {explanation.unit} {_beyond(check.members)} ({cost})."
    how = f"Checked on the model, {check_text(check, explanation.unit)}"
    return Words((line,), fold=HOW, more=(how, _basis(check)))


def _cost(check: Check) -> str:
    """What a check rests on, in ablations: those of the run count as well."""
    asked = f"{check.ablations:,} {plural('ablation', check.ablations)}"
    if not check.held_out:
        return asked
    if not check.ablations:
        return f"on {check.held_out:,} ablations of the run"
    return f"{asked} on top of {check.held_out:,} of the run"


def _basis(check: Check) -> str:
    """On what a check rests."""
    rests = []
    if check.held_out:
        rests.append(f"{check.held_out:,} masks of the run")
    if check.backgrounds:
        rests.append(f"{check.backgrounds} random backgrounds")
    return f"On {' and '.join(rests) or 'the input itself'}; the interval holds with 90 %."


def _share(explanation: Explanation, check: Check) -> float:
    """Of the variance, what the largest effect within the interval would carry."""
    variance = float(np.var(explanation.sample.values))
    largest = max(map(abs, check.interval)) / 2.0 ** len(check.members)
    return largest**2 / variance if variance else 0.0


def _move(explanation: Explanation, members: Interaction, value: str) -> str:
    what = "value" if explanation.subject.scale.kind == NUMBER else "answer"
    return f"together they move the {what} by {value} {explanation.unit} {_beyond(members)}"


def _beyond(members: Interaction) -> str:
    return "beyond what each does alone" if len(members) == 2 else "beyond what fewer of them do"


def flipped(explanation: Explanation, found: Flips) -> Words:
    """Which fewest players flip the answer, with what was tried in a fold."""
    best = found.found
    if best is None:
        lines = (_none(explanation, found),)
    else:
        lines = (f"{_without(explanation, found, best)} {_proven(explanation, found, best)}".rstrip(),)
    return Words(lines, fold=TRIED, more=_listed(explanation, found))


def _without(explanation: Explanation, found: Flips, best: Tried) -> str:
    """ "Without “never” the answer flips: “negative”, 71 % (measured)."."""
    subject = explanation.subject
    name = Voice.of(explanation).name_all(best.members)
    if found.line.halves:
        was = subject.scale.say_first(explanation.ends[1], subject.unit)
        now = subject.scale.say_first(best.measured, subject.unit)
        return f"Without {name} the answer is less than half as likely: {now} instead of {was} (measured)."
    turns = "the value changes its sign" if subject.scale.kind == NUMBER else "the answer flips"
    return f"Without {name} {turns}: {_answer(explanation, best.measured)} (measured)."


def _proven(explanation: Explanation, found: Flips, best: Tried) -> str:
    """What is known of others."""
    noun, size = explanation.subject.noun, len(best.members)
    kind = _sets(noun, size)
    if found.is_only:
        said = f"It is the only {kind} that does"
        return f"{said}." if size == 1 else f"{said}, and no fewer do."
    others = [one for one in found.flipping if len(one.members) == size and one is not best]
    said = []
    if others:
        names = [Voice.of(explanation).name_all(one.members) for one in others[:OTHERS]]
        more = f" and {len(others) - OTHERS} more" if len(others) > OTHERS else ""
        said.append(f"Others as small do too: {'; '.join(names)}{more}.")
    if size > 1:
        fewer = f"No fewer {plural(noun)} do" if found.is_minimal else "Perhaps fewer do: not all were tried"
        said.append(f"{fewer}.")
    return " ".join(said)


def _none(explanation: Explanation, found: Flips) -> str:
    """That nothing flips it, and what came closest."""
    nouns = plural(explanation.subject.noun)
    does = "halves it" if found.line.halves else "flips it"
    said = f"No set of up to {_count(found.size)} {nouns} was found that {does}"
    if found.is_minimal:
        said = f"Nothing {does}, whichever {nouns} are left out"
    closest = found.closest
    if closest is None:
        return f"{said}."
    name = Voice.of(explanation).name_all(closest.members)
    return f"{said}; the closest is without {name}: {_answer(explanation, closest.measured)} (measured)."


def _listed(explanation: Explanation, found: Flips) -> tuple[str, ...]:
    """What it has cost, and the answer without each of the sets that came furthest."""
    if not found.asked:
        cost = "Nothing was asked: the run knows every mask." if found.is_minimal else ""
    else:
        cost = f"{len(found.tried)} sets tried, {found.asked} {plural('ablation', found.asked)} of the model."
    furthest = sorted(found.tried, key=lambda one: -found.line.beyond(one.measured))[:LISTED]
    lines = [_one(explanation, one) for one in furthest]
    return tuple(filter(None, [cost, *lines]))


def _one(explanation: Explanation, one: Tried) -> str:
    name = Voice.of(explanation).name_all(one.members)
    said = f"Without {name}: {_answer(explanation, one.measured)}"
    if explanation.proof.exact:
        return f"{said}."
    return f"{said} (the surrogate predicted {_answer(explanation, one.predicted)})."


def _answer(explanation: Explanation, value: float) -> str:
    """ "“negative”, 71 %"; of a number "−0.05 margin"."""
    scale, unit = explanation.subject.scale, explanation.unit
    if scale.kind == NUMBER:
        return f"{number(value)} {unit}"
    return scale.say_likelier(value, unit)


def _sets(noun: str, size: int) -> str:
    """ "single word", "set of two words"."""
    return f"single {noun}" if size == 1 else f"set of {_count(size)} {plural(noun)}"


def _count(size: int) -> str:
    return _COUNTS[size] if size < len(_COUNTS) else str(size)


def changed(explanation: Explanation, value: float, asked: str) -> Words:
    """What the model answers to other words; `asked`: the whole text as it was asked."""
    before = explanation.ends[1]
    now, then = _answer(explanation, value), _answer(explanation, before)
    lines = (f"{then} → {now} (measured).",)
    if explanation.subject.scale.kind != NUMBER and now == then:
        lines = (f"Still {now} (measured).",)
    move = f"{number(before)} → {number(value)} {explanation.unit}, a change of {number(value - before)}."
    return Words(lines, fold=HOW, more=(move, f"Asked: {asked}"))


def hint(noun: str, chosen: Sequence[int], least: int, most: int) -> str:
    """What to select; "" where enough are, and not too many."""
    nouns = plural(noun)
    if len(chosen) > most:
        return f"At most {_count(most)} at once: take some away."
    if len(chosen) < least:
        many = f"{_count(least)} to {_count(most)} {nouns}" if least > 1 else f"one or more {nouns}"
        return f"Choose {many} first."
    return ""
