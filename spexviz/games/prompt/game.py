"""PromptGame: parts of a prompt are the players, and the value is what a language model then answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from spexviz.errors import AblationError, GameError
from spexviz.games.base import Asking
from spexviz.games.on_model import OnModel, model_option
from spexviz.games.prompt.segments import SPLITS, Segments, Span, render, segment
from spexviz.kit.arrays import Floats
from spexviz.kit.options import check, option
from spexviz.masks import Masks, Values
from spexviz.models.base import LanguageModel
from spexviz.results import LOG_PROBABILITY, ODDS, Scale

SLOT = "{}"
REVIEW = "Review: {}\nSentiment (positive or negative):"  # what forms begin with
_MARK = "spexvizMARKspexviz"  # stands for the prompt where the chat template is looked at
LONGEST_ANSWER = 256  # tokens: each costs a forward pass
MASKINGS = {
    "delete": "Removed parts are cut out of the text.",
    "replace": "Removed parts are replaced by a text of your choice.",
    "mask-token": "Removed parts are replaced by the model's own mask token.",
    "attention": "Removed parts stay, but the model may not attend to them.",
}
VALUES = {
    "log-odds": "Log-odds of the target against the contrast: the next token, the token at the mask token, or the label of a classifier.",
    "log-probability": "Log-probability of the target, which may have several tokens.",
    "greedy": "Log-probability of the answer that the model itself gives to the full prompt.",
}


@dataclass(frozen=True)
class PromptGame(OnModel):
    """Which parts of a prompt make the model answer as it does: players are words (or tokens, sentences, …), a value is in nats.

    The model is asked `template` with the kept parts of the prompt in place of "{}"; the template is never
    ablated, nor are the `protected` ranges of characters of the prompt. Words are joined by one space; no BOS
    is added, and no chat template unless `chat` (an encoder adds its own special tokens). `target` and
    `contrast` are labels where the model is a classifier; where it is a masked language model the template
    holds its mask token, at which they are read: "{} It was [MASK].". `model` is a name for
    `spexviz.models.load`, or a loaded LanguageModel.
    Raises GameError for an empty prompt, a template without "{}", or a setting that does not exist; on first
    use ModelError for a model that cannot be had, GameError for a target that is no single token or a prompt
    beyond the model's context.
    """

    name: ClassVar[str] = "prompt"
    title: ClassVar[str] = "Prompt"

    model: str | LanguageModel = model_option()
    prompt: str = option("", "Prompt", "The text whose parts are removed.", longest=20_000, lines=True)
    template: str = option(
        SLOT,
        "Template, never ablated",
        f"{SLOT} stands for the prompt.",
        lines=True,
        escapes=True,
        first=REVIEW,
    )
    target: str = option(
        " positive", "Target", "The answer to look at: a word with its leading space, or a label."
    )
    contrast: str = option(" negative", "Contrast", "The answer to compare with.")
    split: str = option(
        "words",
        "Players are",
        "What is removed as one piece.",
        choices=SPLITS,
        offered=[name for name in SPLITS if name != "spans"],
    )
    masking: str = option("delete", "Removing means", choices=MASKINGS)
    chat: bool = option(
        False, "Use the model's chat template", "For models that were trained to answer messages."
    )
    value: str = option("log-odds", "Value", choices=VALUES)
    replacement: str = option("_", "Replacement", "Stands for a removed part where removing means “replace”.")
    pattern: str | None = option(
        None, "Regular expression", "Its matches are the players where players are “regex”."
    )
    spans: Sequence[Span] | None = option(
        None, "Ranges", "From which to which character each player goes, where players are “spans”."
    )
    protected: Sequence[Span] = option(
        (), "Protected words", "A piece of the prompt that is never removed, such as an instruction."
    )
    answer_tokens: int = option(
        12,
        "Longest answer",
        "In tokens, for the value greedy.",
        low=1,
        high=LONGEST_ANSWER,
        what="number of tokens of an answer",
    )

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not self.prompt.strip():
            raise GameError("The prompt is empty: type at least one word.")
        if self.template.count(SLOT) != 1:
            raise GameError(
                f'The template must hold "{{}}" exactly once, where the prompt goes; this one holds it {self.template.count(SLOT)} times.'
            )
        check(self, GameError)
        if self.value != "greedy" and not self.target:
            raise GameError(
                'The target is empty: give the answer to look at, with its leading space, such as " positive".'
            )
        if self.value == "log-odds" and self.target == self.contrast:
            raise GameError(
                "Target and contrast are the same, so their log-odds are always 0: choose two different answers."
            )
        for name in ("spans", "protected"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, tuple((int(a), int(b)) for a, b in getattr(self, name)))

    @cached_property
    def segments(self) -> Segments:
        """The players and where they stand in the prompt."""
        tokens = self.language_model.token_spans(self.prompt) if self.split == "tokens" else None
        return segment(
            self.prompt,
            self.split,
            token_spans=tokens,
            pattern=self.pattern,
            spans=self.spans,
            protected=self.protected,
        )

    @property
    def noun(self) -> str:
        """What one player is."""
        return {"words": "word", "tokens": "token", "sentences": "sentence", "lines": "line"}.get(
            self.split, "part"
        )

    @property
    def players(self) -> tuple[str, ...]:
        return self.segments.labels

    @property
    def text(self) -> str:
        """The prompt, for views that show the players in place."""
        return self.prompt

    @property
    def text_spans(self) -> tuple[Span, ...]:
        """Where each player stands in `text`."""
        return self.segments.spans

    @property
    def scale(self) -> Scale:
        """Log-odds are said as a probability between the two answers, the log-probability of an answer as its probability."""
        if self.value == "log-odds":
            return Scale(ODDS, (self.target, self.contrast))
        return Scale(LOG_PROBABILITY, (self.target if self.value == "log-probability" else "its own answer",))

    @property
    def layout(self) -> Floats:
        """Reading order, a hint for solvers that know that neighbours may belong together."""
        return np.arange(len(self.players), dtype=np.float64)[:, None]

    @property
    def unit(self) -> str:
        return "log-odds (nats)" if self.value == "log-odds" else "log-probability (nats)"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the model says must be known of its values."""
        return self.language_model.remarks

    @cached_property
    def fingerprint(self) -> str:
        fields = [
            self.prompt,
            self.template,
            self.target,
            self.contrast,
            self.split,
            self.masking,
            self.chat,
            self.value,
        ]
        fields += [
            self.replacement,
            self.segments.spans,
            self.protected,
            self.answer_tokens,
            self.language_model.fingerprint,
        ]
        fields += [self.wrap("")] if self.chat else []  # some chat templates write today's date
        return (
            "prompt-" + hashlib.sha256(json.dumps(fields).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        )

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The answers whose log-probabilities are read:

        (target, contrast), (target,) or the model's own (greedy) answer.
        """
        model = self.language_model
        if self.value == "greedy":
            answer = model.greedy(self.wrap(self.prompt), self.answer_tokens)
            if not answer:
                raise GameError(
                    "The model answers this prompt with nothing (it ends at once): choose a target, or change the template."
                )
            return (answer,)
        if self.value == "log-probability":
            return (self.target,)
        for what, answer in (("target", self.target), ("contrast", self.contrast)):
            if (count := model.answer_length(answer)) != 1:
                hint = (
                    f" Did you mean {' ' + answer!r}, with a leading space?"
                    if model.answer_length(" " + answer) == 1
                    else ""
                )
                raise GameError(
                    f"The {what} {answer!r:.60} is {count} tokens for {model.label}, but log-odds read one token.{hint} "
                    'Choose a word that is one token, or the value "log-probability".'
                )
        return (self.target, self.contrast)

    def wrap(self, text: str) -> str:
        """What the model is asked when `text` is left of the prompt: template and chat template around it."""
        if not self.chat:
            return self.template.replace(SLOT, text)
        return (
            text.join(self._frame)
            if self._frame
            else self.language_model.chat(self.template.replace(SLOT, text))
        )

    @cached_property
    def _frame(self) -> tuple[str, str] | None:
        """What the chat template puts before and after the prompt, rendered once: so no text of a run gets another date. None where
        the template does more with the text than to put it in (it trims it, say).
        """
        chat = lambda text: self.language_model.chat(self.template.replace(SLOT, text))
        frame = tuple(chat(_MARK).split(_MARK))
        alike = len(frame) == 2 and all(
            text.join(frame) == chat(text) for text in ("", self.prompt, f" {self.prompt} ")
        )
        return frame if alike else None

    def texts(self, masks: Masks) -> list[str]:
        """What the model is asked for each mask (b, n)."""
        if self.masking == "attention":
            return [self.wrap(self.prompt)] * len(masks)
        return [self.wrap(text) for text in render(self.segments, masks, self._filler)]

    @property
    def _filler(self) -> str | None:
        """What stands for a removed part; None where it is cut out."""
        if self.masking != "mask-token":
            return self.replacement if self.masking == "replace" else None
        if (token := self.language_model.mask_token) is None:
            raise GameError(
                f'{self.language_model.label} has no mask token: use the masking "delete" or "replace".'
            )
        return token

    @cached_property
    def call_masks(self) -> int:
        """How many masks pay in one call: on a GPU as many texts as fill it."""
        tokens = self.language_model.call_tokens
        return tokens // max(1, self.language_model.length(self.wrap(self.prompt))) if tokens else 0

    def seconds(self, masks: Masks) -> float | None:
        """What one call for these masks would take here;

        None for a model that has not been measured, or keeps no pace.
        """
        if self.masking != "attention":
            return self.language_model.seconds(self.texts(masks))
        # one text, but with other parts hidden each time
        alone = self.language_model.seconds([self.wrap(self.prompt)])
        return None if alone is None else alone * len(masks)

    def tokens(self, masks: Masks) -> int:
        """Tokens of what the model is asked for these masks."""
        return sum(len(self.language_model.encode(text)) for text in self.texts(masks))

    def asking(self) -> Asking:
        return Asking(self.seconds, self.tokens, self.memory, self.call_masks)

    def check(self) -> None:
        """Raise what would go wrong before the first ablation: model, target, length."""
        model = self.language_model
        self._check_blank()
        asked = max(model.length(text) for text in (self.wrap(self.prompt), self._longest))
        self._check_length(asked)  # before a greedy answer is asked for
        self._check_length(asked + max(model.answer_length(answer) for answer in self.answers) - 1)
        if self.masking == "attention":
            self._offset

    def _check_blank(self) -> None:
        """A masked language model must find, in whatever is asked, the one mask token that stands for the answer."""
        label, blank = self.language_model.label, self.language_model.blank
        if blank is None:
            return
        if self.template.count(blank) != 1:
            raise GameError(
                f'{label} reads its answer at {blank}: write it once into the template, e.g. "{{}} It was {blank}."'
            )
        if blank in self.prompt or (self.masking == "replace" and blank in self.replacement):
            raise GameError(
                f'The {blank} of the template stands for the answer: take it out of the prompt, or use the masking "mask-token".'
            )
        if self.masking == "mask-token" and self.template.index(blank) < self.template.index(SLOT):
            raise GameError(
                f"Removed parts become {blank} too, and the last one is read: put the answer's {blank} after the {{}} of the template."
            )

    @property
    def _longest(self) -> str:
        """The longest text that a mask can lead to: what stands for a removed part may be longer than it."""
        longer = np.array([[len(label) >= len(self._filler or "") for label in self.players]])
        return self.texts(longer)[0]

    def _check_length(self, tokens: int) -> None:
        model = self.language_model
        if tokens > model.context:
            raise GameError(
                f"The prompt is {tokens} tokens long, but {model.label} reads at most {model.context}: shorten it, or choose another model."
            )

    def __call__(self, masks: Masks) -> Values:
        if not self.__dict__.get("_checked"):
            self.check()
            self.__dict__["_checked"] = True
        masks = np.asarray(masks, dtype=bool)
        hidden = self._hidden(masks) if self.masking == "attention" else None
        logs = self.language_model.log_probabilities(self.texts(masks), self.answers, hidden)
        values = logs[:, 0] - logs[:, 1] if self.value == "log-odds" else logs[:, 0]
        if not np.isfinite(values).all():
            bad = "".join(
                "1" if keep else "0" for keep in masks[int(np.flatnonzero(~np.isfinite(values))[0])]
            )
            raise AblationError(
                f"The model gave no finite value for the mask {bad[:200]} (1 = kept): choose another target or another precision."
            )
        return values

    @cached_property
    def _offset(self) -> int:
        """Where the prompt begins in what the model is asked."""
        asked, before = self.wrap(self.prompt), self.template.index(SLOT)
        found = asked.find(self.template.replace(SLOT, self.prompt))
        start = found + before
        if found < 0 or asked[start : start + len(self.prompt)] != self.prompt:
            raise GameError(
                "The chat template changes the prompt, so masking by attention cannot find its parts: use the masking delete."
            )
        return start

    def _hidden(self, masks: Masks) -> list[list[Span]]:
        spans = [(a + self._offset, b + self._offset) for a, b in self.segments.spans]
        return [[span for span, keep in zip(spans, row, strict=True) if not keep] for row in masks.tolist()]
