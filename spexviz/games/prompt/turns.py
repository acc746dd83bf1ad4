"""Turns: the conversation in which a prompt stands; of its messages only the prompt is ever taken apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from spexviz.errors import GameError
from spexviz.models.base import Turn

ROLES = {
    "system": "What the model is told about its task before it is asked.",
    "user": "What somebody writes to the model.",
    "assistant": "What the model has answered before.",
}
MOST_TURNS = 50
_MARK = "spexvizTURN{}spexviz"  # stands for a message where it is looked at whether the template keeps it
_HOW = (
    '`turns` must hold pairs (role, text), such as ("system", "Be brief."), and (role, None) for the prompt'
)

Turns = Sequence[Turn]


def settled(given: Any) -> tuple[Turn, ...]:
    """Turns in their one form: () for a prompt alone, else every message, the prompt's text being None.

    A prompt that has no place among them is the user's message after them. Raises GameError for what are no
    messages, or none that a model can answer.
    """
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise GameError(f"{_HOW}, not {given!r:.60}.")
    turns = [_turn(one) for one in given]
    places = [text for _, text in turns].count(None)
    if places > 1:
        raise GameError("The prompt stands in the conversation once: give one message the text None.")
    if turns and not places:
        turns.append(("user", None))
    if len(turns) > MOST_TURNS:
        raise GameError(
            f"A conversation has at most {MOST_TURNS} messages here, not {len(turns)}: shorten it."
        )
    if turns and turns[-1][0] == "assistant":
        raise GameError(
            "The model answers after the last message, so that cannot be the assistant's: "
            "remove it, or add what the user writes after it."
        )
    return () if turns == [("user", None)] else tuple(turns)


def _turn(given: Any) -> Turn:
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != 2:
        raise GameError(f"{_HOW}, not {given!r:.60}.")
    role, text = given
    if not isinstance(role, str) or role not in ROLES:
        raise GameError(f"There is no role {role!r:.40}. Choose one of: {', '.join(ROLES)}.")
    if text is None:
        return role, None
    if not isinstance(text, str) or not text.strip():
        raise GameError(f"A message of the {role} is empty: write something into it, or remove it.")
    return role, text


def check_kept(chat: Callable[[str, Turns], str], turns: Turns, label: str) -> None:
    """Raise GameError where the chat template of a model leaves one of the messages out."""
    marks = [_MARK.format(k) for k in range(len(turns))]
    marked = tuple((role, mark) for (role, _), mark in zip(turns, marks, strict=True))
    said = chat("", marked)
    lost = [role for (role, mark) in marked if mark not in said]
    if lost:
        raise GameError(
            f"The chat template of {label} leaves out a message of the {lost[0]}, so the model would never "
            f"read it: put its text into a message of the user."
        )


def told(turns: Turns) -> tuple[str, str]:
    """The messages before the prompt and after it, as people read them; each ends with a blank line.

    >>> told((("system", "Be brief."), ("user", None)))
    ('System: Be brief.\\n\\nUser: ', '')
    """
    if not turns:
        return "", ""
    place = [text for _, text in turns].index(None)
    before = "".join(f"{_said(turn)}\n\n" for turn in turns[:place])
    after = "".join(f"\n\n{_said(turn)}" for turn in turns[place + 1 :])
    return f"{before}{turns[place][0].capitalize()}: ", after


def _said(turn: Turn) -> str:
    role, text = turn
    return f"{role.capitalize()}: {text}"
