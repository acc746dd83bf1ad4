"""Tried: what the model says with some players switched off, beside what was predicted: one component.

Rows on one axis: the model now and without them, measured; the surrogate, and single effects added up,
predicted. The script shows at once what is switched off in the run's views, and reports all of it as the
trigger `off`: {"members": [positions]}. Where a run has asked every mask, its own answers travel with it, so
that none of them waits for a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spexviz.kit.cached import kept
from spexviz.kit.names import names, plain
from spexviz.masks import all_masks
from spexviz.results import Explanation, Subject
from spexviz.results.subject import NUMBER, ODDS
from spexviz.views import question
from spexviz.views.captions import about, near_text, r2_text
from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.story import Component
from spexviz.views.theme import number
from spexviz.views.voice import Voice
from spexviz.views.what_if import prediction
from spexviz.views.words import isolated, one, plural

_COLOURS = ("ink", "muted", "grid", "surface", "accent")
_NAMED = 4  # players, more than which are counted
_CLEAR = 0.05  # a probability that can be told from 0 on the axis
_SHORT = 24  # letters of a name or an answer
MOST_TOLD = 128  # answers that travel with a run: about 100 KB
MEASURED, PREDICTED = "measured", "predicted"


@dataclass(frozen=True)
class Calls:
    """What the changed value is called, how a sentence about those left out begins, what is predicted.

    `hint`: what stands beside the players while none is left out; "" where the page tells how to do it.
    """

    changed: str = "The model without them"
    without: str = "Without"
    surrogate: str = "what the fit of all ablations predicts for this change, without asking the model."
    hint: str = ""


PLAIN = Calls()


@dataclass(frozen=True)
class Outcome:
    """What a change does. `off`: the players left out; `also`: what else is changed, in words.

    `after`: the real value then, None where it is not known; `before`: the real value of the untouched input,
    None for that of the run. The surrogate knows of players left out only.
    """

    off: tuple[int, ...] = ()
    also: str = ""
    after: float | None = None
    before: float | None = None

    @property
    def is_change(self) -> bool:
        return bool(self.off or self.also)


@dataclass(frozen=True)
class _Row:
    """A value on the axis; `kind`: measured or predicted; None is a value that nobody knows."""

    label: str
    value: float | None
    kind: str


def tried(explanation: Explanation, found: Outcome, calls: Calls = PLAIN, *, dark: bool = False) -> Component:
    """The component, and what it says as its text; a hint where nothing is changed.

    Its data hold an answer for each known set of players that are left out, named "0-2" by their positions.
    """
    subject = explanation.subject
    body: dict[str, Any] = {"noun": subject.noun, "names": _names(subject), "hint": hint(subject)}
    body["without"] = calls.without
    body["colours"] = colours(_COLOURS, dark)
    answers = _own(explanation, calls) if not found.also else {}
    if not answers and found.is_change:
        answers = {found.off: _answer(explanation, found, calls)}
    body["answers"] = {_named(off): answer for off, answer in answers.items()}
    body["more"] = _more(explanation, found, calls) if answers else []
    body["terms"] = explained(*body["more"])
    text = answers.get(found.off, {}).get("said") or body["hint"]
    shown = versioned(body, ()) | {"off": list(found.off)}
    return Component("tried", shown, text)


def _named(off: Sequence[int]) -> str:
    """What the script calls a set of players."""
    return "-".join(map(str, off))


@kept
def _own(explanation: Explanation, calls: Calls) -> dict[tuple[int, ...], dict[str, Any]]:
    """{players left out: the answer} of a run that has asked every mask, and not too many; else nothing."""
    n = len(explanation.players)
    if 2**n > MOST_TOLD:
        return {}
    masks = all_masks(n)
    values = explanation.asked(masks)
    if np.isnan(values).any():
        return {}
    answers = {}
    for mask, value in zip(masks, values.tolist(), strict=True):
        found = Outcome(tuple(np.flatnonzero(~mask).tolist()), after=value)
        answers[found.off] = _answer(explanation, found, calls) if found.off else _start(explanation, calls)
    return answers


def _start(explanation: Explanation, calls: Calls) -> dict[str, Any]:
    """The answer while nothing is left out: what the model says now, and room for the rest."""
    said = hint(explanation.subject)
    if calls.hint:
        said = f"{_says(explanation.subject, '', question.bare(explanation.subject, explanation.ends[1]))}."
    now, *rest = _rows(explanation, Outcome(), calls)
    rows = [now, *(replace(row, value=None) for row in rest)]
    return {"said": said[0].upper() + said[1:], "told": calls.hint} | _drawn(
        explanation, rows, Outcome(), "–"
    )


def _answer(explanation: Explanation, found: Outcome, calls: Calls) -> dict[str, Any]:
    """What is said and drawn of a change; "told": the short of it, beside the players."""
    said = sentences(explanation, found, calls)
    drawn = _drawn(explanation, _rows(explanation, found, calls), found, "not asked")
    return {"said": " ".join(said), "told": said[0]} | drawn


def _drawn(explanation: Explanation, rows: Sequence[_Row], found: Outcome, none: str) -> dict[str, Any]:
    """The rows on their axis. `none`: what stands for a value that nobody knows."""
    axis = _Axis.of(explanation.subject, [row.value for row in rows if row.value is not None])
    before = _before(explanation, found)
    drawn = [axis.row(row, before, none) for row in rows]
    return {"rows": drawn, "ends": axis.ends, "axis": axis.said}


def hint(subject: Subject) -> str:
    """How to switch something off."""
    player = one(subject.noun)
    return f"Shift-click {player}, or press “Switch off”, to see what the model says without it."


def sentences(explanation: Explanation, found: Outcome, calls: Calls = PLAIN) -> tuple[str, ...]:
    """What the model says after the change, and what was predicted; plain words."""
    subject = explanation.subject
    if found.also:
        return (_real(explanation, found, calls),)
    surrogate, alone = (_said(subject, value) for value in prediction(explanation, found.off))
    would = f"f each {subject.noun} acted alone, it would be {alone}."
    if found.after is None:
        now = question.bare(subject, _before(explanation, found))
        said = f"{_change(explanation, found, calls)} the surrogate predicts {surrogate} instead of {now}"
        return f"{said}; the model has not been asked.", f"I{would}"
    told = _real(explanation, found, calls)
    if explanation.proof.exact:
        return told, f"I{would}"
    return told, f"The surrogate predicted {surrogate}; i{would}"


def _real(explanation: Explanation, found: Outcome, calls: Calls) -> str:
    """ "Without “never” the model says “positive” with 31 % instead of 84 %: it now prefers “negative”."."""
    subject = explanation.subject
    change = _change(explanation, found, calls)
    before = _before(explanation, found)
    now, then = _said(subject, before), found.after
    if then is None:
        return f"{change}: not asked."
    after = question.bare(subject, then)
    still = ""
    if after == question.bare(subject, before):
        still, after = " still", now
    said = f"{change} {_says(subject, still, after)}"
    if not still:
        said += f" instead of {now}"
    if subject.scale.kind == ODDS and before * then < 0:
        other = _quoted(subject.scale.answers[then < 0])
        return f"{said}: it now prefers {other}."
    return f"{said}."


def _says(subject: Subject, still: str, value: str) -> str:
    """ "the model still says “positive” with 84 %"."""
    if subject.scale.kind == NUMBER:
        return f"the value is{still} {value}"
    return f"the model{still} says {_quoted(subject.scale.answers[0])} with {value}"


def _before(explanation: Explanation, found: Outcome) -> float:
    return explanation.ends[1] if found.before is None else found.before


def _change(explanation: Explanation, found: Outcome, calls: Calls) -> str:
    """ "Without “never” and “fails”", "Without 12 words"."""
    parts = []
    if found.off:
        named = Voice.of(explanation).name_all(found.off)
        if len(found.off) > _NAMED:
            named = f"{len(found.off):,} {plural(explanation.subject.noun)}"
        parts.append(f"{calls.without} {named}")
    if found.also:
        parts.append(found.also)
    said = " and ".join(parts)
    return said[0].upper() + said[1:]


def _rows(explanation: Explanation, found: Outcome, calls: Calls) -> list[_Row]:
    before = _before(explanation, found)
    rows = [_Row("The model now", before, MEASURED), _Row(calls.changed, found.after, MEASURED)]
    if found.also:
        return rows
    surrogate, alone = prediction(explanation, found.off)
    if not explanation.proof.exact:  # else the surrogate is what was measured
        rows.append(_Row("The surrogate predicts", surrogate, PREDICTED))
    return [*rows, _Row("If each acted alone", alone, PREDICTED)]


@dataclass(frozen=True)
class _Axis:
    """Where values stand, from `low` to `high`: as probabilities (`as_chances`), else as numbers.

    Probabilities all near 0, or all near 1, could not be told apart: then as numbers.
    """

    subject: Subject
    low: float
    high: float
    as_chances: bool

    @classmethod
    def of(cls, subject: Subject, values: Sequence[float]) -> _Axis:
        chances = [chance for value in values if (chance := subject.scale.chance(value)) is not None]
        if chances and max(chances) > _CLEAR and min(chances) < 1.0 - _CLEAR:
            return cls(subject, 0.0, 1.0, True)
        return cls(subject, min(0.0, *values), max(0.0, *values), False)

    def at(self, value: float) -> float:
        """The place of a value, from 0 to 1."""
        chance = self.subject.scale.chance(value)
        if self.as_chances and chance is not None:
            value = chance
        return self._place(value)

    def _place(self, size: float) -> float:
        return round((size - self.low) / ((self.high - self.low) or 1.0), 4)

    @property
    def ends(self) -> list[str]:
        """What is written at its ends, and in the middle where that has a meaning."""
        scale = self.subject.scale
        if not self.as_chances:
            return [number(self.low, signed=False), number(self.high, signed=False)]
        if scale.kind == ODDS:
            return [_quoted(scale.answers[1]), "50 %", _quoted(scale.answers[0])]
        return ["0 %", "100 %"]

    def row(self, row: _Row, before: float, none: str) -> dict[str, Any]:
        """A row as it is drawn: a bar "from" one place "to" another, its value, and small print beside it.

        `none`: what stands for a value that nobody knows.
        """
        drawn: dict[str, Any] = {"label": row.label, "kind": row.kind}
        if row.value is None:
            return drawn | {"value": none, "small": ""}
        places = sorted((self._place(0.0), self.at(row.value)))
        drawn |= {
            "from": places[0],
            "to": places[1],
            "value": question.bare(self.subject, row.value),
            "small": "",
        }
        if self.subject.scale.kind != NUMBER:
            drawn["small"] = number(row.value)
        elif row.value != before:
            drawn["small"] = number(row.value - before)
        return drawn

    @property
    def said(self) -> str:
        """What the bars and the small print are."""
        unit = plain(self.subject.unit)
        small = f"In small print: {unit}."
        if self.subject.scale.kind == NUMBER:
            small = "In small print: the change against now."
        elif not self.as_chances:
            small = f"Bars and small print: {unit}."
        kinds = "Filled bars are measured on the model, hollow ones predicted."
        return f"{question.amount(self.subject)} {small} {kinds}"


def _more(explanation: Explanation, found: Outcome, calls: Calls) -> list[str]:
    """What the rows are, for whoever asks."""
    told = [f"{calls.changed}: measured, a real answer to exactly this change."]
    if found.also:
        return told
    if explanation.proof.exact:
        told.append("This run has asked every mask, so nothing has to be predicted by a surrogate.")
    else:
        told.append(f"The surrogate: {calls.surrogate} {_trust(explanation)}")
    told.append(
        "If each acted alone: the model now, less the average effect of each that is left out, added up; no "
        "two of them acting together."
    )
    return told


def _trust(explanation: Explanation) -> str:
    """R² of the surrogate with its interval, and near the input, where such a change is."""
    fit = explanation.fidelity
    low, high = map(r2_text, fit.interval)
    said = f"{r2_text(fit.r2)} [{low}, {high}] on masks that it has not seen"
    if explanation.folds is not None:
        said = f"{about(fit)}, on masks that a fit has not seen"
    if near := near_text(fit.local, plural(explanation.subject.noun)):
        said += f"; {near}"
    return f"Its R² is {said}."


def _names(subject: Subject) -> list[str]:
    """What the players are called while the model is asked."""
    return [isolated(name) for name in names(subject.players, _SHORT)]


def _quoted(answer: str) -> str:
    return f"“{isolated(plain(answer.strip() or answer, _SHORT))}”"


def _said(subject: Subject, value: float) -> str:
    """A value as a probability of the first answer, or with its unit."""
    return subject.scale.say_first(value, plain(subject.unit))
