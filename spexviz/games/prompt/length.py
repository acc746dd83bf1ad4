"""How long a prompt may be: told by its characters, and by the tokens at its beginning, before any work."""

from __future__ import annotations

from spexviz.errors import GameError
from spexviz.models.base import LanguageModel

MOST_CHARACTERS = 4_000_000  # about a million tokens, beyond what models read
_SPLIT = 16  # tokens more than there are, at most, where a text is cut


def check_characters(what: str, text: str) -> None:
    """Raise GameError for a text that no model reads, before anything looks into it."""
    if len(text) > MOST_CHARACTERS:
        raise GameError(
            f"The {what} is {len(text):,} characters long, and at most {MOST_CHARACTERS:,} are read: "
            "shorten it."
        )


def check_beginning(model: LanguageModel, text: str) -> None:
    """Raise GameError where the beginning of a text alone is longer than the model reads.

    It costs what the model's context is long, however long the text.
    """
    size = 4 * model.context
    while size < len(text):
        blank = max(text.rfind(" ", 0, size), text.rfind("\n", 0, size))
        beginning = text[: blank if blank > 0 else size]  # no word is cut: one alone may be a single token
        if model.length(beginning) > model.context + _SPLIT:
            raise too_long(f"more than {model.context}", model)
        size *= 2


def check_tokens(model: LanguageModel, tokens: int) -> None:
    """Raise GameError for more tokens than the model reads."""
    if tokens > model.context:
        raise too_long(str(tokens), model)


def too_long(tokens: str, model: LanguageModel) -> GameError:
    """What is said of a prompt that is beyond the model's context."""
    return GameError(
        f"The prompt is {tokens} tokens long, but {model.label} reads at most {model.context}: "
        "shorten it, or choose another model."
    )
