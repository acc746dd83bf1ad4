"""LanguageModel: the one thin seam between games and whatever runs the model.

Three kinds of model stand behind it, and differ in where the answer is read: a causal model reads it after
the text, a masked language model at the mask token that stands in the text (`blank`), a classifier from the
whole text (its labels: `answers`). Those of transformers are open (OpenModel): what runs inside can be seen
and switched off.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

from spexviz.errors import GameError, ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.cached import cached_property
from spexviz.kit.handover import Handover
from spexviz.kit.pace import Pace

if TYPE_CHECKING:
    from spexviz.models.parts import Parts

Span = tuple[int, int]
"""Start and end of a piece of text, in characters."""
Turn = tuple[str, str | None]
"""One message of a conversation: its role, and its text; None where the text that is asked stands."""


class Likely(NamedTuple):
    """A token, or a label, that may come next: its text, and its probability."""

    text: str
    probability: float


class Written(str):
    """An answer that a model wrote itself: its text, and the ids of its tokens.

    The text need not tell them: it may end inside a character, or be cut otherwise when it is read again.
    """

    ids: tuple[int, ...]

    def __new__(cls, text: str, ids: Sequence[int]) -> Self:
        made = super().__new__(cls, text)
        made.ids = tuple(ids)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Written, (str(self), self.ids)  # for copies, and for other processes


class LanguageModel(ABC):
    """A language model by name, or from somebody's memory.

    The defaults are those of a causal one that says no more of itself than it must.
    Backends derive from it: one file each in this package, with a `kind` and `accepts(name)`.
    """

    kind: ClassVar[str]  # the file's word for itself: "hf", "toy"
    label: str  # what a person picks: "bundled", "org/model", a folder; "given:NAME" of one that was given
    fingerprint: str  # content hash of weights, tokeniser, backend and precision
    # the most tokens that it reads: those of the text, as `encode` counts them, and of the answer all but the
    # last
    context: int
    # all that it can answer, where these are few (the labels of a classifier)
    answers: tuple[str, ...] | None = None
    blank: str | None = None  # the mask token at which it reads the answer, so that every text must hold it
    begins_itself: bool = False  # whether it is sent texts, before which it sets what it will (a server)
    begins: tuple[int, ...] = ()  # ids before every text that it is asked (see `begun`)
    _found_without_beginning: ClassVar[tuple[str, ...]] = ()  # cached properties that hold the model itself
    mask_token: str | None = None  # what may stand for a removed part of a text, where its tokeniser has one
    precision: str | None = None  # "fp32", "fp16", "bf16": what it computes in, where it says so
    hands_over: bool = False  # whether a question of a page need not wait until all is done that it works on
    memory: int | None = None  # bytes that it takes, where it says so
    call_tokens: int = 0  # tokens that pay in one call (a GPU); 0 where a call of a second's work is enough
    # how fast it was so far, in tokens; None where it keeps none, and so is never asked only to be measured
    pace: Pace | None = None

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Token ids of the text, with nothing added (no BOS, no [CLS], no chat template)."""

    @abstractmethod
    def token_spans(self, text: str) -> list[Span]:
        """Where each token of the text stands."""

    @abstractmethod
    def chat(self, text: str, turns: Sequence[Turn] = ()) -> str:
        """The text in the model's chat template, up to where the answer begins.

        It is one message of `turns`, or the user's only one. Raises ModelError without a template, GameError
        for messages that it refuses.
        """

    def length(self, text: str) -> int:
        """Tokens of the text, to be held against `context`.

        A server without a tokeniser counts them in its own way.
        """
        return len(self.begin(self.encode(text)))

    def answer_length(self, answer: str, after: str = "") -> int:
        """Tokens of the answer where it stands `after` a text, 1 for a label: log-odds read one.

        Raises ModelError for an answer that the model can never give.
        """
        return len(self.encode(answer))

    @cached_property
    def beginning(self) -> tuple[int, ...]:
        """Ids that its tokeniser sets before a text of its own accord, such as that of <s>.

        Nothing for a model that always sets them itself.
        """
        return ()

    def begun(self) -> Self:
        """The same model with `beginning` before each text; itself where that is nothing."""
        return self._begun if self.beginning else self

    @cached_property
    def _begun(self) -> Self:
        other = copy.copy(self)
        for found in self._found_without_beginning:
            vars(other).pop(found, None)
        other.begins = self.beginning
        other.fingerprint = f"{self.fingerprint}-{'-'.join(map(str, self.beginning))}"
        return other

    def begin(self, ids: list[int]) -> list[int]:
        """The ids of a text as it is asked: after what it begins with, unless that stands there already."""
        start = list(self.begins)
        if ids[: len(start)] == start:
            return ids
        return start + ids

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader of the values must know, in sentences: for a server, how many of them are bounds.

        Mostly nothing.
        """
        return ()

    @abstractmethod
    def greedy(self, text: str, tokens: int) -> str:
        """The model's own most likely answer, at most `tokens` long and within the context.

        As Written where the model tells its tokens.
        """

    def likeliest(self, text: str, count: int) -> tuple[Likely, ...]:
        """What most likely comes next, at most so many, the likeliest first: tokens, or labels.

        Of tokens only those whose text, as an answer, is read as that very token. Raises ModelError where the
        model does not tell.
        """
        if not self.answers:
            raise ModelError(f"{self.label} does not tell which tokens are likely: type an answer instead.")
        (logs,) = self.log_probabilities([text], self.answers)
        found = [Likely(answer, math.exp(log)) for answer, log in zip(self.answers, logs, strict=True)]
        return tuple(sorted(found, key=lambda one: -one.probability)[:count])

    @abstractmethod
    def log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], hidden: Sequence[Sequence[Span]] | None = None
    ) -> Floats:
        """Log-probability, in nats, of each answer to each text: (texts, answers).

        The answer stands directly after the text, and its tokens are those with which the tokens of the text
        go on; where it is Written, those that were written. For a model with a `blank` it stands at the last
        one in the text; for a classifier it is a label.

        `hidden`: for each text, pieces whose tokens nothing may attend to (masking by attention).
        Raises ModelError where the model cannot be asked.
        """

    def ignores(self, text: str, hidden: Sequence[Span]) -> bool:
        """Whether no answer to the text depends on what its hidden pieces are; by its build, if not asked."""
        return True

    def check_unchanged(self) -> None:
        """Raise ModelError where its weights are no longer those of its fingerprint; most cannot change."""
        return

    def at_full_precision(self) -> LanguageModel | None:
        """Itself in fp32, to measure the noise of a reduced precision;

        None where that cannot be had, for want of memory say.
        """
        return None

    def seconds(self, texts: Sequence[str]) -> float | None:
        """What asking these texts in one call would take here, by what it took before;

        None while that is unknown.
        """
        return None


class Backend(Protocol):
    """A class of models that are had by name: called with a name that it accepts, it gives the model.

    Raises ModelError where it cannot.
    """

    kind: str
    __module__: str

    def accepts(self, name: str, /) -> bool:
        """Whether a name is one of its own."""
        ...

    def __call__(self, name: str, /) -> LanguageModel: ...


class OpenModel(LanguageModel):
    """A loaded model of transformers whose inside can be reached: what switching off its parts needs of it.

    Whoever runs `network` or `body`, or hangs hooks on their modules, holds `lock`.
    """

    _found_without_beginning = ("parts",)
    hands_over = True
    lock: Handover  # one forward pass at a time, and between two of them a question of a page
    device: Any  # of torch
    network: Any  # the whole model of transformers
    body: Any  # the same without its output head
    tokenizer: Any
    batch_tokens: int  # tokens of one micro-batch
    pace: Pace

    @abstractmethod
    def inputs_of(self, text: str) -> dict[str, list[int]]:
        """What `read_batch` takes of one text, with the special tokens that the model adds."""

    @abstractmethod
    def column(self, answer: str, after: str = "") -> int:
        """Where an answer that stands `after` a text is in a row of `read_batch`.

        Raises ModelError for one that cannot be read there.
        """

    @abstractmethod
    def read_batch(self, batch: dict[str, Any]) -> Any:
        """Log-probabilities (texts, choices) in fp32 of equally long texts, by one forward pass.

        Called with the lock held.
        """

    def text_of(self, ids: Sequence[int]) -> str:
        """The text of token ids, special ones included."""
        return self.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)

    @cached_property
    def parts(self) -> Parts:
        """Its parts that can be switched off, looked for once.

        Raises ModelError where its layers have another build.
        """
        from spexviz.models.parts import Parts  # built on this file

        return Parts(self)


def messages(text: str, turns: Sequence[Turn] = ()) -> list[dict[str, str]]:
    """A conversation as chat templates read it, with the text in its place; alone it is a user's message.

    >>> messages("Hi", [("system", "Be brief."), ("user", None)])
    [{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Hi'}]
    """
    found: list[dict[str, str]] = []
    for role, said in turns or [("user", None)]:
        found.append({"role": role, "content": text if said is None else said})
    return found


def refused_messages(label: str, turns: Sequence[Turn], reason: str) -> GameError:
    """What is said of messages that the chat template of a model does not take."""
    remedy = "let user and assistant take turns, beginning with the user"
    if any(role == "system" for role, _ in turns):
        remedy = "put what the system message says into the first message of the user"
    return GameError(f"The chat template of {label} refuses these messages ({reason:.200}): {remedy}.")


def hint_of_space(answer: str, length: Callable[[str], int]) -> str:
    """A question with a blank before it, where a space more or less before an answer makes it one token.

    `length`: tokens of an answer.

    >>> hint_of_space("good", {" good": 1}.__getitem__)
    " Did you mean ' good', with a leading space?"
    """
    if length(" " + answer) == 1:
        return f" Did you mean {' ' + answer!r}, with a leading space?"
    if answer.startswith(" ") and length(answer[1:]) == 1:
        return f" Did you mean {answer[1:]!r}, without the leading space?"
    return ""


def opened(model: LanguageModel) -> OpenModel:
    """The model, if its inside can be reached. Raises ModelError otherwise."""
    if not isinstance(model, OpenModel):
        raise ModelError(
            f"The parts of {model.label} cannot be reached: choose a model of transformers, such as bundled."
        )
    return model
