"""Question: what was asked, of which model, what is measured, and what the model answers; above all else.

One design for prompts, heads, training data and plain functions: the text with what stands around it, the
question in words, and the answers with everything and with nothing. A run of before, which knows no question,
shows what it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from spexviz.kit.names import plain, upright
from spexviz.results import Explanation, Subject
from spexviz.results.subject import LOG_PROBABILITY, ODDS
from spexviz.views.component import colours, versioned
from spexviz.views.glossary import explained
from spexviz.views.story import Component, Look, Words

LONG = 320  # characters around the text from which only their ends are shown at first
_COLOURS = ("ink", "muted", "grid", "surface", "accent")


def question(explanation: Explanation, look: Look | None = None) -> Words:
    """What was asked and what the model answers, in sentences."""
    subject = explanation.subject
    lines = (*_asked(subject), _answer(explanation), said_untouched(explanation))
    return Words(tuple(filter(None, lines)), "question")


def block(explanation: Explanation, look: Look | None = None, marked: Sequence[int] = ()) -> Component:
    """The same as a component: the text in a quiet block, the answers as slim gauges.

    `marked`: players that stand out in the text, such as those that another run has not.
    """
    dark = look is not None and look.dark
    answers = list(_ends(explanation))
    body = _body(explanation.subject) | {"of": _of_what(explanation.subject), "answers": answers}
    if marked and explanation.subject.spans:
        body["parts"] = _marked(explanation.subject, marked)
    body["picture"] = said_untouched(explanation)
    return _component(body, dark, " ".join(question(explanation).lines))


def asked(subject: Subject, dark: bool = False) -> Component:
    """The same before there is an answer: what is asked, as it will stay."""
    return _component(_body(subject), dark, " ".join(_asked(subject)))


def measured(subject: Subject) -> str:
    """What is measured, in words; by the answers or the unit where the run does not know its question."""
    if subject.question:
        return plain(subject.question, 400)
    answers = _answers(subject)
    if subject.scale.kind == ODDS:
        return f"how much more likely “{answers[0]}” than “{answers[1]}” is"
    if subject.scale.kind == LOG_PROBABILITY:
        return f"how likely “{answers[0]}” is"
    return plain(subject.unit)


def amount(subject: Subject) -> str:
    """What a number on the page is, with its direction, in a sentence."""
    answers = _answers(subject)
    if subject.scale.kind == ODDS:
        return (
            f"Probability of {_of_what(subject)}, between these two: above 50 % the model prefers "
            f"“{answers[0]}”, below “{answers[1]}”."
        )
    if subject.scale.kind == LOG_PROBABILITY:
        return f"Probability of {_of_what(subject)}."
    return f"Measured: {measured(subject)}."


def bare(subject: Subject, value: float) -> str:
    """A value as a probability of the first answer, or as a number without its unit."""
    return subject.scale.say_first(value, "").strip()


def said_untouched(explanation: Explanation) -> str:
    """What the surrogate says of the untouched input, beside what the model does there."""
    subject = explanation.subject
    everything, _ = _amounts(subject)
    full = explanation.ends[1]
    real = bare(subject, full)
    said = bare(subject, full + explanation.untouched)
    if explanation.proof.exact:
        return f"The picture below says the same {everything}."
    if said == real:
        return f"The picture below also says {said} {everything}."
    return f"The picture below says {said} {everything}, not {real}."


def _asked(subject: Subject) -> tuple[str, ...]:
    """The whole text, and what is measured of which model."""
    whole = "".join(text for text, _ in _parts(subject))
    if label := _label(subject):
        whole = f"{label}: {whole}"
    model = _model(subject)
    if model:
        model = f"Model: {model}."
    return tuple(filter(None, [whole, f"Measured: {measured(subject)}.", model]))


def _parts(subject: Subject) -> list[tuple[str, bool]]:
    """The pieces of what was asked, in order, and whether each is text that is taken apart.

    Not the template, nor what of the text is always kept.
    """
    if subject.text is None:
        pieces = [(subject.before, True), (subject.after, True)]
    else:
        pieces = [(subject.before, False), *subject.pieces, (subject.after, False)]
    return [(upright(text), own) for text, own in pieces if text]


def _is_long(subject: Subject, text: str) -> bool:
    """Whether a piece stands around the text and is so long that it would hide that."""
    return len(text) > LONG and text in (upright(subject.before), upright(subject.after))


def _marked(subject: Subject, marked: Sequence[int]) -> list[dict[str, Any]]:
    """The pieces of what was asked, cut at the players that are to stand out."""
    text = subject.text or ""
    pieces = [(subject.before, False, False)]
    at = 0
    for start, end in (subject.spans[i] for i in sorted(marked)):
        pieces += [(text[at:start], True, False), (text[max(at, start) : end], True, True)]
        at = max(at, end)
    pieces += [(text[at:], True, False), (subject.after, False, False)]
    kept = [(upright(piece), own, mark) for piece, own, mark in pieces if piece]
    return [{"text": piece, "own": own, "mark": mark} for piece, own, mark in kept]


def _label(subject: Subject) -> str:
    """What the text is, where its parts are not the players; "" for no text, or one that is taken apart."""
    if subject.text is None and subject.before + subject.after:
        return "You asked about"
    return ""


def _answer(explanation: Explanation) -> str:
    """What the model answers with everything and with nothing."""
    subject = explanation.subject
    empty, full = (_first(subject, end) for end in explanation.ends)
    everything, nothing = _amounts(subject)
    answer = _of_what(subject)
    if not answer:
        return f"{everything.capitalize()}: {full}; {nothing}: {empty}."
    return f"The model answers {answer}: {full} {everything}, {empty} {nothing}."


def _answers(subject: Subject) -> list[str]:
    """The answers on one line each, without the space that they begin with."""
    return [plain(answer.strip() or answer) for answer in subject.scale.answers]


def _of_what(subject: Subject) -> str:
    """Of which answer the probabilities are; "" for a number."""
    answers = _answers(subject)
    if subject.scale.kind == ODDS:
        return f"“{answers[0]}” rather than “{answers[1]}”"
    if subject.scale.kind == LOG_PROBABILITY:
        return f"“{answers[0]}”"
    return ""


def _ends(explanation: Explanation) -> Iterator[dict[str, Any]]:
    """The answer with everything, and with nothing: its label, in words, and its probability, if any."""
    subject = explanation.subject
    for label, value in zip(_amounts(subject), reversed(explanation.ends), strict=True):
        end: dict[str, Any] = {"label": label, "said": upright(_first(subject, value))}
        chance = subject.scale.chance(value)
        if chance is not None:
            end["share"] = round(chance, 4)
        yield end


def _amounts(subject: Subject) -> tuple[str, str]:
    """ "with every word", "without any word"; heads and examples are counted, since others stay."""
    noun = subject.noun
    if subject.text is not None:
        return f"with every {noun}", f"without any {noun}"
    count = len(subject.players)
    return f"with all {count} {noun}s", "without any of them"


def _first(subject: Subject, value: float) -> str:
    """A value as a probability of the first answer, or as a number with its unit."""
    return subject.scale.say_first(value, subject.unit)


def _model(subject: Subject) -> str:
    """The model's name on one line; "" for none."""
    if not subject.model:
        return ""
    return plain(subject.model, 80)


def _body(subject: Subject) -> dict[str, Any]:
    return {
        "label": _label(subject),
        "parts": [
            {"text": text, "own": own, "long": _is_long(subject, text)} for text, own in _parts(subject)
        ],
        "model": _model(subject),
        "question": measured(subject),
        "of": "",
        "answers": [],
        "picture": "",
        "terms": explained(measured(subject)),
    }


def _component(body: dict[str, Any], dark: bool, text: str) -> Component:
    body["picture"] = body["picture"].replace(" %", "\u00a0%")  # a number and its unit stay on one line
    shown = versioned(body | {"colours": colours(_COLOURS, dark)}, ())
    return Component("question", shown, text)
