"""What loaded models of transformers share: checkpoint, precision, a twin in fp32, each text asked once."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from spexviz.errors import ModelError
from spexviz.kit.arrays import Floats
from spexviz.kit.handover import Handover
from spexviz.kit.memory import is_out_of_memory
from spexviz.kit.pace import Pace
from spexviz.kit.spans import merged, overlaps
from spexviz.kit.threads import threads
from spexviz.models.base import OpenModel, Span
from spexviz.models.checkpoint import may_have
from spexviz.models.machine import room
from spexviz.models.origin import Checkpoint, Origin

Request = tuple[str, tuple[Span, ...]]
"""A text and its hidden pieces."""


LETTER = "a"  # a text by which it is seen what a tokeniser sets before a text


class NoRoom(ModelError):
    """Memory has no room for a model."""


class LoadedModel(OpenModel):
    """A model of transformers in memory, from a checkpoint or from whoever held it there.

    A subclass says with which head it is loaded (`auto`, `wanted`), and reads it. Raises ModelError where it
    cannot be had.
    """

    auto: ClassVar[str]  # the class of transformers that loads it
    wanted: ClassVar[str]  # the same in words
    on_gpu: ClassVar[str]  # the precision that a GPU computes in, where none is asked for
    precision: str
    _only_in = ""  # why it computes in another precision than was asked for

    def __init__(self, origin: str | Origin, precision: str = "auto"):
        self._origin = Checkpoint(origin) if isinstance(origin, str) else origin
        self.label = self._origin.label
        self.lock = Handover()
        self._twins = threading.Lock()
        self.pace = Pace()
        self._reference: Callable[[], Self | None] = lambda: None
        # beside torch's import and the weights: half a GB
        self._digests = ThreadPoolExecutor(1).submit(self._origin.digests)
        import torch

        torch.set_num_threads(threads())
        self.device = self._origin.device()
        self.precision = self._origin.precision(self.device, precision, self.on_gpu)
        with self._fits():
            self.tokenizer, self.network = self._origin.load(
                self.precision, self.device, self.auto, self.wanted
            )
        self.network.eval()
        self.body = self.network.base_model

    def _say_only_fp32(self) -> None:
        """Remember that transformers cannot compute it in its half precision, before it is loaded in fp32."""
        self._only_in = f"{self.label} cannot be computed in {self.precision}: it is asked in fp32."

    def check_unchanged(self) -> None:
        self._origin.check_unchanged()

    @property
    def remarks(self) -> tuple[str, ...]:
        return (self._only_in,) if self._only_in else ()

    def encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def at_full_precision(self) -> Self | None:
        """The same model in fp32, to measure the noise of this one: itself where it is;

        None where memory has no room for it.
        """
        if self.precision == "fp32":
            return self
        with self._twins:  # its loading holds nobody who asks this model
            found = self._reference()
            if found is None:
                found = self._twin_in_fp32()
        return found

    def _twin_in_fp32(self) -> Self | None:
        if not self._origin.can_be_in_fp32():
            return None
        # 4 bytes a number, and some for what it computes
        needed = 5 * sum(parameter.numel() for parameter in self.network.parameters())
        free = room(self.device)
        if free is not None and needed > free:
            return None
        try:
            twin = type(self)(self._origin, precision="fp32")
        except NoRoom:
            return None
        twin.lock = self.lock  # both compute on the same processor: neither is asked beside the other
        # as long as a run needs it: it is as large as the model, or twice that
        self._reference = weakref.ref(twin)
        return twin

    @contextmanager
    def _fits(self) -> Iterator[None]:
        """Raises NoRoom where memory runs out; on a GPU, what was tried there is free again afterwards."""
        import torch

        try:
            yield
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise NoRoom(
                f"{self.label} does not fit into the memory of this {self.device.type}: "
                "end what else uses it, or take a smaller model."
            ) from None
        finally:
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _fingerprint(self, kind: str, how: str) -> str:
        """Content hash of the weights, of the tokeniser and of how the model computes.

        For a model of the hub its name and commit stand for the content.
        """
        commit = may_have(self.network.config, "_commit_hash", "")
        content = self._digests.result() or f"{self.label} {commit}".encode()
        digest = hashlib.sha256(how.encode() + content).hexdigest()
        return f"{kind}-{digest[:16]}"


def added(whole: Sequence[int], bare: Sequence[int]) -> tuple[int, ...]:
    """What stands before the ids of a text where special tokens stand around them; () where they do not.

    >>> added([1, 7, 8, 2], [7, 8])
    (1,)
    """
    size = len(bare)
    for start in range(len(whole) - size + 1):
        if list(whole[start : start + size]) == list(bare):
            return tuple(whole[:start])
    return ()


def ids_of(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Ids of the texts, in one call of the tokeniser, with nothing added."""
    if not texts:
        return []
    # the same ids in half the time: no offsets, no attention masks
    quick = may_have(tokenizer, "backend_tokenizer")
    if quick is None:
        return tokenizer(texts, add_special_tokens=False)["input_ids"]
    quick.no_padding()
    quick.no_truncation()
    return [one.ids for one in quick.encode_batch_fast(texts, add_special_tokens=False)]


def requests_of(texts: Sequence[str], hidden: Sequence[Sequence[Span]] | None) -> list[Request]:
    """Each text with its hidden pieces."""
    if not hidden:
        return [(text, ()) for text in texts]
    return [(text, tuple(hidden[i])) for i, text in enumerate(texts)]


def rows_of(requests: Sequence[Request], distinct: Sequence[Request], table: Floats) -> Floats:
    """The row of each request in a table that has one for each distinct request."""
    row = {request: i for i, request in enumerate(distinct)}
    return table[[row[request] for request in requests]]


def seen(spans: Iterable[Span], pieces: Sequence[Span]) -> list[int]:
    """1 for each token that may be attended to, 0 for one that a hidden piece touches.

    A special token, which stands at (0, 0), is always seen.

    >>> seen([(0, 0), (0, 3), (4, 7)], [(4, 5)])
    [1, 1, 0]
    """
    hidden = merged(pieces)
    return [int(not overlaps(span, hidden)) for span in spans]
