"""PromptGame: parts of a prompt are the players, and the value is what a language model then answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from typing import ClassVar

import numpy as np

from spexviz.errors import AblationError, GameError
from spexviz.games.base import Asking, hashed
from spexviz.games.on_model import OnModel, beginning_option, model_option
from spexviz.games.prompt.answers import VALUE_NAMES, VALUES, check_blank, check_single, question_of, scale_of
from spexviz.games.prompt.choices import (
    LONGEST_ANSWER,
    MASKING_NAMES,
    MASKINGS,
    REVIEW,
    SPACE_NAMES,
    SPACES,
    SPLIT_NAMES,
)
from spexviz.games.prompt.length import check_beginning, check_characters, check_tokens
from spexviz.games.prompt.rewording import reworded
from spexviz.games.prompt.scripts import hint_of_one
from spexviz.games.prompt.segments import SPLITS, Segments, Span, joined, outside, render, segment
from spexviz.games.prompt.turns import check_kept, settled, told
from spexviz.games.prompt.wrapping import SLOT, Wrapping
from spexviz.kit.arrays import Floats, first_without_value
from spexviz.kit.cached import cached_property
from spexviz.kit.options import check, option
from spexviz.masks import Interaction, Masks, Values, set_of
from spexviz.models.base import LanguageModel, Turn, Written
from spexviz.models.given import InMemory
from spexviz.results.subject import Scale

_NOUNS = {  # else "part"
    "words": "word",
    "tokens": "token",
    "sentences": "sentence",
    "lines": "line",
    "paragraphs": "paragraph",
}


@dataclass(frozen=True)
class PromptGame(OnModel):
    """Which parts of a prompt make the model answer as it does; a value is in nats.

    Players are words (or tokens, sentences, …) of the prompt. The model is asked `template` with the kept
    ones in place of "{}"; the template is never ablated, nor are the `protected` ranges of characters of the
    prompt. Between kept words stands the white space of the prompt, of several the one that ends most lines
    (see `space`). Before each text stands what the tokeniser sets there (see `beginning`); a chat template,
    with `chat`, brings its own, and an encoder adds its special tokens. With `turns` the prompt is one
    message of a conversation, (role, text) each: that whose text is None, else a last one of the user.
    `target` and `contrast` are labels where the model is a classifier; where it is a masked language model
    the template holds its mask token, at which they are read: "{} It was [MASK].". `model` is a name, a
    folder, a model in memory (see `spexviz.model`), or what that gives.
    Raises GameError for an empty prompt, a template without "{}", or a setting that does not exist; on first
    use ModelError for a model that cannot be had, GameError for a target that is no single token or a prompt
    beyond the model's context.
    """

    name: ClassVar[str] = "prompt"
    title: ClassVar[str] = "Prompt"

    model: str | LanguageModel | InMemory = model_option()
    prompt: str = option("", "Prompt", "The text whose parts are removed.", longest=20_000, lines=True)
    template: str = option(
        SLOT,
        "Template",
        f"What stands around the prompt and is never removed (ablated): {SLOT} stands for the prompt.",
        lines=True,
        escapes=True,
        first=REVIEW,
    )
    target: str = option(
        " positive",
        "Answer",
        "The answer to look at: a word with its leading space, or a label. The field calls it the target.",
    )
    contrast: str = option(
        " negative", "Against", "The answer to compare with. The field calls it the contrast."
    )
    split: str = option(
        "words",
        "Split into",
        "What is removed as one piece. The field calls the pieces players.",
        choices=SPLITS,
        called=SPLIT_NAMES,
        offered=[name for name in SPLITS if name != "spans"],
    )
    masking: str = option(
        "delete",
        "A removed piece is",
        "What becomes of a piece that is removed. The field calls it masking.",
        choices=MASKINGS,
        called=MASKING_NAMES,
    )
    chat: bool = option(
        False, "Use the model's chat template", "For models that were trained to answer messages."
    )
    value: str = option(
        "log-odds",
        "What to look at",
        "What is measured each time. The field calls it the value.",
        choices=VALUES,
        called=VALUE_NAMES,
    )
    replacement: str = option("_", "Replaced by", "The text that stands for a removed piece.")
    pattern: str | None = option(
        None, "Regular expression", "Its matches are the pieces, where the prompt is split by one."
    )
    spans: Sequence[Span] | None = option(
        None,
        "Ranges",
        "From which to which character each player goes, where players are “spans”; else in the place of "
        "what is found.",
    )
    protected: Sequence[Span] = option(
        (), "Protected words", "A piece of the prompt that is never removed, such as an instruction."
    )
    answer_tokens: int = option(
        12,
        "Longest answer",
        "Of the model's own answer, in tokens.",
        low=1,
        high=LONGEST_ANSWER,
        what="number of tokens of an answer",
    )
    space: str = option(
        "typed", "White space", choices=SPACES, called=SPACE_NAMES, what="way with white space", before="one"
    )
    beginning: str = beginning_option()
    turns: Sequence[Turn] = option(
        (),
        "Conversation",
        "Other messages around the prompt, which are never removed; with the model's chat template only.",
        before=(),
    )

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not self.prompt.strip():
            raise GameError("The prompt is empty: type at least one word.").of("prompt")
        check_characters("prompt", self.prompt)
        check_characters("template", self.template)
        slots = self.template.count(SLOT)
        if slots != 1:
            raise GameError(
                'The template must hold "{}" exactly once, where the prompt goes; '
                f"this one holds it {slots} times."
            ).of("template")
        check(self, GameError)
        object.__setattr__(self, "turns", settled(self.turns))
        check_characters("conversation", "".join(text or "" for _, text in self.turns))
        if self.turns and not self.chat:
            raise GameError(
                "Messages around the prompt are set by the model's chat template: "
                "use it (chat=True), or remove the messages."
            )
        if self.value != "greedy" and not self.target:
            raise GameError(
                "The target is empty: give the answer to look at, with its leading space, "
                'such as " positive".'
            ).of("target")
        if self.value == "log-odds" and self.target == self.contrast:
            raise GameError(
                "Target and contrast are the same, so their log-odds are always 0: "
                "choose two different answers."
            ).of("contrast")
        for name in ("spans", "protected"):
            given = getattr(self, name)
            if given is not None:
                frozen = tuple((int(start), int(stop)) for start, stop in given)
                object.__setattr__(self, name, frozen)
        self._take_model()

    @property
    def begins_itself(self) -> bool:
        return self.chat

    @cached_property
    def segments(self) -> Segments:
        """The players and where they stand in the prompt."""
        tokens = None
        if self.split == "tokens" and self.spans is None:
            tokens = self.language_model.token_spans(self.prompt)
        return segment(
            self.prompt,
            self.split,
            token_spans=tokens,
            pattern=self.pattern,
            spans=self.spans,
            protected=self.protected,
            as_typed=self.space == "typed",
        )

    def zoomed(self, members: Interaction, split: str = "words") -> PromptGame:
        """The parts inside these players as the players, and the rest of the text always kept.

        Raises GameError where nothing can be removed inside them.
        """
        kept = outside(self.segments, set_of(members, len(self.players)))
        game = replace(self, split=split, protected=kept, spans=None, pattern=None, space="typed")
        _ = game.segments  # raises now
        return game

    @property
    def hint(self) -> str:
        """What to do where the prompt is one player, of which no sets can be made; "" elsewhere."""
        return hint_of_one(self.prompt, self.split) if len(self.players) == 1 else ""

    def reworded(self, words: Mapping[int, str]) -> PromptGame:
        """The same game with other words over some players, {player: text}: with all kept, a counterfactual.

        Players stay one to one, so its masks are those of this game; white space at the edges of a player,
        template and protected ranges stay. What is read stays too: with the value greedy the answer that the
        model gives to the prompt as it was. Raises GameError for what is no player, and for no words.
        """
        text, spans, protected = reworded(self.segments, words, self.protected)
        read: dict[str, str] = {}
        if self.value == "greedy":
            read = {"value": "log-probability", "target": self.answers[0]}
        return replace(self, prompt=text, spans=spans, protected=protected, **read)

    @property
    def noun(self) -> str:
        """What one player is."""
        return _NOUNS.get(self.split, "part")

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
        """Log-odds are said as a probability between the two answers, a log-probability as a probability."""
        return scale_of(self.value, self.target, self.contrast)

    @property
    def question(self) -> str:
        """What is measured, in words; its own answer is named once the model has given it."""
        own = ""
        if self.value == "greedy" and "answers" in vars(self):
            (own,) = self.answers
        said = question_of(self.value, self.target, self.contrast, self.read, own)
        if not self.chat:
            return said
        talk = f"a conversation of {len(self.turns)} messages in " if self.turns else ""
        return f"{said}, asked in {talk}the model's chat format"

    @property
    def before(self) -> str:
        """What stands before the prompt: the messages before it, and what the template puts there."""
        return told(self.turns)[0] + self.template.partition(SLOT)[0]

    @property
    def after(self) -> str:
        """What stands after it."""
        return self.template.partition(SLOT)[2] + told(self.turns)[1]

    @property
    def layout(self) -> Floats:
        """(n, 1) numbers of the places in reading order, a hint: neighbours may belong together."""
        return np.arange(len(self.players), dtype=np.float64)[:, None]

    @property
    def unit(self) -> str:
        """Of a value: nats, of log-odds or of a log-probability."""
        return "log-odds (nats)" if self.value == "log-odds" else "log-probability (nats)"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be known of its values, and what to do where the prompt is one player."""
        return (*super().remarks, *filter(None, [self.hint]))

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
            self.replacement,
            self.segments.spans,
            self.protected,
            self.answer_tokens,
            self.asked_model.fingerprint,
        ]
        if self.chat:  # some chat templates write today's date
            fields.append(self.wrap(""))
        if self.turns:
            fields.append({"turns": self.turns})
        if self._is_spaced:
            fields.append({"space": self.space})
        if self.spans is not None and self.split != "spans":
            fields.append({"pieces": self.spans})
        if self.value == "greedy" or isinstance(self.target, Written):
            fields.append("the tokens that were written")  # not those of the text when it is read again
        return hashed("prompt", json.dumps(fields))

    @property
    def _is_spaced(self) -> bool:
        """Whether texts hold white space that they would not hold where it is not kept as typed."""
        gaps = self.segments.gaps
        if gaps is None or self.masking == "attention":  # which asks the whole prompt
            return False
        return gaps != joined(self.split, gaps)

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The answers whose log-probabilities are read: (target, contrast), (target,) or (its own,)."""
        if self.value == "greedy":
            return (self._own_answer(),)
        if self.value == "log-probability":
            return (self.target,)
        asked = self.wrap(self.prompt)
        check_single(self.language_model, "target", self.target, asked)
        check_single(self.language_model, "contrast", self.contrast, asked)
        return (self.target, self.contrast)

    def _own_answer(self) -> str:
        answer = self.asked_model.greedy(self.wrap(self.prompt), self.answer_tokens)
        if not answer:
            raise GameError(
                "The model answers this prompt with nothing (it ends at once): choose a target, "
                "or change the template."
            )
        return answer

    def wrap(self, text: str) -> str:
        """What the model is asked when `text` is left of the prompt: template and chat template around it."""
        return self._wrapping(text)

    @cached_property
    def _wrapping(self) -> Wrapping:
        chat = None
        if self.turns:
            chat = partial(self.language_model.chat, turns=self.turns)
        elif self.chat:
            chat = self.language_model.chat
        return Wrapping(self.template, self.prompt, chat)

    def texts(self, masks: Masks) -> list[str]:
        """What the model is asked for each mask (b, n)."""
        if self.masking == "attention":
            return [self.wrap(self.prompt)] * len(masks)
        return [self.wrap(text) for text in render(self.segments, masks, self._filler)]

    @property
    def _filler(self) -> str | None:
        """What stands for a removed part; None where it is cut out."""
        if self.masking == "replace":
            return self.replacement
        if self.masking != "mask-token":
            return None
        token = self.language_model.mask_token
        if token is None:
            label = self.language_model.label
            raise GameError(f'{label} has no mask token: use the masking "delete" or "replace".')
        return token

    @cached_property
    def call_masks(self) -> int:
        """How many masks pay in one call: on a GPU as many texts as fill it."""
        tokens = self.language_model.call_tokens
        if not tokens:
            return 0
        return tokens // max(1, self.asked_model.length(self.wrap(self.prompt)))

    def seconds(self, masks: Masks) -> float | None:
        """Seconds that one call for masks (b, n) would take here.

        None for a model that has not been measured, or keeps no pace.
        """
        if self.masking != "attention":
            return self.asked_model.seconds(self.texts(masks))
        # one text, but with other parts hidden each time
        alone = self.asked_model.seconds([self.wrap(self.prompt)])
        if alone is None:
            return None
        return alone * len(masks)

    def tokens(self, masks: Masks) -> int:
        """Tokens of what the model is asked for masks (b, n)."""
        model = self.asked_model
        return sum(len(model.begin(model.encode(text))) for text in self.texts(masks))

    def asking(self) -> Asking:
        return Asking(self.seconds, self.tokens, self.memory, self.call_masks)

    def check_size(self) -> None:
        check_beginning(self.asked_model, self.wrap(self.prompt))

    def check(self) -> None:
        """Raise what would go wrong before the first ablation: model, target, length."""
        self.check_size()
        model = self.asked_model
        check_blank(model, self.template, self.prompt, self.masking, self.replacement)
        self.check_turns()
        whole = self.wrap(self.prompt)
        asked = max(model.length(whole), model.length(self._longest))
        check_tokens(self.language_model, asked)  # before a greedy answer is asked for
        answered = max(model.answer_length(answer, whole) for answer in self.answers)
        # nothing is read after its last token
        check_tokens(self.language_model, asked + answered - 1)
        if self.masking == "attention":
            self._check_hidden()

    def check_turns(self) -> None:
        """Raise GameError for a conversation that the model's chat template does not take, or not wholly."""
        if self.turns:
            model = self.language_model
            check_kept(model.chat, self.turns, model.label)

    @property
    def _longest(self) -> str:
        """The longest text that a mask can lead to: what stands for a removed part may be longer than it."""
        filler = self._filler or ""
        kept = [len(label) >= len(filler) for label in self.players]
        return self.texts(np.array([kept]))[0]

    def _check_hidden(self) -> None:
        """Raise GameError where the answer depends on parts to which nothing may attend."""
        none = np.zeros((1, len(self.players)), dtype=bool)
        (hidden,) = self._hidden(none)
        if not self.asked_model.ignores(self.wrap(self.prompt), hidden):
            raise GameError(
                f"{self.language_model.label} reads its answer off a part that can be removed, such as the "
                "last word of the text, and would see it though nothing attends to it: let the template go "
                'on after "{}", protect that part, or use the masking delete.'
            )

    def __call__(self, masks: Masks) -> Values:
        self._be_ready()
        masks = np.asarray(masks, dtype=bool)
        hidden = None
        if self.masking == "attention":
            hidden = self._hidden(masks)
        logs = self.asked_model.log_probabilities(self.texts(masks), self.answers, hidden)
        values = logs[:, 0]
        if self.value == "log-odds":
            values = logs[:, 0] - logs[:, 1]
        bad = first_without_value(masks, values)
        if bad is not None:
            raise AblationError(
                f"The model gave no finite value for the mask {bad} (1 = kept): choose another target "
                "or another precision."
            )
        return values

    def _hidden(self, masks: Masks) -> list[list[Span]]:
        """For each mask the ranges of characters, of what the model is asked, that it may not attend to."""
        offset = self._wrapping.offset
        spans = [(start + offset, stop + offset) for start, stop in self.segments.spans]
        return [list(compress(spans, removed)) for removed in (~masks).tolist()]
