"""The questions of a HeadsGame, and what is measured in the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spexviz.errors import GameError
from spexviz.games.asked import likelier, likely, quoted
from spexviz.masks import Masks, Values

VALUE_NAMES = {
    "log-odds": "One answer against another",
    "log-probability": "One answer",
    "accuracy": "Share answered right",
}
VALUES = {
    "log-odds": "Log-odds of the target against the contrast as the next token, mean over the prompts.",
    "log-probability": "Log-probability of the target as the next token, mean over the prompts.",
    "accuracy": "Share of the questions whose target is more likely than its contrast.",
}
UNITS_OF_VALUES = {
    "log-odds": "log-odds (nats)",
    "log-probability": "log-probability (nats)",
    "accuracy": "accuracy",
}
Question = tuple[str, str, str]
"""Prompt, target, contrast."""
Inputs = dict[str, list[int]]
"""What the model takes of a text: token ids, and what else it reads."""
Ask = Callable[[Masks], Values]
"""What gives the values of masks: a game, or what keeps its values."""


def check_questions(questions: Sequence[Question], value: str) -> None:
    """Raise GameError where one of them cannot be asked, or says nothing by this value."""
    for question in questions:
        if len(question) != 3 or not all(isinstance(part, str) for part in question):
            raise GameError("A question is a prompt, a target and a contrast: three texts.")
    if any(not prompt.strip() or not target for prompt, target, _ in questions):
        raise GameError(
            "The prompt or its target is empty: type a prompt, and the next token to look at, "
            'such as " Paris".'
        )
    if value == "log-probability":  # which reads no contrast
        return
    if any(target == contrast for _, target, contrast in questions):
        raise GameError(
            "Target and contrast are the same, so their log-odds are always 0: choose two different answers."
        )


def question_of(questions: Sequence[Question], value: str, read: str) -> str:
    """What is measured, in words; of several questions the first is the one that is shown."""
    _, target, contrast = questions[0]
    count = len(questions)
    right, wrong = quoted(target), quoted(contrast)
    if value == "accuracy":
        if count == 1:
            return f"whether the right answer {right} is more likely than {wrong}: 1 where it is, else 0"
        return f"the share of {count} questions such as this one answered right (here {right}, not {wrong})"
    if count == 1:
        return likely(target, read) if value == "log-probability" else likelier(target, contrast, read)
    average = f"on average over {count} questions such as this one"
    if value == "log-probability":
        return f"how likely the right answer is (here {right}), {average}"
    return f"how much more likely the right answer (here {right}) than the wrong one ({wrong}), {average}"
