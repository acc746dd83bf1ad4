"""What stands around the prompt in what a model is asked: a template, and around that the chat template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spexviz.errors import GameError
from spexviz.kit.cached import cached_property

SLOT = "{}"
"""What stands for the prompt in a template."""
_MARK = "spexvizMARKspexviz"  # stands for the prompt where the chat template is looked at


@dataclass(frozen=True)
class Wrapping:
    """`wrapping(text)`: what the model is asked when `text` is left of `prompt`.

    `chat`: what makes the model's chat template of a message; None where none is used.
    """

    template: str
    prompt: str
    chat: Callable[[str], str] | None

    def __call__(self, text: str) -> str:
        if self._frame is None:
            return self._rendered(text)
        before, after = self._frame
        return before + text + after

    @cached_property
    def offset(self) -> int:
        """Where the prompt begins in what the model is asked. Raises GameError where it is changed there."""
        asked = self(self.prompt)
        start = self(_MARK).find(_MARK)  # not that of the prompt: other messages may repeat it
        if start < 0 or asked[start : start + len(self.prompt)] != self.prompt:
            raise GameError(
                "The chat template changes the prompt, so masking by attention cannot find its parts: "
                "use the masking delete."
            )
        return start

    def _in_template(self, text: str) -> str:
        return self.template.replace(SLOT, text)

    def _rendered(self, text: str) -> str:
        message = self._in_template(text)
        if self.chat is None:
            return message
        return self.chat(message)

    @cached_property
    def _frame(self) -> tuple[str, str] | None:
        """What the chat template puts before and after the prompt; None where there is none, or it does more.

        Rendered once, so that no text of a run gets another date. It does more where it trims the text, say.
        """
        if self.chat is None:
            return None
        parts = self._rendered(_MARK).split(_MARK)
        if len(parts) != 2:
            return None
        before, after = parts
        for text in ("", self.prompt, f" {self.prompt} "):
            if self._rendered(text) != before + text + after:
                return None
        return before, after
