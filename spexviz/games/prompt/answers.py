"""What is measured in the answer to a prompt, and whether a model can give it."""

from __future__ import annotations

from spexviz.errors import GameError
from spexviz.games.asked import likelier, likely, quoted
from spexviz.games.prompt.wrapping import SLOT
from spexviz.models.base import LanguageModel, hint_of_space
from spexviz.results.subject import LOG_PROBABILITY, ODDS, Scale

VALUE_NAMES = {
    "log-odds": "One answer against another",
    "log-probability": "One answer",
    "greedy": "The model's own answer",
}
VALUES = {
    "log-odds": "Log-odds of the target against the contrast: the next token, the token at the mask token, "
    "or the label of a classifier.",
    "log-probability": "Log-probability of the target, which may have several tokens.",
    "greedy": "Log-probability of the answer that the model itself gives to the full prompt.",
}


def check_single(model: LanguageModel, what: str, answer: str, after: str) -> None:
    """Raise GameError for an answer that is not one token of the model where it stands `after` a text.

    `what`: "target" or "contrast".
    """
    count = model.answer_length(answer, after)
    if count == 1:
        return
    hint = hint_of_space(answer, lambda other: model.answer_length(other, after))
    raise GameError(
        f"The {what} {answer!r:.60} is {count} tokens for {model.label}, but log-odds read one token.{hint} "
        'Choose a word that is one token, or the value "log-probability".'
    ).of(what)


def check_blank(model: LanguageModel, template: str, prompt: str, masking: str, replacement: str) -> None:
    """A masked language model must find, in whatever is asked, the one mask token that stands for the answer.

    Raises GameError where there is none, or where another one may be taken for it.
    """
    blank = model.blank
    if blank is None:
        return
    if template.count(blank) != 1:
        raise GameError(
            f"{model.label} reads its answer at {blank}: write it once into the template, "
            f'e.g. "{{}} It was {blank}."'
        ).of("template")
    if blank in prompt or (masking == "replace" and blank in replacement):
        raise GameError(
            f"The {blank} of the template stands for the answer: take it out of the prompt, "
            'or use the masking "mask-token".'
        )
    if masking == "mask-token" and template.index(blank) < template.index(SLOT):
        raise GameError(
            f"Removed parts become {blank} too, and the last one is read: "
            f"put the answer's {blank} after the {{}} of the template."
        )


def scale_of(value: str, target: str, contrast: str) -> Scale:
    """How values are said: log-odds as a probability between the two answers, else as a probability."""
    if value == "log-odds":
        return Scale(ODDS, (target, contrast))
    if value == "log-probability":
        return Scale(LOG_PROBABILITY, (target,))
    return Scale(LOG_PROBABILITY, ("its own answer",))


def question_of(value: str, target: str, contrast: str, read: str, own: str) -> str:
    """What is measured, in words.

    `read`: where the answer is read; `own`: the model's own answer, "" where that is not known yet.
    """
    if value == "log-odds":
        return likelier(target, contrast, read)
    if value == "log-probability":
        return likely(target, read)
    said = "how likely the model writes its own answer"
    return f"{said} {quoted(own)}" if own else said
